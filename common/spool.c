/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spool.c - the writer of a spool; see spool.h.
 *
 * Threads  its owner's.
 * Owns     the open segment and the folder's lock.
 */
#include "common/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/uio.h>
#include <unistd.h>

#include "common/path.h"
#include "common/spool_files.h"

struct tw_spool {
	char folder[PATH_MAX];
	struct tw_spool_limits limits;
	struct tw_spool_stats stats;
	int lock;
	uint64_t epoch;
	int fd;          /* of the open segment; -1 = none: the next append makes one */
	uint64_t number; /* of the open segment, or of the last one */
	uint64_t size;   /* its good octets */
	uint64_t made_ms;
};

static int take_lock(struct tw_spool *spool)
{
	char path[PATH_MAX];
	int rc = tw_path(path, sizeof(path), "%s/lock", spool->folder);

	if (rc)
		return rc;
	spool->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (spool->lock < 0)
		return -errno;
	if (flock(spool->lock, LOCK_EX | LOCK_NB))
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	return 0;
}

/* What is there may have become less: readers release. */
static int look(struct tw_spool *spool, struct tw_spool_list *list)
{
	int rc = tw_spool_list(spool->folder, list);

	spool->stats.octets = 0;
	for (size_t i = 0; i < list->n; i++)
		spool->stats.octets += list->items[i].octets;
	return rc;
}

static int begin(struct tw_spool *spool, uint64_t now_ms)
{
	struct tw_spool_list list;
	int rc = tw_mkdirs(spool->folder);

	rc = rc ? rc : take_lock(spool);
	rc = rc ? rc : look(spool, &list);
	if (rc)
		return rc;
	spool->epoch = now_ms ? now_ms : 1;
	if (list.n && list.items[list.n - 1].number >= spool->epoch)
		spool->epoch = list.items[list.n - 1].number + 1;
	spool->number = spool->epoch - 1;
	free(list.items);
	return 0;
}

struct tw_spool *tw_spool_open(const char *folder, const struct tw_spool_limits *limits, uint64_t now_ms)
{
	struct tw_spool *spool = calloc(1, sizeof(*spool));
	int rc;

	if (!spool)
		return NULL;
	spool->fd = spool->lock = -1;
	tw_spool_limit(spool, limits);
	rc = tw_path(spool->folder, sizeof(spool->folder), "%s", folder);
	rc = rc ? rc : begin(spool, now_ms);
	if (!rc)
		return spool;
	tw_spool_close(spool);
	errno = -rc;
	return NULL;
}

static void close_segment(struct tw_spool *spool)
{
	if (spool->fd >= 0)
		close(spool->fd);
	spool->fd = -1;
}

void tw_spool_close(struct tw_spool *spool)
{
	if (!spool)
		return;
	close_segment(spool);
	if (spool->lock >= 0)
		close(spool->lock);
	free(spool);
}

uint64_t tw_spool_epoch(const struct tw_spool *spool)
{
	return spool->epoch;
}

void tw_spool_limit(struct tw_spool *spool, const struct tw_spool_limits *limits)
{
	spool->limits = *limits;
	if (spool->limits.octets < 4 * (uint64_t)spool->limits.segment_octets)
		spool->limits.octets = 4 * (uint64_t)spool->limits.segment_octets;
}

static void drop(struct tw_spool *spool, const struct tw_spool_segment *segment, uint64_t *count)
{
	char path[PATH_MAX];

	if (tw_spool_path(path, spool->folder, segment->number) || unlink(path))
		return; /* released meanwhile */
	spool->stats.octets -= segment->octets;
	++*count;
}

/* The oldest go until `need` octets fit. @return whether anything went */
static bool make_room(struct tw_spool *spool, uint64_t need, bool at_least_one)
{
	uint64_t before = spool->stats.dropped_full;
	struct tw_spool_list list;

	if (look(spool, &list))
		return false;
	for (size_t i = 0; i < list.n && list.items[i].number != spool->number; i++) {
		if (spool->stats.octets + need <= spool->limits.octets && !at_least_one)
			break;
		drop(spool, &list.items[i], &spool->stats.dropped_full);
		at_least_one = false;
	}
	free(list.items);
	return spool->stats.dropped_full != before;
}

