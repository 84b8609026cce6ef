/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror.h - which mirrors there are: for each a bit in the masks of a snapshot's slots, a filter, and, where its copies leave
 *            by the mirror thread, a sink.
 *
 * Place    a configuration is applied: mirrors are opened, the snapshot with their bits is published, those that are no longer
 *          named are given up. A mirror whose destination has not changed goes on as it is.
 * Threads  main. A bit that was given up is another mirror's only when every worker has left the snapshots that had it, and the
 *          mirror thread has taken the last copies made by them out of its rings.
 */
#ifndef TW_DATAPLANE_MIRROR_H
#define TW_DATAPLANE_MIRROR_H

#include <stddef.h>
#include <stdint.h>

#include "dataplane/capture_file.h"
#include "dataplane/mirror_sink.h"
#include "dataplane/plan.h"
#include "proto/switch.pb-c.h"

enum { TW_MIRROR_NO_BIT = 0xff, TW_MIRROR_TO_SIZE = 160 };

struct tw_mirrors;
struct tw_worker;

struct tw_mirror_config {
	const Tw__LocalMirror *mirror; /* checked */
	const char *host;
	const char *folder;                  /* where captures may be */
	const struct tw_capture_port *ports; /* that it may see */
	size_t n_ports;
};

struct tw_mirror_stats {
	char name[64];
	char path[256];             /* of the file that is written now */
	char to[TW_MIRROR_TO_SIZE]; /* the destination in words */
	char error[256];
	struct tw_sink_stats sink;   /* zero where there is none */
	struct tw_tap_counters taps; /* of all workers, since it was opened */
};

/** @param workers kept; budgets: theirs, [TW_MIRRORS_MAX]. @return NULL, the reason is logged */
struct tw_mirrors *tw_mirrors_create(struct tw_worker *const *workers, unsigned n_workers,
				     struct tw_tap_budget *budgets);
/** Write what is there, close everything, end the thread. Accepts NULL. */
void tw_mirrors_destroy(struct tw_mirrors *mirrors);

/**
 * Have this mirror: one that is open for the same destination goes on, with the ports given; else it is opened anew. Before the
 * snapshot that uses the bit is published.
 * @return bit TW_MIRROR_NO_BIT: it could not be opened, the reason is in its stats. The filter is borrowed until the next call
 */
struct tw_mirror_place tw_mirrors_open(struct tw_mirrors *mirrors, const struct tw_mirror_config *config);

/**
 * Close all but these mirrors (names). When the snapshot that no longer has their bits has been published.
 * @param left every worker has it and none an earlier one: bits given up until now may be used again
 */
void tw_mirrors_keep(struct tw_mirrors *mirrors, const char *const *names, size_t n, bool left);

/**
 * A port moves to another host: the mirrors that have no other source here go along, with all that they have counted. They count
 * from zero then; the other place goes on with their numbers.
 * @param stays whether a port is still mirrored here when this one has gone
 * @return number of mirrors that go along, as they were
 */
size_t tw_mirrors_give(struct tw_mirrors *mirrors, uint32_t number, bool (*stays)(void *arg, uint32_t number),
		       void *arg, struct tw_mirror_stats stats[TW_MIRRORS_MAX]);
/** The other end. A mirror that has numbered copies of other ports goes on with its own numbers; one that is not here is left. */
void tw_mirrors_accept(struct tw_mirrors *mirrors, const char *name, const struct tw_tap_counters *count,
		       uint64_t sequence);

/* As messages; mirror_status.c. */
/** @return malloc'ed, or NULL: out of memory */
Tw__MirrorStatus *tw_mirror_status(const struct tw_mirror_stats *stats);
/** Into, and out of, what goes along with a port. @return false: out of memory */
bool tw_mirrors_take(struct tw_mirrors *mirrors, bool (*stays)(void *arg, uint32_t number), void *arg,
		     Tw__PortState *state);
void tw_mirrors_put(struct tw_mirrors *mirrors, const Tw__PortState *state);

/** Those that operators made; not sFlow's. @return number of mirrors described */
size_t tw_mirrors_get_stats(struct tw_mirrors *mirrors, struct tw_mirror_stats stats[TW_MIRRORS_MAX]);

/* An sFlow exporter. Valid until mirrors are opened or closed. */
struct tw_mirror_sflow {
	const Tw__LocalSflow *config;
	struct tw_sink *sink; /* for mirror_sflow.h; NULL: it could not be opened */
	const char *error;    /* why */
};
/** @return number of sFlow exporters */
size_t tw_mirrors_get_sflow(struct tw_mirrors *mirrors, struct tw_mirror_sflow sflow[TW_MIRRORS_MAX]);

#endif
