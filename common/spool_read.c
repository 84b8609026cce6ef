/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool_read.c - the reader of a spool; see spool.h.
 *
 * Threads  its owner's. The writer may be another program, in the middle of an entry: what cannot be read is taken for
 *          unfinished until there is a newer segment, and for damaged then.
 * Owns     an open segment, a buffer of one entry.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/path.h"
#include "common/spool.h"
#include "common/spool_files.h"

struct tw_spool_reader {
	char folder[PATH_MAX];
	struct tw_spool_position at;
	int fd; /* of segment at.segment; -1 = not open */
	uint64_t damaged;
	uint8_t entry[TW_SPOOL_ENTRY_MAX];
};

struct tw_spool_reader *tw_spool_reader_create(const char *folder)
{
	struct tw_spool_reader *reader = calloc(1, sizeof(*reader));

	if (!reader)
		return NULL;
	reader->fd = -1;
	if (tw_path(reader->folder, sizeof(reader->folder), "%s", folder) == 0)
		return reader;
	free(reader);
	return NULL;
}

static void close_segment(struct tw_spool_reader *reader)
{
	if (reader->fd >= 0)
		close(reader->fd);
	reader->fd = -1;
}

void tw_spool_reader_destroy(struct tw_spool_reader *reader)
{
	if (!reader)
		return;
	close_segment(reader);
	free(reader);
}

void tw_spool_reader_seek(struct tw_spool_reader *reader, struct tw_spool_position position)
{
	close_segment(reader);
	reader->at = position;
}

struct tw_spool_position tw_spool_reader_position(const struct tw_spool_reader *reader)
{
	return reader->at;
}

uint64_t tw_spool_reader_damaged(const struct tw_spool_reader *reader)
{
	return reader->damaged;
}

/* The first segment that is not before `number`. @return 1, 0 there is none, -errno */
static int find_segment(const struct tw_spool_reader *reader, uint64_t number, uint64_t *found)
{
	struct tw_spool_list list;
	int rc = tw_spool_list(reader->folder, &list);

	for (size_t i = 0; rc == 0 && i < list.n; i++) {
		if (list.items[i].number < number)
			continue;
		*found = list.items[i].number;
		rc = 1;
	}
	free(list.items);
	return rc;
}

/* @return 1 a segment is open, 0 there is none, -errno; -ENOENT: it went meanwhile */
static int open_segment(struct tw_spool_reader *reader)
{
	char path[PATH_MAX];
	uint64_t number;
	int rc = find_segment(reader, reader->at.segment, &number);

	if (rc <= 0)
		return rc;
	if (number != reader->at.segment)
		reader->at = (struct tw_spool_position){ number, 0 };
	rc = tw_spool_path(path, reader->folder, number);
	if (rc)
		return rc;
	reader->fd = open(path, O_RDONLY | O_CLOEXEC);
	return reader->fd < 0 ? -errno : 1;
}

static bool read_all(int fd, uint8_t *to, size_t n, uint64_t offset)
{
	return pread(fd, to, n, (off_t)offset) == (ssize_t)n;
}

/* @return octets of the entry at reader->at; 0 = there is none that can be read */
static size_t read_entry(struct tw_spool_reader *reader)
{
	uint8_t header[TW_SPOOL_HEADER];
	uint32_t size, sum;

	if (reader->at.offset < TW_SPOOL_HEADER) {
		if (!read_all(reader->fd, header, TW_SPOOL_HEADER, 0) ||
		    !tw_spool_header_is(header, reader->at.segment))
			return 0;
		reader->at.offset = TW_SPOOL_HEADER;
	}
	if (!read_all(reader->fd, header, TW_SPOOL_ENTRY_HEADER, reader->at.offset))
		return 0;
	size = (uint32_t)header[0] << 24 | (uint32_t)header[1] << 16 | (uint32_t)header[2] << 8 | header[3];
	sum = (uint32_t)header[4] << 24 | (uint32_t)header[5] << 16 | (uint32_t)header[6] << 8 | header[7];
	if (size == 0 || size > TW_SPOOL_ENTRY_MAX ||
	    !read_all(reader->fd, reader->entry, size, reader->at.offset + TW_SPOOL_ENTRY_HEADER) ||
	    tw_spool_checksum(header, reader->entry, size) != sum)
		return 0;
	return size;
}

static void leave_segment(struct tw_spool_reader *reader, uint64_t next)
{
	struct stat st;

	if (fstat(reader->fd, &st) == 0 && (uint64_t)st.st_size > reader->at.offset)
		reader->damaged += (uint64_t)st.st_size - reader->at.offset;
	tw_spool_reader_seek(reader, (struct tw_spool_position){ next, 0 });
}

int tw_spool_reader_next(struct tw_spool_reader *reader, const uint8_t **data, size_t *size)
{
	uint64_t next;
	int rc;

	for (;;) {
		rc = reader->fd < 0 ? open_segment(reader) : 1;
		if (rc == -ENOENT)
			continue;
		if (rc <= 0)
			return rc;
		*size = read_entry(reader);
		if (*size)
			break;
		rc = find_segment(reader, reader->at.segment + 1, &next);
		if (rc <= 0)
			return rc;
		*size = read_entry(reader); /* its last entry may have come before the newer segment did */
		if (*size)
			break;
		leave_segment(reader, next);
	}
	*data = reader->entry;
	reader->at.offset += TW_SPOOL_ENTRY_HEADER + *size;
	return 1;
}

void tw_spool_release(const char *folder, struct tw_spool_position before)
{
	struct tw_spool_list list;
	char path[PATH_MAX];

	if (tw_spool_list(folder, &list))
		return;
	for (size_t i = 0; i + 1 < list.n && list.items[i].number < before.segment; i++)
		if (tw_spool_path(path, folder, list.items[i].number) == 0)
			unlink(path);
	free(list.items);
}

uint64_t tw_spool_oldest(const char *folder)
{
	struct tw_spool_list list;
	uint64_t oldest = UINT64_MAX;

	if (tw_spool_list(folder, &list))
		return oldest;
	if (list.n)
		oldest = list.items[0].number;
	free(list.items);
	return oldest;
}

uint64_t tw_spool_measure(const char *folder)
{
	return tw_spool_measure_from(folder, (struct tw_spool_position){ 0 });
}

uint64_t tw_spool_measure_from(const char *folder, struct tw_spool_position from)
{
	struct tw_spool_list list;
	uint64_t octets = 0;

	if (tw_spool_list(folder, &list))
		return 0;
	for (size_t i = 0; i < list.n; i++) {
		uint64_t before = list.items[i].number == from.segment ? from.offset : 0;

		if (list.items[i].number >= from.segment && list.items[i].octets > before)
			octets += list.items[i].octets - before;
	}
	free(list.items);
	return octets;
}
