/* SPDX-License-Identifier: Apache-2.0 */
/* tried.c - trials and states of collectors as messages; see tried.h. Pure but for the caller's objects. */
#include "flowexport/tried.h"

#include <stdio.h>

Tw__CollectorStatus__State tw_status_of_collector(enum tw_collector_state state)
{
	switch (state) {
	case TW_COLLECTOR_ACTIVE:
		return TW__COLLECTOR_STATUS__STATE__ACTIVE;
	case TW_COLLECTOR_STANDBY:
		return TW__COLLECTOR_STATUS__STATE__STANDBY;
	case TW_COLLECTOR_FAILED:
		return TW__COLLECTOR_STATUS__STATE__FAILED;
	default:
		return TW__COLLECTOR_STATUS__STATE__CONNECTING;
	}
}

static void add_collector(struct tw_tried *tried, struct tw_trial_collector *c)
{
	Tw__CollectorTried *out = &tried->collectors[tried->message.n_collectors];

	tw__collector_tried__init(out);
	out->collector = c->collector;
	out->state = tw_status_of_collector(c->state);
	out->source = c->source;
	out->messages = c->messages;
	out->octets = c->octets;
	out->records = c->records;
	out->lost_records = c->lost;
	out->unsaid_records = c->unsaid;
	out->error = c->error;
	tried->collector_list[tried->message.n_collectors++] = out;
}

static void add_flow(struct tw_tried *tried, struct tw_trial_flow *f)
{
	size_t i = tried->message.n_flows++;
	Tw__TestFlow *out = &tried->flows[i];

	tw__test_flow__init(out);
	snprintf(tried->protocols[i], sizeof(tried->protocols[i]), "%s", f->protocol);
	out->source = f->source;
	out->destination = f->destination;
	out->protocol = tried->protocols[i];
	out->packets = f->packets;
	out->octets = f->octets;
	tried->flow_list[i] = out;
}

Tw__ExporterTried *tw_tried_tell(struct tw_tried *tried)
{
	tw__exporter_tried__init(&tried->message);
	tried->message.exporter = tried->trial.name;
	tried->message.observation_domain = tried->trial.domain;
	tried->message.collectors = tried->collector_list;
	tried->message.flows = tried->flow_list;
	for (size_t i = 0; i < tried->trial.n_collectors; i++)
		add_collector(tried, &tried->trial.collectors[i]);
	for (size_t i = 0; i < TW_TRIAL_FLOWS; i++)
		add_flow(tried, &tried->trial.flows[i]);
	return &tried->message;
}
