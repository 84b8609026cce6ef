/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iotlb.h - what a front-end may put into rte_vhost's table of translated addresses, and how much.
 *
 * With an IOMMU a guest's rings and descriptors hold addresses that only its front-end can translate. rte_vhost asks for each it
 * lacks (a miss) and is told (an update) until it is told to forget (an invalidation). It has room for 2,048 in all, told and asked
 * for, a ring; beyond that it throws out what it finds, and where another thread has just emptied the table it divides by zero. So a
 * copy of the table is kept here. When it is full an update becomes an invalidation that makes room, and what it said is asked for
 * again; a front-end that leaves too much unanswered is shut out. The copy may have more than rte_vhost has, never less.
 *
 * An entry lies in the guest's memory. Two that follow each other may lie anywhere in it, yet rte_vhost takes what crosses from
 * one to the other to be in one piece: guest_guard.h says what stops that at the memory's end.
 * Threads  any, one at a time. Pure.
 * Spec     vhost-user, "IOMMU support" and struct vhost_iotlb_msg; all in host order.
 */
#ifndef TW_DATAPLANE_IOTLB_H
#define TW_DATAPLANE_IOTLB_H

#include <stdbool.h>
#include <stdint.h>

enum {
	TW_IOTLB_ENTRIES = 1536, /* told; with what is asked for, and what is on its way, less than 2,048 */
	TW_IOTLB_EVICTED = 192,  /* told, and forgotten at once when there is no room */
	TW_IOTLB_MISSES = 256,   /* asked for and not told */
	TW_IOTLB_REGIONS = 8,
};

enum tw_iotlb_type { TW_IOTLB_MISS = 1, TW_IOTLB_UPDATE = 2, TW_IOTLB_INVALIDATE = 3 };

/* struct vhost_iotlb_msg: `perm` is 1 to read, 2 to write, 3 both. */
struct tw_iotlb_message {
	uint64_t iova, size, user;
	uint8_t perm, type;
};

/* A region of a memory table, as its message has it. */
struct tw_iotlb_region {
	uint64_t guest, size, user, offset;
};

struct tw_iotlb {
	struct tw_iotlb_region region[TW_IOTLB_REGIONS];
	uint32_t n_regions, n_entries, n_misses;
	uint32_t evicted; /* where the next ones are taken out */
	struct {
		uint64_t iova, size;
	} entry[TW_IOTLB_ENTRIES]; /* sorted by iova */
	struct {
		uint64_t iova;
		uint8_t perm;
	} miss[TW_IOTLB_MISSES];
};

/** The guest's memory is this from now on. @param n 0..TW_IOTLB_REGIONS */
void tw_iotlb_set_memory(struct tw_iotlb *t, const struct tw_iotlb_region *regions, uint32_t n);

/**
 * An update or an invalidation. One that would go beyond the last address is cut there. An update that finds no room becomes an
 * invalidation.
 * @param again out: ask for the address again: it was an update that found no room
 * @return NULL; why the front-end is to be shut out
 */
const char *tw_iotlb_hear(struct tw_iotlb *t, struct tw_iotlb_message *m, bool *again);

/** rte_vhost has asked for an address. @return as above */
const char *tw_iotlb_ask(struct tw_iotlb *t, uint64_t iova, uint8_t perm);

#endif
