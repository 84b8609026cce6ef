/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exporter.c - records to all targets, configuration and statistics between threads; see exporter.h.
 *
 * Threads  a configuration is prepared whole by the caller of tw_exporter_configure() (memory, targets), left under the
 *          lock, and taken by the exporter thread's next tick, where nothing can fail any more. Statistics go the other way.
 * Owns     targets, the identity table.
 */
#include "flowexport/exporter.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flowexport/target.h"

struct plan { /* a configuration on its way to the exporter thread */
	uint32_t domain;
	char host[64];
	size_t n_targets, n_identities;
	struct tw_exporter_target configs[TW_EXPORTERS_MAX];
	struct tw_target *targets[TW_EXPORTERS_MAX]; /* made anew; used where none stays */
	struct tw_flow_identity *identities;
	uint64_t *changed;
};

struct tw_exporter {
	/* --- exporter thread --- */
	struct tw_export_context context;
	size_t n_targets;
	struct tw_target *targets[TW_EXPORTERS_MAX];

	/* --- under lock --- */
	pthread_mutex_t lock;
	struct plan *plan; /* NULL = nothing new */
	size_t n_stats;
	struct tw_exporter_stats stats[TW_EXPORTERS_MAX];
};

struct tw_exporter *tw_exporter_create(void)
{
	struct tw_exporter *exporter = calloc(1, sizeof(*exporter));

	if (exporter)
		pthread_mutex_init(&exporter->lock, NULL);
	return exporter;
}

static void destroy_plan(struct plan *plan)
{
	if (!plan)
		return;
	for (size_t i = 0; i < plan->n_targets; i++)
		tw_target_destroy(plan->targets[i]);
	free(plan->identities);
	free(plan->changed);
	free(plan);
}

void tw_exporter_destroy(struct tw_exporter *exporter)
{
	if (!exporter)
		return;
	destroy_plan(exporter->plan);
	for (size_t i = 0; i < exporter->n_targets; i++)
		tw_target_destroy(exporter->targets[i]);
	tw_identity_table_clear(&exporter->context.identities);
	pthread_mutex_destroy(&exporter->lock);
	free(exporter);
}

static bool is_valid(const struct tw_exporter_config *config)
{
	if (!config->observation_domain || config->n_targets > TW_EXPORTERS_MAX)
		return false;
	for (size_t i = 0; i < config->n_targets; i++)
		if (!config->targets[i].collector_size ||
		    config->targets[i].collector_size > sizeof(config->targets[i].collector) ||
		    config->targets[i].format >= TW_FLOW_FORMATS ||
		    config->targets[i].transport >= TW_FLOW_TRANSPORTS ||
		    (config->targets[i].transport == TW_TRANSPORT_TCP && config->targets[i].format != TW_FORMAT_IPFIX))
			return false;
	for (size_t i = 1; i < config->n_identities; i++)
		if (config->identities[i - 1].number >= config->identities[i].number)
			return false;
	return true;
}

static int copy_identities(struct plan *plan, const struct tw_exporter_config *config)
{
	size_t n = config->n_identities;

	plan->n_identities = n;
	if (!n)
		return 0;
	plan->identities = calloc(n, sizeof(*plan->identities));
	plan->changed = calloc(n, sizeof(*plan->changed));
	if (!plan->identities || !plan->changed)
		return -ENOMEM;
	memcpy(plan->identities, config->identities, n * sizeof(*plan->identities));
	for (size_t i = 0; i < n; i++) { /* the encoders rely on an end */
		struct tw_flow_identity *who = &plan->identities[i];

		who->name[sizeof(who->name) - 1] = '\0';
		who->vm_name[sizeof(who->vm_name) - 1] = '\0';
		who->network[sizeof(who->network) - 1] = '\0';
	}
	return 0;
}

static int make_plan(struct tw_exporter *exporter, const struct tw_exporter_config *config, struct plan **out)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	int rc = plan ? copy_identities(plan, config) : -ENOMEM;

	if (!rc) {
		plan->domain = config->observation_domain;
		memcpy(plan->host, config->host, sizeof(plan->host) - 1);
	}
	for (size_t i = 0; !rc && i < config->n_targets; i++) {
		plan->configs[i] = config->targets[i];
		plan->configs[i].name[TW_EXPORTER_NAME_SIZE - 1] = '\0';
		plan->targets[i] = tw_target_create(&plan->configs[i], &exporter->context);
		plan->n_targets = i + 1;
		if (!plan->targets[i])
			rc = -ENOMEM;
	}
	if (rc)
		destroy_plan(plan);
	else
		*out = plan;
	return rc;
}

