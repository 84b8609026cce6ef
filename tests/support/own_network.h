/* SPDX-License-Identifier: Apache-2.0 */
/* own_network.h - a test program's own network namespace, with nothing in it but the loopback device. Needs root. */
#ifndef TW_TESTS_SUPPORT_OWN_NETWORK_H
#define TW_TESTS_SUPPORT_OWN_NETWORK_H

#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/** Go there; before any thread starts. A caller that sets TW_TEST_NETWORK has given the program one already. */
static inline bool enter_own_network(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd, rc;

	if (getenv("TW_TEST_NETWORK"))
		return true;
	if (unshare(CLONE_NEWNET))
		return false;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	rc = ioctl(fd, SIOCSIFFLAGS, &lo);
	close(fd);
	return rc == 0;
}

#endif
