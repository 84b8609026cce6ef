/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror.h - the mirror thread: takes the workers' copies and writes them into capture files.
 *
 * A worker that finds its ring full sheds the copy and counts it: a slow disk never slows the mirrored port.
 * Threads  main calls everything here; the thread behind it owns the open files. A mirror is a bit (0..63) in the masks of
 *          a snapshot's slots; a bit that was given up is used again only when the thread has forgotten its former file.
 */
#ifndef TW_DATAPLANE_MIRROR_H
#define TW_DATAPLANE_MIRROR_H

#include <stddef.h>
#include <stdint.h>

#include <rte_ring.h>

#include "dataplane/capture_file.h"
#include "dataplane/snapshot.h"

enum { TW_MIRROR_NO_BIT = 0xff };

struct tw_mirrors;

struct tw_mirror_config {
	const char *name, *path, *host;
	uint32_t snaplen;
	uint64_t max_bytes;
	const struct tw_capture_port *ports;
	size_t n_ports;
};

struct tw_mirror_stats {
	char name[64];
	char path[256];
	struct tw_capture_stats file;
};

/** @param rings the workers' mirror rings; kept. @return NULL, the reason is logged */
struct tw_mirrors *tw_mirrors_create(struct rte_ring *const *rings, unsigned n_rings);
/** Write what is there, close every file, end the thread. Accepts NULL. */
void tw_mirrors_destroy(struct tw_mirrors *mirrors);

/**
 * Have this mirror: a file that is open for the same name, path and limits goes on, with the ports given; else a new one is
 * opened. Before the snapshot that uses the bit is published.
 * @return the bit, or TW_MIRROR_NO_BIT: the reason is in its stats
 */
uint8_t tw_mirrors_open(struct tw_mirrors *mirrors, const struct tw_mirror_config *config);

/** Close all but these mirrors (names). After the grace period of the snapshot that no longer has their bits. */
void tw_mirrors_keep(struct tw_mirrors *mirrors, const char *const *names, size_t n);

/** @param worker_shed copies the workers have shed so far: any mirror may have lost them, each says so
 *  @return number of mirrors described */
size_t tw_mirrors_get_stats(struct tw_mirrors *mirrors, uint64_t worker_shed,
			    struct tw_mirror_stats stats[TW_MIRRORS_MAX]);

#endif
