/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capture_ring.h - the files that one mirror writes, one after the other, in the folder of captures.
 *
 * Names    for web.pcapng as dumpcap names them: web_00001_20261121103000.pcapng, an ordinal and when it began (local time).
 *          Ordinals go on where those of the folder end, also after a restart: no file is ever written over. Where there is
 *          only one file it is web.pcapng itself, and one that is there already gets a name with an ordinal and when it
 *          was last written.
 * Removal  of a ring of N files the oldest go before the next is begun, whoever wrote them. Only plain files with such a name.
 * Safety   nothing outside the folder is opened: names have no folder in them, links are not followed, files are new.
 * Threads  opened by main, then the mirror thread's.
 */
#ifndef TW_DATAPLANE_CAPTURE_RING_H
#define TW_DATAPLANE_CAPTURE_RING_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct tw_capture_ring {
	char folder[PATH_MAX];
	char name[NAME_MAX + 1]; /* as configured */
	uint32_t files;          /* how many there may be, 0 = any number */
	bool numbered;           /* all names have an ordinal */
};

/**
 * @param path   of the file that is configured
 * @param folder where captures may be; made if it is not there
 * @param error  out, on failure: one sentence
 * @return false: the path is not in that folder, or there is none
 */
bool tw_capture_ring_init(struct tw_capture_ring *ring, const char *path, const char *folder, char error[static 128]);

/**
 * Begin the next file.
 * @param path out: its name
 * @return its file descriptor, or -1: error says why
 */
int tw_capture_ring_next(const struct tw_capture_ring *ring, time_t now, char path[static PATH_MAX],
			 char error[static 128]);

#endif
