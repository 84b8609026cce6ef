/* SPDX-License-Identifier: Apache-2.0 */
/*
 * why_request.c - the agent's GetRecorded: what has happened to a port's frames, out of its recorders.
 *
 * Threads  main. Workers write on meanwhile: what changes under the reading is left out (recorder.h).
 * Uplinks  have recorders of their own; what they dropped of frames from or to the port's MAC belongs to the answer.
 */
#include <stdlib.h>
#include <string.h>

#include <rte_cycles.h>

#include "common/clock.h"
#include "dataplane/switch.h"
#include "dataplane/tsc.h"
#include "dataplane/why.h"

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 1000 };

struct found {
	struct tw_recorded r;
	uint16_t worker;
	bool at_uplink;
};

struct asked {
	struct tw_switch *sw;
	const Tw__GetRecorded *ask;
	uint16_t slot;
	const struct tw_kept *kept;
	uint64_t now_tsc, now_ns, hz;
	struct tw_recorded *room; /* for one ring */
	struct found *found;
	size_t n, held;
};

static uint64_t unix_ns(const struct asked *a, uint64_t tsc)
{
	uint64_t ago = a->now_tsc > tsc ? a->now_tsc - tsc : 0;

	return a->now_ns - ago / a->hz * 1000000000 - ago % a->hz * 1000000000 / a->hz;
}

static bool is_recent(const struct asked *a, const struct tw_recorded *r)
{
	uint64_t ago = a->now_tsc > r->last_tsc ? a->now_tsc - r->last_tsc : 0;

	return !a->ask->since_ms || ago / (a->hz / 1000) <= a->ask->since_ms;
}

static void take(struct asked *a, const struct tw_recorder *rec, bool at_uplink, const uint8_t *mac)
{
	for (uint16_t w = 0; rec && w < rec->n_rings; w++) {
		uint32_t n = tw_record_read(rec->ring[w], a->room, rec->entries);

		for (uint32_t i = 0; i < n; i++) {
			const struct tw_recorded *r = &a->room[i];

			/* What an uplink has of this port's own drops the port has, too. */
			if (at_uplink && (r->other == a->slot || !tw_why_has_mac(r, mac)))
				continue;
			a->held += !at_uplink;
			if (is_recent(a, r) && tw_why_fits(r, a->ask->filter))
				a->found[a->n++] = (struct found){ *r, w, at_uplink };
		}
	}
}

/* @return false: out of memory */
static bool collect(struct asked *a)
{
	const struct tw_port *p = tw_port_by_number(a->sw, a->ask->port);
	size_t most = TW_RECORD_UPLINK, all = 0;

	if (a->kept->frames && a->kept->frames->entries > most)
		most = a->kept->frames->entries;
	all = a->sw->n_workers * ((a->kept->frames ? a->kept->frames->entries : 0) + TW_RECORD_DROPS +
				  TW_UPLINKS_MAX * (size_t)TW_RECORD_UPLINK);
	a->room = malloc(most * sizeof(*a->room));
	a->found = malloc(all * sizeof(*a->found));
	if (!a->room || !a->found)
		return false;
	take(a, a->kept->drops, false, NULL);
	take(a, a->kept->frames, false, NULL);
	for (uint16_t i = TW_PORTS_MAX; p && i < TW_SLOTS_MAX; i++)
		take(a, tw_recorders_of_slot(a->sw->recorders, i)->drops, true, p->mac);
	return true;
}

static int by_time(const void *left, const void *right)
{
	const struct found *a = left, *b = right;

	return a->r.last_tsc < b->r.last_tsc ? -1 : a->r.last_tsc > b->r.last_tsc;
}

/* --- the answer --- */

static bool set(char **field, const char *text)
{
	char *copy = *text ? strdup(text) : NULL;

	if (copy)
		*field = copy;
	return copy || !*text;
}