void tw_spool_drop_oldest(struct tw_spool *spool)
{
	make_room(spool, 0, true);
}

static int open_segment(struct tw_spool *spool, uint64_t now_ms)
{
	uint64_t number = now_ms > spool->number ? now_ms : spool->number + 1;
	uint8_t header[TW_SPOOL_HEADER];
	char path[PATH_MAX];
	int rc = tw_spool_path(path, spool->folder, number), fd;

	if (rc)
		return rc;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
	if (fd < 0)
		return -errno;
	tw_spool_put_header(header, number);
	if (write(fd, header, sizeof(header)) != sizeof(header)) {
		close(fd);
		unlink(path);
		return -ENOSPC;
	}
	spool->fd = fd;
	spool->number = number;
	spool->size = sizeof(header);
	spool->made_ms = now_ms;
	spool->stats.octets += sizeof(header);
	return 0;
}

static bool is_done(const struct tw_spool *spool, size_t more, uint64_t now_ms)
{
	return spool->fd >= 0 && spool->size > TW_SPOOL_HEADER &&
	       (spool->size + more > spool->limits.segment_octets ||
		(spool->limits.segment_ms && now_ms - spool->made_ms >= spool->limits.segment_ms));
}

static int write_entry(struct tw_spool *spool, const void *data, size_t size, uint64_t now_ms)
{
	uint8_t header[TW_SPOOL_ENTRY_HEADER];
	struct iovec parts[] = { { header, sizeof(header) }, { (void *)(uintptr_t)data, size } };
	uint32_t sum;
	ssize_t n;
	int rc = spool->fd < 0 ? open_segment(spool, now_ms) : 0;

	if (rc)
		return rc;
	for (int i = 0; i < 4; i++)
		header[i] = (uint8_t)(size >> (24 - 8 * i));
	sum = tw_spool_checksum(header, data, size);
	for (int i = 0; i < 4; i++)
		header[4 + i] = (uint8_t)(sum >> (24 - 8 * i));
	n = pwritev(spool->fd, parts, 2, (off_t)spool->size);
	if (n == (ssize_t)(sizeof(header) + size)) {
		spool->size += sizeof(header) + size;
		spool->stats.octets += sizeof(header) + size;
		return 0;
	}
	rc = n < 0 ? -errno : -ENOSPC;
	if (ftruncate(spool->fd, (off_t)spool->size)) /* a reader passes over what is left */
		close_segment(spool);
	return rc;
}

int tw_spool_append(struct tw_spool *spool, const void *data, size_t size, uint64_t now_ms)
{
	int rc;

	if (size == 0 || size > TW_SPOOL_ENTRY_MAX)
		return -EINVAL;
	if (is_done(spool, size, now_ms))
		close_segment(spool);
	if (spool->stats.octets + size > spool->limits.octets)
		make_room(spool, size, false);
	rc = write_entry(spool, data, size, now_ms);
	if ((rc == -ENOSPC || rc == -EDQUOT) && make_room(spool, size, true))
		rc = write_entry(spool, data, size, now_ms);
	spool->stats.error = -rc;
	spool->stats.failed += rc != 0;
	return rc;
}

void tw_spool_tick(struct tw_spool *spool, uint64_t now_ms)
{
	struct tw_spool_list list;

	if (is_done(spool, 0, now_ms))
		close_segment(spool);
	if (look(spool, &list))
		return;
	for (size_t i = 0; spool->limits.age_ms && i + 1 < list.n; i++) {
		/* The next one's number is when this one was done. */
		if (list.items[i + 1].number + spool->limits.age_ms > now_ms)
			break;
		drop(spool, &list.items[i], &spool->stats.dropped_old);
	}
	free(list.items);
}

void tw_spool_get_stats(const struct tw_spool *spool, struct tw_spool_stats *stats)
{
	*stats = spool->stats;
}

struct tw_spool_position tw_spool_end(const struct tw_spool *spool)
{
	if (spool->fd >= 0)
		return (struct tw_spool_position){ spool->number, spool->size };
	return (struct tw_spool_position){ spool->number + 1, 0 };
}
