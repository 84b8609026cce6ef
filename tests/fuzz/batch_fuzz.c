/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch_fuzz.c - batches of flow records from anyone (flowexport/batch.h): read or refused, never read beyond; what was read
 *                comes back the same when it is written and read again, and any exporter can say it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "flowexport/batch.h"
#include "flowexport/encode.h"
#include "flowexport/netflow5.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void say(const struct tw_flow_record *record)
{
	static struct tw_message message;

	for (int format = TW_FORMAT_IPFIX; format <= TW_FORMAT_V9; format++) {
		tw_message_begin(&message, (enum tw_flow_format)format, TW_MESSAGE_MIN);
		if (!tw_encode_flow(&message, record, tw_flow_class_of(record), tw_flow_variant_of(record, false),
				    &tw_flow_names_none, 1))
			abort();
	}
}

static void again(const struct tw_flow_record *record, const struct tw_batch_head *head)
{
	static struct tw_batch batch;
	struct tw_batch_reader reader;
	struct tw_batch_head head_again;
	struct tw_flow_record record_again;

	tw_batch_begin(&batch);
	if (!tw_batch_add(&batch, record))
		abort();
	tw_batch_finish(&batch, head);
	if (tw_batch_open(&reader, batch.octet, batch.size, &head_again) ||
	    memcmp(&head_again, head, sizeof(*head)) != 0 || tw_batch_next(&reader, &record_again) != 1 ||
	    memcmp(&record_again, record, sizeof(*record)) != 0 || tw_batch_next(&reader, &record_again) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size ? size : 1); /* of just its size, so that a read behind it is seen */
	struct tw_batch_reader reader;
	struct tw_batch_head head;
	struct tw_flow_record record;

	if (!copy)
		abort();
	memcpy(copy, data, size);
	if (tw_batch_open(&reader, copy, size, &head) == 0) {
		while (tw_batch_next(&reader, &record) == 1) {
			say(&record);
			again(&record, &head);
		}
	}
	free(copy);
	return 0;
}
