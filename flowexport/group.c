/* SPDX-License-Identifier: Apache-2.0 */
/* group.c - an exporter's collectors; see group.h. */
#include "flowexport/group.h"

#include "flowexport/encode.h"

#define TW_LOG_AREA "flow"
#include "common/log.h"

static void add_alone(struct tw_export_group *group, const struct tw_flow_record *record,
		      const struct tw_flow_names *names)
{
	enum tw_flow_class cls = tw_flow_class_of(record);

	if (group->failover) {
		tw_target_add_any(group->targets[group->choice.active], record, cls, names);
		return;
	}
	for (size_t i = 0; i < group->n; i++)
		tw_target_add_any(group->targets[i], record, cls, names);
}

void tw_group_add_biflow(struct tw_export_group *group, const struct tw_flow_record *forward,
			 const struct tw_flow_record *reverse, const struct tw_flow_names *names)
{
	enum tw_flow_class cls = tw_flow_class_of(forward);

	if (group->failover) {
		tw_target_add_biflow(group->targets[group->choice.active], forward, reverse, cls, names);
		return;
	}
	for (size_t i = 0; i < group->n; i++)
		tw_target_add_biflow(group->targets[i], forward, reverse, cls, names);
}

/* It has left the stage. */
static void add_pair(struct tw_export_group *group, const struct tw_biflow_pair *pair)
{
	const struct tw_flow_names names = tw_export_names(group->context, &pair->forward.record);

	if (pair->is_paired)
		tw_group_add_biflow(group, &pair->forward.record, &pair->reverse.record, &names);
	else
		add_alone(group, &pair->forward.record, &names);
}

static void pair_up(struct tw_export_group *group, const struct tw_flow_record *record,
		    const struct tw_flow_names *names)
{
	struct tw_biflow_pair out;

	if (tw_target_wants(group->targets[0], record, names) &&
	    tw_biflow_add(group->biflow, record, 0, group->context->now_ms, &out))
		add_pair(group, &out);
}

static void let_go(struct tw_export_group *group, bool all)
{
	struct tw_biflow_pair out;

	while (group->biflow && tw_biflow_take(group->biflow, all, group->context->now_ms, &out))
		add_pair(group, &out);
}

void tw_group_flush(struct tw_export_group *group)
{
	let_go(group, true);
}

void tw_group_add(struct tw_export_group *group, const struct tw_flow_record *record, enum tw_flow_class cls,
		  const struct tw_flow_names *names)
{
	if (group->biflow) {
		pair_up(group, record, names);
		return;
	}
	if (group->failover) {
		tw_target_add(group->targets[group->choice.active], record, cls, names);
		return;
	}
	for (size_t i = 0; i < group->n; i++)
		tw_target_add(group->targets[i], record, cls, names);
}

static void tell_lost(struct tw_export_group *group)
{
	struct tw_flow_tally lost = { 0 };

	for (size_t i = 0; i < group->n; i++)
		tw_tally_join(&lost, tw_target_lost(group->targets[i]));
	for (size_t i = 0; i < group->n; i++)
		tw_target_tell_lost(group->targets[i], group->failover ? &lost : NULL);
}

static void choose(struct tw_export_group *group, uint64_t now_ms)
{
	size_t before = group->choice.active;
	struct tw_exporter_stats was, is;
	uint32_t usable = 0;

	for (size_t i = 0; i < group->n; i++)
		usable |= tw_target_is_usable(group->targets[i]) ? 1u << i : 0;
	if (!tw_choice_update(&group->choice, usable, group->n, now_ms))
		return;
	tw_target_get_stats(group->targets[before], &was);
	tw_target_get_stats(group->targets[group->choice.active], &is);
	tw_log_warning("an exporter goes over to another collector exporter=%s from=%s to=%s", is.name, was.collector,
		       is.collector);
	tw_target_take_over(group->targets[group->choice.active], group->targets[before]);
}

void tw_group_tick(struct tw_export_group *group, uint64_t now_ms)
{
	let_go(group, false);
	tell_lost(group);
	for (size_t i = 0; i < group->n; i++)
		tw_target_tick(group->targets[i]);
	if (group->failover)
		choose(group, now_ms);
}

struct tw_exporter_stats *tw_group_get_stats(const struct tw_export_group *group, struct tw_exporter_stats *stats)
{
	for (size_t i = 0; i < group->n; i++, stats++) {
		tw_target_get_stats(group->targets[i], stats);
		stats->changes = group->choice.changes;
		if (group->biflow)
			stats->pairing = tw_biflow_counts(group->biflow);
		if (stats->state == TW_COLLECTOR_ACTIVE && group->failover && i != group->choice.active)
			stats->state = TW_COLLECTOR_STANDBY;
	}
	return stats;
}
