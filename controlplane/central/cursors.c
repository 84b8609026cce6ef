/* SPDX-License-Identifier: Apache-2.0 */
/* cursors.c - how far exporters have got, in a mapped file; see cursors.h. Its owner's thread. */
#include "controlplane/central/cursors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/path.h"
#include "common/spool_files.h"

/* Two places a cursor: the older one is written, and is the newer one once its sum is right. */
struct place {
	uint64_t turn; /* the greater one counts */
	struct tw_cursor cursor;
	uint64_t sum;
};

struct slot {
	char name[TW_CURSOR_NAME_SIZE]; /* empty = free */
	struct place places[2];
};

struct tw_cursors {
	struct slot *slots; /* the file */
};

static uint64_t sum_of(const struct slot *slot, const struct place *place)
{
	uint8_t turn[4];

	memcpy(turn, &place->turn, sizeof(turn));
	return (uint64_t)tw_spool_checksum(turn, (const uint8_t *)&place->cursor, sizeof(place->cursor)) << 32 |
	       tw_spool_checksum(turn, (const uint8_t *)slot->name, sizeof(slot->name));
}

static bool is_good(const struct slot *slot, const struct place *place)
{
	return place->turn && place->sum == sum_of(slot, place);
}

struct tw_cursors *tw_cursors_open(const char *folder)
{
	struct tw_cursors *cursors = calloc(1, sizeof(*cursors));
	const size_t size = TW_CURSORS_MAX * sizeof(struct slot);
	char path[PATH_MAX];
	int rc = cursors ? tw_path(path, sizeof(path), "%s/cursors", folder) : -ENOMEM;
	int fd = rc ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);

	if (!rc && (fd < 0 || ftruncate(fd, (off_t)size)))
		rc = -errno;
	if (!rc)
		rc = -posix_fallocate(fd, 0, (off_t)size); /* says why itself, and leaves errno */
	if (!rc) {
		cursors->slots = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		rc = cursors->slots == MAP_FAILED ? -errno : 0;
	}
	if (fd >= 0)
		close(fd);
	if (!rc)
		return cursors;
	free(cursors);
	errno = -rc;
	return NULL;
}

void tw_cursors_close(struct tw_cursors *cursors)
{
	if (!cursors)
		return;
	munmap(cursors->slots, TW_CURSORS_MAX * sizeof(struct slot));
	free(cursors);
}

static struct slot *find(const struct tw_cursors *cursors, const char *name)
{
	for (unsigned i = 0; i < TW_CURSORS_MAX; i++)
		if (strncmp(cursors->slots[i].name, name, TW_CURSOR_NAME_SIZE) == 0)
			return &cursors->slots[i];
	return NULL;
}

/* @return the newer of the good places, NULL = none is */
static struct place *newest(struct slot *slot)
{
	struct place *a = &slot->places[0], *b = &slot->places[1];

	if (!is_good(slot, a))
		return is_good(slot, b) ? b : NULL;
	return is_good(slot, b) && b->turn > a->turn ? b : a;
}

bool tw_cursors_get(const struct tw_cursors *cursors, const char *name, struct tw_cursor *cursor)
{
	struct slot *slot = find(cursors, name);
	const struct place *place = slot ? newest(slot) : NULL;

	if (place)
		*cursor = place->cursor;
	return place != NULL;
}

bool tw_cursors_set(struct tw_cursors *cursors, const char *name, const struct tw_cursor *cursor)
{
	struct slot *slot = find(cursors, name);
	struct place *last, *place;

	if (!slot) {
		slot = find(cursors, "");
		if (!slot || strlen(name) >= TW_CURSOR_NAME_SIZE)
			return false;
		memset(slot, 0, sizeof(*slot));
		memcpy(slot->name, name, strlen(name));
	}
	last = newest(slot);
	place = last == &slot->places[0] ? &slot->places[1] : &slot->places[0];
	place->sum = 0;
	atomic_signal_fence(memory_order_seq_cst); /* in this order, also for a kill in between */
	place->turn = last ? last->turn + 1 : 1;
	place->cursor = *cursor;
	atomic_signal_fence(memory_order_seq_cst);
	place->sum = sum_of(slot, place);
	return true;
}

void tw_cursors_forget(struct tw_cursors *cursors, const char *name)
{
	struct slot *slot = find(cursors, name);

	if (slot)
		memset(slot, 0, sizeof(*slot));
}

bool tw_cursors_at(const struct tw_cursors *cursors, unsigned i, char name[static TW_CURSOR_NAME_SIZE],
		   struct tw_cursor *cursor)
{
	struct slot *slot = &cursors->slots[i];
	const struct place *place = *slot->name ? newest(slot) : NULL;

	if (!place)
		return false;
	memcpy(name, slot->name, TW_CURSOR_NAME_SIZE);
	name[TW_CURSOR_NAME_SIZE - 1] = '\0';
	*cursor = place->cursor;
	return true;
}
