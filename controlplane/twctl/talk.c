/* SPDX-License-Identifier: Apache-2.0 */
/* talk.c - flows of all hosts as conversations; see talk.h. */
#include "controlplane/twctl/talk.h"

#include <stdlib.h>
#include <string.h>

#include "controlplane/twctl/lookup.h"

static_assert(sizeof(struct tw_talk_key) == 44, "a key has no padding");

enum { LEAST_MS = 100 }; /* what began anew just now says nothing of a rate yet */

/* One flow of one host, on its way into a talk. */
struct part {
	struct tw_talk_key key;
	uint8_t from; /* which end sends */
	const Tw__Flow *flow;
	const char *host;
};

/* --- keys --- */

static bool has_ports(uint32_t protocol)
{
	return protocol == 6 || protocol == 17 || protocol == 132 || protocol == 136;
}

static void set_address(uint8_t out[16], const Tw__Flow *f, const ProtobufCBinaryData *ip,
			const ProtobufCBinaryData *mac)
{
	const ProtobufCBinaryData *from = f->src_ip.len ? ip : mac;

	if (from->len <= 16)
		memcpy(out, from->data, from->len);
}

static struct part part_of(const Tw__Flow *f, const char *host)
{
	struct part p = { .flow = f, .host = host };
	struct tw_talk_key *k = &p.key;
	uint16_t port[2] = { 0, 0 };
	uint8_t address[2][16] = { { 0 } };
	int order;

	set_address(address[0], f, &f->src_ip, &f->src_mac);
	set_address(address[1], f, &f->dst_ip, &f->dst_mac);
	if (f->src_ip.len && has_ports(f->protocol)) {
		port[0] = (uint16_t)f->src_port;
		port[1] = (uint16_t)f->dst_port;
	}
	order = memcmp(address[0], address[1], 16);
	p.from = order > 0 || (order == 0 && port[0] > port[1]);
	for (int i = 0; i < 2; i++) {
		memcpy(k->address[i ^ p.from], address[i], 16);
		k->port[i ^ p.from] = port[i];
	}
	k->vlan = (uint16_t)f->vlan;
	k->ethertype = (uint16_t)f->ethertype;
	k->protocol = (uint8_t)f->protocol;
	k->ip_len = (uint8_t)f->src_ip.len;
	return p;
}

/* By key and way; where a way is known to several hosts, first who knows by which port it comes in. */
static int compare_parts(const void *a, const void *b)
{
	const struct part *x = a, *y = b;
	int order = memcmp(&x->key, &y->key, sizeof(x->key));

	order = order ? order : x->from - y->from;
	order = order ? order : (y->flow->ingress != 0) - (x->flow->ingress != 0);
	return order ? order : strcmp(x->host, y->host);
}

/* --- parts into talks --- */

static const char *name_of(const json_t *ports, uint32_t number)
{
	return number ? json_string_value(json_object_get(tw_port_of(ports, number), "name")) : NULL;
}

static void set_mac(uint8_t out[6], const ProtobufCBinaryData *mac)
{
	if (mac->len == 6)
		memcpy(out, mac->data, 6);
}

static void add_part(struct tw_talk *t, const struct part *p, const json_t *ports)
{
	struct tw_talk_end *from = &t->end[p->from], *to = &t->end[!p->from];
	const Tw__Flow *f = p->flow;

	set_mac(from->mac, &f->src_mac);
	set_mac(to->mac, &f->dst_mac);
	if (!from->name)
		from->name = name_of(ports, f->ingress);
	if (!to->name)
		to->name = name_of(ports, f->egress);
	from->dst_port = (uint16_t)f->dst_port;
	from->packets += f->packets;
	from->octets += f->l3_octets;
	if (!from->first_ms || f->first_ms < from->first_ms)
		from->first_ms = f->first_ms;
	if (f->last_ms > from->last_ms)
		from->last_ms = f->last_ms;
	if (*f->drop_reason) {
		t->dropped += f->packets;
		t->drop_reason = f->drop_reason;
	}
	if (f->sample > t->sample)
		t->sample = f->sample;
	t->host[p->from] = p->host;
}

/* Of one way, whose frames no port of ours sent: the host that got most. @return how many parts there are of the way */
static size_t add_strangers(struct tw_talk *t, const struct part *p, size_t n, const json_t *ports)
{
	uint64_t packets = 0, most = 0;
	size_t best = 0, first = 0;

	for (size_t i = 0; i < n; i++) {
		if (strcmp(p[i].host, p[first].host) != 0) {
			first = i;
			packets = 0;
		}
		packets += p[i].flow->packets;
		if (packets > most) {
			most = packets;
			best = first;
		}
	}
	for (size_t i = best; i < n && strcmp(p[i].host, p[best].host) == 0; i++)
		add_part(t, &p[i], ports);
	return n;
}

static size_t add_way(struct tw_talk *t, const struct part *p, size_t n, const json_t *ports)
{
	size_t way = 1;

	while (way < n && p[way].from == p[0].from && memcmp(&p[way].key, &p[0].key, sizeof(p->key)) == 0)
		way++;
	if (!p[0].flow->ingress)
		return add_strangers(t, p, way, ports);
	for (size_t i = 0; i < way && p[i].flow->ingress; i++)
		add_part(t, &p[i], ports);
	return way;
}

/* Where the egress is not known (it is refused, or held), the MAC says whose it is. */
static void name_by_mac(struct tw_talk *t, const json_t *macs)
{
	char text[TW_MAC_TEXT];

	for (int i = 0; i < 2; i++)
		if (!t->end[i].name)
			t->end[i].name = json_string_value(json_object_get(macs, tw_mac_format(t->end[i].mac, text)));
}

