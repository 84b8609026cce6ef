/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard_fuzz.c - any bytes as a guest's frame before every guard; what passes is read again the plain way and must be true.
 *
 * First octet: the guards that are on. The frame is a heap copy of its exact size, so that ASan sees one octet too far.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/guard.h"
#include "dataplane/parse.h"

static struct tw_slot port = { .mac = { 2, 0, 0, 0, 0, 1 } };

static void set_up(void)
{
	struct tw_addresses *a = calloc(1, sizeof(*a) + 2 * sizeof(a->prefix[0]));

	if (!a || !tw_prefix_parse("10.0.0.1", &a->prefix[0]) || !tw_prefix_parse("2001:db8::/64", &a->prefix[1]))
		abort();
	a->n = 2;
	port.addresses = a;
}

static void hold(bool claim)
{
	if (!claim)
		abort();
}

static void what_passes_is_true(const uint8_t *f, size_t n, const struct tw_meta *meta)
{
	static const uint8_t own[4] = { 10, 0, 0, 1 }, zero[4];
	unsigned type = (unsigned)f[meta->l2_len - 2] << 8 | f[meta->l2_len - 1];
	const uint8_t *p = f + meta->l2_len;

	if (type == 0x0806 && port.guards & TW_GUARD_ARP) {
		hold(n >= meta->l2_len + 28u && memcmp(p + 8, port.mac, 6) == 0);
		hold(memcmp(p + 14, own, 4) == 0 || memcmp(p + 14, zero, 4) == 0);
	}
	if (type == 0x0800 && port.guards & TW_GUARD_SOURCE)
		hold(n >= meta->l2_len + 20u && (memcmp(p + 12, own, 4) == 0 || memcmp(p + 12, zero, 4) == 0));
	if (type == 0x86dd && n > meta->l2_len + 40u && p[0] >> 4 == 6 && p[6] == 58 && port.guards & TW_GUARD_RA)
		hold(p[40] != 134 && p[40] != 137);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n = size ? size - 1 : 0;
	bool inspect = false;
	enum tw_drop reason;
	struct tw_meta meta;
	struct tw_key key;
	uint8_t *frame;

	if (!port.addresses)
		set_up();
	if (n == 0)
		return 0;
	frame = malloc(n);
	memcpy(frame, data + 1, n);
	port.guards = data[0] & 0x7f;
	if (tw_parse(frame, (uint32_t)n, (uint32_t)n, 0, &key, &meta)) {
		reason = tw_guard_judge(&port, &key, &inspect);
		if (reason == TW_DROPS && inspect)
			reason = tw_guard_inspect(&port, &key, frame, (uint32_t)n, meta.l2_len);
		if (reason > TW_DROPS)
			abort();
		if (reason == TW_DROPS)
			what_passes_is_true(frame, n, &meta);
	}
	free(frame);
	return 0;
}
