/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exporter.c - records to all targets, configuration and statistics between threads; see exporter.h.
 *
 * Threads  a configuration is prepared whole by the caller of tw_exporter_configure() (memory, targets), left under the
 *          lock, and taken by the exporter thread's next tick, where nothing can fail any more. Statistics go the other way.
 * Owns     targets, stages that pair records, the identity table.
 */
#include "flowexport/exporter.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flowexport/config.h"
#include "flowexport/group.h"
#include "flowexport/trial.h"

struct plan { /* a configuration on its way to the exporter thread */
	uint32_t domain;
	char host[64];
	bool mediates;
	uint16_t sampling;
	size_t n_targets, n_identities;
	struct tw_exporter_target configs[TW_TARGETS_MAX];
	struct tw_target *targets[TW_TARGETS_MAX]; /* made anew; used where none stays */
	struct tw_biflow *biflows[TW_TARGETS_MAX]; /* the same; of an exporter's first target */
	struct tw_flow_identity *identities;
	uint64_t *changed;
	struct tw_dictionary dictionary;
	struct tw_flow_network *networks; /* the dictionary's */
};

struct tw_exporter {
	/* --- exporter thread --- */
	struct tw_export_context context;
	struct tw_flow_network *networks; /* the context's dictionary's */
	size_t n_targets, n_groups;
	struct tw_target *targets[TW_TARGETS_MAX];
	struct tw_export_group groups[TW_EXPORTERS_MAX];

	/* --- under lock --- */
	pthread_mutex_t lock;
	struct plan *plan; /* NULL = nothing new */
	size_t n_stats;
	struct tw_exporter_stats stats[TW_TARGETS_MAX];
	struct tw_trial trial;
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
	for (size_t i = 0; i < TW_TARGETS_MAX; i++)
		tw_biflow_destroy(plan->biflows[i]);
	free(plan->identities);
	free(plan->changed);
	free(plan->networks);
	free(plan);
}