static json_t *names_by_mac(const json_t *ports)
{
	json_t *macs = json_object(), *port, *mac;
	const char *number;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)ports, number, port)
	{
		json_object_set(macs, tw_json_string_at(port, "mac"), json_object_get(port, "name"));
		json_array_foreach(json_object_get(port, "static_macs"), i, mac)
			json_object_set(macs, json_string_value(mac), json_object_get(port, "name"));
	}
	return macs;
}

static void make_talks(struct tw_talks *talks, const struct part *parts, size_t n)
{
	json_t *macs = names_by_mac(talks->ports);

	for (size_t i = 0; i < n;) {
		struct tw_talk *t = &talks->talk[talks->n];

		if (talks->n == 0 || memcmp(&t[-1].key, &parts[i].key, sizeof(t->key)) != 0) {
			t->key = parts[i].key;
			t->sample = 1;
			talks->n++;
		} else {
			t--;
		}
		i += add_way(t, &parts[i], n - i, talks->ports);
	}
	for (size_t i = 0; i < talks->n; i++) {
		struct tw_talk *t = &talks->talk[i];

		t->first = !t->end[0].packets || (t->end[1].packets && t->end[1].first_ms < t->end[0].first_ms);
		name_by_mac(t, macs);
		talks->sampled |= t->sample > 1;
	}
	json_decref(macs);
}

struct tw_talks *tw_talks_create(Tw__Envelope *reply, json_t *ports)
{
	struct tw_talks *talks = tw_alloc(sizeof(*talks));
	const Tw__FlowList *list = reply->flow_list;
	struct part *parts;
	size_t n = 0;

	talks->reply = reply;
	talks->ports = json_incref(ports);
	for (size_t i = 0; i < list->n_hosts; i++)
		n += list->hosts[i]->flows ? list->hosts[i]->flows->n_flows : 0;
	parts = tw_alloc((n + 1) * sizeof(*parts));
	talks->talk = tw_alloc((n + 1) * sizeof(*talks->talk));
	n = 0;
	for (size_t i = 0; i < list->n_hosts; i++) {
		const Tw__Flows *flows = list->hosts[i]->flows;

		for (size_t k = 0; flows && k < flows->n_flows; k++)
			parts[n++] = part_of(flows->flows[k], list->hosts[i]->host);
		talks->flows += flows ? flows->total : 0;
		talks->cut |= flows && flows->total > flows->n_flows;
	}
	qsort(parts, n, sizeof(*parts), compare_parts);
	make_talks(talks, parts, n);
	free(parts);
	return talks;
}

void tw_talks_destroy(struct tw_talks *talks)
{
	if (!talks)
		return;
	tw__envelope__free_unpacked(talks->reply, NULL);
	json_decref(talks->ports);
	free(talks->talk);
	free(talks);
}

/* --- rates --- */

static void compare_end(struct tw_talk_end *now, const struct tw_talk_end *before, uint64_t ms, uint64_t now_unix_ms)
{
	bool anew = !before || !before->packets || now->first_ms > before->first_ms || now->octets < before->octets ||
		    now->packets < before->packets;
	uint64_t octets = now->octets - (anew ? 0 : before->octets);
	uint64_t packets = now->packets - (anew ? 0 : before->packets);
	uint64_t since = now_unix_ms > now->first_ms ? now_unix_ms - now->first_ms : 0;

	now->total = (before ? before->total : 0) + octets;
	if (anew && since < ms) /* the time before it began anew was another record's */
		ms = before && before->packets && since > LEAST_MS ? since : ms;
	else if (anew && !before)
		ms = since; /* it is older than the first answer that has it: a mean */
	ms = ms > LEAST_MS ? ms : LEAST_MS;
	now->octets_s = (double)octets * 1000 / (double)ms;
	now->packets_s = (double)packets * 1000 / (double)ms;
}

void tw_talks_compare(struct tw_talks *now, const struct tw_talks *before, uint64_t ms, uint64_t now_unix_ms)
{
	size_t k = 0;

	for (size_t i = 0; i < now->n; i++) {
		struct tw_talk *t = &now->talk[i];
		const struct tw_talk *b = NULL;

		while (before && k < before->n && memcmp(&before->talk[k].key, &t->key, sizeof(t->key)) < 0)
			k++;
		if (before && k < before->n && memcmp(&before->talk[k].key, &t->key, sizeof(t->key)) == 0)
			b = &before->talk[k];
		for (int e = 0; e < 2; e++)
			compare_end(&t->end[e], b ? &b->end[e] : NULL, ms, now_unix_ms);
	}
}

/* --- order --- */

static double worth(const struct tw_talk *t, enum tw_talk_order order)
{
	const struct tw_talk_end *a = &t->end[0], *b = &t->end[1];

	switch (order) {
	case TW_TALK_OCTETS:
		return (double)(a->octets + b->octets);
	case TW_TALK_PACKETS:
		return (double)(a->packets + b->packets);
	case TW_TALK_NEW:
		return (double)t->end[t->first].first_ms;
	case TW_TALK_PACKET_RATE:
		return a->packets_s + b->packets_s;
	case TW_TALK_RATE:
		break;
	}
	return a->octets_s + b->octets_s;
}

static enum tw_talk_order sorting_by; /* qsort() has no room for an argument */

static int compare_talks(const void *a, const void *b)
{
	double x = worth(a, sorting_by), y = worth(b, sorting_by);

	return x < y ? 1 : x > y ? -1 : memcmp(a, b, sizeof(struct tw_talk_key));
}

void tw_talks_sort(struct tw_talks *talks, enum tw_talk_order order)
{
	sorting_by = order;
	qsort(talks->talk, talks->n, sizeof(*talks->talk), compare_talks);
}
