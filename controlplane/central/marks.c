/* SPDX-License-Identifier: Apache-2.0 */
/* marks.c - how far each host's batches have been taken; see marks.h. */
#include "controlplane/central/marks.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "common/path.h"
#include "common/spool_files.h"
#include "controlplane/mem.h"
#include "flowexport/wire.h"

#define MAGIC "TWMARKS1"

enum { HEAD = 8 + 4 + 8, NUMBERS = 7, ITEM = TW_ENTRY_HOST_SIZE + 8 * NUMBERS, FILE_MAX = 64 << 20 };

/* @return index of the first that is not before */
static size_t place_of(const struct tw_marks *marks, const char *host)
{
	size_t low = 0, high = marks->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(marks->items[middle].host.name, host) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

struct tw_mark *tw_marks_get(struct tw_marks *marks, const char *host)
{
	size_t at = place_of(marks, host);

	if (at < marks->n && strcmp(marks->items[at].host.name, host) == 0)
		return &marks->items[at];
	if (marks->n == marks->room) {
		marks->room = marks->room ? 2 * marks->room : 16;
		marks->items = tw_need(reallocarray(marks->items, marks->room, sizeof(*marks->items)));
	}
	memmove(&marks->items[at + 1], &marks->items[at], (marks->n - at) * sizeof(*marks->items));
	marks->n++;
	marks->items[at] = (struct tw_mark){ 0 };
	snprintf(marks->items[at].host.name, sizeof(marks->items[at].host.name), "%s", host);
	return &marks->items[at];
}

void tw_marks_clear(struct tw_marks *marks)
{
	free(marks->items);
	*marks = (struct tw_marks){ 0 };
}

static uint64_t get(const uint8_t **at)
{
	uint64_t value = 0;

	for (int i = 0; i < 8; i++)
		value = value << 8 | *(*at)++;
	return value;
}

static void read_items(struct tw_marks *marks, const uint8_t *at, const uint8_t *end)
{
	char name[TW_ENTRY_HOST_SIZE];

	for (; at < end;) {
		struct tw_mark *mark;

		memcpy(name, at, sizeof(name));
		name[sizeof(name) - 1] = '\0';
		at += sizeof(name);
		mark = tw_marks_get(marks, name);
		mark->epoch = get(&at);
		mark->sequence = get(&at);
		mark->after.records = get(&at);
		mark->after.packets = get(&at);
		mark->after.octets = get(&at);
		mark->after.ignored_packets = get(&at);
		mark->after.ignored_octets = get(&at);
	}
}

int tw_marks_load(struct tw_marks *marks, const char *folder)
{
	char path[PATH_MAX];
	void *file = NULL;
	size_t size = 0;
	const uint8_t *at;
	int rc = tw_path(path, sizeof(path), "%s/marks", folder);

	rc = rc ? rc : tw_read_file(path, FILE_MAX, &file, &size);
	if (rc)
		return rc;
	at = file;
	if (size < HEAD || (size - HEAD) % ITEM || memcmp(at, MAGIC, 8) != 0 ||
	    tw_spool_checksum(at, at + 12, size - 12) !=
		    ((uint32_t)at[8] << 24 | (uint32_t)at[9] << 16 | (uint32_t)at[10] << 8 | at[11])) {
		free(file);
		return -EBADMSG;
	}
	at += 12;
	marks->ordinal = get(&at);
	read_items(marks, at, (const uint8_t *)file + size);
	free(file);
	return 0;
}

static uint8_t *put_mark(uint8_t *at, const struct tw_mark *mark)
{
	at = tw_put_text(at, mark->host.name, TW_ENTRY_HOST_SIZE);
	at = tw_put_uint(at, mark->epoch, 8);
	at = tw_put_uint(at, mark->sequence, 8);
	at = tw_put_uint(at, mark->after.records, 8);
	at = tw_put_uint(at, mark->after.packets, 8);
	at = tw_put_uint(at, mark->after.octets, 8);
	at = tw_put_uint(at, mark->after.ignored_packets, 8);
	return tw_put_uint(at, mark->after.ignored_octets, 8);
}

int tw_marks_save(const struct tw_marks *marks, const char *folder, const struct tw_directory *directory)
{
	uint8_t *file = tw_need(malloc(HEAD + marks->n * ITEM)), *at = file;
	char path[PATH_MAX];
	int rc = tw_path(path, sizeof(path), "%s/marks", folder);

	memcpy(at, MAGIC, 8);
	at = tw_put_uint(at + 12, marks->ordinal, 8);
	for (size_t i = 0; i < marks->n; i++)
		if (!directory || tw_directory_domain(directory, marks->items[i].host.name))
			at = put_mark(at, &marks->items[i]);
	tw_put_uint(file + 8, tw_spool_checksum(file, file + 12, (size_t)(at - file) - 12), 4);
	rc = rc ? rc : tw_write_file(path, file, (size_t)(at - file));
	free(file);
	return rc;
}
