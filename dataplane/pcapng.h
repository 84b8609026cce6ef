/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pcapng.h - capture file blocks, as octets in a buffer.
 *
 * DPDK's own writer knows ethdevs only; a mirror's interfaces are ports. Every function writes one whole block and returns
 * its size, or 0 when it does not fit (nothing is written then). Little endian, as the section header says.
 * Threads  pure; any.
 * Spec     IETF draft-ietf-opsawg-pcapng: section header, interface description, enhanced packet, interface statistics.
 */
#ifndef TW_DATAPLANE_PCAPNG_H
#define TW_DATAPLANE_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TW_PCAPNG_INBOUND = 1, TW_PCAPNG_OUTBOUND = 2 }; /* epb_flags, bits 0-1 */

struct tw_pcapng_interface {
	const char *name;
	const char *description; /* may be empty */
	const uint8_t *mac;      /* 6 octets or NULL */
	uint32_t snaplen;        /* 0 = no limit */
};

struct tw_pcapng_packet {
	uint32_t interface; /* in order of their descriptions, from 0 */
	uint64_t ns;        /* Unix epoch */
	uint32_t captured, original;
	uint32_t direction; /* TW_PCAPNG_* */
};

struct tw_pcapng_statistics {
	uint32_t interface;
	uint64_t ns, start_ns, end_ns;
	uint64_t received, dropped;
};

size_t tw_pcapng_section(uint8_t *buf, size_t size, const char *application);
size_t tw_pcapng_interface(uint8_t *buf, size_t size, const struct tw_pcapng_interface *interface);
size_t tw_pcapng_statistics(uint8_t *buf, size_t size, const struct tw_pcapng_statistics *statistics);

/** Octets of a packet block with this much captured. */
size_t tw_pcapng_packet_size(uint32_t captured);
/** Write a packet block of tw_pcapng_packet_size() octets but its data. @return where the data go (`captured` octets) */
uint8_t *tw_pcapng_packet(uint8_t *buf, const struct tw_pcapng_packet *packet);

#endif
