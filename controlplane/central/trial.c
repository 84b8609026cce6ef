/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c - a trial of one exporter, which may have a pump for each collector; see trial.h. */
#include "controlplane/central/trial.h"

#include <string.h>

static bool ask(struct tw_pump *pump)
{
	struct tw_export_trial stale;

	tw_pump_tried(pump, &stale); /* of a trial that was given up, and has ended since */
	return tw_pump_try(pump) == 0;
}

static void begin(struct tw_central_trial *trial, const struct tw_pumps *pumps, uint64_t mono_ms)
{
	trial->n = 0;
	trial->until_ms = mono_ms + TW_CENTRAL_TRIAL_MS;
	for (size_t i = 0; i < pumps->n && trial->n < TW_COLLECTORS_MAX; i++)
		if (strcmp(tw_pump_name(pumps->items[i]), trial->result.name) == 0 && ask(pumps->items[i]))
			trial->pumps[trial->n++] = tw_pump_number(pumps->items[i]);
	trial->state = trial->n ? TW_CENTRAL_TRIAL_SENT : TW_CENTRAL_TRIAL_DONE;
}

static struct tw_pump *find(const struct tw_pumps *pumps, uint64_t number)
{
	for (size_t i = 0; i < pumps->n; i++)
		if (tw_pump_number(pumps->items[i]) == number)
			return pumps->items[i];
	return NULL;
}

static void join(struct tw_export_trial *into, const struct tw_export_trial *part)
{
	into->domain = part->domain;
	memcpy(into->flows, part->flows, sizeof(into->flows));
	for (size_t i = 0; i < part->n_collectors && into->n_collectors < TW_COLLECTORS_MAX; i++)
		into->collectors[into->n_collectors++] = part->collectors[i];
}

/* @return false: not all have been heard yet */
static bool hear(struct tw_central_trial *trial, const struct tw_pumps *pumps, uint64_t mono_ms)
{
	struct tw_export_trial part;
	size_t heard = 0;

	for (size_t i = 0; i < trial->n; i++) {
		struct tw_pump *pump = find(pumps, trial->pumps[i]);

		if (!pump || mono_ms >= trial->until_ms) { /* the exporter has changed meanwhile, or does not step */
			trial->result.n_collectors = 0;
			return true;
		}
		if (!trial->tried[i] && tw_pump_tried(pump, &part)) {
			trial->tried[i] = true;
			join(&trial->result, &part);
		}
		heard += trial->tried[i];
	}
	return heard == trial->n;
}

void tw_central_trial_carry(struct tw_central_trial *trial, const struct tw_pumps *pumps, uint64_t mono_ms)
{
	if (trial->state == TW_CENTRAL_TRIAL_ASKED)
		begin(trial, pumps, mono_ms);
	else if (trial->state == TW_CENTRAL_TRIAL_SENT && hear(trial, pumps, mono_ms))
		trial->state = TW_CENTRAL_TRIAL_DONE;
}
