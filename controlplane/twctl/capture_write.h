/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capture_write.h - captured frames of all hosts as one section of pcapng: an interface for each port by its name, on whichever
 * host it is seen.
 *
 * A writer makes octets; where they go is its owner's business. Threads: twctl has one. Spec: common/pcapng.h.
 */
#ifndef TW_TWCTL_CAPTURE_WRITE_H
#define TW_TWCTL_CAPTURE_WRITE_H

#include <stddef.h>
#include <stdint.h>

#include "proto/capture.pb-c.h"
#include "proto/model.pb-c.h"

struct tw_capture_writer;

/* Octets that have been made: whole blocks. The owner takes them, says how many it has taken so far, and sets both to 0 when these
 * are all. */
struct tw_capture_octets {
	uint8_t *data;
	size_t used, size;
	size_t done;
};

/** @param what borrowed: filter and snapshot length are told with each interface */
struct tw_capture_writer *tw_capture_writer_create(const Tw__Mirror *what);
void tw_capture_writer_destroy(struct tw_capture_writer *writer); /* accepts NULL */

/** @return where blocks are added; the section header is there from the start */
struct tw_capture_octets *tw_capture_writer_octets(struct tw_capture_writer *writer);

/** A frame of a batch, with its interface before it if that is new. @param at index of the frame */
void tw_capture_writer_add(struct tw_capture_writer *writer, const Tw__CaptureBatch *batch, size_t at);

/** Frames whose octets have not all been taken. */
uint64_t tw_capture_writer_unwritten(const struct tw_capture_writer *writer);

/** The end: statistics of each interface. @param lost frames given up, of any interface */
void tw_capture_writer_end(struct tw_capture_writer *writer, uint64_t lost);

#endif
