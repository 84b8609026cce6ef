/* SPDX-License-Identifier: Apache-2.0 */
/* ring_position.c - where a device stood in a packed ring; see ring_position.h. Pure. */
#include "dataplane/ring_position.h"

#include <errno.h>
#include <stdbool.h>

/* Descriptors of one lap in a row: first those that are used, then those that are available. */
struct part {
	uint32_t first, end; /* of the part */
	uint32_t available;  /* where those begin; end = there are none */
	bool lap, mixed;     /* mixed: used ones behind available ones */
};

static uint16_t flags_of(const struct vring_packed_desc *desc)
{
	return __atomic_load_n(&desc->flags, __ATOMIC_RELAXED);
}

static bool lap_of(uint16_t flags)
{
	return flags & 1 << VRING_PACKED_DESC_F_AVAIL;
}

static bool is_used(uint16_t flags)
{
	return lap_of(flags) == !!(flags & 1 << VRING_PACKED_DESC_F_USED);
}

static struct part read_part(const struct vring_packed_desc *ring, uint32_t first, uint32_t size)
{
	struct part p = { .first = first, .lap = lap_of(flags_of(&ring[first])), .available = size };

	for (p.end = first; p.end < size; p.end++) {
		uint16_t flags = flags_of(&ring[p.end]);

		if (lap_of(flags) != p.lap)
			break;
		if (!is_used(flags) && p.available == size)
			p.available = p.end;
		p.mixed |= is_used(flags) && p.available < size;
	}
	if (p.available == size)
		p.available = p.end;
	return p;
}

static uint16_t base_of(uint32_t index, bool lap, uint32_t size)
{
	return index < size ? (uint16_t)(index | (lap ? TW_RING_WRAP : 0)) : (uint16_t)(lap ? 0 : TW_RING_WRAP);
}

int tw_ring_position(const struct vring_packed_desc *ring, uint32_t size, uint16_t *base)
{
	struct part now = read_part(ring, 0, size), old = { .first = size, .end = size, .available = size };

	if (now.end < size)
		old = read_part(ring, now.end, size);
	if (old.end < size)
		return -EAGAIN;
	if (now.mixed || old.mixed)
		return -EINVAL;
	if (old.available < old.end) { /* the driver has come round: nothing of its new lap can be used */
		if (now.available > now.first)
			return -EINVAL;
		*base = base_of(old.available, old.lap, size);
	} else {
		*base = base_of(now.available, now.lap, size);
	}
	return 0;
}
