/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frame_bed.h - the bench (ringswitch.h) as frame_fuzz.c has it: ports of every kind by number, and frames as segments in heap
 *               blocks of their exact size. One thread.
 */
#ifndef TW_TESTS_FUZZ_FRAME_BED_H
#define TW_TESTS_FUZZ_FRAME_BED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_mbuf.h>

enum { BED_ROOM = 1024 /* octets of a segment, if nothing else is said */ };

/** A fresh switch: 1, 2, 5, 6 in VLAN 10, 3 in 20, 4 a trunk of 10 to 20, uplink 7 up. */
void bed_begin(void);

/** Configure a port: VLAN mode; MTU, offloads, mirrors, forged transmits; access lists, guards, priority. Not published yet. */
void bed_set_port(unsigned who, uint8_t mode, uint8_t how, uint8_t what);

/**
 * A frame whose first segment has `first` octets.
 * @param plain in buffers of the pool, as rte_vhost makes them: rte_gso, which cuts such a frame, copies the flag that says
 *              "external" to the headers it makes
 */
struct rte_mbuf *bed_segments(const uint8_t *octets, size_t len, uint16_t first, bool plain);

#endif
