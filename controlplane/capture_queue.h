/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capture_queue.h - batches of one live capture on their way to its reader.
 *
 * Bounds   frames are kept as long as they and what they come with take TW_CAPTURE_WAITING_MAX octets of memory; those beyond
 *          are given up. Of the numbers of a source (how many frames it sent and shed) the last ones are kept, whatever waits:
 *          the reader knows how many frames it has not got. A host has at most TW_CAPTURE_SOURCES_MAX sources; batches of
 *          further ones are given up whole.
 * Threads  the controller's one thread.
 */
#ifndef TW_CONTROLPLANE_CAPTURE_QUEUE_H
#define TW_CONTROLPLANE_CAPTURE_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/capture.pb-c.h"

enum { TW_CAPTURE_WAITING_MAX = 8 << 20, TW_CAPTURE_SOURCES_MAX = 64 };

struct tw_capture_queue;

struct tw_capture_queue *tw_capture_queue_create(void); /* never NULL (mem.h) */
void tw_capture_queue_destroy(struct tw_capture_queue *queue);

/** Keep a copy of a batch that came from a host, unless it came before. */
void tw_capture_queue_add(struct tw_capture_queue *queue, const char *host, const Tw__CaptureBatch *batch);

bool tw_capture_queue_is_empty(const struct tw_capture_queue *queue);
/** The oldest, in about so many octets as they are sent; borrowed. @param octets 0 = none. @return how many */
size_t tw_capture_queue_first(const struct tw_capture_queue *queue, size_t octets, Tw__CaptureBatch **list,
			      size_t most);
/** Forget the oldest n. */
void tw_capture_queue_drop(struct tw_capture_queue *queue, size_t n);

/** Frames that came. */
uint64_t tw_capture_queue_frames(const struct tw_capture_queue *queue);
/** Of these those that were given up. */
uint64_t tw_capture_queue_given_up(const struct tw_capture_queue *queue);
/** Frames of this host that were given up because it has too many sources. */
uint64_t tw_capture_queue_refused(const struct tw_capture_queue *queue, const char *host);

#endif
