/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capture_file.h - a sink that is a pcapng file, or a ring of them: opened by main, written by the mirror thread.
 *
 * Each file is whole by itself: section header, interfaces, packets, statistics at its end. While it is written it grows by
 * whole blocks, each 100 ms at most: whoever reads it meanwhile, or after a crash, has all up to there.
 * Limits   a file is followed by the next when it has max_bytes, or seconds after it began if it has a packet then. The only
 *          one stops growing there, and what comes is shed. Statistics at the end come on top; so does the first packet.
 * Threads  see mirror_sink.h.
 * Errors   what cannot be written (no room on the disk) is counted as failed, and tried again once a second. The file is cut
 *          back to its last whole block. Nobody is held up.
 */
#ifndef TW_DATAPLANE_CAPTURE_FILE_H
#define TW_DATAPLANE_CAPTURE_FILE_H

#include <stdint.h>

#include "dataplane/capture_section.h"

struct tw_sink;

struct tw_capture_limits {
	uint64_t max_bytes; /* of one file, 0 = 1 GiB */
	uint32_t files;     /* at most so many are kept; 0 = all */
	uint32_t seconds;   /* after which the next begins; 0 = never */
};

/**
 * The first file is opened at once.
 * @param path   as it is configured, see capture_ring.h
 * @param folder where captures may be
 * @param about  what the file says of itself
 * @param limits without files and seconds there is only one file
 * @param error  out, on failure: one sentence
 * @return NULL: it cannot be opened
 */
struct tw_sink *tw_capture_open(const char *path, const char *folder, const struct tw_capture_about *about,
				const struct tw_capture_limits *limits, char error[static 128]);

#endif
