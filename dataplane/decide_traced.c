/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide_traced.c - decide.c and its parts once more, with their notes going into a trace; see note.h.
 *
 * Threads  main: the trace that is being made is a variable of this file.
 */
#define tw_decide             decide_and_note
#define tw_source_is_deja_vu  is_deja_vu_noting
#define tw_source_is_heard    is_heard_noting
#define tw_source_check       check_source_noting
#define tw_forward_unicast    forward_unicast_noting
#define tw_forward_group      forward_group_noting
#define tw_forward_rspan      forward_rspan_noting
#define tw_forward_flood      forward_flood_noting
#define TW_NOTE(stage, ...)   tw_trace_note(noted, TW_STAGE_##stage, __VA_ARGS__)
#define TW_NAME(slot, number) tw_trace_name(noted, slot, number)

#include "dataplane/trace.h"

static struct tw_trace *noted;

#include "dataplane/source.c"        /* NOLINT(bugprone-suspicious-include) */
#include "dataplane/forward.c"       /* NOLINT(bugprone-suspicious-include) */
#include "dataplane/forward_group.c" /* NOLINT(bugprone-suspicious-include) */
#include "dataplane/decide.c"        /* NOLINT(bugprone-suspicious-include) */

struct tw_verdict tw_decide_noting(const struct tw_snapshot *s, const struct tw_key *key, struct tw_trace *trace)
{
	struct tw_verdict v;

	noted = trace;
	v = decide_and_note(s, key);
	noted = NULL;
	return v;
}
