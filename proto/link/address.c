/* SPDX-License-Identifier: Apache-2.0 */
/* address.c - addresses that follow from a URL; see address.h. Keeps nothing. */
#include "proto/link/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/path.h"

enum { HOST_SIZE = 256, PORT_MAX = 65535 };

/* "tcp://[IF;]HOST:PORT"; the host without its brackets. @return the port, 0 = it is no such URL */
static unsigned split(const char *url, char host[HOST_SIZE])
{
	static const char scheme[] = "tcp://";
	const char *at = url + sizeof(scheme) - 1, *colon, *local;
	unsigned long port;
	char *end;
	size_t n;

	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
		return 0;
	local = strchr(at, ';');
	at = local ? local + 1 : at;
	colon = strrchr(at, ':');
	if (!colon || colon == at || (size_t)(colon - at) >= HOST_SIZE)
		return 0;
	n = (size_t)(colon - at);
	if (*at == '[' && at[n - 1] == ']') {
		at++;
		n -= 2;
	}
	memcpy(host, at, n);
	host[n] = '\0';
	port = strtoul(colon + 1, &end, 10);
	return *end || end == colon + 1 || port > PORT_MAX ? 0 : (unsigned)port;
}

int tw_link_records_url(const char *controller, char *out, size_t size)
{
	char host[HOST_SIZE];
	unsigned port;

	if (strncmp(controller, "ipc://", 6) == 0)
		return tw_path(out, size, "%s.records", controller);
	port = split(controller, host);
	if (port == 0 || port + TW_RECORDS_PORT_STEP > PORT_MAX)
		return -EINVAL;
	return tw_path(out, size, "%.*s:%u", (int)(strrchr(controller, ':') - controller), controller,
		       port + TW_RECORDS_PORT_STEP);
}

static size_t address_of(const struct sockaddr_storage *from, uint8_t address[16])
{
	const struct sockaddr_in *in = (const void *)from;
	const struct sockaddr_in6 *in6 = (const void *)from;

	if (from->ss_family == AF_INET) {
		memcpy(address, &in->sin_addr, 4);
		return 4;
	}
	if (from->ss_family != AF_INET6)
		return 0;
	if (IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr)) {
		memcpy(address, in6->sin6_addr.s6_addr + 12, 4);
		return 4;
	}
	memcpy(address, &in6->sin6_addr, 16);
	return 16;
}

size_t tw_link_own_address(const char *url, uint8_t address[16])
{
	const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV };
	struct sockaddr_storage own = { 0 };
	socklen_t own_size = sizeof(own);
	struct addrinfo *peer = NULL;
	char host[HOST_SIZE], port_text[8];
	unsigned port = split(url, host);
	size_t size = 0;
	int fd;

	memset(address, 0, 16);
	if (strncmp(url, "ipc://", 6) == 0) {
		memcpy(address, (const uint8_t[]){ 127, 0, 0, 1 }, 4);
		return 4;
	}
	snprintf(port_text, sizeof(port_text), "%u", port);
	if (port == 0 || getaddrinfo(host, port_text, &hints, &peer))
		return 0;
	fd = socket(peer->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0); /* connecting it sends nothing */
	if (fd >= 0 && connect(fd, peer->ai_addr, peer->ai_addrlen) == 0 &&
	    getsockname(fd, (struct sockaddr *)&own, &own_size) == 0)
		size = address_of(&own, address);
	if (fd >= 0)
		close(fd);
	freeaddrinfo(peer);
	return size;
}
