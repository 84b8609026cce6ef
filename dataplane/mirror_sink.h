/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_sink.h - where the mirror thread puts a mirror's copies: a file, a collector, another host, a reader.
 *
 * A kind of sink is a struct that begins with a tw_sink and a table of what can be done with it (capture_file.c).
 * Threads  made and asked for its counters by main; everything in the table but `free` is called by the mirror thread alone.
 *          Main holds one reference, the thread another; the last that is put frees.
 * Errors   a sink that can take nothing (full disk, no route) sheds or fails what comes, counts it, says why in its counters,
 *          and never holds the thread up: it writes without blocking.
 */
#ifndef TW_DATAPLANE_MIRROR_SINK_H
#define TW_DATAPLANE_MIRROR_SINK_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <rte_mbuf.h>

#include "dataplane/mirror_tap.h"

struct tw_capture_ports;
struct tw_sink;

struct tw_sink_ops {
	/** A copy; borrows m, whose checksums are finished. It may be a super-frame, unless wants_wire_size is set. */
	void (*write)(struct tw_sink *sink, const struct rte_mbuf *m, const struct tw_mirror_tag *tag, uint64_t ns);
	/** The ports it may see from now on; borrows. NULL: the sink does not care. */
	void (*set_ports)(struct tw_sink *sink, const struct tw_capture_ports *ports, uint64_t now_ns);
	/** Copies were given up before they came here: their numbers are left out, or they are told of. NULL: not of interest. */
	void (*leave_out)(struct tw_sink *sink, uint64_t n);
	/** Some time has passed (about 100 ms): hand on what is in memory. NULL: nothing is. */
	void (*flush)(struct tw_sink *sink, uint64_t now_ns);
	/** The end: nothing is written after. */
	void (*close)(struct tw_sink *sink, uint64_t now_ns);
	void (*free)(struct tw_sink *sink);
	bool wants_wire_size; /* super-frames are to be cut to what the wire would have carried */
};

struct tw_sink_stats {
	uint64_t packets, octets; /* sent or written */
	uint64_t shed;            /* it did not keep up, or is closed */
	uint64_t failed;          /* too large, or refused */
	uint64_t sequence;        /* of the next copy, where they are numbered: how many there were before it */
	char error[128];          /* why it takes nothing now; empty = it does */
	char path[256];           /* of the file that is written now; empty = none */
};

struct tw_sink {
	const struct tw_sink_ops *ops;
	_Atomic unsigned refs;
	/* written by the thread, read by main */
	_Atomic uint64_t packets, octets, shed, failed, sequence;
	pthread_mutex_t lock; /* of what follows */
	char error[128], path[256];
};

/** Two references: main's and the thread's. */
void tw_sink_init(struct tw_sink *sink, const struct tw_sink_ops *ops);
void tw_sink_put(struct tw_sink *sink); /* accepts NULL */
void tw_sink_get_stats(struct tw_sink *sink, struct tw_sink_stats *stats);
/** Number copies from here on. While none can come. */
void tw_sink_go_on_from(struct tw_sink *sink, uint64_t sequence);

/* For the sinks themselves. */
void tw_sink_count_sent(struct tw_sink *sink, uint64_t packets, uint64_t octets);
void tw_sink_count_shed(struct tw_sink *sink, uint64_t n);
void tw_sink_count_failed(struct tw_sink *sink, uint64_t n);
void tw_sink_set_error(struct tw_sink *sink, const char *error);
/** @return the number of the first of n copies */
uint64_t tw_sink_number(struct tw_sink *sink, uint64_t n);
void tw_sink_set_path(struct tw_sink *sink, const char *path);

#endif
