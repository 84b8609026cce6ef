/* SPDX-License-Identifier: Apache-2.0 */
/*
 * links.c - guests and uplinks come and go; see switch.h.
 *
 * Bound    any change of a link has every flow judged again, everybody's. So a guest that changes its own too often is let in
 *          late: TW_LINK_CHANGES at once, then one a second, of whatever has become of it by then. It may leave at any time.
 * Threads  main. A guest whose device ends waits (on rte_vhost's thread) until tw_links_release(): the way there is as short
 *          as it can be, one snapshot for all that changed.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/virtio_config.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"
#include "dataplane/bucket.h"
#include "dataplane/guest_text.h"
#include "dataplane/switch.h"

#define TW_LOG_AREA "link"
#include "common/log.h"

static void set_guest(struct tw_port *p)
{
	struct tw_slot_state *state = &p->sw->states[p->slot];

	state->device = p->guest.vid;
	state->n_queues = p->guest.queues.n;
	memcpy(state->queue, p->guest.queues.number, sizeof(state->queue));
	state->polls = p->guest.queues.polls;
	state->tx_csum = p->guest.csum;
	state->tx_tso = p->guest.tso;
	state->tx_tso6 = p->guest.tso6;
	state->translated = p->guest.features >> VIRTIO_F_ACCESS_PLATFORM & 1;
	state->tx_ufo = p->guest.ufo;
}

/* Has set_guest changed nothing? */
static bool is_same_guest(const struct tw_slot_state *a, const struct tw_slot_state *b)
{
	return a->device == b->device && a->n_queues == b->n_queues && a->polls == b->polls &&
	       memcmp(a->queue, b->queue, sizeof(a->queue)) == 0 && a->tx_csum == b->tx_csum &&
	       a->tx_tso == b->tx_tso && a->tx_tso6 == b->tx_tso6 && a->tx_ufo == b->tx_ufo &&
	       a->translated == b->translated;
}

/* --- guests that come and go without end --- */

static const struct tw_bucket *patience(void)
{
	static struct tw_bucket bucket;

	if (!bucket.cost)
		tw_bucket_init(&bucket, 1, 1, TW_LINK_CHANGES, 1);
	return &bucket;
}

/* May the port's guest, which runs, come up or change its queues now? Else it is looked at again in a moment. */
static bool may_change(struct tw_port *p)
{
	uint64_t now = tw_clock_mono_ms() * (TW_TICKS_PER_S / 1000);

	if (tw_bucket_debt(patience(), p->link_changes, now) == 0)
		p->link_told = false;
	p->link_waits = !tw_bucket_take(patience(), &p->link_changes, now, 1, false);
	if (p->link_waits && !p->link_told)
		tw_log_warning(
			"port=%s: its guest comes and goes, or changes its queues, all the time; once a second will do",
			p->name);
	p->link_told |= p->link_waits;
	return !p->link_waits;
}

/* @return true when there is something to publish */
static bool follow(struct tw_port *p)
{
	struct tw_slot_state *state = &p->sw->states[p->slot], before = *state;
	bool was_up = state->link == TW_LINK_UP;

	p->link_waits = false;
	if (p->retire || (tw_vhost_is_running(p->vhost) && !may_change(p)))
		return false;
	tw_vhost_take(p->vhost, &p->guest);
	p->in_use = p->in_use || p->guest.running;
	if (!p->guest.running) {
		if (was_up)
			tw_handover_stopped(p);
		return was_up;
	}
	set_guest(p);
	if (!was_up)
		tw_handover_started(p);
	if (was_up && is_same_guest(state, &before)) {
		tw_bucket_give_back(patience(), &p->link_changes, 1);
		return false;
	}
	return true;
}

void tw_links_retry(struct tw_switch *sw)
{
	bool any = false;

	for (unsigned i = 0; i < TW_PORTS_MAX; i++) {
		struct tw_port *p = &sw->ports[i];

		if (!p->used || p->retire || !p->link_waits)
			continue;
		tw_vhost_look_again(p->vhost);
		any = true;
	}
	if (any)
		tw_links_vhost_changed(sw);
}

void tw_links_release(struct tw_switch *sw)
{
	if (!tw_grace_over(sw)) {
		tw_tick_soon(sw);
		return;
	}
	for (unsigned i = 0; i < TW_PORTS_MAX; i++) {
		struct tw_port *p = &sw->ports[i];

		if (!p->used || !p->in_use || sw->states[i].link == TW_LINK_UP)
			continue;
		p->in_use = false;
		tw_vhost_released(p->vhost);
	}
}

/* Once a connection. */
static void tell_guest(const struct tw_port *p)
{
	char text[TW_GUEST_TEXT];

	tw_guest_text(&p->guest, text);
	tw_log_info("guest port=%s features=%#" PRIx64 ": %s", p->name, p->guest.features, text);
}

