/* SPDX-License-Identifier: Apache-2.0 */
/*
 * records.c - flow records from the spool to the controller; see records.h.
 *
 * Threads  the agent's one thread.
 * Owns     the reading end of the spool, one link client, the batches of the open push.
 */
#include "agent/records.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "agent/calls.h"
#include "common/clock.h"
#include "common/path.h"
#include "common/spool.h"
#include "proto/link/address.h"

#define TW_LOG_AREA "records"
#include "common/log.h"

enum {
	BATCHES_MAX = 64,
	CREDIT_FIRST = 64 << 10, /* until the controller says otherwise */
	CREDIT_MAX = 1 << 20,    /* whatever it says */
	LOOK_MS = 100,           /* for records, when there were none */
	RETRY_MS = 1000,
	TIMEOUT_MS = 10000,
	RATE = 32 << 10, /* octets a millisecond: some 500,000 records a second */
};

struct tw_records {
	struct event_base *base;
	char folder[PATH_MAX], url[PATH_MAX];
	char *host;
	Tw__RecordSpool spool;
	struct tw_spool_reader *reader;
	struct tw_link_client *client;
	struct event *later;
	uint8_t address[16];
	size_t address_size; /* 0 = not known */
	size_t credit;
	bool refused; /* so that a trouble is one line */
	/* the open push */
	size_t n;
	ProtobufCBinaryData batches[BATCHES_MAX];
	struct tw_spool_position starts[BATCHES_MAX + 1];
};

static void schedule(struct tw_records *records, unsigned ms)
{
	const struct timeval tv = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };

	event_add(records->later, &tv);
}

static void forget_batches(struct tw_records *records)
{
	for (size_t i = 0; i < records->n; i++)
		free(records->batches[i].data);
	records->n = 0;
}

static bool keep_batch(struct tw_records *records, const uint8_t *data, size_t size)
{
	ProtobufCBinaryData *batch = &records->batches[records->n];

	batch->data = malloc(size);
	if (!batch->data)
		return false;
	memcpy(batch->data, data, size);
	batch->len = size;
	records->n++;
	return true;
}

/* As much as may be sent. @return its octets */
static size_t gather(struct tw_records *records)
{
	const uint8_t *data;
	size_t size, total = 0;

	forget_batches(records);
	while (records->n < BATCHES_MAX && (total == 0 || total < records->credit)) {
		records->starts[records->n] = tw_spool_reader_position(records->reader);
		if (tw_spool_reader_next(records->reader, &data, &size) != 1)
			break;
		if ((total && total + size > records->credit) || !keep_batch(records, data, size)) {
			tw_spool_reader_seek(records->reader, records->starts[records->n]);
			break;
		}
		total += size;
	}
	records->starts[records->n] = tw_spool_reader_position(records->reader);
	return total;
}

static void on_taken(struct tw_records *records, const Tw__PushRecordsReply *reply)
{
	size_t taken = reply->taken < records->n ? reply->taken : records->n, sent = 0;
	unsigned wait = reply->wait_ms;

	for (size_t i = 0; i < taken; i++)
		sent += records->batches[i].len;
	if (taken < records->n)
		tw_spool_reader_seek(records->reader, records->starts[taken]);
	tw_spool_release(records->folder, records->starts[taken]);
	forget_batches(records);
	records->credit = reply->credit < CREDIT_MAX ? reply->credit : CREDIT_MAX;
	if (wait < sent / RATE)
		wait = (unsigned)(sent / RATE);
	schedule(records, wait);
}

static void push_done(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	struct tw_records *records = arg;
	struct tw_error why = { 0 };

	if (tw_calls_reply_is(reply, err, TW__ENVELOPE__BODY_PUSH_RECORDS_REPLY, &why)) {
		if (records->refused)
			tw_log_info("the controller takes flow records again");
		records->refused = false;
		on_taken(records, reply->push_records_reply);
		return;
	}
	if (!records->refused)
		tw_log_warning("the controller does not take flow records, they wait url=%s code=%u error=%s",
			       records->url, why.code, why.text);
	records->refused = true;
	tw_spool_reader_seek(records->reader, records->starts[0]);
	forget_batches(records);
	records->credit = CREDIT_FIRST;
	schedule(records, RETRY_MS);
}

static void go_on(evutil_socket_t fd, short what, void *arg)
{
	struct tw_records *records = arg;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__PushRecords msg;

	if (gather(records) == 0) {
		schedule(records, LOOK_MS);
		return;
	}
	if (!records->address_size) /* it may not have had one when the agent started */
		records->address_size = tw_link_own_address(records->url, records->address);
	tw__push_records__init(&msg);
	msg.host = records->host;
	msg.address.data = records->address;
	msg.address.len = records->address_size;
	msg.batches = records->batches;
	msg.n_batches = records->n;
	msg.waiting_octets = tw_spool_measure(records->folder);
	env.body_case = TW__ENVELOPE__BODY_PUSH_RECORDS;
	env.push_records = &msg;
	if (tw_link_call_async(records->client, &env, TIMEOUT_MS, push_done, records)) {
		tw_spool_reader_seek(records->reader, records->starts[0]);
		schedule(records, RETRY_MS);
	}
}

static bool begin(struct tw_records *records, const struct tw_records_config *config)
{
	char state_dir[PATH_MAX]; /* the switch has another working directory */
	int rc = realpath(config->state_dir, state_dir) ? 0 : -errno;

	rc = rc ? rc : tw_path(records->folder, sizeof(records->folder), "%s/records", state_dir);

	if (!rc && config->url)
		rc = tw_path(records->url, sizeof(records->url), "%s", config->url);
	else if (!rc)
		rc = tw_link_records_url(config->controller, records->url, sizeof(records->url));
	if (rc) {
		tw_log_error("there is no way for flow records from controller=%s state_dir=%s error=\"%s\"",
			     config->controller, config->state_dir, strerror(-rc));
		return false;
	}
	tw__record_spool__init(&records->spool);
	records->spool.folder = records->folder;
	records->spool.max_octets = config->max_octets;
	records->spool.max_age_ms = config->max_age_ms;
	records->credit = CREDIT_FIRST;
	records->host = strdup(config->host);
	records->reader = tw_spool_reader_create(records->folder);
	records->client = tw_link_client_create(records->base, records->url);
	records->later = evtimer_new(records->base, go_on, records);
	return records->host && records->reader && records->client && records->later;
}

struct tw_records *tw_records_create(struct event_base *base, const struct tw_records_config *config)
{
	struct tw_records *records = calloc(1, sizeof(*records));

	if (!records)
		return NULL;
	records->base = base;
	if (!begin(records, config)) {
		tw_records_destroy(records);
		return NULL;
	}
	schedule(records, 0);
	return records;
}

void tw_records_destroy(struct tw_records *records)
{
	if (!records)
		return;
	forget_batches(records);
	if (records->client)
		tw_link_client_destroy(records->client);
	if (records->later)
		event_free(records->later);
	tw_spool_reader_destroy(records->reader);
	free(records->host);
	free(records);
}

Tw__RecordSpool *tw_records_spool(struct tw_records *records)
{
	return &records->spool;
}