static struct plan *exchange_plan(struct tw_exporter *exporter, struct plan *plan)
{
	struct plan *before;

	pthread_mutex_lock(&exporter->lock);
	before = exporter->plan;
	exporter->plan = plan;
	pthread_mutex_unlock(&exporter->lock);
	return before;
}

int tw_exporter_configure(struct tw_exporter *exporter, const struct tw_exporter_config *config)
{
	struct plan *plan;
	int rc = is_valid(config) ? make_plan(exporter, config, &plan) : -EINVAL;

	if (!rc)
		destroy_plan(exchange_plan(exporter, plan));
	return rc;
}

/* The target that runs already for this configuration, taken out of the exporter's list; or NULL. */
static struct tw_target *take_running(struct tw_exporter *exporter, const struct tw_exporter_target *config)
{
	for (size_t i = 0; i < exporter->n_targets; i++) {
		struct tw_target *target = exporter->targets[i];

		if (target && tw_target_is(target, config)) {
			exporter->targets[i] = NULL;
			return target;
		}
	}
	return NULL;
}

/* Targets that stay go over to the plan in place of its own; the others end. */
static void merge_targets(struct tw_exporter *exporter, struct plan *plan)
{
	for (size_t i = 0; i < plan->n_targets; i++) {
		struct tw_target *running = take_running(exporter, &plan->configs[i]);

		if (!running)
			continue;
		tw_target_destroy(plan->targets[i]);
		plan->targets[i] = running;
		tw_target_update(running, &plan->configs[i]);
		if (plan->domain != exporter->context.domain)
			tw_target_restart(running);
	}
	for (size_t i = 0; i < exporter->n_targets; i++)
		tw_target_destroy(exporter->targets[i]);
	memcpy(exporter->targets, plan->targets, sizeof(exporter->targets));
	exporter->n_targets = plan->n_targets;
	plan->n_targets = 0;
}

static void apply_plan(struct tw_exporter *exporter)
{
	struct plan *plan = exchange_plan(exporter, NULL);

	if (!plan)
		return;
	for (size_t i = 0; i < exporter->n_targets; i++)
		tw_target_flush(exporter->targets[i]); /* under the old domain, to the old collectors */
	merge_targets(exporter, plan);
	exporter->context.domain = plan->domain;
	memcpy(exporter->context.host, plan->host, sizeof(exporter->context.host));
	tw_identity_table_replace(&exporter->context.identities, plan->identities, plan->changed, plan->n_identities);
	plan->identities = NULL;
	plan->changed = NULL;
	destroy_plan(plan);
}

static void publish_stats(struct tw_exporter *exporter)
{
	pthread_mutex_lock(&exporter->lock);
	for (size_t i = 0; i < exporter->n_targets; i++)
		tw_target_get_stats(exporter->targets[i], &exporter->stats[i]);
	exporter->n_stats = exporter->n_targets;
	pthread_mutex_unlock(&exporter->lock);
}

void tw_exporter_note_lost(struct tw_exporter *exporter, uint64_t packets, uint64_t l3_octets)
{
	struct tw_flow_tally *ignored = &exporter->context.ignored;

	if (!packets)
		return;
	ignored->packets += packets;
	ignored->octets += l3_octets;
	ignored->last_ms = exporter->context.now_ms;
	if (!ignored->first_ms)
		ignored->first_ms = ignored->last_ms;
}

void tw_exporter_add(struct tw_exporter *exporter, const struct tw_flow_record *record)
{
	enum tw_flow_class cls = tw_flow_class_of(record);

	for (size_t i = 0; i < exporter->n_targets; i++)
		tw_target_add(exporter->targets[i], record, cls);
}

void tw_exporter_tick(struct tw_exporter *exporter, uint64_t now_ms)
{
	exporter->context.now_ms = now_ms;
	apply_plan(exporter);
	for (size_t i = 0; i < exporter->n_targets; i++)
		tw_target_tick(exporter->targets[i]);
	publish_stats(exporter);
}

void tw_exporter_flush(struct tw_exporter *exporter, uint64_t now_ms)
{
	exporter->context.now_ms = now_ms;
	for (size_t i = 0; i < exporter->n_targets; i++)
		tw_target_flush(exporter->targets[i]);
	publish_stats(exporter);
}

size_t tw_exporter_get_stats(struct tw_exporter *exporter, struct tw_exporter_stats stats[TW_EXPORTERS_MAX])
{
	size_t n;

	pthread_mutex_lock(&exporter->lock);
	n = exporter->n_stats;
	memcpy(stats, exporter->stats, n * sizeof(*stats));
	pthread_mutex_unlock(&exporter->lock);
	return n;
}
