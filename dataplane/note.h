/* SPDX-License-Identifier: Apache-2.0 */
/*
 * note.h - where the decision functions say what they find, for `twctl trace`.
 *
 * decide.c, source.c and forward*.c are compiled twice: for the workers, where a note is nothing at all (not an argument is
 * evaluated, so a worker pays no instruction for being explainable), and in decide_traced.c, where it writes into the trace
 * that is being made. So a trace cannot say something else than the switch does. A stage is one of pipeline.h; a stage without
 * a note that did not drop the frame is told as passed, and a drop has its sentence from drop.h.
 */
#ifndef TW_DATAPLANE_NOTE_H
#define TW_DATAPLANE_NOTE_H

#ifndef TW_NOTE
#define TW_NOTE(stage, ...) ((void)0)
#endif

#endif
