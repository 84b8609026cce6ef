/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool.h - a queue of octet strings on disk: one program appends, others (or the same one) read and release.
 *
 *   FOLDER/0000019aa5f3c2d1.seg   a segment: its name is its number, about the time of its making in ms (Unix epoch), and
 *                                 always greater than all before it
 *   FOLDER/lock                   held by the writer
 *
 * Bounded  in octets and in age: the oldest segments go first, whether read or not. Who must know what was lost puts running
 *          numbers into the entries. A disk that is full counts as a full spool.
 * Kept     what was appended outlives the programs, killed at any moment. It is not synced: a power cut may take what the
 *          kernel had not written yet (some 30 s). What is read and released within seconds never meets the disk.
 * Damage   each entry has a checksum. From one that is damaged or cut the reader goes on with the next segment.
 * Threads  a writer and a reader belong to one thread each; they may be of different programs.
 */
#ifndef TW_COMMON_SPOOL_H
#define TW_COMMON_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TW_SPOOL_ENTRY_MAX = 256 << 10, TW_SPOOL_ENTRY_OVERHEAD = 8 /* octets on disk beside the entry's own */ };

struct tw_spool_limits {
	uint64_t octets;         /* of all segments; at least four segments */
	uint64_t age_ms;         /* older segments go; 0 = never */
	uint32_t segment_octets; /* a segment grows no larger, but for one entry */
	uint32_t segment_ms;     /* nor older, so that it can be released; 0 = any age */
};

/* Where an entry is; the next one's is greater. {0, 0} is before everything. */
struct tw_spool_position {
	uint64_t segment;
	uint64_t offset;
};

static inline int tw_spool_compare(struct tw_spool_position a, struct tw_spool_position b)
{
	if (a.segment != b.segment)
		return a.segment < b.segment ? -1 : 1;
	return a.offset < b.offset ? -1 : a.offset > b.offset;
}

struct tw_spool_stats {
	uint64_t octets;       /* on disk, as last looked */
	uint64_t dropped_full; /* segments that went unreleased: no room */
	uint64_t dropped_old;  /* the same: too old */
	uint64_t failed;       /* entries that could not be written */
	int error;             /* why the last one could not; 0 = the last one could */
};

/* --- writer --- */

struct tw_spool;

/** @return NULL with errno set: EBUSY another writer has it */
struct tw_spool *tw_spool_open(const char *folder, const struct tw_spool_limits *limits, uint64_t now_ms);
/** Accepts NULL. */
void tw_spool_close(struct tw_spool *spool);

/** A number greater than that of every writer of this folder before: of this one alone. Never 0. */
uint64_t tw_spool_epoch(const struct tw_spool *spool);

/** @param size 1..TW_SPOOL_ENTRY_MAX @return 0; -errno: the entry is not there, and counted as failed */
int tw_spool_append(struct tw_spool *spool, const void *data, size_t size, uint64_t now_ms)
	__attribute__((warn_unused_result));

/** Time passes: a segment that is old enough is closed, one that is too old goes. Call about once a second. */
void tw_spool_tick(struct tw_spool *spool, uint64_t now_ms);

/** The oldest segment goes, unless it is the open one: it counts as gone for want of room. */
void tw_spool_drop_oldest(struct tw_spool *spool);

/** New bounds, as of the next append or tick. */
void tw_spool_limit(struct tw_spool *spool, const struct tw_spool_limits *limits);

void tw_spool_get_stats(const struct tw_spool *spool, struct tw_spool_stats *stats);
/** Behind the last entry. */
struct tw_spool_position tw_spool_end(const struct tw_spool *spool);

/* --- reader --- */

struct tw_spool_reader;

/** The folder need not be there yet. @return NULL: no memory, or the name is too long */
struct tw_spool_reader *tw_spool_reader_create(const char *folder);
/** Accepts NULL. */
void tw_spool_reader_destroy(struct tw_spool_reader *reader);

/** Read on from there. If that is gone, from the first entry behind it. */
void tw_spool_reader_seek(struct tw_spool_reader *reader, struct tw_spool_position position);
/** Of the entry that is read next. */
struct tw_spool_position tw_spool_reader_position(const struct tw_spool_reader *reader);

/**
 * The next entry.
 * @param data valid until the next call
 * @return 1; 0 there is none (yet); -errno the folder cannot be read
 */
int tw_spool_reader_next(struct tw_spool_reader *reader, const uint8_t **data, size_t *size);

/** Octets passed over because they were damaged, since the beginning. */
uint64_t tw_spool_reader_damaged(const struct tw_spool_reader *reader);

/** What lies before is done with: segments that end there go, but for the newest, which keeps the numbers rising. */
void tw_spool_release(const char *folder, struct tw_spool_position before);

/** Number of the oldest segment of a folder; UINT64_MAX if there is none. */
uint64_t tw_spool_oldest(const char *folder);
/** Octets of all segments of a folder; 0 if there is none. */
uint64_t tw_spool_measure(const char *folder);
/** Of those from a position on, its own segment counted from there. */
uint64_t tw_spool_measure_from(const char *folder, struct tw_spool_position from);

#endif
