/* SPDX-License-Identifier: Apache-2.0 */
/*
 * badguest_front.h - a vhost-user front-end that can say and share anything: messages octet for octet, rings written by hand.
 *
 * One device with a receive ring (0) and a transmit ring (1) of split descriptors, in one memfd that is mapped here too and is
 * the guest's memory from address 0. Functions that cannot do what they are asked for end the program with a sentence, but those that
 * return bool. One thread. Spec: QEMU's vhost-user, virtio 1.2 sections 2.7 and 5.1.
 */
#ifndef TW_TESTS_SUPPORT_BADGUEST_FRONT_H
#define TW_TESTS_SUPPORT_BADGUEST_FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	BG_MEMORY = 4 << 20,
	BG_RING_MAX = 1024,
	BG_HEADER = 12,     /* struct virtio_net_hdr_mrg_rxbuf */
	BG_TABLE = 0x20000, /* where there is room for an indirect table */
	BG_BUFFERS = 0x100000,
	BG_USER = 1 << 30, /* the front-end's own addresses begin here */
};

enum { BG_NEXT = 1, BG_WRITE = 2, BG_INDIRECT = 4 };

enum bg_request {
	BG_GET_FEATURES = 1,
	BG_SET_FEATURES,
	BG_SET_OWNER,
	BG_RESET_OWNER,
	BG_SET_MEM_TABLE,
	BG_SET_LOG_BASE,
	BG_SET_LOG_FD,
	BG_SET_VRING_NUM,
	BG_SET_VRING_ADDR,
	BG_SET_VRING_BASE,
	BG_GET_VRING_BASE,
	BG_SET_VRING_KICK,
	BG_SET_VRING_CALL,
	BG_SET_VRING_ERR,
	BG_GET_PROTOCOL_FEATURES,
	BG_SET_PROTOCOL_FEATURES,
	BG_GET_QUEUE_NUM,
	BG_SET_VRING_ENABLE,
	BG_SET_BACKEND_FD = 21,
	BG_IOTLB_MSG = 22,
	BG_GET_INFLIGHT_FD = 31,
	BG_SET_INFLIGHT_FD = 32,
};

struct bg_desc {
	uint64_t addr;
	uint32_t len;
	uint16_t flags, next;
};

struct bg_ring {
	struct bg_desc *desc;
	uint16_t *avail, *used; /* flags, idx, then entries */
	int kick, call;
};

struct bg {
	int socket, memfd;
	uint8_t *memory;
	uint64_t features, protocol; /* asked for */
	int channel;                 /* this end of one for the other side's questions; 0 = none */
	uint16_t num;
	struct bg_ring ring[2];
};

void bg_die(const char *what) __attribute__((noreturn));

/** Connect to the socket a switch listens on; with patience. */
void bg_connect(struct bg *b, const char *path);
void bg_hang_up(struct bg *b);

/** One message, whatever it says. @return false: the other side has hung up */
bool bg_say(struct bg *b, uint32_t request, uint32_t flags, const void *payload, uint32_t size, const int *fds,
	    unsigned n);
bool bg_say_u64(struct bg *b, uint32_t request, uint64_t value);
bool bg_say_state(struct bg *b, uint32_t request, uint32_t index, uint32_t num);
bool bg_say_fd(struct bg *b, uint32_t request, uint32_t index, int fd);
bool bg_say_memory(struct bg *b, int fd, uint64_t size);
bool bg_say_addr(struct bg *b, uint32_t index, uint64_t desc, uint64_t avail, uint64_t used);
/** Read a reply away. @return false: none came in 5 s, or the other side has hung up */
bool bg_hear(struct bg *b);
/** Has the other side hung up? Waits for it. */
bool bg_is_shut_out(struct bg *b, int ms);

/** Say hello and share memory; then set up a ring as it should be; or all of it. */
void bg_begin(struct bg *b);
void bg_set_up_ring(struct bg *b, unsigned ring);
void bg_start(struct bg *b);

void bg_put(struct bg *b, unsigned ring, unsigned i, uint64_t addr, uint32_t len, uint16_t flags, uint16_t next);
/** Offer a chain by its head. */
void bg_offer(struct bg *b, unsigned ring, uint16_t head);
/** Write a frame behind an empty header at a place in memory: UDP from 3 to `to` (255 = everybody). @return octets with header */
uint32_t bg_frame(struct bg *b, uint64_t at, unsigned to, unsigned payload);

#endif
