/* SPDX-License-Identifier: Apache-2.0 */
/*
 * port_state.c - what goes along with a port that moves: its counters, what it owes to its limits, the flows that began at it,
 *                what its guest has joined, what is behind it, the numbers of mirrors that copy nothing else here.
 *
 * TakePortState takes the flows out of every worker without a record; PutPortState lets the worker that polls the port go on
 * counting them: a flow that spans the move is one record.
 * Threads  main; the workers' part is jobs. Hostile: the state came from another host, every field of it is checked.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "dataplane/flow_state.h"
#include "dataplane/learned.h"
#include "dataplane/switch.h"

#define TW_LOG_AREA "handover"
#include "common/log.h"

struct asked {
	struct tw_switch *sw;
	struct tw_link_request *req;
	uint32_t number;
};

static struct asked *asked(const struct tw_port *p, struct tw_link_request *req)
{
	struct asked *a = malloc(sizeof(*a));

	if (a)
		*a = (struct asked){ p->sw, req, p->number };
	else
		tw_link_refuse(req, TW_E_INTERNAL, NULL, "out of memory");
	return a;
}

/* --- take --- */

static bool add_flows(Tw__PortState *state, const struct tw_worker *worker, const struct tw_job *job)
{
	const struct tw_flow_clock clock = tw_worker_clock(worker);

	for (uint32_t i = 0; i < job->n; i++) {
		const struct tw_flow *f = &job->flows[i];
		Tw__Flow *flow;

		if (f->packets == 0)
			continue;
		flow = tw_flow_to_message(f, &clock, state->number, true);
		if (!flow)
			return false;
		state->flows[state->n_flows++] = flow;
	}
	return true;
}

/* Another port, while this one leaves: one whose guest has left before it is mirrored here no more. */
static bool stays(void *arg, uint32_t number)
{
	struct tw_switch *sw = arg;
	const struct tw_port *p = tw_port_by_number(sw, number);

	return p && (p->role != TW__LOCAL_PORT__ROLE__OUTGOING || sw->states[p->slot].link == TW_LINK_UP);
}

static Tw__PortState *make_state(const struct tw_port *p, struct tw_job *const *jobs, unsigned n_jobs)
{
	Tw__PortState *state = malloc(sizeof(*state));
	struct tw_counters sum;
	size_t n = 1;
	bool whole;

	if (!state)
		return NULL;
	tw__port_state__init(state);
	for (unsigned i = 0; i < n_jobs; i++)
		n += jobs[i]->n;
	tw_workers_count(p->sw, p->slot, &p->base, &sum);
	state->number = p->number;
	state->stopped_ns = p->stopped_ns;
	state->frames_held = tw_handover_held(p);
	state->rate_debts = malloc(TW_RATE_BUCKETS * sizeof(state->rate_debts[0]));
	if (state->rate_debts) {
		state->n_rate_debts = TW_RATE_BUCKETS;
		tw_rate_debts(&p->sw->rates[p->slot], tw_rate_ticks(p->sw->workers[0], rte_rdtsc()), state->rate_debts);
	}
	state->counters = tw_status_counters(&sum);
	state->flows = malloc(n * sizeof(Tw__Flow *));
	whole = state->counters && state->flows && state->rate_debts &&
		tw_snooping_take(p->sw->snooping, p->slot, state) && tw_learned_take(p, state) &&
		tw_mirrors_take(p->sw->mirrors, stays, p->sw, state);
	for (unsigned i = 0; i < n_jobs && whole; i++)
		whole = add_flows(state, p->sw->workers[i], jobs[i]);
	if (whole)
		return state;
	tw__port_state__free_unpacked(state, NULL);
	return NULL;
}

static void taken(struct tw_job *const *jobs, unsigned n, void *arg)
{
	struct asked *a = arg;
	struct tw_port *p = tw_port_by_number(a->sw, a->number);
	Tw__PortState *state = p ? make_state(p, jobs, n) : NULL;
	Tw__Envelope env = TW__ENVELOPE__INIT;

	if (state) {
		tw_log_info("state taken port=%s flows=%zu", p->name, state->n_flows);
		env.body_case = TW__ENVELOPE__BODY_PORT_STATE;
		env.port_state = state;
		tw_link_reply(a->req, &env);
		tw__port_state__free_unpacked(state, NULL);
	} else if (p) {
		tw_link_refuse(a->req, TW_E_INTERNAL, NULL, "out of memory");
	} else {
		tw_link_refuse(a->req, TW_E_NOT_FOUND, "take_port_state.number", "the port has gone meanwhile");
	}
	free(a);
}

