/* SPDX-License-Identifier: Apache-2.0 */
/*
 * call.h - a request that waits for its answer, wherever it came from: a socket, a test, a fuzzer.
 *
 * Passed by value. Answered exactly once, at once or later: its asker may hold memory until then. At shutdown what still
 * waits is answered by tw_call_end().
 * Threads: the controller's one thread.
 */
#ifndef TW_CONTROLPLANE_CALL_H
#define TW_CONTROLPLANE_CALL_H

#include "controlplane/kind.h"

/** Exactly one of reply and err is given; both are borrowed. */
typedef void (*tw_call_answer)(void *arg, Tw__Envelope *reply, const struct tw_error *err);

struct tw_call {
	tw_call_answer answer;
	void *arg;
};

void tw_call_reply(struct tw_call call, Tw__Envelope *reply);
void tw_call_fail(struct tw_call call, const struct tw_error *err);
/** The controller ends: fails with TW_E_UNREACHABLE. */
void tw_call_end(struct tw_call call);
void tw_call_ack(struct tw_call call);
/** Written{revision, object}; msg NULL = without an object. */
void tw_call_written(struct tw_call call, uint64_t revision, Tw__Kind kind, const ProtobufCMessage *msg);
/** Objects{revision, [msg]}. */
void tw_call_object(struct tw_call call, uint64_t revision, Tw__Kind kind, const ProtobufCMessage *msg);

#endif
