/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slicefile.c - the slice on disk: "TWSLICE" and a format number, CRC-32 (IEEE 802.3) and size of what follows, both
 * big-endian, then one Envelope with the WatchReply.
 *
 * The checksum tells a torn or rotten file from one of another version; the codec's checks tell the rest.
 * Threads  the agent's one thread.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/slice.h"
#include "common/log.h"
#include "common/path.h"

#define TW_LOG_AREA "slice"

static const char magic[8] = { 'T', 'W', 'S', 'L', 'I', 'C', 'E', 1 };

struct header {
	char magic[8];
	uint32_t crc;  /* big-endian */
	uint32_t size; /* big-endian; octets after the header */
};
_Static_assert(sizeof(struct header) == 16, "the header has no padding");

static uint32_t crc32_of(const uint8_t *data, size_t size)
{
	uint32_t crc = UINT32_MAX;

	while (size--) {
		crc ^= *data++;
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (0xedb88320u & (0u - (crc & 1)));
	}
	return ~crc;
}

int tw_slice_save(const struct tw_slice *slice, const char *path)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	struct header header;
	uint8_t *file;
	size_t size;
	int rc;

	env.version = TW_PROTO_VERSION;
	env.body_case = TW__ENVELOPE__BODY_WATCH_REPLY;
	env.watch_reply = (Tw__WatchReply *)(uintptr_t)tw_slice_view(slice); /* only read */
	size = tw__envelope__get_packed_size(&env);
	if (size > TW_LINK_MAX_SIZE)
		return -EFBIG;
	file = malloc(sizeof(header) + size);
	if (!file)
		return -ENOMEM;
	tw__envelope__pack(&env, file + sizeof(header));
	memcpy(header.magic, magic, sizeof(magic));
	header.crc = htonl(crc32_of(file + sizeof(header), size));
	header.size = htonl((uint32_t)size);
	memcpy(file, &header, sizeof(header));
	rc = tw_write_file(path, file, sizeof(header) + size);
	free(file);
	return rc;
}

static bool check_header(const struct header *header, const uint8_t *body, size_t size, struct tw_error *err)
{
	if (memcmp(header->magic, magic, sizeof(magic) - 1) != 0)
		return tw_error_set(err, TW_E_MALFORMED, "slice.magic", "this is not a saved slice");
	if (header->magic[7] != magic[7])
		return tw_error_set(err, TW_E_VERSION, "slice.magic", "the file is of format %d, not %d",
				    header->magic[7], magic[7]);
	if (ntohl(header->size) != size)
		return tw_error_set(err, TW_E_MALFORMED, "slice.size", "the file has %zu octets of content, not %u",
				    size, ntohl(header->size));
	if (ntohl(header->crc) != crc32_of(body, size))
		return tw_error_set(err, TW_E_MALFORMED, "slice.crc", "the checksum does not fit the content");
	return true;
}

int tw_slice_parse(struct tw_slice *slice, const void *data, size_t size, struct tw_error *err)
{
	const uint8_t *body = (const uint8_t *)data + sizeof(struct header);
	Tw__Envelope *env = NULL;
	struct header header;
	bool changed;
	int rc;

	if (size < sizeof(header)) {
		tw_error_set(err, TW_E_MALFORMED, "slice", "the file is too short");
		return -EBADMSG;
	}
	memcpy(&header, data, sizeof(header));
	size -= sizeof(header);
	if (!check_header(&header, body, size, err))
		return -EBADMSG;
	rc = tw_link_decode(body, size, &env, err);
	if (rc)
		return rc == -ENOMEM ? rc : -EBADMSG;
	if (env->body_case != TW__ENVELOPE__BODY_WATCH_REPLY || !env->watch_reply->full) {
		tw_error_set(err, TW_E_UNEXPECTED, "slice.body", "the file does not hold a whole slice");
		rc = -EBADMSG;
	} else {
		rc = tw_slice_apply(slice, env->watch_reply, &changed, err);
	}
	tw__envelope__free_unpacked(env, NULL);
	return rc;
}

static void set_aside(const char *path, const struct tw_error *err)
{
	char bad[PATH_MAX];

	if (tw_path(bad, sizeof(bad), "%s.bad", path) || rename(path, bad))
		tw_log_error("a saved slice is refused and cannot be set aside path=%s field=%s error=%s", path,
			     err->field, err->text);
	else
		tw_log_error("a saved slice is refused and set aside path=%s field=%s error=%s", bad, err->field,
			     err->text);
}

int tw_slice_load(struct tw_slice *slice, const char *path, struct tw_error *err)
{
	void *data;
	size_t size;
	int rc = tw_read_file(path, TW_LINK_MAX_SIZE + sizeof(struct header), &data, &size);

	if (rc) {
		tw_error_set(err, TW_E_INTERNAL, "slice", "%s: %s", path, strerror(-rc));
		return rc;
	}
	rc = tw_slice_parse(slice, data, size, err);
	free(data);
	if (rc == -EBADMSG)
		set_aside(path, err);
	return rc;
}
