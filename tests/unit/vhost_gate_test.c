/* SPDX-License-Identifier: Apache-2.0 */
/* vhost_gate_test.c - which messages of a front-end rte_vhost may have, and in which order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/vhost_gate.h"

enum { ENABLE = 18, NEED_REPLY = 8 };

static struct tw_gate gate;

static int setup(void **state)
{
	memset(&gate, 0, sizeof(gate));
	return 0;
}

static const char *state_of(uint32_t request, uint32_t index, uint32_t num)
{
	struct tw_gate_message m = { .request = request, .size = 8, .state = { index, num } };

	return tw_gate_check(&gate, &m);
}

static const char *number(uint32_t request, uint64_t value)
{
	struct tw_gate_message m = { .request = request, .size = 8, .u64 = value };

	return tw_gate_check(&gate, &m);
}

static const char *addresses(uint32_t ring)
{
	struct tw_gate_message m = { .request = TW_GATE_SET_VRING_ADDR, .size = 40, .addr = { .index = ring } };

	return tw_gate_check(&gate, &m);
}

/* As QEMU and virtio_user do. */
static void start(uint32_t ring, uint32_t size, uint32_t base)
{
	assert_null(state_of(TW_GATE_SET_VRING_NUM, ring, size));
	assert_null(state_of(TW_GATE_SET_VRING_BASE, ring, base));
	assert_null(addresses(ring));
	assert_null(number(TW_GATE_SET_VRING_KICK, ring));
	assert_null(number(TW_GATE_SET_VRING_CALL, ring));
	assert_null(state_of(ENABLE, ring, 1));
}

static void a_device_starts_stops_and_starts_with_other_rings(void **state)
{
	assert_null(number(TW_GATE_SET_FEATURES, 0));
	for (uint32_t ring = 0; ring < TW_GATE_RINGS; ring++)
		start(ring, 256, 65535);
	for (uint32_t ring = 0; ring < TW_GATE_RINGS; ring++)
		assert_null(state_of(TW_GATE_GET_VRING_BASE, ring, 0));
	assert_null(number(TW_GATE_SET_FEATURES, UINT64_C(1) << 34));
	for (uint32_t ring = 0; ring < TW_GATE_RINGS; ring++)
		start(ring, 300, 299 | 1 << 15);
}

static void a_ring_has_a_size_that_can_be(void **state)
{
	static const uint32_t wrong[] = { 0, 3, 300, 8192, 65536, 1u << 31 };

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_non_null(state_of(TW_GATE_SET_VRING_NUM, 0, wrong[i]));
	assert_null(state_of(TW_GATE_SET_VRING_NUM, 0, TW_GATE_RING_MAX));
	assert_null(state_of(TW_GATE_SET_VRING_NUM, 0, 1));
	assert_non_null(state_of(TW_GATE_SET_VRING_NUM, 2 * TW_QUEUES_MAX, 2048)); /* not served: not much for it */
	assert_null(state_of(TW_GATE_SET_VRING_NUM, 2 * TW_QUEUES_MAX, 1024));
}

static void a_ring_beyond_the_last_there_can_be_is_refused(void **state)
{
	assert_non_null(state_of(TW_GATE_SET_VRING_NUM, TW_GATE_RINGS, 256));
	assert_non_null(state_of(TW_GATE_GET_VRING_BASE, UINT32_MAX, 0));
	assert_non_null(state_of(ENABLE, TW_GATE_RINGS, 1));
	assert_non_null(addresses(TW_GATE_RINGS));
}

static void a_ring_in_use_keeps_its_size(void **state)
{
	start(0, 256, 0);
	assert_non_null(state_of(TW_GATE_SET_VRING_NUM, 0, 512));
	assert_null(state_of(TW_GATE_SET_VRING_NUM, 1, 512)); /* another one */
	assert_null(state_of(TW_GATE_GET_VRING_BASE, 0, 0));
	assert_null(state_of(TW_GATE_SET_VRING_NUM, 0, 512));
}

static void nothing_starts_without_size_and_addresses(void **state)
{
	assert_non_null(number(TW_GATE_SET_VRING_KICK, 0));
	assert_non_null(addresses(0));
	assert_non_null(state_of(TW_GATE_SET_VRING_BASE, 0, 0));
	assert_null(state_of(TW_GATE_SET_VRING_NUM, 0, 256));
	assert_non_null(number(TW_GATE_SET_VRING_KICK, 0));
	assert_null(addresses(0));
	assert_null(number(TW_GATE_SET_VRING_KICK, 0));
	assert_null(state_of(TW_GATE_GET_VRING_BASE, 0, 0)); /* its tables are gone */
	assert_non_null(number(TW_GATE_SET_VRING_KICK, 0));
	start(0, 256, 0);
	assert_null(number(TW_GATE_RESET_OWNER, 0));
	assert_non_null(number(TW_GATE_SET_VRING_KICK, 0));
}

static void a_packed_ring_begins_within_itself(void **state)
{
	assert_null(number(TW_GATE_SET_FEATURES, UINT64_C(1) << 34));
	assert_null(state_of(TW_GATE_SET_VRING_NUM, 0, 256));
	assert_non_null(state_of(TW_GATE_SET_VRING_BASE, 0, 256));
	assert_null(state_of(TW_GATE_SET_VRING_BASE, 0, 255));
	assert_null(state_of(TW_GATE_SET_VRING_NUM, 0, 16)); /* where 255 is beyond */
	assert_null(addresses(0));
	assert_non_null(number(TW_GATE_SET_VRING_KICK, 0));
}

