/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capture_count.h - how many frames of a capture came, and how many were given up where: by the numbers in the batches.
 * Pure. Threads: twctl has one.
 */
#ifndef TW_TWCTL_CAPTURE_COUNT_H
#define TW_TWCTL_CAPTURE_COUNT_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/capture.pb-c.h"

/* A switch that copies, since it began to. */
struct tw_capture_source {
	uint64_t id;
	uint64_t sent, came, shed;
	bool ended;
};

struct tw_capture_count {
	struct tw_capture_source *sources;
	size_t n_sources;
};

void tw_capture_count_add(struct tw_capture_count *count, const Tw__CaptureBatch *batch);
void tw_capture_count_clear(struct tw_capture_count *count);

/** Given up by switches. */
uint64_t tw_capture_count_shed(const struct tw_capture_count *count);
/** Sent by switches and not here: given up by the controller, or on the way to it. */
uint64_t tw_capture_count_lost(const struct tw_capture_count *count);
/** Has every switch said that it copies no more? */
bool tw_capture_count_ended(const struct tw_capture_count *count);

#endif
