/* SPDX-License-Identifier: Apache-2.0 */
/* send-frame.c - in the test guest: `send-frame INTERFACE HEX` puts one frame on the wire, whatever it says. */
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET };
	unsigned char frame[1514];
	int s = socket(AF_PACKET, SOCK_RAW, 0), used;
	size_t n = 0;

	if (argc != 3 || s < 0 || !(to.sll_ifindex = (int)if_nametoindex(argv[1])))
		return 2;
	for (const char *at = argv[2]; n < sizeof(frame) && sscanf(at, "%2hhx%n", &frame[n], &used) == 1; at += used)
		n++;
	return sendto(s, frame, n, 0, (const struct sockaddr *)&to, sizeof(to)) != (ssize_t)n;
}
