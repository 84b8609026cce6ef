/* SPDX-License-Identifier: Apache-2.0 */
/* spool_files.c - names, headers and checksums of a spool's segments; see spool_files.h. Keeps nothing. */
#include "common/spool_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/path.h"
#include "common/spool.h"

enum { NAME_DIGITS = 16, CRC_SLICES = 8 };

#define MAGIC      "TWSPOOL1"
#define POLYNOMIAL UINT32_C(0x82f63b78) /* CRC-32C, reflected */

static uint32_t crc_table[CRC_SLICES][256];
static pthread_once_t crc_once = PTHREAD_ONCE_INIT;

/* Table k moves an octet k octets on, so that eight are taken at once. */
static void make_crc_table(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t crc = i;

		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
		crc_table[0][i] = crc;
	}
	for (int k = 1; k < CRC_SLICES; k++)
		for (uint32_t i = 0; i < 256; i++)
			crc_table[k][i] = crc_table[k - 1][i] >> 8 ^ crc_table[0][crc_table[k - 1][i] & 0xff];
}

static uint32_t crc_add(uint32_t crc, const uint8_t *data, size_t n)
{
	for (; n >= CRC_SLICES; n -= CRC_SLICES, data += CRC_SLICES) {
		uint32_t next = 0;

		crc ^= data[0] | (uint32_t)data[1] << 8 | (uint32_t)data[2] << 16 | (uint32_t)data[3] << 24;
		for (int i = 0; i < 4; i++)
			next ^= crc_table[7 - i][crc >> (8 * i) & 0xff] ^ crc_table[3 - i][data[4 + i]];
		crc = next;
	}
	while (n--)
		crc = crc >> 8 ^ crc_table[0][(crc ^ *data++) & 0xff];
	return crc;
}

uint32_t tw_spool_checksum(const uint8_t size[4], const uint8_t *data, size_t n)
{
	pthread_once(&crc_once, make_crc_table);
	return ~crc_add(crc_add(UINT32_MAX, size, 4), data, n);
}

int tw_spool_path(char path[PATH_MAX], const char *folder, uint64_t number)
{
	return tw_path(path, PATH_MAX, "%s/%016llx.seg", folder, (unsigned long long)number);
}

static bool number_of(const char *name, uint64_t *number)
{
	char *end;

	if (strlen(name) != NAME_DIGITS + 4 || strcmp(name + NAME_DIGITS, ".seg") != 0 ||
	    strspn(name, "0123456789abcdef") != NAME_DIGITS)
		return false;
	*number = strtoull(name, &end, 16);
	return *number != 0;
}

static int by_number(const void *a, const void *b)
{
	const struct tw_spool_segment *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

static int read_folder(DIR *folder, struct tw_spool_list *list)
{
	const struct dirent *entry;
	struct stat st;
	uint64_t number;

	while ((entry = readdir(folder))) {
		if (!number_of(entry->d_name, &number) || fstatat(dirfd(folder), entry->d_name, &st, 0) ||
		    !S_ISREG(st.st_mode))
			continue;
		if (list->n == TW_SPOOL_SEGMENTS_MAX)
			return -EFBIG;
		if ((list->n & (list->n - 1)) == 0) {
			size_t room = list->n ? 2 * list->n : 1;
			struct tw_spool_segment *grown = reallocarray(list->items, room, sizeof(*grown));

			if (!grown)
				return -ENOMEM;
			list->items = grown;
		}
		list->items[list->n++] = (struct tw_spool_segment){ number, (uint64_t)st.st_size };
	}
	return 0;
}

int tw_spool_list(const char *path, struct tw_spool_list *list)
{
	DIR *folder = opendir(path);
	int rc;

	*list = (struct tw_spool_list){ 0 };
	if (!folder)
		return errno == ENOENT ? 0 : -errno;
	rc = read_folder(folder, list);
	closedir(folder);
	if (rc) {
		free(list->items);
		*list = (struct tw_spool_list){ 0 };
		return rc;
	}
	if (list->n)
		qsort(list->items, list->n, sizeof(*list->items), by_number);
	return 0;
}

void tw_spool_put_header(uint8_t out[TW_SPOOL_HEADER], uint64_t number)
{
	memcpy(out, MAGIC, 8);
	for (int i = 0; i < 8; i++)
		out[8 + i] = (uint8_t)(number >> (56 - 8 * i));
}

int tw_spool_header_is(const uint8_t header[TW_SPOOL_HEADER], uint64_t number)
{
	uint8_t want[TW_SPOOL_HEADER];

	tw_spool_put_header(want, number);
	return memcmp(header, want, sizeof(want)) == 0;
}
