/* SPDX-License-Identifier: Apache-2.0 */
/*
 * envelope_fuzz.c - any octets as a message: refused with an error that can be shown, or read; and what was read is
 * written and read again as the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <nanomsg/nn.h>

#include "proto/link/check_value.h"
#include "proto/link/link.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(int claim)
{
	if (!claim)
		abort();
}

static void require_error(const struct tw_error *err)
{
	require(err->code && *err->text && *tw_error_text(err->code));
	require(memchr(err->text, '\0', sizeof(err->text)) && memchr(err->field, '\0', sizeof(err->field)));
	for (const char *c = err->field; *c; c += tw_char_size(c))
		require(tw_char_size(c) > 0);
	for (const char *c = err->text; *c; c += tw_char_size(c))
		require(tw_char_size(c) > 0);
}

/* Read what was written; the same octets must come out of it. */
static void require_same(const void *data, size_t size)
{
	struct tw_error err = { 0 };
	Tw__Envelope *env;
	size_t again_size;
	void *again;

	require(tw_link_decode(data, size, &env, &err) == 0);
	again = tw_link_encode(env, &again_size);
	require(again && again_size == size && memcmp(again, data, size) == 0);
	nn_freemsg(again);
	tw__envelope__free_unpacked(env, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tw_error err = { 0 };
	Tw__Envelope *env;
	size_t written_size;
	void *written;

	if (tw_link_decode(data, size, &env, &err)) {
		require_error(&err);
		return 0;
	}
	written = tw_link_encode(env, &written_size);
	require(written != NULL);
	require_same(written, written_size);
	nn_freemsg(written);
	tw__envelope__free_unpacked(env, NULL);
	return 0;
}
