/* SPDX-License-Identifier: Apache-2.0 */
/* mirror_sflow.c - copies become sFlow samples; see mirror_sflow.h. */
#include "dataplane/mirror_sflow.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/clock.h"
#include "common/prefix.h"
#include "dataplane/worker.h"

enum { FIRST_UPLINK = INT32_MAX - TW_UPLINKS_MAX + 1 };

struct sflow {
	struct tw_sink sink; /* first */
	/* --- set when opened --- */
	struct tw_worker *workers[TW_WORKERS_MAX];
	unsigned n_workers;
	uint32_t rate, keep;
	struct tw_sflow_agent *agent;
};

static struct sflow *sflow_of(struct tw_sink *sink)
{
	return (struct sflow *)sink;
}

struct tw_sflow_agent *tw_sflow_agent_of(struct tw_sink *sink)
{
	return sflow_of(sink)->agent;
}

uint32_t tw_sflow_number(uint16_t slot, uint32_t port)
{
	return slot < TW_PORTS_MAX ? port : (uint32_t)FIRST_UPLINK + slot - TW_PORTS_MAX;
}

/* --- a sample --- */

static uint32_t pool_of(const struct sflow *f, const struct tw_mirror_tag *tag)
{
	uint64_t pool = tag->passed;

	for (unsigned i = 0; i < f->n_workers; i++)
		if (f->workers[i]->id != tag->worker)
			pool += tw_tap_passed(f->workers[i], tag->slot);
	return (uint32_t)pool;
}

/* In sFlow's words; what it has none for is "unknown". */
static enum tw_sflow_reason reason_of(enum tw_drop drop)
{
	switch (drop) {
	case TW_DROP_ACL_INGRESS:
	case TW_DROP_ACL_EGRESS:
		return TW_SFLOW_ACL;
	case TW_DROP_PORT_DISABLED:
	case TW_DROP_OUT_DISABLED:
	case TW_DROP_FORGED_SOURCE:
	case TW_DROP_MAC_LIMIT:
	case TW_DROP_SOURCE_GUARD:
	case TW_DROP_DHCP_GUARD:
	case TW_DROP_DHCP6_GUARD:
	case TW_DROP_RA_GUARD:
	case TW_DROP_BPDU_GUARD:
	case TW_DROP_GUARD_HIDDEN:
	case TW_DROP_QUERY_GUARD:
	case TW_DROP_VLAN_NOT_ALLOWED:
	case TW_DROP_UNTAGGED_ON_TRUNK:
	case TW_DROP_TAGGED_ON_ACCESS:
	case TW_DROP_RSPAN_VLAN:
	case TW_DROP_NOT_IN_VLAN:
	case TW_DROP_PRIVATE_VLAN:
	case TW_DROP_DOUBLE_TAGGED:
	case TW_DROP_UNKNOWN_REFUSED:
		return TW_SFLOW_PROHIBITED;
	case TW_DROP_UNKNOWN_UNICAST:
	case TW_DROP_NO_MEMBER:
		return TW_SFLOW_HOST_UNKNOWN;
	case TW_DROP_LINK_DOWN:
	case TW_DROP_NO_UPLINK:
		return TW_SFLOW_HOST_UNREACHABLE;
	case TW_DROP_OVER_MTU:
		return TW_SFLOW_TOO_BIG;
	default:
		return TW_SFLOW_UNKNOWN;
	}
}

static uint32_t number_of(uint32_t tagged)
{
	return tagged & TW_TAP_UPLINK ? tw_sflow_number((uint16_t)tagged, 0) : tagged;
}

