/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capture_file.h - a sink that is a pcapng file: opened by main, written by the mirror thread.
 *
 * Threads  see mirror_sink.h.
 * Errors   a file that cannot be written any more (disk full, limit reached) sheds what comes, says why in its counters and
 *          never holds anybody up.
 */
#ifndef TW_DATAPLANE_CAPTURE_FILE_H
#define TW_DATAPLANE_CAPTURE_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "dataplane/capture_section.h"

struct tw_sink;

/**
 * A file that is there already is kept as PATH.1.
 * @param about     what the file says of itself
 * @param max_bytes the file stops growing there, 0 = 1 GiB
 * @param error     out, on failure: one sentence
 * @return NULL: it cannot be opened
 */
struct tw_sink *tw_capture_open(const char *path, const struct tw_capture_about *about, uint64_t max_bytes,
				char error[static 128]);

#endif
