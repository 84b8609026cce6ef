/* SPDX-License-Identifier: Apache-2.0 */
/* entry.c - entries of the controller's spool to octets and back; see entry.h. Pure. */
#include "controlplane/central/entry.h"

#include <errno.h>
#include <string.h>

#include "flowexport/wire.h"

enum {
	VERSION = 1,
	N_NUMBERS = 13, /* of 8 octets */
	FIXED = 1 + 8 * N_NUMBERS + 4 + 4 + 1 + 16 + TW_ENTRY_HOST_SIZE,
};

static uint8_t *put_totals(uint8_t *at, const struct tw_record_totals *t)
{
	at = tw_put_uint(at, t->records, 8);
	at = tw_put_uint(at, t->packets, 8);
	at = tw_put_uint(at, t->octets, 8);
	at = tw_put_uint(at, t->ignored_packets, 8);
	return tw_put_uint(at, t->ignored_octets, 8);
}

static uint8_t *put_octets(uint8_t *at, struct tw_octets octets)
{
	at = tw_put_uint(at, octets.size, 4);
	if (octets.size)
		memcpy(at, octets.data, octets.size);
	return at + octets.size;
}

size_t tw_entry_write(uint8_t *out, size_t room, const struct tw_central_entry *e)
{
	size_t need = FIXED + 4 + e->held.size;
	uint8_t *at = out;

	for (int i = 0; i < TW_ENTRY_PASSED_MAX; i++)
		need += 4 + e->passed[i].size;
	if (need > room)
		return 0;
	*at++ = VERSION;
	at = tw_put_uint(at, e->ordinal, 8);
	at = tw_put_uint(at, e->epoch, 8);
	at = tw_put_uint(at, e->sequence, 8);
	at = put_totals(at, &e->after);
	at = put_totals(at, &e->lost);
	at = tw_put_uint(at, e->n_passed, 4);
	at = tw_put_uint(at, e->origin.domain, 4);
	at = tw_put_uint(at, e->origin.kind, 1);
	at = tw_put_octets(at, e->origin.address, sizeof(e->origin.address));
	at = tw_put_text(at, e->host, TW_ENTRY_HOST_SIZE);
	at = put_octets(at, e->held);
	for (int i = 0; i < TW_ENTRY_PASSED_MAX; i++)
		at = put_octets(at, e->passed[i]);
	return (size_t)(at - out);
}

static const uint8_t *get_uint(const uint8_t *at, size_t width, uint64_t *value)
{
	*value = 0;
	for (size_t i = 0; i < width; i++)
		*value = *value << 8 | at[i];
	return at + width;
}

static const uint8_t *get_totals(const uint8_t *at, struct tw_record_totals *t)
{
	at = get_uint(at, 8, &t->records);
	at = get_uint(at, 8, &t->packets);
	at = get_uint(at, 8, &t->octets);
	at = get_uint(at, 8, &t->ignored_packets);
	return get_uint(at, 8, &t->ignored_octets);
}

/* @return the octet behind, NULL if it is cut */
static const uint8_t *get_octets(const uint8_t *at, const uint8_t *end, struct tw_octets *octets)
{
	uint64_t size;

	if (!at || end - at < 4)
		return NULL;
	at = get_uint(at, 4, &size);
	if (size > (uint64_t)(end - at))
		return NULL;
	*octets = (struct tw_octets){ at, size };
	return at + size;
}

int tw_entry_read(const uint8_t *data, size_t size, struct tw_central_entry *e)
{
	const uint8_t *at = data + 1, *end = data + size;
	uint64_t n_passed, domain, kind;

	if (size < FIXED || data[0] != VERSION)
		return -EBADMSG;
	at = get_uint(at, 8, &e->ordinal);
	at = get_uint(at, 8, &e->epoch);
	at = get_uint(at, 8, &e->sequence);
	at = get_totals(at, &e->after);
	at = get_totals(at, &e->lost);
	at = get_uint(at, 4, &n_passed);
	at = get_uint(at, 4, &domain);
	at = get_uint(at, 1, &kind);
	memcpy(e->origin.address, at, sizeof(e->origin.address));
	at += sizeof(e->origin.address);
	memcpy(e->host, at, TW_ENTRY_HOST_SIZE);
	at = get_octets(at + TW_ENTRY_HOST_SIZE, end, &e->held);
	for (int i = 0; i < TW_ENTRY_PASSED_MAX; i++)
		at = get_octets(at, end, &e->passed[i]);
	e->n_passed = (uint32_t)n_passed;
	e->origin.domain = (uint32_t)domain;
	e->origin.kind = (enum tw_flow_origin_kind)kind;
	if (at != end || kind >= TW_ORIGIN_KINDS || e->host[TW_ENTRY_HOST_SIZE - 1] ||
	    n_passed > TW_ENTRY_PASSED_MAX * TW_BATCH_RECORDS_MAX)
		return -EBADMSG;
	return 0;
}
