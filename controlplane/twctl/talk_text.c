/* SPDX-License-Identifier: Apache-2.0 */
/* talk_text.c - a conversation in words and as JSON; see talk.h. One thread, pure. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/mac.h"
#include "controlplane/twctl/message.h"
#include "controlplane/twctl/talk.h"

enum { ICMP = 1, ICMPV6 = 58 };

static const struct {
	uint32_t number;
	const char *name;
} protocols[] = { /* IANA, Assigned Internet Protocol Numbers */
		  { 1, "icmp" }, { 2, "igmp" },  { 6, "tcp" },        { 17, "udp" },  { 47, "gre" },
		  { 50, "esp" }, { 51, "ah" },   { 58, "ipv6-icmp" }, { 89, "ospf" }, { 103, "pim" },
		  { 112, "vrrp" }, { 132, "sctp" }, { 136, "udplite" }
}, ethertypes[] = { /* IEEE, Ethertype; in lower case */
		    { 0x0800, "ip" }, { 0x0806, "arp" }, { 0x8035, "rarp" }, { 0x86dd, "ipv6" }, { 0x88cc, "lldp" },
		    { 0x8100, "vlan" }
};

bool tw_protocol_parse(const char *name, uint32_t *protocol, uint32_t *ethertype)
{
	*protocol = *ethertype = 0;
	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++)
		if (strcasecmp(protocols[i].name, name) == 0)
			*protocol = protocols[i].number;
	for (size_t i = 0; i < sizeof(ethertypes) / sizeof(*ethertypes); i++)
		if (strcasecmp(ethertypes[i].name, name) == 0)
			*ethertype = ethertypes[i].number;
	return *protocol || *ethertype;
}

const char *tw_talk_protocol(const struct tw_talk *t, char *text)
{
	uint16_t icmp = t->end[t->first].dst_port;
	const char *name = NULL;

	if (!t->key.ip_len) {
		for (size_t i = 0; i < sizeof(ethertypes) / sizeof(*ethertypes); i++)
			name = ethertypes[i].number == t->key.ethertype ? ethertypes[i].name : name;
		if (name)
			snprintf(text, TW_TALK_PROTOCOL, "%s", name);
		else
			snprintf(text, TW_TALK_PROTOCOL, "0x%04x", t->key.ethertype);
		return text;
	}
	for (size_t i = 0; i < sizeof(protocols) / sizeof(*protocols); i++)
		name = protocols[i].number == t->key.protocol ? protocols[i].name : name;
	if (t->key.protocol == ICMP || t->key.protocol == ICMPV6)
		snprintf(text, TW_TALK_PROTOCOL, "%s %u/%u", name, icmp >> 8, icmp & 0xffu);
	else if (name)
		snprintf(text, TW_TALK_PROTOCOL, "%s", name);
	else
		snprintf(text, TW_TALK_PROTOCOL, "proto %u", t->key.protocol);
	return text;
}

const char *tw_scaled(double n, char *text)
{
	static const char *const units[] = { "", "k", "M", "G", "T", "P" };
	size_t i = 0;

	for (; n >= 1000 && i + 1 < sizeof(units) / sizeof(*units); i++)
		n /= 1000;
	if (i)
		snprintf(text, TW_SCALED, "%.1f%s", n, units[i]);
	else
		snprintf(text, TW_SCALED, "%.0f", n);
	return text;
}

static const char *ip_text(const struct tw_talk *t, unsigned end, char text[INET6_ADDRSTRLEN])
{
	return inet_ntop(t->key.ip_len == 4 ? AF_INET : AF_INET6, t->key.address[end], text, INET6_ADDRSTRLEN);
}

const char *tw_talk_address(const struct tw_talk *t, unsigned end, char *text)
{
	bool ports = t->key.port[0] || t->key.port[1];
	char ip[INET6_ADDRSTRLEN];

	if (!t->key.ip_len)
		return tw_mac_format(t->key.address[end], text);
	ip_text(t, end, ip);
	if (!ports)
		snprintf(text, TW_TALK_ADDRESS, "%s", ip);
	else if (t->key.ip_len == 16)
		snprintf(text, TW_TALK_ADDRESS, "[%s]:%u", ip, t->key.port[end]);
	else
		snprintf(text, TW_TALK_ADDRESS, "%s:%u", ip, t->key.port[end]);
	return text;
}

static void set_text(json_t *row, const char *key, const char *text)
{
	json_object_set_new(row, key, text ? tw_json_text(text) : json_null());
}

static void set_end(json_t *row, const struct tw_talk *t, unsigned end, bool from)
{
	char text[INET6_ADDRSTRLEN];

	set_text(row, from ? "from" : "to", t->end[end].name);
	set_text(row, from ? "src_ip" : "dst_ip", t->key.ip_len ? ip_text(t, end, text) : NULL);
	set_text(row, from ? "src_mac" : "dst_mac", tw_mac_format(t->end[end].mac, text));
	json_object_set_new(row, from ? "src_port" : "dst_port", json_integer(t->key.port[end]));
	set_text(row, from ? "source" : "destination", tw_talk_address(t, end, (char[TW_TALK_ADDRESS]){ 0 }));
}

static void set_counts(json_t *row, const struct tw_talk_end *e, bool back, bool rates)
{
	json_object_set_new(row, back ? "packets_back" : "packets", json_integer((json_int_t)e->packets));
	json_object_set_new(row, back ? "octets_back" : "octets", json_integer((json_int_t)e->octets));
	if (!rates)
		return;
	json_object_set_new(row, back ? "packets_back_per_s" : "packets_per_s",
			    json_integer((json_int_t)(e->packets_s + 0.5)));
	json_object_set_new(row, back ? "bits_back_per_s" : "bits_per_s",
			    json_integer((json_int_t)(8 * e->octets_s + 0.5)));
}

static void set_hosts(json_t *row, const struct tw_talk *t)
{
	json_t *hosts = json_array();

	for (unsigned i = 0; i < 2; i++)
		if (t->host[i ^ t->first] && (i == 0 || !t->host[t->first] || strcmp(t->host[0], t->host[1]) != 0))
			json_array_append_new(hosts, json_string(t->host[i ^ t->first]));
	json_object_set_new(row, "hosts", hosts);
}

json_t *tw_talk_json(const struct tw_talk *t, bool rates)
{
	const struct tw_talk_end *a = &t->end[t->first], *b = &t->end[!t->first];
	json_t *row = json_object();
	char text[TW_TALK_PROTOCOL];

	json_object_set_new(row, "vlan", json_integer(t->key.vlan));
	set_end(row, t, t->first, true);
	set_end(row, t, !t->first, false);
	set_text(row, "protocol", tw_talk_protocol(t, text));
	json_object_set_new(row, "ethertype", json_integer(t->key.ethertype));
	set_counts(row, a, false, rates);
	set_counts(row, b, true, rates);
	json_object_set_new(row, "first_ms", json_integer((json_int_t)a->first_ms));
	json_object_set_new(row, "last_ms",
			    json_integer((json_int_t)(a->last_ms > b->last_ms ? a->last_ms : b->last_ms)));
	json_object_set_new(row, "dropped", json_integer((json_int_t)t->dropped));
	set_text(row, "drop_reason", t->drop_reason);
	json_object_set_new(row, "sample", json_integer(t->sample));
	set_hosts(row, t);
	return row;
}
