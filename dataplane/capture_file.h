/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capture_file.h - one mirror's pcapng file: opened by main, written by the mirror thread.
 *
 * Threads  tw_capture_open() and tw_capture_stats(): main. All else: the thread that writes. The last tw_capture_put()
 *          frees; main holds one reference, the mirror thread another.
 * Errors   a file that cannot be written any more (disk full, limit reached) sheds what comes, says why in its status and
 *          never holds anybody up.
 */
#ifndef TW_DATAPLANE_CAPTURE_FILE_H
#define TW_DATAPLANE_CAPTURE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_mbuf.h>

struct tw_capture;

/* A port as a capture describes it. */
struct tw_capture_port {
	uint32_t number;
	char name[128]; /* "vm/nic" */
	char vm_name[64];
	uint8_t mac[6];
};

/* The ports of a capture, in any order; handed over with the configuration. */
struct tw_capture_ports {
	size_t n;
	struct tw_capture_port a[];
};

struct tw_capture_stats {
	uint64_t packets, octets, shed;
	char error[128];
};

/**
 * A file that is there already is kept as PATH.1.
 * @param snaplen   octets kept of a frame, 0 = all
 * @param max_bytes the file stops growing there, 0 = 1 GiB
 * @param host      for the interfaces' descriptions
 * @param error     out, on failure: one sentence
 * @return with two references (main's and the writer's), or NULL
 */
struct tw_capture *tw_capture_open(const char *path, uint32_t snaplen, uint64_t max_bytes, const char *host,
				   char error[128]);
void tw_capture_put(struct tw_capture *capture); /* accepts NULL */
void tw_capture_get_stats(struct tw_capture *capture, struct tw_capture_stats *stats);

/** New ports get an interface each; ports that were there keep theirs. Borrows. */
void tw_capture_set_ports(struct tw_capture *capture, const struct tw_capture_ports *ports, uint64_t now_ns);

/** Take a frame down. Borrows m, whose checksums are finished. */
void tw_capture_write(struct tw_capture *capture, const struct rte_mbuf *m, uint32_t number, uint32_t original_len,
		      bool egress, uint64_t ns);

/** What was given up before it came here. */
void tw_capture_shed(struct tw_capture *capture, uint64_t n);

/** Hand to the kernel what is in memory. */
void tw_capture_flush(struct tw_capture *capture);

/** Statistics blocks, flush, close. Nothing may be written after. */
void tw_capture_close(struct tw_capture *capture, uint64_t now_ns);

#endif
