/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vhost_gate.h - what a vhost-user front-end says, held against the protocol before rte_vhost acts on it.
 *
 * rte_vhost of DPDK 22.11 believes more than it should. Messages that are well-formed each for itself, in an order that no
 * sane front-end has, make it write past its tables (a ring that grows after its memory was laid out, packed rings that were
 * set up as split ones, a packed ring's index beyond its end), use what it has freed (a ring started without a size), or
 * give away the machine's memory (in-flight areas of any size). So a ring's life is followed here: a size, then an index and
 * addresses, then its start; its end is GET_VRING_BASE. With REPLY_ACK rte_vhost would go on with a front-end whose message failed
 * half way: so it does not see that an answer is asked for until the message has been handled, and is asked for none if it failed.
 * What an IOMMU needs (REPLY_ACK, the back-end channel, IOTLB messages) is let through where the port has one, and refused elsewhere.
 * Threads  rte_vhost's, which handles one message of a connection at a time. Pure: no DPDK.
 * Spec     https://qemu-project.gitlab.io/qemu/interop/vhost-user.html; integers in host order.
 */
#ifndef TW_DATAPLANE_VHOST_GATE_H
#define TW_DATAPLANE_VHOST_GATE_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include "dataplane/iotlb.h"
#include "dataplane/snapshot.h"

enum {
	TW_GATE_RINGS = 256, /* rte_vhost's most; those beyond 2 * TW_QUEUES_MAX are not served */
	TW_GATE_RING_MAX = 4096,
	TW_GATE_RING_UNSERVED_MAX = 1024, /* QEMU's most */
};

enum tw_gate_request {
	TW_GATE_SET_FEATURES = 2,
	TW_GATE_RESET_OWNER = 4,
	TW_GATE_SET_MEM_TABLE = 5,
	TW_GATE_SET_VRING_NUM = 8,
	TW_GATE_SET_VRING_ADDR = 9,
	TW_GATE_SET_VRING_BASE = 10,
	TW_GATE_GET_VRING_BASE = 11,
	TW_GATE_SET_VRING_KICK = 12,
	TW_GATE_SET_VRING_CALL = 13,
	TW_GATE_SET_VRING_ENABLE = 18,
	TW_GATE_SET_BACKEND_FD = 21,
	TW_GATE_IOTLB = 22,
	TW_GATE_SET_INFLIGHT_FD = 32,
	TW_GATE_REQUESTS = 41,
};

/* A message as it came in, rte_vhost's own copy of it. */
struct tw_gate_message {
	uint32_t request, flags, size;
	union {
		uint64_t u64;
		struct {
			uint32_t index, num;
		} state;
		struct {
			uint32_t index, flags;
			uint64_t desc, used, avail, log;
		} addr;
		struct {
			uint32_t n_regions, padding;
			struct tw_iotlb_region region[TW_IOTLB_REGIONS];
		} memory;
		struct {
			uint64_t mmap_size, mmap_offset;
			uint16_t num_queues, queue_size;
		} inflight;
		struct tw_iotlb_message iotlb;
	};
} __attribute__((packed));
static_assert(sizeof(struct tw_gate_message) == 276, "a header of 12 octets and the largest payload looked at");

/* One connection. Zeroed at its beginning. */
struct tw_gate {
	struct tw_iotlb *iotlb; /* of a port that may have an IOMMU; else NULL. Not the gate's own */
	uint64_t features;
	bool owes_reply;  /* to the message in hand */
	bool has_channel; /* back to the front-end */
	bool asks_again;  /* for an address that the message in hand told, and there was no room */
	struct {
		uint16_t size; /* 0 = not set since its last end */
		bool based, addressed, started;
	} ring[TW_GATE_RINGS];
};

/**
 * May rte_vhost have this message? Changes what it must not see of it, and follows what it does.
 * @return NULL: it may; else why not: the connection is to be closed
 */
const char *tw_gate_check(struct tw_gate *gate, struct tw_gate_message *message);

/** The message has been handled without failing: what the front-end asked for besides is in it again. */
void tw_gate_handled(struct tw_gate *gate, struct tw_gate_message *message);

/** Ring a message is about; TW_GATE_RINGS if about none. */
unsigned tw_gate_ring(const struct tw_gate_message *message);

#endif