static void rings_do_not_change_their_kind_behind_their_set_up(void **state)
{
	assert_null(state_of(TW_GATE_SET_VRING_NUM, 5, 256));
	assert_null(number(TW_GATE_SET_FEATURES, 1));
	assert_non_null(number(TW_GATE_SET_FEATURES, UINT64_C(1) << 34));
}

static void what_was_not_offered_is_refused_or_made_harmless(void **state)
{
	struct tw_gate_message m = { .request = TW_GATE_SET_INFLIGHT_FD,
				     .flags = NEED_REPLY | 1,
				     .size = 20,
				     .inflight = { UINT64_MAX, 4097, 65535, 65535 } };

	for (uint32_t request = 22; request <= 31; request++)
		if (request != 23)
			assert_non_null(number(request, 0));
	assert_null(tw_gate_check(&gate, &m));
	assert_int_equal(m.inflight.num_queues, 0);
	assert_int_equal(m.inflight.mmap_size, 4096);
	assert_int_equal(m.inflight.mmap_offset, 0);
	assert_int_equal(m.flags, 1); /* an error is the end: no reply instead of it */
}

static void a_message_is_as_long_as_its_kind(void **state)
{
	static const uint32_t requests[] = { 2, 5, 6, 8, 9, 10, 11, 12, 13, 14, 16, 18, 19, 20, 32 };

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		struct tw_gate_message m = { .request = requests[i], .size = 7 };

		assert_non_null(tw_gate_check(&gate, &m));
	}
	for (uint32_t size = 40; size < 72; size += 8) {
		struct tw_gate_message m = { .request = TW_GATE_SET_MEM_TABLE, .size = size, .memory = { 2, 0 } };

		assert_non_null(tw_gate_check(&gate, &m));
	}
}

static const char *iotlb(uint8_t type, uint64_t iova, uint64_t size, uint64_t user)
{
	struct tw_gate_message m = { .request = TW_GATE_IOTLB, .size = 32, .iotlb = { iova, size, user, 3, type } };

	return tw_gate_check(&gate, &m);
}

static const char *channel(void)
{
	struct tw_gate_message m = { .request = TW_GATE_SET_BACKEND_FD };

	return tw_gate_check(&gate, &m);
}

static void an_iommu_is_for_ports_that_may_have_one(void **state)
{
	static struct tw_iotlb table;
	struct tw_gate_message memory = { .request = TW_GATE_SET_MEM_TABLE,
					  .size = 40,
					  .memory = { 1, 0, { { 0, 1 << 20, 1 << 30, 0 } } } };

	assert_null(number(TW_GATE_SET_FEATURES, UINT64_C(1) << 33)); /* rte_vhost says no itself */
	assert_non_null(channel());
	assert_non_null(iotlb(TW_IOTLB_UPDATE, 0, 4096, 1 << 30));
	memset(&gate, 0, sizeof(gate));
	gate.iotlb = &table;
	assert_null(tw_gate_check(&gate, &memory));
	assert_non_null(iotlb(TW_IOTLB_UPDATE, 0, 4096, 1 << 30)); /* not negotiated */
	assert_null(number(TW_GATE_SET_FEATURES, UINT64_C(1) << 33));
	assert_null(state_of(TW_GATE_SET_VRING_NUM, 0, 256));
	assert_null(addresses(0));
	assert_non_null(number(TW_GATE_SET_VRING_KICK, 0)); /* nobody to ask */
	assert_null(channel());
	assert_non_null(channel());
	assert_null(number(TW_GATE_SET_VRING_KICK, 0));
	assert_null(iotlb(TW_IOTLB_UPDATE, 0, 4096, 1 << 30));
	assert_non_null(iotlb(TW_IOTLB_UPDATE, 0, 4096, 1));
	memory.memory.n_regions = 9;
	memory.size = 8 + 9 * 32;
	assert_non_null(tw_gate_check(&gate, &memory));
}

static void an_answer_is_owed_once_the_message_is_handled(void **state)
{
	static struct tw_iotlb table;
	struct tw_gate_message m = { .request = TW_GATE_SET_FEATURES, .flags = NEED_REPLY | 1, .size = 8 };

	assert_null(tw_gate_check(&gate, &m));
	tw_gate_handled(&gate, &m);
	assert_int_equal(m.flags, 1); /* not offered */
	gate.iotlb = &table;
	m.flags |= NEED_REPLY;
	assert_null(tw_gate_check(&gate, &m));
	assert_int_equal(m.flags, 1);
	tw_gate_handled(&gate, &m);
	assert_int_equal(m.flags, NEED_REPLY | 1);
	m.request = 17; /* GET_QUEUE_NUM has an answer of its own */
	assert_null(tw_gate_check(&gate, &m));
	tw_gate_handled(&gate, &m);
	assert_int_equal(m.flags, 1);
}

#define T(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_device_starts_stops_and_starts_with_other_rings),
		T(a_ring_has_a_size_that_can_be),
		T(a_ring_beyond_the_last_there_can_be_is_refused),
		T(a_ring_in_use_keeps_its_size),
		T(nothing_starts_without_size_and_addresses),
		T(a_packed_ring_begins_within_itself),
		T(rings_do_not_change_their_kind_behind_their_set_up),
		T(what_was_not_offered_is_refused_or_made_harmless),
		T(a_message_is_as_long_as_its_kind),
		T(an_iommu_is_for_ports_that_may_have_one),
		T(an_answer_is_owed_once_the_message_is_handled),
	};

	return cmocka_run_group_tests_name("vhost_gate", tests, NULL, NULL);
}
