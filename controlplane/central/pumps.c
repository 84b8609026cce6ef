/* SPDX-License-Identifier: Apache-2.0 */
/* pumps.c - the exporters of the controller, and their ends; see pumps.h. Its owner's thread; owns the pumps. */
#include "controlplane/central/pumps.h"

#include <string.h>
#include <time.h>

#include "common/clock.h"

#define TW_LOG_AREA "records"
#include "common/log.h"

enum { DRAIN_MS = 2000 };

static bool has_key(const struct tw_central_plan *plan, const char *key)
{
	for (size_t i = 0; i < plan->n_pumps; i++)
		if (strcmp(plan->pumps[i].key, key) == 0)
			return true;
	return false;
}

/* ---- those that end ---- */

static void remove_ending(struct tw_pumps *pumps, size_t i)
{
	tw_pump_destroy(pumps->ending[i].pump, tw_clock_real_ms());
	memmove(&pumps->ending[i], &pumps->ending[i + 1], (--pumps->n_ending - i) * sizeof(*pumps->ending));
}

/* @return true: it is gone */
static bool give_up(struct tw_pumps *pumps, size_t i)
{
	struct tw_ending_pump *e = &pumps->ending[i];

	if (!tw_pump_give_up(e->pump, &e->given_up))
		return false;
	if (e->given_up)
		tw_log_warning(
			"an exporter has ended, and flow records that waited for it are given up exporter=%s records=%llu",
			tw_pump_name(e->pump), (unsigned long long)e->given_up);
	else
		tw_log_info("an exporter has ended exporter=%s", tw_pump_name(e->pump));
	pumps->given_up += e->given_up;
	tw_cursors_forget(pumps->cursors, tw_pump_key(e->pump));
	remove_ending(pumps, i);
	return true;
}

static void end_pump(struct tw_pumps *pumps, struct tw_pump *pump, uint64_t revision, uint64_t mono_ms)
{
	while (pumps->n_ending == TW_TARGETS_MAX)
		give_up(pumps, 0);
	tw_pump_end(pump, revision);
	pumps->ending[pumps->n_ending++] = (struct tw_ending_pump){ pump, mono_ms + TW_ENDING_MS, 0 };
}

/* One of the same exporter and collectors that was about to end goes on; one to others makes room: its cursor stays. */
static struct tw_pump *take_ending(struct tw_pumps *pumps, const struct tw_central_pump *config)
{
	for (size_t i = 0; i < pumps->n_ending; i++) {
		struct tw_pump *pump = pumps->ending[i].pump;

		if (strcmp(tw_pump_key(pump), config->key) != 0)
			continue;
		if (!tw_pump_is(pump, config) || pumps->ending[i].given_up) {
			remove_ending(pumps, i);
			return NULL;
		}
		tw_pump_revive(pump, config->since);
		memmove(&pumps->ending[i], &pumps->ending[i + 1], (--pumps->n_ending - i) * sizeof(*pumps->ending));
		return pump;
	}
	return NULL;
}

/* ---- those of the model ---- */

static struct tw_pump *take_running(struct tw_pumps *pumps, const struct tw_central_pump *config)
{
	for (size_t i = 0; i < pumps->n; i++) {
		struct tw_pump *pump = pumps->items[i];

		if (pump && tw_pump_is(pump, config)) {
			pumps->items[i] = NULL;
			return pump;
		}
	}
	return take_ending(pumps, config);
}

/* Its collectors have changed, and its cursor goes on; or it ends. */
static void leave_others(struct tw_pumps *pumps, const struct tw_central_plan *plan, uint64_t mono_ms)
{
	for (size_t i = 0; i < pumps->n; i++) {
		struct tw_pump *pump = pumps->items[i];

		if (pump && has_key(plan, tw_pump_key(pump)))
			tw_pump_destroy(pump, tw_clock_real_ms());
		else if (pump)
			end_pump(pumps, pump, plan->revision, mono_ms);
	}
	pumps->n = 0;
}

