/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slice_fuzz.c - no slice.bin, and no change a controller could tell, makes the agent stumble: what is taken can be saved,
 * loaded and turned into a snapshot.
 *
 * The checksum would keep the fuzzer out, so the input is the file's content and the header is put before it; octet 0
 * chooses: 0 the input is a whole file, 1 a content, 2 an Envelope with a WatchReply that is told after a first slice.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/slice.h"
#include "agent/snapshot.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEADER_SIZE = 16 };

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

static void put32(uint8_t *out, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		out[i] = (uint8_t)(value >> (24 - 8 * i));
}

static int parse_content(struct tw_slice *slice, const uint8_t *data, size_t size)
{
	uint8_t *file = malloc(HEADER_SIZE + size);
	struct tw_error err = { 0 };
	int rc;

	if (!file)
		abort();
	memcpy(file, "TWSLICE\1", 8);
	put32(file + 8, crc32_of(data, size));
	put32(file + 12, (uint32_t)size);
	if (size)
		memcpy(file + HEADER_SIZE, data, size);
	rc = tw_slice_parse(slice, file, HEADER_SIZE + size, &err);
	if (rc && !err.code)
		abort(); /* refused without a reason */
	free(file);
	return rc;
}

static void tell(struct tw_slice *slice, const uint8_t *data, size_t size)
{
	struct tw_error err = { 0 };
	Tw__Envelope *env;
	bool changed;

	if (tw_link_decode(data, size, &env, &err))
		return;
	if (env->body_case == TW__ENVELOPE__BODY_WATCH_REPLY) {
		Tw__WatchReply first;

		tw__watch_reply__init(&first);
		first.full = true;
		first.epoch = env->watch_reply->epoch;
		if (tw_slice_apply(slice, &first, &changed, &err))
			abort();
		for (int i = 0; i < 2; i++) /* the second time it changes what the first has made */
			if (tw_slice_apply(slice, env->watch_reply, &changed, &err) && !err.code)
				abort();
	}
	tw__envelope__free_unpacked(env, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tw_slice *slice = tw_slice_create();
	struct tw_error err = { 0 };
	struct tw_snapshot *snapshot;

	if (!slice)
		abort();
	if (size > 0 && data[0] % 3 == 0)
		tw_slice_parse(slice, data + 1, size - 1, &err);
	else if (size > 0 && data[0] % 3 == 1)
		parse_content(slice, data + 1, size - 1);
	else if (size > 0)
		tell(slice, data + 1, size - 1);
	memset(&err, 0, sizeof(err));
	snapshot = tw_snapshot_build(tw_slice_view(slice), "a", "/run/tradewind", &err);
	if (!snapshot && !err.code)
		abort();
	tw_snapshot_destroy(snapshot);
	tw_slice_destroy(slice);
	return 0;
}
