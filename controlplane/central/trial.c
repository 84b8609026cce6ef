/* SPDX-License-Identifier: Apache-2.0 */
/* trial.c - a trial of one exporter, which may have a pump for each collector; see trial.h. */
#include "controlplane/central/trial.h"

#include <string.h>

static void begin(struct tw_central_trial *trial, const struct tw_pumps *pumps)
{
	trial->n = 0;
	for (size_t i = 0; i < pumps->n && trial->n < TW_COLLECTORS_MAX; i++)
		if (strcmp(tw_pump_name(pumps->items[i]), trial->result.name) == 0 && tw_pump_try(pumps->items[i]) == 0)
			trial->pumps[trial->n++] = pumps->items[i];
	trial->state = trial->n ? TW_CENTRAL_TRIAL_SENT : TW_CENTRAL_TRIAL_DONE;
}

static struct tw_pump *find(const struct tw_pumps *pumps, const struct tw_pump *pump)
{
	for (size_t i = 0; i < pumps->n; i++)
		if (pumps->items[i] == pump)
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
static bool hear(struct tw_central_trial *trial, const struct tw_pumps *pumps)
{
	struct tw_export_trial part;
	size_t heard = 0;

	for (size_t i = 0; i < trial->n; i++) {
		struct tw_pump *pump = find(pumps, trial->pumps[i]);

		if (!pump) { /* the exporter has changed meanwhile */
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

void tw_central_trial_carry(struct tw_central_trial *trial, const struct tw_pumps *pumps)
{
	if (trial->state == TW_CENTRAL_TRIAL_ASKED)
		begin(trial, pumps);
	else if (trial->state == TW_CENTRAL_TRIAL_SENT && hear(trial, pumps))
		trial->state = TW_CENTRAL_TRIAL_DONE;
}
