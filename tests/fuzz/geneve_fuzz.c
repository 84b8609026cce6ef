/* SPDX-License-Identifier: Apache-2.0 */
/*
 * geneve_fuzz.c - any octets as a datagram from another host, or from somebody else: what is read is a whole header and a frame,
 * and is written again as it was but for the bits that receivers ignore; what is taken has an end's tag, its key and a host's
 * address, and all else is counted once.
 *
 * Input: an octet that says the sender, and the datagram, which is a heap copy of its exact size.
 */
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/mirror_ends.h"

static const uint8_t key[TW_GENEVE_KEY] = { 1, 2, 3, 4, 5, 6, 7, 8 };
static struct tw_ends ends;

static void hold(bool claim)
{
	if (!claim)
		abort();
}

/* 10.0.0.1 may send copies with tag 0x123456. */
static void configure(void)
{
	static char peer[] = "10.0.0.1", name[] = "m";
	static char *peers[] = { peer };
	const uint16_t slot = 0;
	Tw__TunnelEnd end, *list[] = { &end };
	Tw__Tunnel tunnel;

	tw__tunnel_end__init(&end);
	tw__tunnel__init(&tunnel);
	end.mirror = name;
	end.tag = 0x123456;
	end.key = (ProtobufCBinaryData){ sizeof(key), (uint8_t *)(uintptr_t)key };
	end.to_port = 1;
	tunnel.peers = peers;
	tunnel.n_peers = 1;
	tunnel.ends = list;
	tunnel.n_ends = 1;
	tw_ends_configure(&ends, &tunnel, &slot);
}

static struct sockaddr_storage sender(uint8_t last)
{
	struct sockaddr_storage from = { 0 };
	struct sockaddr_in *v4 = (struct sockaddr_in *)&from;

	v4->sin_family = AF_INET;
	v4->sin_addr.s_addr = htonl(0x0a000000u | last);
	return from;
}

static void check_read(uint8_t *data, size_t size)
{
	uint8_t again[TW_GENEVE_HEADER];
	struct tw_geneve header = { .tag = UINT32_MAX };

	if (!tw_geneve_read(data, size, &header)) {
		hold(header.tag == UINT32_MAX);
		return;
	}
	hold(size >= TW_GENEVE_HEADER + TW_GENEVE_FRAME_LEAST && header.tag <= 0xffffff);
	tw_geneve_write(&header, again);
	data[1] &= 0xc0;
	data[7] = 0;
	data[11] &= 0x1f;
	hold(memcmp(data, again, sizeof(again)) == 0);
}

static void check_accept(uint8_t who, const uint8_t *data, size_t size)
{
	const struct sockaddr_storage from = sender(who);
	const uint64_t refused = ends.refused + ends.end[0].refused;
	struct tw_geneve header = { 0 };

	if (tw_ends_accept(&ends, &from, data, size)) {
		hold(who == 1 && tw_geneve_read(data, size, &header) && header.tag == 0x123456 &&
		     memcmp(header.key, key, sizeof(key)) == 0);
		hold(ends.refused + ends.end[0].refused == refused);
	} else {
		hold(ends.refused + ends.end[0].refused == refused + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (size == 0)
		return 0;
	if (!ends.end[0].used)
		configure();
	copy = malloc(size - 1 ? size - 1 : 1);
	memcpy(copy, data + 1, size - 1);
	check_accept(data[0], copy, size - 1);
	check_read(copy, size - 1);
	free(copy);
	return 0;
}
