/* SPDX-License-Identifier: Apache-2.0 */
/*
 * question.h - an operator's question that one host answers: asked as a task, its result is the answer.
 *
 * Threads: the controller's one thread.
 */
#ifndef TW_CONTROLPLANE_QUESTION_H
#define TW_CONTROLPLANE_QUESTION_H

#include "controlplane/controller.h"

enum { TW_QUESTION_WAIT_MS = 3000 };

/** Request TracePort (api.c): what would happen to a frame. */
void tw_question_trace(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);
/** Request RebalanceHost: share out the queues of a host's switch among its workers. */
void tw_question_rebalance(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);
/** Request ListMulticast: what a host's switch has learned of who listens. */
void tw_question_multicast(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);
/** Request ListMacs: a page of what a host's switch has learned. */
void tw_question_macs(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);
/** Request WhyPort (api.c): what has happened to a port's frames. */
void tw_question_why(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);
/** Request TryHostExporter: known records to an exporter's collectors. */
void tw_question_exporter(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);
/** At shutdown: those who asked are told so. */
void tw_questions_drop_all(struct tw_controller *ctl);

#endif
