/* SPDX-License-Identifier: Apache-2.0 */
/*
 * central_fuzz.c - the controller's receiver of flow records under hostile hosts (controlplane/central/intake.h): whatever they push,
 *                  what is in the spool can be read, its records are as many as it says, and no host has more of it than half.
 *
 * Input    batches back to back: host and what exporters want (1), octets (2), batch; all of it also as an entry of the spool.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "common/spool.h"
#include "controlplane/central/intake.h"

enum { SPOOL = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/central_fuzz.XXXXXX";
static struct tw_intake *intake;
static struct tw_spool_reader *reader;
static uint64_t now = UINT64_C(1800000000000);

static void end(void)
{
	char command[64];

	tw_intake_destroy(intake);
	tw_spool_reader_destroy(reader);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command))
		abort();
}

static void begin(void)
{
	static struct tw_directory_host hosts[] = { { "a", 1 }, { "b", 2 } };
	static struct tw_directory_port ports[] = { { 1, 1 }, { 2, 2 } };
	static uint64_t macs[] = { 0x020000000001 };
	static const struct tw_directory directory = { 2, 2, 1, hosts, ports, macs };
	const struct tw_spool_limits limits = { .octets = SPOOL, .segment_octets = SPOOL / 8 };

	tw_log_init("fuzz", TW_LOG_ERROR);
	if (!mkdtemp(folder))
		abort();
	intake = tw_intake_create(folder, &limits, now);
	reader = tw_spool_reader_create(folder);
	if (!intake || !reader)
		abort();
	tw_intake_know(intake, &directory);
	atexit(end);
}

static uint64_t count(const struct tw_octets *octets)
{
	struct tw_batch_reader batch;
	struct tw_batch_head head;
	struct tw_flow_record record;
	uint64_t n = 0;

	if (octets->size == 0)
		return 0;
	if (tw_batch_open(&batch, octets->data, octets->size, &head))
		abort();
	while (tw_batch_next(&batch, &record) == 1)
		n++;
	return n;
}

static void read_back(void)
{
	struct tw_central_entry entry;
	const uint8_t *data;
	size_t size;

	while (tw_spool_reader_next(reader, &data, &size) == 1) {
		uint64_t n = 0;

		if (tw_entry_read(data, size, &entry))
			abort();
		for (int i = 0; i < TW_ENTRY_PASSED_MAX; i++)
			n += count(&entry.passed[i]);
		if (n != entry.n_passed)
			abort();
		count(&entry.held);
	}
}

static void look_at_shares(void)
{
	struct tw_intake_host hosts[4];
	size_t n = tw_intake_hosts(intake, hosts, 4);

	for (size_t i = 0; i < n && i < 4; i++)
		if (hosts[i].kept_octets > SPOOL / 2)
			abort();
}

static void read_entry(const uint8_t *data, size_t size)
{
	struct tw_central_entry entry;
	uint8_t *copy = malloc(size ? size : 1); /* of just its size, so that a read behind it is seen */

	memcpy(copy, data, size);
	tw_entry_read(copy, size, &entry);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!intake)
		begin();
	read_entry(data, size);
	while (size >= 3) {
		const char *host = data[0] & 1 ? "b" : data[0] & 2 ? "c" : "a";
		size_t n = (size_t)data[1] << 8 | data[2];

		if (n > size - 3)
			n = size - 3;
		tw_intake_want(intake, data[0] & 8 ? UINT64_C(1) << 32 : 0);
		tw_intake_push(intake, host, data, data[0] & 4 ? 16 * (size >= 16) : 4 * (size >= 4), data + 3, n, now);
		data += 3 + n;
		size -= 3 + n;
	}
	look_at_shares();
	now += 1000;
	tw_intake_tick(intake, tw_spool_reader_position(reader), now);
	read_back();
	return 0;
}
