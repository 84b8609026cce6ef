/* SPDX-License-Identifier: Apache-2.0 */
/* tell.c - the status of the way by the controller; see tell.h. Keeps nothing. */
#include "controlplane/central/tell.h"

#include <string.h>

#include "controlplane/mem.h"
#include "flowexport/tried.h"

static char *copy_text(const char *text)
{
	return tw_need(strdup(text));
}

static Tw__CollectorStatus *tell_collector(const struct tw_exporter_stats *stats)
{
	Tw__CollectorStatus *out = tw_need(malloc(sizeof(*out)));

	tw__collector_status__init(out);
	out->collector = copy_text(stats->collector);
	out->source = copy_text(stats->source);
	out->error = copy_text(stats->error);
	out->state = tw_status_of_collector(stats->state);
	out->records = stats->records;
	out->messages = stats->messages;
	out->octets = stats->octets;
	out->unsaid_records = stats->unsaid_records;
	out->test_records = stats->test_records;
	return out;
}

static Tw__ExporterStatus *new_exporter(Tw__CentralStatus *to, const char *name)
{
	Tw__ExporterStatus *out = tw_need(malloc(sizeof(*out)));

	tw__exporter_status__init(out);
	out->name = copy_text(name);
	out->collectors = tw_need(calloc(TW_COLLECTORS_MAX, sizeof(*out->collectors)));
	to->exporters[to->n_exporters++] = out;
	return out;
}

static void tell_pump(const struct tw_central_news *news, const struct tw_pump *pump, Tw__ExporterStatus *out)
{
	uint64_t lost, waiting = tw_spool_measure_from(news->folder, tw_pump_needed(pump));
	struct tw_exporter_stats stats[TW_TARGETS_MAX];
	size_t n = tw_pump_get_stats(pump, stats, &lost);

	for (size_t i = 0; i < n && out->n_collectors < TW_COLLECTORS_MAX; i++) {
		out->collectors[out->n_collectors] = tell_collector(&stats[i]);
		/* Given up by the spool: of a collector, or of all that stand for one another. */
		out->collectors[out->n_collectors++]->lost_records = lost;
		out->records += stats[i].records;
		out->messages += stats[i].messages;
		out->octets += stats[i].octets;
		out->unsaid_records += stats[i].unsaid_records;
		out->changes = stats[i].changes;
		if (*stats[i].error && (!out->error || !*out->error))
			out->error = copy_text(stats[i].error);
	}
	out->lost_records += lost;
	if (n) {
		out->biflow_records += stats[0].pairing.biflows;
		out->uniflow_records += stats[0].pairing.uniflows;
		out->crowded_records += stats[0].pairing.crowded;
		out->pairing_records += stats[0].pairing.waiting;
	}
	if (waiting > out->waiting_octets)
		out->waiting_octets = waiting;
}

static void tell_pumps(const struct tw_central_news *news, Tw__CentralStatus *out)
{
	Tw__ExporterStatus *exporter = NULL;

	out->exporters = tw_need(calloc(news->pumps->n + 1, sizeof(*out->exporters)));
	for (size_t i = 0; i < news->pumps->n; i++) {
		const char *name = tw_pump_name(news->pumps->items[i]);

		if (!exporter || strcmp(exporter->name, name) != 0)
			exporter = new_exporter(out, name);
		tell_pump(news, news->pumps->items[i], exporter);
	}
}

static Tw__CentralHost *tell_host(const struct tw_intake_host *host)
{
	Tw__CentralHost *out = tw_need(malloc(sizeof(*out)));

	tw__central_host__init(out);
	out->host = copy_text(host->name);
	out->records = host->records;
	out->missing_records = host->missing_records;
	out->missing_packets = host->missing_packets;
	out->duplicate_batches = host->duplicates;
	out->second_sightings = host->second_sightings;
	out->joined_records = host->joined;
	out->refused_batches = host->refused;
	out->unwanted_records = host->unwanted;
	out->kept_octets = host->kept_octets;
	out->put_off_batches = host->put_off;
	out->waiting_octets = host->waiting_octets;
	out->heard_ms = host->heard_ms;
	return out;
}

static void tell_hosts(const struct tw_central_news *news, Tw__CentralStatus *out)
{
	size_t n = tw_intake_hosts(news->intake, NULL, 0);
	struct tw_intake_host *hosts = tw_need(calloc(n + 1, sizeof(*hosts)));

	tw_intake_hosts(news->intake, hosts, n);
	out->hosts = tw_need(calloc(n + 1, sizeof(*out->hosts)));
	for (size_t i = 0; i < n; i++)
		if (tw_directory_domain(news->directory, hosts[i].name))
			out->hosts[out->n_hosts++] = tell_host(&hosts[i]);
	free(hosts);
}

Tw__CentralStatus *tw_central_tell(const struct tw_central_news *news)
{
	Tw__CentralStatus *out = tw_need(malloc(sizeof(*out)));
	struct tw_spool_stats spool = { 0 };
	const char *trouble = news->trouble;

	tw__central_status__init(out);
	if (news->intake) {
		tell_pumps(news, out);
		tell_hosts(news, out);
		tw_intake_spool_stats(news->intake, &spool);
		out->waiting_octets = spool.octets;
		out->dropped_segments = spool.dropped_full + spool.dropped_old;
		out->held_records = tw_intake_held(news->intake);
		out->share_octets = tw_intake_share(news->intake);
		if (!*trouble && spool.error)
			trouble = strerror(spool.error);
	}
	out->given_up_records = news->pumps->given_up;
	out->error = copy_text(trouble);
	return out;
}
