/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_list.c - GetFlows: what each worker has found becomes one list; see switch.h.
 *
 * Threads  main; the workers' part is a job.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/flow_state.h"
#include "dataplane/switch.h"

enum { FLOWS_DEFAULT = 1000, FLOWS_MAX = 10000 };

struct asked {
	struct tw_switch *sw;
	struct tw_link_request *req;
	uint32_t limit;
	Tw__FlowOrder order;
};

static bool add(struct tw_switch *sw, Tw__Flows *out, unsigned worker, const struct tw_flow *f)
{
	const struct tw_flow_clock clock = tw_worker_clock(sw->workers[worker]);
	Tw__Flow *flow = tw_flow_to_message(f, &clock, tw_slot_number(sw, f->key.in), false);

	if (flow)
		out->flows[out->n_flows++] = flow;
	return flow != NULL;
}

/* Some of each worker's, in turn, so that a short list is not one worker's alone. */
static bool fill_in_turn(const struct asked *a, Tw__Flows *out, struct tw_job *const *jobs, unsigned n)
{
	for (uint32_t i = 0; i < a->limit && out->n_flows < a->limit; i++)
		for (unsigned w = 0; w < n && out->n_flows < a->limit; w++)
			if (i < jobs[w]->n && !add(a->sw, out, w, &jobs[w]->flows[i]))
				return false;
	return true;
}

/* qsort() has no room for an argument: one for each order. The greatest first. */
#define COMPARE(name, field)                                                           \
	static int name(const void *a, const void *b)                                  \
	{                                                                              \
		const Tw__Flow *x = *(Tw__Flow *const *)a, *y = *(Tw__Flow *const *)b; \
                                                                                       \
		return (x->field < y->field) - (x->field > y->field);                  \
	}
COMPARE(compare_octets, l3_octets)
COMPARE(compare_packets, packets)
COMPARE(compare_first, first_ms)

/* The best of each worker's best. */
static bool fill_best(const struct asked *a, Tw__Flows *out, struct tw_job *const *jobs, unsigned n)
{
	for (unsigned w = 0; w < n; w++)
		for (uint32_t i = 0; i < jobs[w]->n; i++)
			if (!add(a->sw, out, w, &jobs[w]->flows[i]))
				return false;
	qsort(out->flows, out->n_flows, sizeof(Tw__Flow *),
	      a->order == TW__FLOW_ORDER__FLOWS_BYTES     ? compare_octets
	      : a->order == TW__FLOW_ORDER__FLOWS_PACKETS ? compare_packets
							  : compare_first);
	while (out->n_flows > a->limit)
		tw__flow__free_unpacked(out->flows[--out->n_flows], NULL);
	return true;
}

static bool fill(const struct asked *a, Tw__Flows *out, struct tw_job *const *jobs, unsigned n)
{
	size_t found = 1;

	for (unsigned w = 0; w < n; w++) {
		out->total += jobs[w]->total;
		found += jobs[w]->n;
	}
	out->flows = malloc(found * sizeof(Tw__Flow *));
	if (!out->flows)
		return false;
	return a->order == TW__FLOW_ORDER__FLOWS_ANY ? fill_in_turn(a, out, jobs, n) : fill_best(a, out, jobs, n);
}

static void listed(struct tw_job *const *jobs, unsigned n, void *arg)
{
	struct asked *a = arg;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__Flows *flows = malloc(sizeof(*flows));

	if (flows)
		tw__flows__init(flows);
	if (flows && fill(a, flows, jobs, n)) {
		env.body_case = TW__ENVELOPE__BODY_FLOWS;
		env.flows = flows;
		tw_link_reply(a->req, &env);
	} else {
		tw_link_refuse(a->req, TW_E_INTERNAL, NULL, "out of memory");
	}
	if (flows)
		tw__flows__free_unpacked(flows, NULL);
	free(a);
}

void tw_flows_request(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env)
{
	const Tw__GetFlows *in = env->get_flows;
	struct tw_flow_filter *filter = tw_flow_filter_create(in->filter, in->order);
	struct asked *a = malloc(sizeof(*a));
	int rc = -ENOMEM;

	if (a && filter) {
		*a = (struct asked){ sw, req, in->limit ? in->limit : FLOWS_DEFAULT, in->order };
		if (a->limit > FLOWS_MAX)
			a->limit = FLOWS_MAX;
		rc = tw_jobs_list(sw->jobs, filter, a->limit, listed, a);
	}
	if (rc == 0)
		return;
	tw_link_refuse(req, rc == -EBUSY ? TW_E_BUSY : TW_E_INTERNAL, NULL, strerror(-rc));
	tw_flow_filter_destroy(filter);
	free(a);
}
