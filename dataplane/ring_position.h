/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring_position.h - where a device stood in a packed ring, read from the ring itself.
 *
 * A split ring says how far its device has come: used->idx lies in the guest's memory, and a frontend whose backend is gone
 * goes on from there. A packed ring has no such index, and nobody else knows it: QEMU's vhost-user network devices keep no
 * region of in-flight descriptors (the protocol's INFLIGHT_SHMFD; neither does librte_vhost for them), so after the end of
 * a backend QEMU tells the next one where it told the last one to begin. But each descriptor carries two bits that say in
 * which lap it was made available and used, and a device that uses them in order, one descriptor a buffer, leaves a pattern
 * that gives its position away:
 *
 *   used in this lap … | available in this lap … | used in the lap before …          the driver has not come round yet
 *   available in the next lap … | used in this lap … | available in this lap …       it has
 *
 * Of tw-switch both hold: it uses buffers in order, and does so before it passes their frames on. What a killed process had
 * in hand is so given again, or lost if it was on its way already; never delivered twice.
 * Threads  any: pure.
 * Hostile  the ring is the guest's and changes while it is read: any answer is an index below `size`.
 * Spec     virtio 1.2 section 2.8.1 (wrap counters), 2.8.6 (the bits).
 */
#ifndef TW_DATAPLANE_RING_POSITION_H
#define TW_DATAPLANE_RING_POSITION_H

#include <linux/virtio_ring.h>
#include <stdint.h>

enum { TW_RING_WRAP = 1 << 15 }; /* in a base: the wrap counter; below it the index */

/**
 * @param size 1..32768 descriptors
 * @param base out: as VHOST_USER_SET_VRING_BASE has it
 * @return 0; -EINVAL: there is no such pattern (chains of descriptors, buffers used out of order); -EAGAIN: the driver was
 *         at work meanwhile
 */
int tw_ring_position(const struct vring_packed_desc *ring, uint32_t size, uint16_t *base)
	__attribute__((warn_unused_result));

#endif
