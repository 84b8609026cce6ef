/* SPDX-License-Identifier: Apache-2.0 */
/*
 * links-watch.c - links-watch NETDEV…: watches kernel links as tw-agent does and prints each change as one line,
 * "NETDEV present|absent up|down MTU", until its standard input ends. One thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/links.h"
#include "common/log.h"

enum { MAX_LINKS = 8 };

static struct tw_links *links;
static int n_links;
static char **names;
static struct tw_links_state said[MAX_LINKS];
static bool said_any;

static void tell(void *arg)
{
	for (int i = 0; i < n_links; i++) {
		struct tw_links_state now;

		if (!links || !tw_links_get(links, names[i], &now))
			continue;
		if (said_any && now.present == said[i].present && now.up == said[i].up && now.mtu == said[i].mtu)
			continue;
		said[i] = now;
		printf("%s %s %s %u\n", names[i], now.present ? "present" : "absent", now.up ? "up" : "down", now.mtu);
	}
	said_any = true;
	fflush(stdout);
}

static void on_input(evutil_socket_t fd, short what, void *arg)
{
	char octets[16];

	if (read(fd, octets, sizeof(octets)) <= 0)
		event_base_loopbreak(arg);
}

int main(int argc, char **argv)
{
	struct event_base *base = event_base_new();
	Tw__Uplink uplinks[MAX_LINKS], *list[MAX_LINKS];
	struct event *input;

	if (argc < 2 || argc - 1 > MAX_LINKS || !base) {
		fputs("Usage: links-watch NETDEV…\n", stderr);
		return 2;
	}
	tw_log_init("links-watch", TW_LOG_INFO);
	n_links = argc - 1;
	names = argv + 1;
	for (int i = 0; i < n_links; i++) {
		tw__uplink__init(&uplinks[i]);
		uplinks[i].name = uplinks[i].netdev = names[i];
		list[i] = &uplinks[i];
	}
	links = tw_links_create(base, tell, NULL);
	if (!links || tw_links_set(links, (size_t)n_links, list))
		return 1;
	tell(NULL);
	input = event_new(base, STDIN_FILENO, EV_READ | EV_PERSIST, on_input, base);
	event_add(input, NULL);
	event_base_dispatch(base);
	event_free(input);
	tw_links_destroy(links);
	event_base_free(base);
	return 0;
}