/* Of an exporter that went while the controller was away, or that was ending when it went. */
static void forget_strangers(struct tw_pumps *pumps, const struct tw_central_plan *plan, const struct tw_cursor *end)
{
	char key[TW_CURSOR_NAME_SIZE];
	struct tw_cursor cursor;

	for (unsigned i = 0; i < TW_CURSORS_MAX; i++) {
		bool known = !tw_cursors_at(pumps->cursors, i, key, &cursor) || has_key(plan, key);

		for (size_t k = 0; k < pumps->n_ending && !known; k++)
			known = strcmp(tw_pump_key(pumps->ending[k].pump), key) == 0;
		if (known)
			continue;
		if (end->ordinal > cursor.ordinal) {
			tw_log_warning(
				"an exporter is gone, and flow records that waited for it are given up exporter=\"%s\" records=%llu",
				key, (unsigned long long)(end->ordinal - cursor.ordinal));
			pumps->given_up += end->ordinal - cursor.ordinal;
		}
		tw_cursors_forget(pumps->cursors, key);
	}
}

void tw_pumps_set(struct tw_pumps *pumps, const struct tw_central_plan *plan, const struct tw_cursor *end,
		  uint64_t mono_ms)
{
	struct tw_pump *stay[TW_TARGETS_MAX];

	for (size_t i = 0; i < plan->n_pumps; i++) {
		stay[i] = take_running(pumps, &plan->pumps[i]);
		if (stay[i])
			tw_pump_configure(stay[i], &plan->pumps[i], &plan->common);
	}
	leave_others(pumps, plan, mono_ms);
	forget_strangers(pumps, plan, end);
	for (size_t i = 0; i < plan->n_pumps; i++)
		pumps->items[i] =
			stay[i] ? stay[i]
				: tw_pump_create(pumps->folder, pumps->cursors, &plan->pumps[i], &plan->common, end);
	pumps->n = plan->n_pumps;
}

/* ---- time ---- */

bool tw_pumps_step(struct tw_pumps *pumps, uint64_t mono_ms, uint64_t now_ms)
{
	bool more = false;

	for (size_t i = 0; i < pumps->n; i++)
		more |= tw_pump_step(pumps->items[i], now_ms);
	for (size_t i = 0; i < pumps->n_ending;) {
		if (mono_ms < pumps->ending[i].until_ms)
			more |= tw_pump_step(pumps->ending[i].pump, now_ms);
		else if (give_up(pumps, i))
			continue;
		else
			more = true;
		i++;
	}
	return more;
}

static bool settle(struct tw_pump *pump)
{
	tw_pump_settle(pump, tw_clock_real_ms());
	return tw_pump_is_settled(pump);
}

void tw_pumps_drain(struct tw_pumps *pumps)
{
	uint64_t until = tw_clock_mono_ms() + DRAIN_MS;
	const struct timespec nap = { .tv_nsec = 5000000 };
	bool settled = false;

	while (!settled && tw_clock_mono_ms() < until) {
		settled = true;
		for (size_t i = 0; i < pumps->n; i++)
			settled &= settle(pumps->items[i]);
		for (size_t i = 0; i < pumps->n_ending; i++)
			settled &= settle(pumps->ending[i].pump);
		if (!settled)
			nanosleep(&nap, NULL);
	}
}

void tw_pumps_clear(struct tw_pumps *pumps)
{
	for (size_t i = 0; i < pumps->n; i++)
		tw_pump_destroy(pumps->items[i], tw_clock_real_ms());
	pumps->n = 0;
	while (pumps->n_ending)
		remove_ending(pumps, 0);
}

struct tw_spool_position tw_pumps_needed(const struct tw_pumps *pumps, struct tw_spool_position end)
{
	struct tw_spool_position needed = end;

	for (size_t i = 0; i < pumps->n + pumps->n_ending; i++) {
		const struct tw_pump *pump = i < pumps->n ? pumps->items[i] : pumps->ending[i - pumps->n].pump;

		if (tw_spool_compare(tw_pump_needed(pump), needed) < 0)
			needed = tw_pump_needed(pump);
	}
	return needed;
}

uint64_t tw_pumps_since(const struct tw_pumps *pumps)
{
	uint64_t since = UINT64_MAX;

	for (size_t i = 0; i < pumps->n + pumps->n_ending; i++) {
		const struct tw_pump *pump = i < pumps->n ? pumps->items[i] : pumps->ending[i - pumps->n].pump;

		if (tw_pump_since(pump) < since)
			since = tw_pump_since(pump);
	}
	return since;
}
