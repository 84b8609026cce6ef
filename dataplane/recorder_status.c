/* SPDX-License-Identifier: Apache-2.0 */
/* recorder_status.c - what a port's flight recorder holds, in the status: how much, and the newest dropped frame. Main. */
#include <stdlib.h>

#include "dataplane/switch.h"
#include "dataplane/why.h"

/* Entries ever made; several frames of a flow that were dropped for one reason are one. */
static uint64_t made(const struct tw_recorder *r)
{
	uint64_t n = 0;

	for (uint16_t i = 0; r && i < r->n_rings; i++)
		n += atomic_load_explicit(&r->ring[i]->next, memory_order_relaxed);
	return n;
}

static bool newest(const struct tw_recorder *r, struct tw_recorded *out)
{
	struct tw_recorded one;
	bool any = false;

	for (uint16_t i = 0; r && i < r->n_rings; i++)
		if (tw_record_read(r->ring[i], &one, 1) && (!any || one.last_tsc > out->last_tsc)) {
			*out = one;
			any = true;
		}
	return any;
}

bool tw_recorder_status(const struct tw_switch *sw, uint16_t slot, Tw__PortStatus *port)
{
	const struct tw_kept *kept = tw_recorders_of_slot(sw->recorders, slot);
	Tw__RecorderStatus *out = malloc(sizeof(*out));
	char frame[TW_WHY_TEXT];
	struct tw_recorded last;

	if (!out)
		return false;
	tw__recorder_status__init(out);
	port->recorder = out;
	out->drop_entries = kept->drops ? kept->drops->entries * kept->drops->n_rings : 0;
	out->frame_entries = kept->frames ? kept->frames->entries * kept->frames->n_rings : 0;
	out->drops_recorded = made(kept->drops);
	out->frames_recorded = made(kept->frames);
	if (out->drops_recorded == 0 || !newest(kept->drops, &last))
		return true;
	out->newest_times = last.times;
	return tw_status_set_text(&out->newest_frame, tw_why_frame(&last, frame)) &&
	       tw_status_set_text(&out->newest_reason, last.detail < TW_DROPS ? tw_drop_name(last.detail) : "");
}
