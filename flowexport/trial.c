/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c - known records to an exporter's collectors; see trial.h. */
#include "flowexport/trial.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

enum { BEGAN_MS = 10 * 1000, ENDED_MS = 1000 /* before now */ };

/* RFC 7042 section 2.1.1: 00-00-5E-00-53-xx */
#define MACS .src_mac = { 0, 0, 0x5e, 0, 0x53, 1 }, .dst_mac = { 0, 0, 0x5e, 0, 0x53, 2 }
#define BOTH .forwarding = TW_FORWARDED, .ingress = TW_TRIAL_INTERFACE, .egress = TW_TRIAL_INTERFACE, MACS
#define V4   BOTH, .ethertype = 0x0800, .min_ttl = 64, .max_ttl = 64, .key_flags = TW_FLOW_KEY_IPV4
#define V6   BOTH, .ethertype = 0x86dd, .min_ttl = 64, .max_ttl = 64, .key_flags = TW_FLOW_KEY_IPV6

static const struct {
	const char *source, *destination, *protocol; /* as people write them */
	struct tw_flow_record record;
} flows[TW_TRIAL_FLOWS] = {
	{ "192.0.2.1",
	  "198.51.100.1",
	  "tcp",
	  { V4, .protocol = 6, .src_port = 50001, .dst_port = 443, .tcp_flags = 0x1b, .packets = 10, .l3_octets = 1000,
	    .l2_octets = 1140, .min_len = 40, .max_len = 400, .end_reason = TW_FLOW_END_DETECTED } },
	{ "192.0.2.2",
	  "198.51.100.2",
	  "udp",
	  { V4, .protocol = 17, .src_port = 50002, .dst_port = 53, .packets = 2, .l3_octets = 200, .l2_octets = 228,
	    .min_len = 100, .max_len = 100, .end_reason = TW_FLOW_END_IDLE } },
	{ "192.0.2.3",
	  "198.51.100.3",
	  "icmp 8/0",
	  { V4 | TW_FLOW_KEY_ICMP, .protocol = 1, .dst_port = 8 << 8, .packets = 3, .l3_octets = 252, .l2_octets = 294,
	    .min_len = 84, .max_len = 84, .end_reason = TW_FLOW_END_IDLE } },
	{ "2001:db8::1",
	  "2001:db8::2",
	  "udp",
	  { V6, .protocol = 17, .src_port = 50004, .dst_port = 53, .packets = 4, .l3_octets = 400, .l2_octets = 456,
	    .min_len = 100, .max_len = 100, .end_reason = TW_FLOW_END_IDLE } },
};

static const struct tw_flow_identity interface = { .number = TW_TRIAL_INTERFACE,
						   .name = "tradewind-test/eth0",
						   .vm_name = "tradewind-test" };

const struct tw_flow_origin tw_trial_origin = {
	.domain = TW_TRIAL_INTERFACE, .kind = TW_ORIGIN_IPV4, .address = { 192, 0, 2, 254 }, .host = "tradewind-test"
};

static struct tw_flow_record record_of(size_t i, uint64_t now_ms)
{
	struct tw_flow_record r = flows[i].record;
	int family = r.key_flags & TW_FLOW_KEY_IPV4 ? AF_INET : AF_INET6;

	inet_pton(family, flows[i].source, r.src_ip);
	inet_pton(family, flows[i].destination, r.dst_ip);
	r.first_ms = now_ms - BEGAN_MS;
	r.last_ms = now_ms - ENDED_MS;
	return r;
}

static void write_end(char text[static TW_ENDPOINT_TEXT], const char *address, uint16_t port, bool has_ports)
{
	if (!has_ports)
		snprintf(text, TW_ENDPOINT_TEXT, "%s", address);
	else
		snprintf(text, TW_ENDPOINT_TEXT, strchr(address, ':') ? "[%s]:%u" : "%s:%u", address, port);
}

static void describe(struct tw_export_trial *result)
{
	for (size_t i = 0; i < TW_TRIAL_FLOWS; i++) {
		struct tw_trial_flow *f = &result->flows[i];
		const struct tw_flow_record *r = &flows[i].record;
		bool has_ports = !(r->key_flags & TW_FLOW_KEY_ICMP);

		write_end(f->source, flows[i].source, r->src_port, has_ports);
		write_end(f->destination, flows[i].destination, r->dst_port, has_ports);
		f->protocol = flows[i].protocol;
		f->packets = r->packets;
		f->octets = r->l3_octets;
	}
}

static const struct tw_export_group *find(const struct tw_export_group *groups, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(tw_target_name(groups[i].targets[0]), name) == 0)
			return &groups[i];
	return NULL;
}

static void send_to(struct tw_target *target, struct tw_trial_collector *c, const char *host, uint64_t now_ms)
{
	const struct tw_flow_names names = { .ingress = &interface, .egress = &interface, .host = host };
	struct tw_exporter_stats before, after;

	tw_target_send_open(target);
	tw_target_get_stats(target, &before);
	tw_target_introduce(target, &interface);
	for (size_t i = 0; i < TW_TRIAL_FLOWS; i++) {
		struct tw_flow_record r = record_of(i, now_ms);

		tw_target_add_any(target, &r, tw_flow_class_of(&r), &names);
	}
	tw_target_get_stats(target, &after);
	c->unsaid = after.unsaid_records - before.unsaid_records;
	tw_target_mark_trial(target, c->unsaid);
	tw_target_send_open(target);
	tw_target_get_stats(target, &after);
	memcpy(c->collector, after.collector, sizeof(c->collector));
	c->messages = after.messages - before.messages;
	c->octets = after.octets - before.octets;
	c->lost = after.lost_records - before.lost_records;
	if (c->lost > TW_TRIAL_FLOWS - c->unsaid) /* the refusal of a message before has come meanwhile */
		c->lost = TW_TRIAL_FLOWS - c->unsaid;
	c->records = TW_TRIAL_FLOWS - c->unsaid - c->lost;
}

void tw_trial_send(struct tw_trial *trial, const struct tw_export_group *groups, size_t n_groups, const char *host,
		   uint64_t now_ms)
{
	struct tw_export_trial *result = &trial->result;
	const struct tw_export_group *group = find(groups, n_groups, result->name);

	trial->sent_ms = now_ms;
	trial->state = group ? TW_TRIAL_SENT : TW_TRIAL_DONE;
	result->n_collectors = group ? group->n : 0;
	if (!group)
		return;
	describe(result);
	for (size_t i = 0; i < group->n; i++)
		send_to(group->targets[i], &result->collectors[i], host, now_ms);
}

bool tw_trial_settle(struct tw_trial *trial, const struct tw_export_group *groups, size_t n_groups, uint64_t now_ms)
{
	const struct tw_export_group *group = find(groups, n_groups, trial->result.name);
	struct tw_exporter_stats stats[TW_COLLECTORS_MAX];

	if (group && group->n == trial->result.n_collectors && now_ms - trial->sent_ms < TW_TRIAL_MS)
		return false;
	trial->state = TW_TRIAL_DONE;
	if (group && group->n == trial->result.n_collectors)
		tw_group_get_stats(group, stats);
	else
		trial->result.n_collectors = 0; /* it has been configured anew meanwhile */
	for (size_t i = 0; i < trial->result.n_collectors; i++) {
		struct tw_trial_collector *c = &trial->result.collectors[i];

		c->state = stats[i].state;
		memcpy(c->source, stats[i].source, sizeof(c->source));
		memcpy(c->error, stats[i].error, sizeof(c->error));
		trial->result.domain = stats[i].domain;
	}
	return true;
}
