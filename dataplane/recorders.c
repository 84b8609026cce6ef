/* SPDX-License-Identifier: Apache-2.0 */
/* recorders.c - which port has which flight recorder; see recorders.h. Main. */
#include "dataplane/recorders.h"

#include <stdlib.h>

#define TW_LOG_AREA "recorder"
#include "common/log.h"

enum { LEAST = 16 /* entries that are worth having */ };

struct tw_recorders {
	unsigned n_workers;
	size_t octets; /* of recorders of all frames, those that wait to be freed not counted */
	struct tw_recorder *replaced;
	struct tw_kept kept[TW_SLOTS_MAX];
};

struct tw_recorders *tw_recorders_create(unsigned n_workers)
{
	struct tw_recorders *r = calloc(1, sizeof(*r));

	if (r)
		r->n_workers = n_workers;
	return r;
}

static void set_aside(struct tw_recorders *r, struct tw_recorder *old)
{
	if (!old)
		return;
	old->next = r->replaced;
	r->replaced = old;
}

void tw_recorders_reap(struct tw_recorders *r)
{
	struct tw_recorder *next;

	for (struct tw_recorder *old = r ? r->replaced : NULL; old; old = next) {
		next = old->next;
		tw_recorder_destroy(old);
	}
	if (r)
		r->replaced = NULL;
}

void tw_recorders_destroy(struct tw_recorders *r)
{
	if (!r)
		return;
	tw_recorders_reap(r);
	for (unsigned i = 0; i < TW_SLOTS_MAX; i++) {
		tw_recorder_destroy(r->kept[i].drops);
		tw_recorder_destroy(r->kept[i].frames);
	}
	free(r);
}

/* --- following the plan --- */

static void drop_frames(struct tw_recorders *r, struct tw_kept *k)
{
	if (k->frames)
		r->octets -= tw_recorder_size(r->n_workers, k->frames->entries);
	set_aside(r, k->frames);
	k->frames = NULL;
}

/* A power of two that the bound has room for; 0 = not even the least. */
static uint32_t affordable(const struct tw_recorders *r, uint32_t asked)
{
	uint32_t entries = LEAST;

	while (entries < asked && entries < TW_RECORD_MAX)
		entries *= 2;
	while (entries >= LEAST && r->octets + tw_recorder_size(r->n_workers, entries) > TW_RECORD_MEMORY)
		entries /= 2;
	return entries >= LEAST ? entries : 0;
}

static void have_frames(struct tw_recorders *r, struct tw_kept *k, uint32_t asked)
{
	uint32_t entries;

	if (k->asked == asked)
		return;
	k->asked = asked;
	drop_frames(r, k);
	if (!asked)
		return;
	entries = affordable(r, asked);
	k->frames = entries ? tw_recorder_create(r->n_workers, entries) : NULL;
	if (k->frames)
		r->octets += tw_recorder_size(r->n_workers, entries);
	if (entries < asked || !k->frames)
		tw_log_warning("port %u records %u frames instead of %u: recorders have %d MiB in all", k->number,
			       k->frames ? entries : 0, asked, TW_RECORD_MEMORY >> 20);
}

static void have_drops(struct tw_recorders *r, struct tw_kept *k, uint32_t number, uint32_t entries)
{
	if (k->drops && k->number == number)
		return;
	set_aside(r, k->drops);
	drop_frames(r, k);
	*k = (struct tw_kept){ .number = number, .drops = tw_recorder_create(r->n_workers, entries) };
	if (!k->drops)
		tw_log_warning("no memory to record dropped frames port=%u", number);
}

void tw_recorders_follow(struct tw_recorders *r, const struct tw_plan *plan)
{
	for (uint32_t i = 0; i < plan->n_ports; i++) {
		const struct tw_plan_port *p = &plan->ports[i];

		have_drops(r, &r->kept[p->slot], p->number, TW_RECORD_DROPS);
		have_frames(r, &r->kept[p->slot], p->record);
	}
	for (uint16_t i = 0; i < plan->n_uplinks; i++)
		have_drops(r, &r->kept[plan->uplinks[i]], 0, TW_RECORD_UPLINK);
}

void tw_recorders_fill(const struct tw_recorders *r, struct tw_slot_state *states)
{
	for (unsigned i = 0; r && i < TW_SLOTS_MAX; i++) {
		states[i].drops = r->kept[i].drops;
		states[i].frames = r->kept[i].frames;
	}
}

/* --- asking --- */

const struct tw_kept *tw_recorders_of_slot(const struct tw_recorders *r, uint16_t slot)
{
	return slot < TW_SLOTS_MAX ? &r->kept[slot] : NULL;
}

const struct tw_kept *tw_recorders_of_port(const struct tw_recorders *r, uint32_t number, uint16_t *slot)
{
	for (uint16_t i = 0; i < TW_PORTS_MAX; i++)
		if (r->kept[i].drops && r->kept[i].number == number) {
			*slot = i;
			return &r->kept[i];
		}
	return NULL;
}
