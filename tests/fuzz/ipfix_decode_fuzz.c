/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ipfix_decode_fuzz.c - messages from anyone: the test decoder gives them up or reads them, and never reads past them.
 *
 * Input    messages back to back, each as long as its header says (what ipfix-dump reads from standard input).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/ipfix_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void show(const struct ipfix_record *record, void *context)
{
	char text[IPFIX_TEXT_MAX];
	bool is_number;

	for (unsigned i = 0; i < record->n_values; i++) {
		ipfix_value_format(&record->values[i], text, &is_number);
		if (strlen(text) >= sizeof(text))
			abort();
	}
}

/* A copy of just its size, so that a read behind it is seen. */
static void decode_copy(struct ipfix_decoder *d, const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	if (ipfix_decode(d, copy, size, show, NULL) && !*ipfix_decoder_error(d))
		abort(); /* an error has a sentence */
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ipfix_decoder *d = ipfix_decoder_create();

	if (!d)
		abort();
	while (size >= 4) {
		size_t length = (size_t)data[2] << 8 | data[3];

		if (length < 4 || length > size)
			length = size;
		decode_copy(d, data, length);
		data += length;
		size -= length;
	}
	decode_copy(d, data, size);
	ipfix_decoder_destroy(d);
	return 0;
}