/* What is told when the workers know. */
static void tell(struct tw_port *p, uint8_t was)
{
	const struct tw_slot_state *state = &p->sw->states[p->slot];

	if (state->link == was)
		return;
	tw_log_info("link port=%s number=%u state=%s", p->name, p->number,
		    (const char *const[]){ "absent", "up", "hold", "moved" }[state->link]);
	if (state->link == TW_LINK_UP)
		tell_guest(p);
	if (p->guest.too_many)
		tw_log_warning("port=%s: the guest has more than %d queue pairs; those beyond are not served", p->name,
			       TW_QUEUES_MAX);
	tw_news_port_link(p);
	if (state->link == TW_LINK_UP) {
		tw_announce(p->sw->announcer, p->slot);
		tw_snooping_port_up(p->sw->snooping, p->slot);
	} else if (state->link == TW_LINK_ABSENT) {
		tw_snooping_port_gone(p->sw->snooping, p->slot);
	}
}

void tw_links_vhost_changed(struct tw_switch *sw)
{
	static struct {
		struct tw_port *port;
		uint8_t was;
	} changed[TW_PORTS_MAX];
	unsigned n = 0;
	bool publish = false;

	while (n < TW_PORTS_MAX && (changed[n].port = tw_vhost_next_changed())) {
		changed[n].was = sw->states[changed[n].port->slot].link;
		publish |= follow(changed[n].port);
		n++;
	}
	if (!publish)
		return;
	tw_publish(sw);
	tw_links_release(sw);
	for (unsigned i = 0; i < n; i++)
		if (!changed[i].port->retire)
			tell(changed[i].port, changed[i].was);
}

/* --- uplinks --- */

uint16_t tw_links_active_uplink(const struct tw_switch *sw)
{
	for (uint16_t i = 0; i < sw->plan->n_uplinks; i++)
		if (sw->states[sw->plan->uplinks[i]].link == TW_LINK_UP)
			return sw->plan->uplinks[i];
	return TW_SLOT_NONE;
}

void tw_links_set_uplink(struct tw_switch *sw, unsigned index)
{
	struct tw_uplink *u = &sw->uplinks[index].device;
	uint16_t slot = (uint16_t)(TW_PORTS_MAX + index);

	sw->states[slot] = (struct tw_slot_state){
		.link = u->open && u->up ? TW_LINK_UP : TW_LINK_ABSENT,
		.device = u->device,
		.n_queues = u->n_tx,
		.tx_shared = u->shared_tx,
		.polls = (UINT32_C(1) << u->n_rx) - 1,
		.mtu = u->mtu,
		.lent = u->large != NULL,
		.uplink = true,
	};
	tw_aggregate_judge(sw, index, &sw->states[slot]);
	sw->tx_lock[slot] = u->lock;
}

/* Its link takes larger frames now than its buffers. It is out of use until no worker has it, and comes back. */
static bool reopen(struct tw_switch *sw, unsigned index)
{
	struct tw_uplink *u = &sw->uplinks[index].device;

	sw->states[TW_PORTS_MAX + index].link = TW_LINK_ABSENT;
	tw_publish(sw);
	if (!tw_grace_over(sw)) /* a worker does not come by: as it was, until another time */
		return true;
	tw_uplink_close(u);
	if (tw_uplink_open(u, sw->pool, sw->n_workers)) /* it is tried again with those that could not be opened */
		tw_log_warning("uplink cannot be opened again uplink=%s", u->name);
	return true;
}

/* A device that could not be opened may have come meanwhile. */
static bool look_at(struct tw_switch *sw, unsigned index, bool retry)
{
	struct tw_uplink *u = &sw->uplinks[index].device;

	if (u->open && tw_uplink_outgrown(u))
		return reopen(sw, index);
	if (u->open)
		return tw_uplink_poll_link(u);
	return retry && tw_uplink_open(u, sw->pool, sw->n_workers) == 0;
}

void tw_links_poll_uplinks(struct tw_switch *sw, bool retry)
{
	bool changed[TW_UPLINKS_MAX] = { false }, any = false;

	for (unsigned i = 0; i < TW_UPLINKS_MAX; i++) {
		if (!sw->uplinks[i].used || sw->uplinks[i].retire || !look_at(sw, i, retry))
			continue;
		tw_links_set_uplink(sw, i);
		any = changed[i] = true;
	}
	if (!any)
		return;
	tw_publish(sw);
	for (unsigned i = 0; i < TW_UPLINKS_MAX; i++)
		if (changed[i]) {
			tw_log_info("link uplink=%s up=%d", sw->uplinks[i].device.name, sw->uplinks[i].device.up);
			tw_news_uplink(sw, &sw->uplinks[i].device);
		}
}

/* What it says is not read: any change makes us look at our few links. */
static void on_kernel_links(evutil_socket_t fd, short what, void *arg)
{
	char heard[4096];

	while (recv(fd, heard, sizeof(heard), MSG_DONTWAIT) > 0 || errno == ENOBUFS || errno == EINTR)
		errno = 0;
	tw_links_poll_uplinks(arg, false);
}

int tw_links_listen(struct tw_switch *sw)
{
	const struct sockaddr_nl links = { .nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE), rc;

	if (fd < 0)
		return -errno;
	if (bind(fd, (const struct sockaddr *)&links, sizeof(links)) == 0)
		sw->kernel_links = event_new(sw->events, fd, EV_READ | EV_PERSIST, on_kernel_links, sw);
	if (sw->kernel_links && event_add(sw->kernel_links, NULL) == 0)
		return 0;
	rc = errno ? -errno : -ENOMEM;
	if (sw->kernel_links)
		event_free(sw->kernel_links);
	sw->kernel_links = NULL;
	close(fd);
	return rc;
}