/* A slot may have become another port's since: then its number is known, its name is not. */
static const char *other_name(const struct asked *a, const struct tw_recorded *r, char text[static 128])
{
	bool port = r->other < TW_PORTS_MAX;

	text[0] = '\0';
	if (r->other == TW_SLOT_NONE)
		return text;
	if (port &&
	    (!a->sw->ports[r->other].used || (!r->to && r->egress && a->sw->ports[r->other].number != r->egress)))
		return r->egress && !r->to ? tw_slot_name(a->sw, TW_SLOT_NONE, r->egress, text, 128) : text;
	return tw_slot_name(a->sw, r->other, r->egress, text, 128);
}

static bool fill_frame(const struct asked *a, const struct found *f, Tw__RecordedFrame *out)
{
	static const char *const actions[] = {
		[TW_ACT_DROP] = "drop", [TW_ACT_FORWARD] = "forward", [TW_ACT_FLOOD] = "flood",
		[TW_ACT_HOLD] = "hold", [TW_ACT_CONTROL] = "control", [TW_ACT_COPY] = "forward"
	};
	char frame[TW_WHY_TEXT], sentence[TW_WHY_TEXT], other[128];
	const struct tw_recorded *r = &f->r;

	out->at_ns = unix_ns(a, r->tsc);
	out->last_ns = unix_ns(a, r->last_tsc);
	out->times = r->times;
	out->to_port = r->to;
	out->len = r->len;
	out->vlan = r->vlan;
	out->generation = r->generation;
	out->worker = f->worker;
	out->at_uplink = f->at_uplink;
	other_name(a, r, other);
	out->head.data = r->kept ? malloc(r->kept) : NULL;
	if (out->head.data) {
		memcpy(out->head.data, r->head, r->kept);
		out->head.len = r->kept;
	}
	return (out->head.data || !r->kept) && set(&out->frame, tw_why_frame(r, frame)) &&
	       set(&out->action, actions[r->action]) && set(&out->text, tw_why_sentence(r, other, sentence)) &&
	       set(&out->other, other) && (r->action != TW_ACT_DROP || set(&out->drop_reason, tw_drop_name(r->detail)));
}

static bool fill(const struct asked *a, Tw__Recorded *out)
{
	size_t limit = a->ask->limit ? a->ask->limit : LIMIT_DEFAULT, first;

	limit = limit > LIMIT_MAX ? LIMIT_MAX : limit;
	first = a->n > limit ? a->n - limit : 0;
	out->found = a->n;
	out->kept = a->held;
	out->drops = a->kept->drops->entries;
	out->every = a->kept->frames ? a->kept->frames->entries : 0;
	out->frames = calloc(a->n - first + 1, sizeof(*out->frames));
	if (!out->frames)
		return false;
	for (size_t i = first; i < a->n; i++) {
		Tw__RecordedFrame *frame = malloc(sizeof(*frame));

		if (!frame)
			return false;
		tw__recorded_frame__init(frame);
		out->frames[out->n_frames++] = frame;
		if (!fill_frame(a, &a->found[i], frame))
			return false;
	}
	return true;
}

void tw_why_request(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env)
{
	struct asked a = { .sw = sw,
			   .ask = env->get_recorded,
			   .now_tsc = rte_rdtsc(),
			   .now_ns = tw_clock_real_ns(),
			   .hz = tw_tsc_hz() };
	Tw__Envelope out = TW__ENVELOPE__INIT;
	Tw__Recorded *recorded;

	a.kept = tw_recorders_of_port(sw->recorders, a.ask->port, &a.slot);
	if (!a.kept) {
		tw_link_refuse(req, TW_E_NOT_FOUND, "get_recorded.port", "no such port is here or was here lately");
		return;
	}
	recorded = malloc(sizeof(*recorded));
	if (recorded)
		tw__recorded__init(recorded);
	if (recorded && collect(&a)) {
		qsort(a.found, a.n, sizeof(*a.found), by_time);
		if (fill(&a, recorded)) {
			out.body_case = TW__ENVELOPE__BODY_RECORDED;
			out.recorded = recorded;
		}
	}
	if (out.recorded)
		tw_link_reply(req, &out);
	else
		tw_link_refuse(req, TW_E_INTERNAL, NULL, "out of memory");
	if (recorded)
		tw__recorded__free_unpacked(recorded, NULL);
	free(a.room);
	free(a.found);
}
