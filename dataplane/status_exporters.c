/* SPDX-License-Identifier: Apache-2.0 */
/* status_exporters.c - what was sent to which collector, for the agent's GetSwitchStatus; see switch.h. Main. */
#include <stdlib.h>
#include <string.h>

#include "dataplane/mirror_sflow.h"
#include "dataplane/switch.h"
#include "flowexport/tried.h"

static bool add_collector(Tw__ExporterStatus *e, const struct tw_exporter_stats *stats)
{
	Tw__CollectorStatus *out = malloc(sizeof(*out));

	if (!out)
		return false;
	tw__collector_status__init(out);
	e->collectors[e->n_collectors++] = out;
	out->state = tw_status_of_collector(stats->state);
	out->records = stats->records;
	out->messages = stats->messages;
	out->octets = stats->octets;
	out->lost_records = stats->lost_records;
	out->unsaid_records = stats->unsaid_records;
	out->test_records = stats->test_records;
	e->records += stats->records;
	e->messages += stats->messages;
	e->octets += stats->octets;
	e->lost_records += stats->lost_records;
	e->unsaid_records += stats->unsaid_records;
	e->changes = stats->changes;
	e->biflow_records = stats->pairing.biflows;
	e->uniflow_records = stats->pairing.uniflows;
	e->crowded_records = stats->pairing.crowded;
	e->pairing_records = stats->pairing.waiting;
	return tw_status_set_text(&out->collector, stats->collector) && tw_status_set_text(&out->error, stats->error) &&
	       tw_status_set_text(&out->source, stats->source) &&
	       (*e->error || tw_status_set_text(&e->error, stats->error));
}

static Tw__ExporterStatus *add_exporter(Tw__SwitchStatus *s, const char *name)
{
	Tw__ExporterStatus *out = malloc(sizeof(*out));

	if (!out)
		return NULL;
	tw__exporter_status__init(out);
	s->exporters[s->n_exporters++] = out;
	out->collectors = calloc(TW_COLLECTORS_MAX, sizeof(*out->collectors));
	return out->collectors && tw_status_set_text(&out->name, name) ? out : NULL;
}

/* One spool has the records of all of them. */
static bool add_central(struct tw_switch *sw, Tw__SwitchStatus *s)
{
	struct tw_outlet_stats stats;
	Tw__ExporterStatus *e;

	tw_outlet_get_stats(tw_export_thread_outlet(sw->exporter), &stats);
	for (size_t i = 0; i < sw->central.n && s->n_exporters < TW_EXPORTERS_MAX; i++) {
		e = add_exporter(s, sw->central.names[i]);
		if (!e || !tw_status_set_text(&e->error, stats.error))
			return false;
		e->records = stats.records;
		e->messages = stats.batches;
		e->octets = stats.octets;
		e->lost_records = stats.lost_records;
		e->waiting_octets = stats.waiting_octets;
	}
	return true;
}

/* What could not be opened has no collectors to tell of. */
static bool add_sflow(struct tw_switch *sw, Tw__SwitchStatus *s)
{
	struct tw_mirror_sflow sflow[TW_MIRRORS_MAX];
	size_t n = tw_mirrors_get_sflow(sw->mirrors, sflow);

	for (size_t i = 0; i < n && s->n_exporters < TW_EXPORTERS_MAX; i++) {
		struct tw_exporter_stats stats[TW_COLLECTORS_MAX];
		Tw__ExporterStatus *e = add_exporter(s, sflow[i].config->exporter);
		size_t n_stats = sflow[i].sink ? tw_sflow_get_stats(tw_sflow_agent_of(sflow[i].sink), stats) : 0;

		if (!e || !tw_status_set_text(&e->error, sflow[i].error))
			return false;
		for (size_t k = 0; k < n_stats; k++)
			if (!add_collector(e, &stats[k]))
				return false;
	}
	return true;
}

bool tw_status_add_exporters(struct tw_switch *sw, Tw__SwitchStatus *s)
{
	struct tw_exporter_stats stats[TW_TARGETS_MAX];
	size_t n = tw_exporter_get_stats(tw_export_thread_exporter(sw->exporter), stats);
	Tw__ExporterStatus *e = NULL;

	s->exporters = calloc(TW_EXPORTERS_MAX, sizeof(Tw__ExporterStatus *));
	if (!s->exporters)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!e || strcmp(e->name, stats[i].name) != 0)
			e = add_exporter(s, stats[i].name);
		if (!e || !add_collector(e, &stats[i]))
			return false;
	}
	return add_central(sw, s) && add_sflow(sw, s);
}
