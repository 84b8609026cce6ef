/* SPDX-License-Identifier: Apache-2.0 */
/*
 * geneve.h - the headers that a mirrored frame travels behind to the host of its port: Geneve, with one option of our own.
 *
 *   0  version 0, length of options | control, critical | protocol 0x6558: an Ethernet frame follows
 *   4  VNI: the mirror's tag (24 bits) | 0
 *   8  option class 0xff54 (of those for experiments), type 0x81 (critical), 12 octets:
 *  12    key of the mirror (8)
 *  20    number of the copy (4)
 *  24  the frame
 *
 * Reading  what we did not write is refused: another version, a control message, other options than ours, or ours twice, a frame
 *          that is shorter than its own header.
 * Threads  pure; any.
 * Spec     RFC 8926, sections 3.4, 3.5 and 7.
 */
#ifndef TW_DATAPLANE_GENEVE_H
#define TW_DATAPLANE_GENEVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TW_GENEVE_HEADER = 24, TW_GENEVE_KEY = 8, TW_GENEVE_FRAME_LEAST = 14 /* an Ethernet header */ };

struct tw_geneve {
	uint32_t tag; /* 24 bits */
	uint32_t sequence;
	uint8_t key[TW_GENEVE_KEY];
};

/** @param out TW_GENEVE_HEADER octets */
void tw_geneve_write(const struct tw_geneve *header, uint8_t *out);

/**
 * @param data a whole datagram's payload, from anybody
 * @param header out: untouched unless true is returned; the frame begins at TW_GENEVE_HEADER
 */
bool tw_geneve_read(const uint8_t *data, size_t size, struct tw_geneve *header);

/** Are the keys the same? Takes as long whatever they are. */
bool tw_geneve_same_key(const uint8_t a[static TW_GENEVE_KEY], const uint8_t b[static TW_GENEVE_KEY]);

#endif
