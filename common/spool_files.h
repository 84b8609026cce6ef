/* SPDX-License-Identifier: Apache-2.0 */
/* spool_files.h - the files of a spool, as its writer (spool.c) and reader (spool_read.c) both see them; see spool.h. */
#ifndef TW_COMMON_SPOOL_FILES_H
#define TW_COMMON_SPOOL_FILES_H

#include <limits.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TW_SPOOL_HEADER = 16,      /* octets of a segment's header: magic, number */
	TW_SPOOL_ENTRY_HEADER = 8, /* of an entry's: size and checksum, most significant octet first */
	TW_SPOOL_SEGMENTS_MAX = 16384,
};

struct tw_spool_segment {
	uint64_t number;
	uint64_t octets;
};

struct tw_spool_list {
	size_t n;
	struct tw_spool_segment *items; /* ascending; free() it */
};

/** What is there. @return 0 (also if the folder is not), -errno */
int tw_spool_list(const char *folder, struct tw_spool_list *list);

/** @return 0 or -ENAMETOOLONG */
int tw_spool_path(char path[PATH_MAX], const char *folder, uint64_t number);

/** CRC-32C (RFC 3720 appendix B.4) of the size, as it stands in the header, and the data. */
uint32_t tw_spool_checksum(const uint8_t size[4], const uint8_t *data, size_t n);

void tw_spool_put_header(uint8_t out[TW_SPOOL_HEADER], uint64_t number);
/** Is it the header of this segment? */
int tw_spool_header_is(const uint8_t header[TW_SPOOL_HEADER], uint64_t number);

#endif
