/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.h - what would happen to a frame, and why, stage by stage.
 *
 * Place    asked by the operator (`twctl trace`), answered on main from the snapshot the workers forward by. The frame goes
 *          through the functions they call: tw_parse(), tw_decide() with its notes (note.h), tw_edit_apply().
 * Threads  main; not reentrant (the notes of a decision go to one trace). Touches no flow, no counter, no queue.
 */
#ifndef TW_DATAPLANE_TRACE_H
#define TW_DATAPLANE_TRACE_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/decide.h"
#include "dataplane/mcast_view.h"
#include "dataplane/pipeline.h"

enum { TW_TRACE_FRAME_MAX = 9234, TW_TRACE_TEXT = 256, TW_TRACE_HEADROOM = 64 };

enum tw_stage {
#define TW_STAGE_ENUM(stage, file, when, text, drops) TW_STAGE_##stage,
	TW_STAGES(TW_STAGE_ENUM)
#undef TW_STAGE_ENUM
		TW_STAGES_MAX,
};

/* What texts call a slot, or a port that is elsewhere: names are main's to know. */
struct tw_trace_names {
	/* Writes into text; of a slot here, or (slot TW_SLOT_NONE) of the port of that number */
	const char *(*name)(void *arg, uint16_t slot, uint32_t number, char *text, unsigned size);
	void *arg;
};

struct tw_trace {
	const struct tw_trace_names *names;
	const struct tw_mcast_view *mcast; /* who listens; NULL = nothing is known */
	/* --- the result --- */
	struct tw_verdict verdict;
	uint16_t tag;                            /* tw_vlan_tag() of the frame */
	enum tw_stage end;                       /* the last stage that the frame meets */
	char text[TW_STAGES_MAX][TW_TRACE_TEXT]; /* empty: the frame does not meet this stage */
	uint16_t n_outs;
	uint16_t outs[TW_SLOTS_MAX];                          /* slots it would leave by */
	uint32_t wire_len;                                    /* of wire; 0 = it would not leave the host */
	uint8_t wire[TW_TRACE_FRAME_MAX + TW_TRACE_HEADROOM]; /* as it would be on the uplink */
};

/**
 * Judge a frame. @param in slot it comes from; @param len 1..TW_TRACE_FRAME_MAX. Fills all of the result.
 * @note trace->names must be set before.
 */
void tw_trace_frame(const struct tw_snapshot *s, uint16_t in, const uint8_t *frame, uint32_t len,
		    struct tw_trace *trace);

/** Name of a stage; the stage in which a frame is dropped for a reason (of several, the first). Static; any thread. */
const char *tw_stage_name(enum tw_stage stage);
/** What an edit does to a frame, as a clause: "a tag is put on". */
const char *tw_trace_edit_text(enum tw_edit edit);
enum tw_stage tw_stage_of_drop(enum tw_drop reason);

/* ---- decide_traced.c ---- */
/** tw_decide(), telling `trace` what it finds. */
struct tw_verdict tw_decide_noting(const struct tw_snapshot *s, const struct tw_key *key, struct tw_trace *trace);

/** Set a stage's text; a second note to the same stage goes behind the first. */
void tw_trace_note(struct tw_trace *trace, enum tw_stage stage, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/** What to call the port of an identity or a slot, in a note. */
const char *tw_trace_name(const struct tw_trace *trace, uint16_t slot, uint32_t number);

/* ---- trace_mirrors.c: once it is known where the frame goes ---- */
void tw_trace_mirrors(struct tw_trace *trace, const struct tw_snapshot *snapshot, const struct tw_key *key,
		      const uint8_t *frame, uint32_t len);

/* ---- trace_rate.c: what the limits of a port say; whether there is credit in that moment is not asked ---- */
void tw_trace_police(struct tw_trace *trace, const struct tw_snapshot *snapshot, uint16_t in);
void tw_trace_storm(struct tw_trace *trace, const struct tw_snapshot *snapshot, const struct tw_key *key);
void tw_trace_limit(struct tw_trace *trace, const struct tw_snapshot *snapshot, uint16_t out);

#endif