void tw_exporter_destroy(struct tw_exporter *exporter)
{
	if (!exporter)
		return;
	destroy_plan(exporter->plan);
	for (size_t i = 0; i < exporter->n_groups; i++)
		tw_biflow_destroy(exporter->groups[i].biflow);
	for (size_t i = 0; i < exporter->n_targets; i++)
		tw_target_destroy(exporter->targets[i]);
	tw_identity_table_clear(&exporter->context.identities);
	free(exporter->networks);
	pthread_mutex_destroy(&exporter->lock);
	free(exporter);
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

static int copy_dictionary(struct plan *plan, const struct tw_dictionary *dictionary)
{
	size_t n = dictionary->n_networks;

	plan->dictionary = *dictionary;
	plan->networks = calloc(n + 1, sizeof(*plan->networks));
	if (!plan->networks)
		return -ENOMEM;
	if (n)
		memcpy(plan->networks, dictionary->networks, n * sizeof(*plan->networks));
	for (size_t i = 0; i < n; i++)
		plan->networks[i].name[sizeof(plan->networks[i].name) - 1] = '\0';
	plan->dictionary.networks = plan->networks;
	return 0;
}

/* A mediator's records are paired by its owner, who knows where each came from. */
static int make_biflows(struct plan *plan)
{
	for (size_t first = 0; first < plan->n_targets && !plan->mediates;
	     first += tw_config_count_alike(plan->configs, first, plan->n_targets)) {
		if (!plan->configs[first].biflow)
			continue;
		plan->biflows[first] = tw_biflow_create();
		if (!plan->biflows[first])
			return -ENOMEM;
	}
	return 0;
}

static int make_plan(struct tw_exporter *exporter, const struct tw_exporter_config *config, struct plan **out)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	int rc = plan ? copy_identities(plan, config) : -ENOMEM;

	if (!rc)
		rc = copy_dictionary(plan, &config->dictionary);
	if (!rc) {
		plan->domain = config->observation_domain;
		plan->mediates = config->mediates;
		plan->sampling = config->sampling;
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
	if (!rc)
		rc = make_biflows(plan);
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
	int rc = tw_config_is_valid(config) ? make_plan(exporter, config, &plan) : -EINVAL;

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

static struct tw_biflow **find_biflow(struct plan *plan, const char *exporter)
{
	for (size_t i = 0; i < plan->n_targets; i++)
		if (plan->biflows[i] && strcmp(plan->configs[i].name, exporter) == 0)
			return &plan->biflows[i];
	return NULL;
}

/* Records that wait go on waiting where the exporter stays what it is; else they leave to the collectors that they were for. */
static void merge_biflows(struct tw_exporter *exporter, struct plan *plan)
{
	for (size_t i = 0; i < exporter->n_groups; i++) {
		struct tw_export_group *group = &exporter->groups[i];
		struct tw_biflow **next = find_biflow(plan, tw_target_name(group->targets[0]));

		if (group->biflow && next) {
			tw_biflow_destroy(*next);
			*next = group->biflow;
		} else {
			tw_group_flush(group);
			tw_biflow_destroy(group->biflow);
		}
		group->biflow = NULL;
	}
}

/* Targets that stay go over to the plan in place of its own; the others end. */
static void merge_targets(struct tw_exporter *exporter, struct plan *plan)
{
	for (size_t i = 0; i < plan->n_targets; i++) {
		struct tw_target *running = take_running(exporter, &plan->configs[i]);

		if (running) {
			tw_target_destroy(plan->targets[i]);
			plan->targets[i] = running;
		}
		tw_target_update(plan->targets[i], &plan->configs[i], plan->domain);
	}
	for (size_t i = 0; i < exporter->n_targets; i++)
		tw_target_destroy(exporter->targets[i]);
	memcpy(exporter->targets, plan->targets, sizeof(exporter->targets));
	exporter->n_targets = plan->n_targets;
	plan->n_targets = 0;
}

/* The one that had the records keeps them, if it stays. */
static struct tw_export_group make_group(struct tw_exporter *exporter, struct plan *plan, size_t first,
					 const struct tw_target *const *active)
{
	struct tw_export_group group = { .n = tw_config_count_alike(plan->configs, first, exporter->n_targets),
					 .targets = &exporter->targets[first],
					 .failover = plan->configs[first].failover,
					 .context = &exporter->context,
					 .biflow = plan->biflows[first] };

	plan->biflows[first] = NULL;

	for (size_t i = 0; i < group.n; i++)
		for (size_t k = 0; k < TW_EXPORTERS_MAX; k++)
			if (active[k] == group.targets[i])
				group.choice.active = i;
	return group;
}

static void make_groups(struct tw_exporter *exporter, struct plan *plan, const struct tw_target *const *active)
{
	exporter->n_groups = 0;
	for (size_t first = 0; first < exporter->n_targets; first += exporter->groups[exporter->n_groups++].n)
		exporter->groups[exporter->n_groups] = make_group(exporter, plan, first, active);
}

static void apply_plan(struct tw_exporter *exporter)
{
	struct plan *plan = exchange_plan(exporter, NULL);
	const struct tw_target *active[TW_EXPORTERS_MAX] = { 0 };

	if (!plan)
		return;
	merge_biflows(exporter, plan);
	for (size_t i = 0; i < exporter->n_targets; i++)
		tw_target_flush(exporter->targets[i]); /* under the old domain, to the old collectors */
	for (size_t i = 0; i < exporter->n_groups; i++)
		if (exporter->groups[i].failover)
			active[i] = exporter->groups[i].targets[exporter->groups[i].choice.active];
	merge_targets(exporter, plan);
	make_groups(exporter, plan, active);
	exporter->context.mediates = plan->mediates;
	exporter->context.sampling = plan->sampling;
	memcpy(exporter->context.host, plan->host, sizeof(exporter->context.host));
	tw_identity_table_replace(&exporter->context.identities, plan->identities, plan->changed, plan->n_identities);
	free(exporter->networks);
	exporter->networks = plan->networks;
	exporter->context.dictionary = plan->dictionary;
	plan->identities = NULL;
	plan->changed = NULL;
	plan->networks = NULL;
	destroy_plan(plan);
}

static void publish_stats(struct tw_exporter *exporter)
{
	struct tw_exporter_stats *stats = exporter->stats;

	pthread_mutex_lock(&exporter->lock);
	for (size_t i = 0; i < exporter->n_groups; i++)
		stats = tw_group_get_stats(&exporter->groups[i], stats);
	exporter->n_stats = exporter->n_targets;
	pthread_mutex_unlock(&exporter->lock);
}

/* Sending takes no longer than any message, and control threads ask for trials rarely: so under the lock. */
static void carry_trial(struct tw_exporter *exporter, uint64_t now_ms)
{
	struct tw_trial *trial = &exporter->trial;

	pthread_mutex_lock(&exporter->lock);
	exporter->context.origin = exporter->context.mediates ? &tw_trial_origin : NULL;
	if (trial->state == TW_TRIAL_ASKED)
		tw_trial_send(trial, exporter->groups, exporter->n_groups, exporter->context.host, now_ms);
	else if (trial->state == TW_TRIAL_SENT)
		tw_trial_settle(trial, exporter->groups, exporter->n_groups, now_ms);
	exporter->context.origin = NULL;
	pthread_mutex_unlock(&exporter->lock);
}

int tw_exporter_try(struct tw_exporter *exporter, const char *name)
{
	struct tw_trial *trial = &exporter->trial;
	int rc = -EBUSY;

	pthread_mutex_lock(&exporter->lock);
	if (trial->state == TW_TRIAL_NONE) {
		*trial = (struct tw_trial){ .state = TW_TRIAL_ASKED };
		snprintf(trial->result.name, sizeof(trial->result.name), "%s", name);
		rc = 0;
	}
	pthread_mutex_unlock(&exporter->lock);
	return rc;
}

bool tw_exporter_tried(struct tw_exporter *exporter, struct tw_export_trial *result)
{
	bool is_done;

	pthread_mutex_lock(&exporter->lock);
	is_done = exporter->trial.state == TW_TRIAL_DONE;
	if (is_done) {
		*result = exporter->trial.result;
		exporter->trial.state = TW_TRIAL_NONE;
	}
	pthread_mutex_unlock(&exporter->lock);
	return is_done;
}

static void note(struct tw_exporter *exporter, struct tw_flow_tally *tally, uint64_t flows, uint64_t packets,
		 uint64_t l3_octets)
{
	uint64_t now = exporter->context.now_ms;
	const struct tw_flow_tally more = { flows, packets, l3_octets, now, now };

	if (packets || flows)
		tw_tally_join(tally, &more);
}

void tw_exporter_note_lost(struct tw_exporter *exporter, uint64_t packets, uint64_t l3_octets)
{
	note(exporter, &exporter->context.ignored, 0, packets, l3_octets);
}

void tw_exporter_note_unsent(struct tw_exporter *exporter, uint64_t flows, uint64_t packets, uint64_t l3_octets)
{
	note(exporter, &exporter->context.unsent, flows, packets, l3_octets);
}

void tw_exporter_find_names(const struct tw_exporter *exporter, const struct tw_flow_record *record,
			    struct tw_flow_names *names)
{
	*names = tw_export_names(&exporter->context, record);
}

void tw_exporter_note_observed(struct tw_exporter *exporter, const struct tw_flow_record *record)
{
	exporter->context.observed +=
		record->end_reason != TW_FLOW_END_ACTIVE && tw_flow_class_of(record) != TW_CLASS_OVERFLOW;
}

static void add(struct tw_exporter *exporter, const struct tw_flow_record *record)
{
	enum tw_flow_class cls = tw_flow_class_of(record);
	struct tw_flow_names names;

	tw_exporter_find_names(exporter, record, &names);
	for (size_t i = 0; i < exporter->n_groups; i++)
		tw_group_add(&exporter->groups[i], record, cls, &names);
}

void tw_exporter_add(struct tw_exporter *exporter, const struct tw_flow_record *record)
{
	tw_exporter_note_observed(exporter, record);
	add(exporter, record);
}

void tw_exporter_add_of(struct tw_exporter *exporter, const struct tw_flow_record *record,
			const struct tw_flow_origin *origin)
{
	exporter->context.origin = origin;
	add(exporter, record);
	exporter->context.origin = NULL;
}

void tw_exporter_add_biflow_of(struct tw_exporter *exporter, const struct tw_flow_record *forward,
			       const struct tw_flow_record *reverse, const struct tw_flow_origin *origin)
{
	struct tw_flow_names names;

	exporter->context.origin = origin;
	names = tw_export_names(&exporter->context, forward);
	for (size_t i = 0; i < exporter->n_groups; i++)
		tw_group_add_biflow(&exporter->groups[i], forward, reverse, &names);
	exporter->context.origin = NULL;
}

void tw_exporter_tick(struct tw_exporter *exporter, uint64_t now_ms)
{
	exporter->context.now_ms = now_ms;
	apply_plan(exporter);
	for (size_t i = 0; i < exporter->n_groups; i++)
		tw_group_tick(&exporter->groups[i], now_ms);
	carry_trial(exporter, now_ms);
	publish_stats(exporter);
}

void tw_exporter_push(struct tw_exporter *exporter, uint64_t now_ms)
{
	exporter->context.now_ms = now_ms;
	for (size_t i = 0; i < exporter->n_targets; i++)
		tw_target_send_open(exporter->targets[i]);
	publish_stats(exporter);
}

void tw_exporter_flush(struct tw_exporter *exporter, uint64_t now_ms)
{
	exporter->context.now_ms = now_ms;
	for (size_t i = 0; i < exporter->n_groups; i++)
		tw_group_flush(&exporter->groups[i]);
	for (size_t i = 0; i < exporter->n_targets; i++)
		tw_target_flush(exporter->targets[i]);
	publish_stats(exporter);
}

size_t tw_exporter_get_stats(struct tw_exporter *exporter, struct tw_exporter_stats stats[static TW_TARGETS_MAX])
{
	size_t n;

	pthread_mutex_lock(&exporter->lock);
	n = exporter->n_stats;
	memcpy(stats, exporter->stats, n * sizeof(*stats));
	pthread_mutex_unlock(&exporter->lock);
	return n;
}
