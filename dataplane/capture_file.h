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

struct tw_sink;

/* A port (uplink) as a capture describes it. */
struct tw_capture_port {
	uint32_t number; /* as struct tw_mirror_tag */
	char name[128];  /* "vm/nic" */
	char vm_name[64];
	uint8_t mac[6];
};

/* The ports of a capture, in any order; handed over with the configuration. New ones get an interface each; those that were
 * there keep theirs. */
struct tw_capture_ports {
	size_t n;
	struct tw_capture_port a[];
};

/**
 * A file that is there already is kept as PATH.1.
 * @param snaplen   octets kept of a frame, 0 = all
 * @param max_bytes the file stops growing there, 0 = 1 GiB
 * @param host      for the interfaces' descriptions
 * @param error     out, on failure: one sentence
 * @return NULL: it cannot be opened
 */
struct tw_sink *tw_capture_open(const char *path, uint32_t snaplen, uint64_t max_bytes, const char *host,
				char error[static 128]);

#endif
