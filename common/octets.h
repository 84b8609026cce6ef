/* SPDX-License-Identifier: Apache-2.0 */
/* octets.h - numbers as they stand in frames: most significant octet first, at any address. Pure; any thread. */
#ifndef TW_COMMON_OCTETS_H
#define TW_COMMON_OCTETS_H

#include <stdint.h>

static inline uint16_t tw_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

#endif
