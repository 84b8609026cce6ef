/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capture_section.h - what a mirror sees as one section of pcapng, for a file as for a live stream.
 *
 * The ports that the mirror may see are its interfaces: name, VM and host, MAC, the mirror's filter. A packet says which way it
 * went, and why it was dropped if it was. Who writes asks for the head's blocks until there are no more (again whenever ports
 * have come), then for packets, and at the end for one statistics block of each interface. With
 * tw_capture_section_restart() the same begins anew, as in the next file.
 *
 * Threads  one at a time: its owner's.
 * Spec     see pcapng.h.
 */
#ifndef TW_DATAPLANE_CAPTURE_SECTION_H
#define TW_DATAPLANE_CAPTURE_SECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/pcapng.h"

struct rte_mbuf;
struct tw_capture_section;
struct tw_mirror_tag;

/* A port (uplink) as a capture describes it. */
struct tw_capture_port {
	uint32_t number; /* as struct tw_mirror_tag */
	char name[128];  /* "vm/nic" */
	char vm_name[64];
	uint8_t mac[6]; /* of an uplink: zero */
};

enum { TW_CAPTURE_FILTER_SIZE = 2048 };

/* The ports of a capture, in any order, and the tcpdump expression (empty = none); handed over with the configuration. */
struct tw_capture_ports {
	char filter[TW_CAPTURE_FILTER_SIZE];
	size_t n;
	struct tw_capture_port a[];
};

struct tw_capture_about {
	const char *mirror, *host; /* names */
	uint32_t snaplen;          /* octets kept of a frame, 0 = all */
};

/** @param about copied. @return NULL: out of memory */
struct tw_capture_section *tw_capture_section_create(const struct tw_capture_about *about);
void tw_capture_section_destroy(struct tw_capture_section *section); /* accepts NULL */

/** A new port gets an interface, so does one whose name or VM has changed, and all do when the filter has. @return false: out of memory */
bool tw_capture_section_add(struct tw_capture_section *section, const struct tw_capture_ports *ports);

/** The next block of the head: section header, then interfaces. @return its size; 0: all are written, or no room */
size_t tw_capture_section_head(struct tw_capture_section *section, uint8_t *buf, size_t size);
/** What was written so far is safe. */
void tw_capture_section_keep(struct tw_capture_section *section);
/** What was written since tw_capture_section_keep() is lost: interfaces are described again, packets not counted. */
void tw_capture_section_rewind(struct tw_capture_section *section);
/** Nothing of it has been written yet, and no packet. */
void tw_capture_section_restart(struct tw_capture_section *section, uint64_t now_ns);

/** A copy as a packet of the section. @param ns Unix epoch. @return false: it is from a port that has no interface */
bool tw_capture_section_describe(const struct tw_capture_section *section, const struct rte_mbuf *m,
				 const struct tw_mirror_tag *tag, uint64_t ns, struct tw_pcapng_packet *packet);
/** Its block, tw_pcapng_packet_size() octets. Its interface is in the head that has been written. */
void tw_capture_section_put(struct tw_capture_section *section, uint8_t *buf, const struct tw_pcapng_packet *packet,
			    const struct rte_mbuf *m);

/**
 * Statistics of an interface since the section began.
 * @param interface from 0
 * @param lost      copies of this section that were given up; from which port is not known, the first interface says it
 * @return size; 0: there is no such interface in the head that has been written, or no room
 */
size_t tw_capture_section_statistics(const struct tw_capture_section *section, uint32_t interface, uint8_t *buf,
				     size_t size, uint64_t lost, uint64_t now_ns);

#endif
