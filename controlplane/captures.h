/* SPDX-License-Identifier: Apache-2.0 */
/*
 * captures.h - live captures: what hosts copy while somebody reads it, and the frames on their way to that reader.
 *
 * A capture is a mirror that is in no model and in no store. It lives as long as its reader asks (ReadCapture) every
 * TW_CAPTURE_LEASE_MS: a reader that is killed, or cut off, leaves nothing behind, nor does a controller that ends. Hosts are
 * told of the open ones with each answer to a Watch.
 *
 * Bounds   TW_CAPTURES_MAX at once; of each at most so much waits for the reader as capture_queue.h says.
 * Threads  the controller's one thread.
 */
#ifndef TW_CONTROLPLANE_CAPTURES_H
#define TW_CONTROLPLANE_CAPTURES_H

#include "controlplane/controller.h"

enum { TW_CAPTURES_MAX = 16, TW_CAPTURE_LEASE_MS = 5000 };

struct tw_captures *tw_captures_create(void);
void tw_captures_destroy(struct tw_captures *captures); /* accepts NULL; who waits is told that the controller ends */

/** Which these are: another number, others; 0 = there are none. Numbers of two runs of the controller never meet. */
uint64_t tw_captures_as_of(const struct tw_captures *captures);
/** Those that hosts are to have; borrowed. @return how many */
size_t tw_captures_open(const struct tw_captures *captures, Tw__Mirror *list[static TW_CAPTURES_MAX]);
void tw_captures_tick(struct tw_controller *ctl);

/* Requests (api.c). */
void tw_capture_open(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);
void tw_capture_read(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);
void tw_capture_stop(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);
void tw_captures_push(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);

#endif
