/* SPDX-License-Identifier: Apache-2.0 */
/* source.c - binds a socket to one of the host's addresses; see source.h. Owns nothing. */
#include "flowexport/source.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

enum { FULL_V4 = 32, FULL_V6 = 128 };

static bool is_lone(const struct tw_prefix *p)
{
	return p->len == (p->family == 4 ? FULL_V4 : FULL_V6);
}

/* @return the socket address, 0 octets if the prefix has not this one */
static socklen_t take(const struct tw_prefix *p, const struct sockaddr *a, struct sockaddr_storage *out)
{
	const struct sockaddr_in *sin = (const struct sockaddr_in *)a;
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)a;

	*out = (struct sockaddr_storage){ 0 };
	if (a && p->family == 4 && a->sa_family == AF_INET && tw_prefix_has(p, 4, (const uint8_t *)&sin->sin_addr)) {
		memcpy(out, sin, sizeof(*sin));
		return sizeof(*sin);
	}
	if (a && p->family == 6 && a->sa_family == AF_INET6 && tw_prefix_has(p, 6, (const uint8_t *)&sin6->sin6_addr)) {
		memcpy(out, sin6, sizeof(*sin6));
		return sizeof(*sin6);
	}
	return 0;
}

static socklen_t find(const struct tw_prefix *p, struct sockaddr_storage *out)
{
	struct ifaddrs *all;
	socklen_t size = 0;

	if (getifaddrs(&all))
		return 0;
	for (const struct ifaddrs *a = all; a && !size; a = a->ifa_next)
		size = take(p, a->ifa_addr, out);
	freeifaddrs(all);
	return size;
}

/* A lone address may be one that no interface has (routed here as a whole): the kernel knows. */
static socklen_t lone(const struct tw_prefix *p, struct sockaddr_storage *out)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };

	memcpy(&sin.sin_addr, p->addr, sizeof(sin.sin_addr));
	memcpy(&sin6.sin6_addr, p->addr, sizeof(sin6.sin6_addr));
	return take(p, p->family == 4 ? (struct sockaddr *)&sin : (struct sockaddr *)&sin6, out);
}

int tw_source_bind(int fd, const struct tw_prefix *source)
{
	struct sockaddr_storage addr;
	socklen_t size;
	int family = 0;

	if (!source->family)
		return 0;
	size = sizeof(family);
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &family, &size))
		return -errno;
	if (family != (source->family == 4 ? AF_INET : AF_INET6))
		return -EAFNOSUPPORT;
	size = is_lone(source) ? lone(source, &addr) : find(source, &addr);
	if (!size)
		return -EADDRNOTAVAIL;
	return bind(fd, (const struct sockaddr *)&addr, size) ? -errno : 0;
}

const char *tw_source_error(int error, const struct tw_prefix *source, char text[static TW_SOURCE_TEXT])
{
	char prefix[TW_PREFIX_TEXT];

	tw_prefix_format(source, prefix);
	if (error == EADDRNOTAVAIL)
		snprintf(text, TW_SOURCE_TEXT, "this host has no address %s%s", is_lone(source) ? "" : "in ", prefix);
	else
		snprintf(text, TW_SOURCE_TEXT, "source %s: %s", prefix, strerror(error));
	return text;
}
