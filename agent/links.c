/* SPDX-License-Identifier: Apache-2.0 */
/*
 * links.c - watches kernel links by netlink; see links.h.
 *
 * A notification only says that something changed: the few links that are watched are then asked for by name. So it does
 * not matter when notifications are lost (ENOBUFS), and nothing that we keep can differ from the kernel for long.
 *
 * Threads  the agent's one thread.
 * Owns     two netlink sockets: one that hears of changes, one for requests.
 * Spec     rtnetlink(7), netdevice(7).
 */
#include "agent/links.h"

#include <errno.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/route/link.h>
#include <stdlib.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "common/log.h"

#define TW_LOG_AREA "links"

enum { HEARD_SIZE = 16384 /* octets of notifications read at once */ };

struct watched {
	char *uplink, *netdev;
	struct tw_links_state state;
	int tried_index; /* the kernel link that was last asked to go up, so that a refusal is one line; 0 = none */
};

struct tw_links {
	struct event_base *base;
	void (*changed)(void *arg);
	void *arg;
	struct nl_sock *requests, *news;
	struct event *readable;
	struct watched *watched;
	size_t n_watched;
};

/* IFF_RUNNING is operstate UP or UNKNOWN (RFC 2863): what carries frames, also where a driver knows no carrier. */
static bool flags_up(unsigned flags)
{
	return (flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING);
}

static void raise_link(struct tw_links *links, struct watched *w, struct rtnl_link *link)
{
	const unsigned wanted = IFF_UP | IFF_PROMISC;
	int index = rtnl_link_get_ifindex(link), rc;
	struct rtnl_link *change;

	if ((rtnl_link_get_flags(link) & wanted) == wanted) {
		w->tried_index = 0;
		return;
	}
	if (w->tried_index == index)
		return;
	w->tried_index = index;
	change = rtnl_link_alloc();
	if (!change)
		return;
	rtnl_link_set_flags(change, wanted);
	rc = rtnl_link_change(links->requests, link, change, 0);
	rtnl_link_put(change);
	if (rc < 0)
		tw_log_error("a link cannot be set up and promiscuous uplink=%s netdev=%s error=%s", w->uplink,
			     w->netdev, nl_geterror(rc));
	else
		tw_log_info("set a link up and promiscuous uplink=%s netdev=%s", w->uplink, w->netdev);
}

static bool look_at(struct tw_links *links, struct watched *w)
{
	struct tw_links_state now = { 0 };
	struct rtnl_link *link = NULL;

	if (rtnl_link_get_kernel(links->requests, 0, w->netdev, &link) == 0 && link) {
		now.present = true;
		now.up = flags_up(rtnl_link_get_flags(link));
		now.mtu = rtnl_link_get_mtu(link);
		raise_link(links, w, link);
		rtnl_link_put(link);
	} else {
		w->tried_index = 0;
	}
	if (now.present == w->state.present && now.up == w->state.up && now.mtu == w->state.mtu)
		return false;
	w->state = now;
	tw_log_info("link uplink=%s netdev=%s present=%d up=%d mtu=%u", w->uplink, w->netdev, now.present, now.up,
		    now.mtu);
	return true;
}

static void look(struct tw_links *links)
{
	bool changed = false;

	for (size_t i = 0; i < links->n_watched; i++)
		changed |= look_at(links, &links->watched[i]);
	if (changed)
		links->changed(links->arg);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	char heard[HEARD_SIZE];

	while (recv(fd, heard, sizeof(heard), MSG_DONTWAIT) > 0 || errno == ENOBUFS || errno == EINTR)
		errno = 0;
	look(arg);
}

/* @return 0, -ENOMEM or what netlink says, as logged */
static int listen_to_kernel(struct tw_links *links)
{
	int rc = nl_connect(links->requests, NETLINK_ROUTE);

	rc = rc ? rc : nl_connect(links->news, NETLINK_ROUTE);
	rc = rc ? rc : nl_socket_add_membership(links->news, RTNLGRP_LINK);
	if (rc) {
		tw_log_error("links cannot be watched error=%s", nl_geterror(rc));
		return -ENOTSUP;
	}
	links->readable =
		event_new(links->base, nl_socket_get_fd(links->news), EV_READ | EV_PERSIST, on_readable, links);
	return links->readable && event_add(links->readable, NULL) == 0 ? 0 : -ENOMEM;
}

static void free_watched(struct watched *watched, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(watched[i].uplink);
		free(watched[i].netdev);
	}
	free(watched);
}

struct tw_links *tw_links_create(struct event_base *base, void (*changed)(void *arg), void *arg)
{
	struct tw_links *links = calloc(1, sizeof(*links));
	int rc;

	if (!links)
		return NULL;
	links->base = base;
	links->changed = changed;
	links->arg = arg;
	links->requests = nl_socket_alloc();
	links->news = nl_socket_alloc();
	rc = links->requests && links->news ? listen_to_kernel(links) : -ENOMEM;
	if (rc) {
		tw_links_destroy(links);
		errno = -rc;
		return NULL;
	}
	return links;
}

void tw_links_destroy(struct tw_links *links)
{
	if (!links)
		return;
	if (links->readable)
		event_free(links->readable);
	if (links->requests)
		nl_socket_free(links->requests);
	if (links->news)
		nl_socket_free(links->news);
	free_watched(links->watched, links->n_watched);
	free(links);
}

/* An uplink that stays keeps its state, so that only true changes are news. */
static void inherit(const struct tw_links *links, struct watched *w)
{
	for (size_t i = 0; i < links->n_watched; i++) {
		const struct watched *old = &links->watched[i];

		if (strcmp(old->uplink, w->uplink) == 0 && strcmp(old->netdev, w->netdev) == 0) {
			w->state = old->state;
			w->tried_index = old->tried_index;
		}
	}
}

int tw_links_set(struct tw_links *links, size_t n, Tw__Uplink *const *uplinks)
{
	struct watched *watched = calloc(n + 1, sizeof(*watched));
	size_t n_watched = 0;

	if (!watched)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		struct watched *w = &watched[n_watched];

		if (!*uplinks[i]->netdev)
			continue;
		n_watched++;
		w->uplink = strdup(uplinks[i]->name);
		w->netdev = strdup(uplinks[i]->netdev);
		if (!w->uplink || !w->netdev) {
			free_watched(watched, n_watched);
			return -ENOMEM;
		}
		inherit(links, w);
	}
	free_watched(links->watched, links->n_watched);
	links->watched = watched;
	links->n_watched = n_watched;
	look(links);
	return 0;
}

bool tw_links_get(const struct tw_links *links, const char *uplink, struct tw_links_state *state)
{
	for (size_t i = 0; i < links->n_watched; i++)
		if (strcmp(links->watched[i].uplink, uplink) == 0) {
			*state = links->watched[i].state;
			return true;
		}
	return false;
}
