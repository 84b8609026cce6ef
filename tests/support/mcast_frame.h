/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mcast_frame.h - frames with IGMP and MLD messages, their bodies as hexadecimal text, checksums done the plain way.
 *
 * In a body G and a digit N is a group: 239.1.1.N for IGMP, ff0e::N for MLD; blanks are nothing. Octets 2 and 3 of the body
 * become the checksum. Who is as in frame.h; MLD comes from fe80::NN, and 0 from the unspecified address of either family.
 */
#ifndef TW_TESTS_SUPPORT_MCAST_FRAME_H
#define TW_TESTS_SUPPORT_MCAST_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum { MF_MAX = 2048, MF_L3 = 14, MF_IP4 = 20, MF_IP6 = 48 /* with hop-by-hop options */ };

/** @param to destination address as text @param out MF_MAX octets @return length */
size_t mcast_frame_igmp(uint8_t *out, uint8_t who, const char *to, const char *body);
size_t mcast_frame_mld(uint8_t *out, uint8_t who, const char *to, const char *body);

/** Make the checksums right again after a change. @param frame one of the above */
void mcast_frame_sums(uint8_t *frame);

#endif
