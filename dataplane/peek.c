/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peek.c - is a silent guest still silent? See peek.h.
 *
 * Threads  workers look; rte_vhost's "vhost-events" takes the memory away. The two agree as in Dekker's algorithm: a worker
 *          says that it looks and then reads whether the memory is changing; the other says that it is changing and then
 *          reads who looks. In between each has a full fence, so one of them sees the other.
 */
#include "dataplane/peek.h"

#include <linux/virtio_config.h>
#include <linux/virtio_ring.h>
#include <sched.h>
#include <stdatomic.h>

#include <rte_vhost.h>

#include "dataplane/ring_position.h"

enum { VIDS = 1024 };

/* Odd while the worker looks at guests' memory. A line each: written every round. */
static struct {
	_Atomic uint32_t looks;
} __attribute__((aligned(64))) workers[TW_WORKERS_MAX];

/* Goes on by one when a message of the guest begins to be handled and when it has been: odd in between. */
static _Atomic uint32_t changes[VIDS];

/* --- the worker --- */

static void begin_look(unsigned worker)
{
	_Atomic uint32_t *looks = &workers[worker].looks;

	atomic_store_explicit(looks, atomic_load_explicit(looks, memory_order_relaxed) + 1, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
}

static void end_look(unsigned worker)
{
	_Atomic uint32_t *looks = &workers[worker].looks;

	atomic_store_explicit(looks, atomic_load_explicit(looks, memory_order_relaxed) + 1, memory_order_release);
}

static uint32_t changes_of(int vid)
{
	return atomic_load_explicit(&changes[vid], memory_order_acquire);
}

static uint16_t index_of(const struct tw_poll *p)
{
	return __atomic_load_n(p->avail, __ATOMIC_RELAXED);
}

uint64_t tw_peek_silent(unsigned worker, const struct tw_poll *polls, uint64_t silent)
{
	uint64_t due = 0;

	begin_look(worker);
	for (uint64_t left = silent; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctzll(left);
		const struct tw_poll *p = &polls[i];

		if (changes_of(p->vid) != p->changes || index_of(p) != p->seen)
			due |= UINT64_C(1) << i;
	}
	end_look(worker);
	return due;
}

static bool can_be_read(int vid)
{
	const uint64_t none = UINT64_C(1) << VIRTIO_F_RING_PACKED | UINT64_C(1) << VIRTIO_F_ACCESS_PLATFORM;
	uint64_t features;

	return rte_vhost_get_negotiated_features(vid, &features) == 0 && (features & none) == 0;
}

void tw_peek_remember(unsigned worker, struct tw_poll *p, int vid, uint16_t ring)
{
	struct rte_vhost_vring vring = { 0 };
	uint16_t taken, used;

	p->avail = NULL;
	p->empty = 0;
	if (vid < 0 || vid >= VIDS)
		return;
	begin_look(worker);
	p->vid = vid;
	p->changes = changes_of(vid);
	/* What rte_vhost has taken, not what the guest has written: what could not be taken yet is not forgotten. */
	if (p->changes % 2 == 0 && can_be_read(vid) && rte_vhost_get_vhost_vring(vid, ring, &vring) == 0 &&
	    rte_vhost_get_vring_base(vid, ring, &taken, &used) == 0 && vring.avail) {
		p->seen = taken;
		p->avail = &vring.avail->idx;
		if (index_of(p) != taken)
			p->avail = NULL;
	}
	end_look(worker);
}

static bool is_available(const struct rte_vhost_vring *vring, uint16_t at)
{
	bool lap = at & TW_RING_WRAP;
	uint16_t index = at & (TW_RING_WRAP - 1), flags;

	if (!vring->desc_packed || index >= vring->size)
		return false;
	flags = __atomic_load_n(&vring->desc_packed[index].flags, __ATOMIC_RELAXED);
	return !!(flags & 1 << VRING_PACKED_DESC_F_AVAIL) == lap && !!(flags & 1 << VRING_PACKED_DESC_F_USED) != lap;
}

bool tw_peek_packed_room(unsigned worker, int vid, uint16_t ring)
{
	struct rte_vhost_vring vring = { 0 };
	uint16_t at, used;
	bool room;

	if (vid < 0 || vid >= VIDS)
		return false;
	begin_look(worker);
	room = changes_of(vid) % 2 == 0 && rte_vhost_get_vhost_vring(vid, ring, &vring) == 0 &&
	       rte_vhost_get_vring_base(vid, ring, &at, &used) == 0 && is_available(&vring, at);
	end_look(worker);
	return room;
}

/* --- rte_vhost's thread --- */

/* Odd: no worker begins to look any more, and none has been looking since before. */
void tw_peek_before_message(int vid)
{
	uint32_t now = atomic_load(&changes[vid]);

	atomic_store(&changes[vid], now % 2 ? now + 2 : now + 1); /* after a message that failed it is odd already */
	atomic_thread_fence(memory_order_seq_cst);
	for (unsigned w = 0; w < TW_WORKERS_MAX; w++) {
		uint32_t looks = atomic_load_explicit(&workers[w].looks, memory_order_acquire);

		while (looks % 2 && atomic_load_explicit(&workers[w].looks, memory_order_acquire) == looks)
			sched_yield();
	}
}

void tw_peek_after_message(int vid)
{
	atomic_fetch_add(&changes[vid], 1);
}

void tw_peek_watch(int vid)
{
	/* Unwatched, a guest is never even. */
	if (vid >= 0 && vid < VIDS)
		atomic_store(&changes[vid], atomic_load(&changes[vid]) | 1);
}
