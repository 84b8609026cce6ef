/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pcapng.h - the blocks of a capture, as octets in a buffer: for a file as for a stream.
 *
 * DPDK's own writer (rte_pcapng of 22.11) knows ethdevs only, names them all when it begins, and has no comments; a mirror's
 * interfaces are ports, which come and go. Every function writes one whole block and returns its size, or 0 when it does not
 * fit (what is in the buffer is then of no use). Little endian, as the section header says. Texts are cut to 256 octets; NULL
 * or empty: the block is without.
 * Threads  pure; any.
 * Spec     IETF draft-ietf-opsawg-pcapng: section header, interface description, enhanced packet, interface statistics.
 */
#ifndef TW_COMMON_PCAPNG_H
#define TW_COMMON_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TW_PCAPNG_INBOUND = 1, TW_PCAPNG_OUTBOUND = 2 }; /* epb_flags, bits 0-1 */

struct tw_pcapng_section {
	const char *comment;
	const char *hardware, *os, *application;
};

struct tw_pcapng_interface {
	const char *name;
	const char *description;
	const char *comment;
	const char *filter; /* a tcpdump expression; cut to 2048 octets */
	const uint8_t *mac; /* 6 octets or NULL */
	uint32_t snaplen;   /* 0 = no limit */
};

struct tw_pcapng_packet {
	uint32_t interface; /* in order of their descriptions, from 0 */
	uint64_t ns;        /* Unix epoch */
	uint32_t captured, original;
	uint32_t direction; /* TW_PCAPNG_* */
	const char *comment;
};

struct tw_pcapng_statistics {
	uint32_t interface;
	uint64_t ns, start_ns, end_ns;
	uint64_t received, dropped;
	const char *comment;
};

size_t tw_pcapng_section(uint8_t *buf, size_t size, const struct tw_pcapng_section *section);
size_t tw_pcapng_interface(uint8_t *buf, size_t size, const struct tw_pcapng_interface *interface);
size_t tw_pcapng_statistics(uint8_t *buf, size_t size, const struct tw_pcapng_statistics *statistics);

enum { TW_PCAPNG_BLOCK_MAX = 4096 }; /* octets; any block but a packet fits */
enum { TW_PCAPNG_PACKET = 6 };       /* type of a packet's block */

/** Octets of this packet's block. */
size_t tw_pcapng_packet_size(const struct tw_pcapng_packet *packet);
/** Write a packet block of tw_pcapng_packet_size() octets but its data. @return where the data go (`captured` octets) */
uint8_t *tw_pcapng_packet(uint8_t *buf, const struct tw_pcapng_packet *packet);

#endif
