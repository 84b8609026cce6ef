/* SPDX-License-Identifier: Apache-2.0 */
/* af_packet.c - sizes of the rings of DPDK's af_packet driver, and its fanout group; see af_packet.h. Main. */
#include "dataplane/af_packet.h"

#include <errno.h>
#include <linux/if_packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_dev.h>

enum {
	PAGE = 4096,
	/* Of a slot the kernel takes 66 octets for its own headers; a frame has 14 and two tags; and one that is cut must show it. */
	OVERHEAD = 102,
	DEFAULT_FRAME = 2048, /* the driver's */
	DEFAULT_FRAMES = 512,
	RING_OCTETS = 4 << 20, /* locked memory; there are two a queue */
	ARGS = 512,
};

bool tw_af_packet_is(const char *devargs)
{
	return strncmp(devargs, "net_af_packet", 13) == 0 || strncmp(devargs, "eth_af_packet", 13) == 0;
}

/* A number among the devargs; 0 = it is not there. */
static uint32_t number(const char *devargs, const char *key)
{
	const char *at = strstr(devargs, key);

	return at ? (uint32_t)strtoul(at + strlen(key), NULL, 10) : 0;
}

struct tw_af_packet_ring tw_af_packet_ring(const char *devargs, uint16_t mtu)
{
	struct tw_af_packet_ring ring = { .frame = number(devargs, ",framesz="), .frames = DEFAULT_FRAMES };

	if (!ring.frame) {
		ring.frame = DEFAULT_FRAME;
		if ((uint32_t)mtu + OVERHEAD > DEFAULT_FRAME)
			ring.frame = RTE_ALIGN_CEIL((uint32_t)mtu + OVERHEAD, PAGE);
		ring.frames = RTE_MIN((uint32_t)DEFAULT_FRAMES, RING_OCTETS / ring.frame);
	}
	ring.mtu = (uint16_t)(ring.frame > OVERHEAD ? RTE_MIN(ring.frame - OVERHEAD, (uint32_t)UINT16_MAX) : 0);
	return ring;
}

/* --- the driver's fanout group --- */

static _Thread_local struct {
	bool is;   /* in the driver's hands */
	bool one;  /* queue: it needs no group */
	int group; /* id and type of the group, or -1 */
} opening;

/* What the driver asks for: type and flags above, its number below. The group gets one that nobody else has. */
static int join(int fd)
{
	const int type = (PACKET_FANOUT_HASH | PACKET_FANOUT_FLAG_ROLLOVER) << 16;
	int first = type | PACKET_FANOUT_FLAG_UNIQUEID << 16, id = 0;
	socklen_t len = sizeof(id);

	if (opening.one)
		return 0;
	if (opening.group >= 0)
		return (int)syscall(SYS_setsockopt, fd, SOL_PACKET, PACKET_FANOUT, &opening.group,
				    sizeof(opening.group));
	if (syscall(SYS_setsockopt, fd, SOL_PACKET, PACKET_FANOUT, &first, sizeof(first)) ||
	    getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &id, &len))
		return -1;
	opening.group = type | (id & 0xffff);
	return 0;
}

/* libc's, for every library of this program: a shared library finds the program's first. */
int setsockopt(int fd, int level, int option, const void *value, socklen_t len)
{
	if (opening.is && level == SOL_PACKET && option == PACKET_FANOUT)
		return join(fd);
	return (int)syscall(SYS_setsockopt, fd, level, option, value, len);
}

int tw_af_packet_probe(const char *devargs, const struct tw_af_packet_ring *ring)
{
	const bool sizes = !number(devargs, ",framesz=") && ring->frame != DEFAULT_FRAME;
	char args[ARGS];
	int n = snprintf(args, sizeof(args), "%s", devargs), rc;

	if (sizes && n < (int)sizeof(args))
		n += snprintf(args + n, sizeof(args) - (size_t)n, ",framesz=%u,blocksz=%u,framecnt=%u", ring->frame,
			      ring->frame, ring->frames);
	if (n >= (int)sizeof(args))
		return -ENAMETOOLONG;
	opening.is = true;
	opening.one = number(devargs, ",qpairs=") <= 1;
	opening.group = -1;
	rc = rte_dev_probe(args);
	opening.is = false;
	return rc;
}
