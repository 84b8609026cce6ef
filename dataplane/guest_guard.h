/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest_guard.h - nobody else's memory behind a guest's.
 *
 * Behind an IOMMU a guest's address may lead anywhere in its memory, page by page, and rte_vhost (of 22.11, and since) takes pages
 * that follow each other in the guest's addresses to follow each other in ours as well. A buffer that begins on the last page of a
 * guest's memory and goes on elsewhere would be read and written beyond the end, where there may be another guest's memory. A buffer
 * has less than 4 GiB: so many octets behind each region are kept free of all but the guest's own memory. Whoever comes there meets
 * a fault, and the guest its end (guest_memory.h).
 *
 * Where rte_vhost maps a region is the kernel's choice: a place with room behind it is sought before and offered to it, and whether
 * it took that is looked at after.
 * Threads  rte_vhost's for the connection; a guest's workers do not touch its memory meanwhile.
 */
#ifndef TW_DATAPLANE_GUEST_GUARD_H
#define TW_DATAPLANE_GUEST_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TW_GUARD_REGIONS = 8 };

#define TW_GUARD_SIZE (UINT64_C(1) << 32)

/* Memory as it is mapped, or is about to be: then without an address. */
struct tw_guard_region {
	uintptr_t start;
	size_t size;
	int fd; /* before alone */
};

/** rte_vhost is about to map these, in their order. */
void tw_guard_prepare(int vid, const struct tw_guard_region *regions, unsigned n);

/** It has, or kept what it had. @return false: the memory must not be used */
bool tw_guard_take(int vid, const struct tw_guard_region *regions, unsigned n);

/** The guest's memory is not in use any more. */
void tw_guard_forget(int vid);

#endif
