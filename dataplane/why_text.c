/* SPDX-License-Identifier: Apache-2.0 */
/* why_text.c - recorded headers as text, and which of them are looked for; see why.h. Main; pure. */
#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/mac.h"
#include "common/octets.h"
#include "dataplane/parse.h"
#include "dataplane/trace.h"
#include "dataplane/why.h"

enum { TYPE_IPV4 = 0x0800, TYPE_IPV6 = 0x86dd, TYPE_ARP = 0x0806, ARP_SIZE = 28 };
enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMPV6 = 58, PROTO_SCTP = 132 };

static void add(char *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void add(char *text, const char *fmt, ...)
{
	size_t used = strlen(text);
	va_list args;

	va_start(args, fmt);
	vsnprintf(text + used, TW_WHY_TEXT - used, fmt, args);
	va_end(args);
}

static bool parse(const struct tw_recorded *r, struct tw_key *key, struct tw_meta *meta)
{
	return tw_parse(r->head, r->kept, r->len < r->kept ? r->kept : r->len, 0, key, meta);
}

static bool is_ip(const struct tw_key *k)
{
	return k->flags & (TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_IPV6);
}

static uint16_t ethertype_of(const struct tw_key *k)
{
	if (is_ip(k))
		return k->flags & TW_FLOW_KEY_IPV6 ? TYPE_IPV6 : TYPE_IPV4;
	return tw_be16(k->ethertype);
}

/* --- the frame --- */

static void add_tcp_flags(char *text, uint8_t flags)
{
	static const char *const names[] = { "fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr" }; /* RFC 9293 */

	for (unsigned i = 0; i < 8; i++)
		if (flags & 1u << i)
			add(text, " %s", names[i]);
}

static void add_protocol(char *text, const struct tw_key *k, const struct tw_meta *meta)
{
	switch (k->protocol) {
	case PROTO_TCP:
		add(text, " tcp");
		add_tcp_flags(text, meta->tcp_flags);
		break;
	case PROTO_UDP:
		add(text, " udp");
		break;
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		add(text, " icmp type %u code %u", k->dst_port[0], k->dst_port[1]);
		break;
	default:
		add(text, " protocol %u", k->protocol);
	}
	if (k->flags & TW_FLOW_KEY_FRAGMENT)
		add(text, ", a fragment");
}

static void add_ip(char *text, const struct tw_key *k, const struct tw_meta *meta)
{
	bool six = k->flags & TW_FLOW_KEY_IPV6;
	bool ports = (tw_be16(k->src_port) || tw_be16(k->dst_port)) && k->protocol != PROTO_ICMP &&
		     k->protocol != PROTO_ICMPV6;
	char src[INET6_ADDRSTRLEN], dst[INET6_ADDRSTRLEN];

	inet_ntop(six ? AF_INET6 : AF_INET, six ? k->src_ip6 : k->src_ip4, src, sizeof(src));
	inet_ntop(six ? AF_INET6 : AF_INET, six ? k->dst_ip6 : k->dst_ip4, dst, sizeof(dst));
	if (ports)
		add(text, ", %s.%u > %s.%u", src, tw_be16(k->src_port), dst, tw_be16(k->dst_port));
	else
		add(text, ", %s > %s", src, dst);
	add_protocol(text, k, meta);
}

static void add_arp(char *text, const struct tw_recorded *r, const struct tw_meta *meta)
{
	const uint8_t *arp = r->head + meta->l2_len;
	char sender[INET_ADDRSTRLEN], target[INET_ADDRSTRLEN];

	if (meta->l2_len + ARP_SIZE > r->kept) {
		add(text, ", ARP");
		return;
	}
	inet_ntop(AF_INET, arp + 14, sender, sizeof(sender)); /* RFC 826 */
	inet_ntop(AF_INET, arp + 24, target, sizeof(target));
	add(text, tw_be16(arp + 6) == 1 ? ", ARP: %s asks who has %s" : ", ARP: %s answers %s", sender, target);
}

const char *tw_why_frame(const struct tw_recorded *r, char text[static TW_WHY_TEXT])
{
	char src[TW_MAC_TEXT], dst[TW_MAC_TEXT];
	struct tw_meta meta;
	struct tw_key key;

	text[0] = '\0';
	if (!parse(r, &key, &meta)) {
		add(text, "no whole Ethernet header, %u octets", r->len);
		return text;
	}
	add(text, "%s > %s", tw_mac_format(key.src_mac, src), tw_mac_format(key.dst_mac, dst));
	if (key.flags & TW_FLOW_KEY_TAGGED)
		add(text, ", VLAN %u", key.tci & 0x0fff);
	if (tw_key_inner_vid(&key))
		add(text, " and %u", tw_key_inner_vid(&key));
	if (is_ip(&key))
		add_ip(text, &key, &meta);
	else if (ethertype_of(&key) == TYPE_ARP && !tw_key_is_double_tagged(&key))
		add_arp(text, r, &meta);
	else
		add(text, ", type 0x%04x", ethertype_of(&key));
	add(text, ", %u octets", r->len);
	return text;
}

/* --- what happened --- */

const char *tw_why_sentence(const struct tw_recorded *r, const char *other, char text[static TW_WHY_TEXT])
{
	text[0] = '\0';
	switch ((enum tw_action)r->action) {
	case TW_ACT_DROP:
		add(text, "dropped");
		if (*other)
			add(text, r->to ? ", from %s" : " at %s", other);
		add(text, " (%s): %s", tw_drop_name(r->detail) ? tw_drop_name(r->detail) : "?",
		    tw_drop_text(r->detail) ? tw_drop_text(r->detail) : "for a reason that is not known");
		break;
	case TW_ACT_FORWARD:
	case TW_ACT_COPY:
		add(text, "%s %s in VLAN %u, %s", r->to ? "came from" : "went to", other, r->vlan,
		    tw_trace_edit_text((enum tw_edit)r->detail));
		break;
	case TW_ACT_FLOOD:
		if (r->to)
			add(text, "a copy, from %s, for all of VLAN %u", other, r->vlan);
		else
			add(text, "a copy went to each member of VLAN %u", r->vlan);
		break;
	case TW_ACT_HOLD:
		add(text,
		    r->to ? "waits for this port, which is between two hosts; from %s"
			  : "waits for %s, which is between two hosts",
		    other);
		break;
	case TW_ACT_CONTROL:
		add(text, "an LACPDU, for the switch itself");
		break;
	}
	return text;
}

/* --- which are looked for --- */

static bool same(const ProtobufCBinaryData *want, const uint8_t *have, size_t len)
{
	return want->len == 0 || (want->len == len && memcmp(want->data, have, len) == 0);
}

/* One direction: from `src` to `dst` as the filter says it. */
static bool goes(const struct tw_key *k, const Tw__FrameFilter *f, bool turned)
{
	const ProtobufCBinaryData *src_mac = turned ? &f->dst_mac : &f->src_mac;
	const ProtobufCBinaryData *dst_mac = turned ? &f->src_mac : &f->dst_mac;
	const ProtobufCBinaryData *src_ip = turned ? &f->dst_ip : &f->src_ip,
				  *dst_ip = turned ? &f->src_ip : &f->dst_ip;
	bool six = k->flags & TW_FLOW_KEY_IPV6;
	size_t ip_len = six ? 16 : k->flags & TW_FLOW_KEY_IPV4 ? 4 : 0;

	return same(src_mac, k->src_mac, 6) && same(dst_mac, k->dst_mac, 6) &&
	       same(src_ip, six ? k->src_ip6 : k->src_ip4, ip_len) &&
	       same(dst_ip, six ? k->dst_ip6 : k->dst_ip4, ip_len);
}

static bool ports_fit(const struct tw_key *k, const Tw__FrameFilter *f, bool turned)
{
	uint32_t src = turned ? f->dst_port : f->src_port, dst = turned ? f->src_port : f->dst_port;

	if (f->dst_port > UINT16_MAX) /* ICMP: what answers has another type */
		return !turned && tw_be16(k->dst_port) == (uint16_t)f->dst_port;
	return (!src || src == tw_be16(k->src_port)) && (!dst || dst == tw_be16(k->dst_port));
}

bool tw_why_fits(const struct tw_recorded *r, const Tw__FrameFilter *f)
{
	struct tw_meta meta;
	struct tw_key key;

	if (!f)
		return true;
	if (!parse(r, &key, &meta))
		return false;
	if ((f->vlan && (!(key.flags & TW_FLOW_KEY_TAGGED) || f->vlan != (key.tci & 0x0fff))) ||
	    (f->ethertype && f->ethertype != ethertype_of(&key)) ||
	    (f->protocol && (!is_ip(&key) || f->protocol != key.protocol)))
		return false;
	if ((f->src_port || f->dst_port) && !is_ip(&key))
		return false;
	return (goes(&key, f, false) && ports_fit(&key, f, false)) || (goes(&key, f, true) && ports_fit(&key, f, true));
}

bool tw_why_has_mac(const struct tw_recorded *r, const uint8_t mac[static 6])
{
	return r->kept >= 12 && (memcmp(r->head, mac, 6) == 0 || memcmp(r->head + 6, mac, 6) == 0);
}
