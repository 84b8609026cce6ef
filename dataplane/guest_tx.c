/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest_tx.c - frames into a guest's receive rings; see guest_tx.h.
 *
 * A guest without mergeable buffers has one buffer a frame, and rte_vhost stops at a frame that is larger: the ring looks full
 * to all behind it. So what it stopped at is looked at, and put aside if there was a buffer.
 * Threads  workers.
 * Spec     virtio 1.2 section 5.1.6.3.1 (buffers of 1526 octets at least).
 */
#include "dataplane/guest_tx.h"

#include <string.h>

#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <rte_vhost.h>

#include "dataplane/guest_share.h"
#include "dataplane/peek.h"
#include "dataplane/queues.h"

enum { VIRTIO_RXQ = 0, VIRTIO_QNUM = 2, EVERY_BUFFER = 1514 };

/* Did rte_vhost stop at this frame because of its size? */
static bool is_too_big(unsigned worker, int vid, uint16_t ring, const struct rte_mbuf *m)
{
	uint64_t features;

	if (m->pkt_len <= EVERY_BUFFER || rte_vhost_get_negotiated_features(vid, &features) ||
	    features >> VIRTIO_NET_F_MRG_RXBUF & 1)
		return false;
	return features >> VIRTIO_F_RING_PACKED & 1 ? tw_peek_packed_room(worker, vid, ring)
						    : rte_vhost_avail_entries(vid, ring) > 0;
}

static uint16_t fill_queue(unsigned worker, const struct tw_slot *out, uint16_t queue, struct rte_mbuf **m, uint16_t n,
			   uint16_t *too_big)
{
	uint16_t ring = (uint16_t)(queue * VIRTIO_QNUM + VIRTIO_RXQ);
	uint16_t sent = rte_vhost_enqueue_burst(out->device, ring, m, n);

	while (__builtin_expect(sent < n, 0) && is_too_big(worker, out->device, ring, m[sent])) {
		struct rte_mbuf *aside = m[sent];

		memmove(m + sent, m + sent + 1, (size_t)(n - sent - 1) * sizeof(m[0]));
		m[--n] = aside;
		++*too_big;
		sent = (uint16_t)(sent + rte_vhost_enqueue_burst(out->device, ring, m + sent, (uint16_t)(n - sent)));
	}
	return sent;
}

/* Frames of several queues, each queue's in their order. */
static uint16_t fill_queues(unsigned worker, const struct tw_slot *out, const uint16_t *queue, struct rte_mbuf **m,
			    uint16_t n, uint16_t *too_big)
{
	struct rte_mbuf *mine[TW_BURST], *left[TW_BURST], *gone[TW_BURST];
	uint16_t n_left = 0, n_gone = 0;

	for (uint32_t todo = (uint32_t)((UINT64_C(1) << n) - 1); todo;) {
		uint16_t now = queue[__builtin_ctz(todo)], k = 0, taken;

		for (uint32_t bits = todo; bits; bits &= bits - 1)
			if (queue[__builtin_ctz(bits)] == now) {
				mine[k++] = m[__builtin_ctz(bits)];
				todo &= ~(bits & -bits);
			}
		taken = fill_queue(worker, out, now, mine, k, too_big);
		memcpy(gone + n_gone, mine, taken * sizeof(mine[0]));
		memcpy(left + n_left, mine + taken, (size_t)(k - taken) * sizeof(mine[0]));
		n_gone = (uint16_t)(n_gone + taken);
		n_left = (uint16_t)(n_left + k - taken);
	}
	memcpy(m, gone, n_gone * sizeof(m[0]));
	memcpy(m + n_gone, left, n_left * sizeof(m[0]));
	return n_gone;
}

uint16_t tw_guest_send_translated(struct tw_worker *w, const struct tw_snapshot *s, uint16_t slot, struct rte_mbuf **m,
				  uint16_t n, uint16_t *too_big)
{
	uint64_t began = tw_share_begin(w, slot);
	uint16_t sent = 0;

	if (began) {
		sent = tw_guest_send(w, s, &s->slot[slot], m, n, too_big);
		tw_share_end(w, slot, began);
	}
	return sent;
}

uint16_t tw_guest_send(const struct tw_worker *w, const struct tw_snapshot *s, const struct tw_slot *out,
		       struct rte_mbuf **m, uint16_t n, uint16_t *too_big)
{
	/* What leaves a shaping queue is of all lanes, and sent by any worker. */
	const unsigned lane = out->queued ? 0 : w->lane, n_lanes = out->queued ? 1 : s->n_workers;
	uint16_t queue[TW_BURST];

	if (__builtin_expect(out->n_queues <= 1, 1))
		return fill_queue(w->id, out, out->queue[0], m, n, too_big);
	for (uint16_t i = 0; i < n; i++)
		queue[i] = tw_queue_for(out->queue, out->n_queues, lane, n_lanes, m[i]->hash.rss);
	return fill_queues(w->id, out, queue, m, n, too_big);
}
