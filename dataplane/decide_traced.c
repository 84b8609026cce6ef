/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide_traced.c - decide.c once more, with its notes going into a trace; see note.h.
 *
 * Threads  main: the trace that is being made is a variable of this file.
 */
#define tw_decide             decide_and_note
#define TW_NOTE(stage, ...)   tw_trace_note(noted, TW_STAGE_##stage, __VA_ARGS__)
#define TW_NAME(slot, number) tw_trace_name(noted, slot, number)

#include "dataplane/trace.h"

static struct tw_trace *noted;

#include "dataplane/decide.c" /* NOLINT(bugprone-suspicious-include) */

struct tw_verdict tw_decide_noting(const struct tw_snapshot *s, const struct tw_key *key, struct tw_trace *trace)
{
	struct tw_verdict v;

	noted = trace;
	v = decide_and_note(s, key);
	noted = NULL;
	return v;
}
