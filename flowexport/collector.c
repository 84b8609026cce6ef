/* SPDX-License-Identifier: Apache-2.0 */
/* collector.c - a collector's address as people write it; see exporter.h. Pure. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "flowexport/exporter.h"

enum { PORT_MAX = 65535 };

static bool parse_port(const char *text, in_port_t *port)
{
	unsigned value = 0;

	if (!*text || strlen(text) > 5)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		value = value * 10 + (unsigned)(*text - '0');
	}
	*port = htons((uint16_t)value);
	return value >= 1 && value <= PORT_MAX;
}

static bool parse_v4(const char *host, const char *port, struct sockaddr_storage *addr)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	if (inet_pton(AF_INET, host, &sin.sin_addr) != 1 || !parse_port(port, &sin.sin_port))
		return false;
	memcpy(addr, &sin, sizeof(sin));
	return true;
}

static bool parse_v6(const char *host, const char *port, struct sockaddr_storage *addr)
{
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6 };

	if (inet_pton(AF_INET6, host, &sin6.sin6_addr) != 1 || !parse_port(port, &sin6.sin6_port))
		return false;
	memcpy(addr, &sin6, sizeof(sin6));
	return true;
}

int tw_exporter_parse_collector(const char *text, struct sockaddr_storage *addr, socklen_t *size)
{
	struct sockaddr_storage parsed = { 0 };
	char host[INET6_ADDRSTRLEN];
	bool bracket = text[0] == '[', ok;
	const char *start = text + bracket;
	const char *end = bracket ? strstr(text, "]:") : strchr(text, ':');
	size_t len = end ? (size_t)(end - start) : 0;

	if (!end || len >= sizeof(host))
		return -EINVAL;
	memcpy(host, start, len);
	host[len] = '\0';
	ok = bracket ? parse_v6(host, end + 2, &parsed) : parse_v4(host, end + 1, &parsed);
	if (!ok)
		return -EINVAL;
	*addr = parsed;
	*size = bracket ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
	return 0;
}

char *tw_exporter_format_collector(const struct sockaddr_storage *addr, char text[static TW_ENDPOINT_TEXT])
{
	const struct sockaddr_in *sin = (const struct sockaddr_in *)addr;
	const struct sockaddr_in6 *sin6 = (const struct sockaddr_in6 *)addr;
	char host[INET6_ADDRSTRLEN];

	*text = '\0';
	if (addr->ss_family == AF_INET && inet_ntop(AF_INET, &sin->sin_addr, host, sizeof(host)))
		snprintf(text, TW_ENDPOINT_TEXT, "%s:%u", host, ntohs(sin->sin_port));
	else if (addr->ss_family == AF_INET6 && inet_ntop(AF_INET6, &sin6->sin6_addr, host, sizeof(host)))
		snprintf(text, TW_ENDPOINT_TEXT, "[%s]:%u", host, ntohs(sin6->sin6_port));
	return text;
}
