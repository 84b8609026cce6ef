/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring_position_test.c - a device's position is read from a packed ring, whatever driver and device have done before.
 *
 * The ring is played as virtio 1.2 section 2.8 has it, by a driver and a device that know their own positions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/ring_position.h"

enum { SIZE = 8, AVAIL = 1 << VRING_PACKED_DESC_F_AVAIL, USED = 1 << VRING_PACKED_DESC_F_USED };

struct side {
	uint32_t at, size;
	bool wrap;
};

static struct vring_packed_desc ring[256];
static struct side driver, device;
static uint32_t outstanding;

static void begin(uint32_t size)
{
	memset(ring, 0, sizeof(ring));
	driver = device = (struct side){ .size = size, .wrap = true };
	outstanding = 0;
}

static void step(struct side *s)
{
	if (++s->at == s->size) {
		s->at = 0;
		s->wrap = !s->wrap;
	}
}

static void offer(uint32_t n)
{
	for (; n > 0 && outstanding < driver.size; n--, outstanding++) {
		ring[driver.at].flags = (uint16_t)((driver.wrap ? AVAIL : USED) | (rand() & 3)); /* NEXT, WRITE */
		step(&driver);
	}
}

static void use(uint32_t n)
{
	for (; n > 0 && outstanding > 0; n--, outstanding--) {
		ring[device.at].flags = device.wrap ? AVAIL | USED : 0;
		step(&device);
	}
}

static void found(void)
{
	uint16_t base = 0x1234;

	assert_int_equal(tw_ring_position(ring, device.size, &base), 0);
	assert_int_equal(base & ~TW_RING_WRAP, device.at);
	assert_int_equal(!!(base & TW_RING_WRAP), device.wrap);
}

static void a_ring_nobody_has_used_begins_at_its_beginning(void **state)
{
	begin(SIZE);
	found();
	offer(3);
	found();
	offer(SIZE);
	found();
}

static void a_ring_that_is_all_used_goes_on_where_the_driver_will(void **state)
{
	begin(SIZE);
	for (unsigned i = 0; i < 5 * SIZE; i++) {
		offer(1);
		use(1);
		found();
	}
}

static void every_position_is_found_in_every_lap(void **state)
{
	for (uint32_t size = 1; size <= 17; size++) {
		begin(size);
		for (unsigned i = 0; i < 4000; i++) {
			offer((uint32_t)rand() % (size + 1));
			found();
			use((uint32_t)rand() % (size + 1));
			found();
		}
	}
}

static void a_pattern_that_no_device_in_order_leaves_is_refused(void **state)
{
	uint16_t base = 7;

	begin(SIZE);
	offer(5);
	use(2);
	ring[3].flags = AVAIL | USED; /* out of order */
	assert_int_equal(tw_ring_position(ring, SIZE, &base), -22);
	begin(SIZE);
	offer(SIZE);
	use(4);
	offer(3);
	ring[1].flags = 0; /* used in the next lap, before those of this one */
	assert_int_equal(tw_ring_position(ring, SIZE, &base), -22);
	begin(SIZE);
	offer(5);
	ring[6].flags = AVAIL; /* seen while the driver went on */
	assert_int_equal(tw_ring_position(ring, SIZE, &base), -11);
	assert_int_equal(base, 7);
}

/* Whatever a guest writes: an answer, and one that lies in the ring. */
static void noise_gives_no_position_outside_the_ring(void **state)
{
	uint16_t base;

	for (unsigned i = 0; i < 200000; i++) {
		uint32_t size = (uint32_t)rand() % SIZE + 1;

		for (uint32_t d = 0; d < size; d++)
			ring[d].flags = (uint16_t)rand();
		if (tw_ring_position(ring, size, &base) == 0)
			assert_true((base & ~TW_RING_WRAP) < (int)size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ring_nobody_has_used_begins_at_its_beginning),
		cmocka_unit_test(a_ring_that_is_all_used_goes_on_where_the_driver_will),
		cmocka_unit_test(every_position_is_found_in_every_lap),
		cmocka_unit_test(a_pattern_that_no_device_in_order_leaves_is_refused),
		cmocka_unit_test(noise_gives_no_position_outside_the_ring),
	};

	srand(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