static void tell_output(const struct tw_mirror_tag *tag, struct tw_sflow_packet *p)
{
	switch ((enum tw_mirror_fate)tag->fate) {
	case TW_FATE_UNKNOWN: /* output 0 */
		break;
	case TW_FATE_PORT:
		p->value = number_of(tag->to);
		break;
	case TW_FATE_MANY:
		p->output = TW_SFLOW_TO_MANY;
		break;
	case TW_FATE_DROPPED:
		p->output = TW_SFLOW_DISCARDED;
		p->value = reason_of((enum tw_drop)tag->to);
		break;
	case TW_FATE_SWITCH:
		p->value = TW_SFLOW_TO_SELF;
		break;
	}
}

static void write_sample(struct tw_sink *sink, const struct rte_mbuf *m, const struct tw_mirror_tag *tag, uint64_t ns)
{
	struct sflow *f = sflow_of(sink);
	const uint32_t size = RTE_MIN(m->pkt_len, f->keep);
	uint8_t room[TW_SFLOW_HEADER_MAX];
	struct tw_sflow_packet p = { .number = number_of(tag->number),
				     .rate = f->rate,
				     .pool = pool_of(f, tag),
				     .length = tag->original_len,
				     .vlan = tag->vlan,
				     .priority_in = tag->pcp_in,
				     .priority_out = tag->pcp_out,
				     .header_size = (uint16_t)size,
				     .header = rte_pktmbuf_read(m, 0, size, room) };

	tell_output(tag, &p);
	tw_sflow_sampled(f->agent, &p);
	tw_sink_count_sent(sink, 1, size);
}

static void leave_out(struct tw_sink *sink, uint64_t n)
{
	tw_sflow_note_drops(sflow_of(sink)->agent, n);
}

static void tick(struct tw_sink *sink, uint64_t now_ns)
{
	tw_sflow_tick(sflow_of(sink)->agent, tw_clock_mono_ms());
}

static void free_sflow(struct tw_sink *sink)
{
	struct sflow *f = sflow_of(sink);

	tw_sflow_destroy(f->agent);
	free(f);
}

static const struct tw_sink_ops ops = {
	.write = write_sample,
	.leave_out = leave_out,
	.flush = tick,
	.close = tick,
	.free = free_sflow,
	.wants_wire_size = false, /* a super-frame counts as one packet in the pool, too */
};

/* --- main --- */

static bool read_target(const Tw__LocalSflow *s, const char *collector, struct tw_exporter_target *t)
{
	snprintf(t->name, sizeof(t->name), "%s", s->exporter);
	t->failover = s->delivery == TW__EXPORTER__DELIVERY__FAILOVER;
	t->domain = s->sub_agent;
	t->mtu = (uint16_t)s->mtu;
	return tw_exporter_parse_collector(collector, &t->collector, &t->collector_size) == 0 &&
	       (!*s->source || tw_prefix_parse(s->source, &t->source));
}

struct tw_sink *tw_sflow_open(const Tw__LocalMirror *m, struct tw_worker *const *workers, unsigned n_workers,
			      char error[static 128])
{
	struct tw_exporter_target targets[TW_COLLECTORS_MAX] = { 0 };
	const Tw__LocalSflow *s = m->sflow;
	struct sflow *f;

	for (size_t i = 0; i < s->n_collectors; i++)
		if (i >= TW_COLLECTORS_MAX || !read_target(s, s->collectors[i], &targets[i])) {
			snprintf(error, 128, "%.64s is no collector's address", s->collectors[i]);
			return NULL;
		}
	f = calloc(1, sizeof(*f));
	if (f)
		f->agent = tw_sflow_create(targets, s->n_collectors, tw_clock_mono_ms());
	if (!f || !f->agent) {
		snprintf(error, 128, "out of memory");
		free(f);
		return NULL;
	}
	for (unsigned i = 0; i < n_workers; i++)
		f->workers[i] = workers[i];
	f->n_workers = n_workers;
	f->rate = m->sample ? m->sample : 1;
	f->keep = m->snaplen && m->snaplen < TW_SFLOW_HEADER_MAX ? m->snaplen : TW_SFLOW_HEADER_MAX;
	tw_sink_init(&f->sink, &ops);
	return &f->sink;
}