void tw_handover_take(struct tw_port *p, struct tw_link_request *req)
{
	struct asked *a;
	int rc;

	if (p->sw->states[p->slot].link == TW_LINK_UP) {
		tw_link_refuse(req, TW_E_BUSY, "take_port_state.number", "the port's guest runs here");
		return;
	}
	if (tw_move_holds(p->sw, p->slot)) {
		if (p->take_waits)
			tw_link_refuse(req, TW_E_BUSY, "take_port_state.number", "its state is being taken already");
		else
			p->take_waits = req;
		return;
	}
	a = asked(p, req);
	if (!a)
		return;
	rc = tw_jobs_ask_all(p->sw->jobs, TW_JOB_TAKE, p->slot, p->sw->workers[0]->cache.capacity, taken, a);
	if (rc == 0)
		return;
	tw_link_refuse(req, rc == -EBUSY ? TW_E_BUSY : TW_E_INTERNAL, NULL, strerror(-rc));
	free(a);
}

void tw_handover_resume(struct tw_port *p)
{
	struct tw_link_request *req = p->take_waits;

	p->take_waits = NULL;
	if (req && p->retire)
		tw_link_refuse(req, TW_E_NOT_FOUND, "take_port_state.number", "the port has gone meanwhile");
	else if (req)
		tw_handover_take(p, req);
}

/* --- put --- */

static void add_counters(struct tw_port *p, const Tw__PortCounters *c)
{
	p->base.rx_packets += c->rx_packets;
	p->base.rx_octets += c->rx_octets;
	p->base.tx_packets += c->tx_packets;
	p->base.tx_octets += c->tx_octets;
	for (size_t i = 0; i < c->n_drops; i++)
		for (unsigned reason = 0; reason < TW_DROPS; reason++)
			if (strcmp(c->drops[i]->reason, tw_drop_name(reason)) == 0)
				p->base.drops[reason] += c->drops[i]->packets;
}

static void put_done(struct tw_job *const *jobs, unsigned n, void *arg)
{
	struct asked *a = arg;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__PutPortStateReply reply = TW__PUT_PORT_STATE_REPLY__INIT;

	reply.flows = (uint32_t)jobs[0]->total;
	env.body_case = TW__ENVELOPE__BODY_PUT_PORT_STATE_REPLY;
	env.put_port_state_reply = &reply;
	tw_log_info("state put number=%u flows=%u", a->number, reply.flows);
	tw_link_reply(a->req, &env);
	free(a);
}

/* @return malloc'ed flows, or NULL: *why says which is refused */
static struct tw_flow *read_flows(const struct tw_port *p, const struct tw_worker *worker, const Tw__PortState *state,
				  const char **why)
{
	struct tw_flow *flows = aligned_alloc(_Alignof(struct tw_flow), (state->n_flows + 1) * sizeof(*flows));
	const struct tw_flow_clock clock = tw_worker_clock(worker);

	*why = flows ? NULL : "out of memory";
	for (size_t i = 0; i < state->n_flows && !*why; i++)
		*why = tw_flow_from_message(state->flows[i], &clock, p->slot, &flows[i]);
	if (!*why)
		return flows;
	free(flows);
	return NULL;
}

void tw_handover_put(struct tw_port *p, const Tw__PortState *state, struct tw_link_request *req)
{
	struct tw_switch *sw = p->sw;
	unsigned worker = tw_queue_map_get(&sw->map, p->slot, 0);
	struct tw_flow *flows;
	const char *why;
	struct asked *a;
	int rc;

	if (p->role == TW__LOCAL_PORT__ROLE__OUTGOING) {
		tw_link_refuse(req, TW_E_BUSY, "put_port_state.state.number", "the port is leaving this host");
		return;
	}
	if (state->n_flows > sw->workers[worker]->cache.capacity) {
		tw_link_refuse(req, TW_E_TOO_LARGE, "put_port_state.state.flows", "more flows than a worker can keep");
		return;
	}
	flows = read_flows(p, sw->workers[worker], state, &why);
	if (!flows) {
		tw_link_refuse(req, TW_E_INVALID, "put_port_state.state.flows", why);
		return;
	}
	a = asked(p, req);
	if (!a) {
		free(flows);
		return;
	}
	rc = tw_jobs_put(sw->jobs, worker, flows, (uint32_t)state->n_flows, put_done, a);
	if (rc == 0) {
		if (state->counters)
			add_counters(p, state->counters);
		tw_learned_put(p, state);
		tw_rate_set_debts(&sw->rates[p->slot], tw_rate_ticks(sw->workers[0], rte_rdtsc()), state->rate_debts,
				  state->n_rate_debts);
		tw_snooping_put(sw->snooping, p->slot, state);
		tw_mirrors_put(sw->mirrors, state);
		return;
	}
	free(flows);
	tw_link_refuse(req, rc == -EBUSY ? TW_E_BUSY : TW_E_INTERNAL, NULL, strerror(-rc));
	free(a);
}
