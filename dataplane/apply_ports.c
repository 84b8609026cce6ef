/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply_ports.c - which slots a new configuration's ports and uplinks have; sockets and devices opened and left. Main.
 *
 * A port goes on in its slot while number, socket, mode and what is offered stay; else the former one leaves (its flows end) and a new one
 * comes. A socket or a device that is still the former one's is opened when that has left.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "dataplane/apply.h"

#define TW_LOG_AREA "apply"
#include "common/log.h"

static bool is_same(const struct tw_port *p, const Tw__LocalPort *in)
{
	return p->mode == in->vhost && p->iommu == in->iommu && strcmp(p->socket, in->socket) == 0;
}

static bool socket_is_taken(const struct tw_switch *sw, const struct tw_port *but)
{
	for (unsigned i = 0; i < TW_PORTS_MAX; i++)
		if (sw->ports[i].vhost && &sw->ports[i] != but && strcmp(sw->ports[i].socket, but->socket) == 0)
			return true;
	return false;
}

static int open_socket(struct tw_port *p)
{
	return tw_vhost_open(p->socket, p->mode == TW__VHOST_MODE__VHOST_SERVER, p->iommu, p, &p->vhost);
}

static bool cannot_open(const struct tw_port *p, int rc, struct tw_error *err)
{
	return tw_error_set(err, TW_E_SWITCH, "snapshot.ports.socket", "port %s: %s cannot be opened: %s", p->name,
			    p->socket, strerror(-rc));
}

static void describe(struct tw_port *p, const Tw__LocalPort *in)
{
	p->number = in->number;
	p->role = in->role;
	p->mode = in->vhost;
	p->iommu = in->iommu;
	p->mtu = (uint16_t)in->mtu;
	memcpy(p->mac, in->mac.data, sizeof(p->mac));
	snprintf(p->name, sizeof(p->name), "%s", in->name);
	snprintf(p->vm_name, sizeof(p->vm_name), "%s", in->vm_name);
	memset(p->vm_uuid, 0, sizeof(p->vm_uuid));
	if (in->vm_uuid.len == sizeof(p->vm_uuid))
		memcpy(p->vm_uuid, in->vm_uuid.data, sizeof(p->vm_uuid));
	snprintf(p->socket, sizeof(p->socket), "%s", in->socket);
}

static bool match_port(struct tw_switch *sw, struct tw_change *c, size_t i, struct tw_error *err)
{
	const Tw__LocalPort *in = c->config->ports[i];
	struct tw_port *p = tw_port_by_number(sw, in->number);
	int rc;

	if (p && is_same(p, in)) {
		c->stays[p->slot] = true;
		c->port_slots[i] = p->slot;
		return true;
	}
	p = tw_port_alloc(sw);
	if (!p)
		return tw_error_set(err, TW_E_SWITCH, "snapshot.ports", "no slot is free: %d ports are open",
				    TW_PORTS_MAX);
	c->is_new[p->slot] = true;
	c->port_slots[i] = p->slot;
	describe(p, in);
	if (socket_is_taken(sw, p))
		return true;
	rc = open_socket(p);
	return rc == 0 || cannot_open(p, rc, err);
}

bool tw_apply_match_ports(struct tw_switch *sw, struct tw_change *c, struct tw_error *err)
{
	for (size_t i = 0; i < c->config->n_ports; i++)
		if (!match_port(sw, c, i, err))
			return false;
	return true;
}

static uint16_t find_uplink(const struct tw_switch *sw, const Tw__Uplink *in)
{
	for (uint16_t i = 0; i < TW_UPLINKS_MAX; i++) {
		const struct tw_uplink_slot *u = &sw->uplinks[i];

		if (u->used && !u->retire && strcmp(u->device.name, in->name) == 0 &&
		    strcmp(u->device.devargs, in->devargs) == 0 &&
		    (!*in->netdev || strcmp(u->device.netdev, in->netdev) == 0))
			return i;
	}
	return TW_UPLINKS_MAX;
}

bool tw_apply_match_uplinks(struct tw_switch *sw, struct tw_change *c, struct tw_error *err)
{
	for (size_t i = 0; i < c->config->n_uplinks; i++) {
		const Tw__Uplink *in = c->config->uplinks[i];
		uint16_t index = find_uplink(sw, in);

		if (index < TW_UPLINKS_MAX) {
			c->stays[TW_PORTS_MAX + index] = true;
		} else if ((index = tw_uplink_alloc(sw)) < TW_UPLINKS_MAX) {
			struct tw_uplink *u = &sw->uplinks[index].device;

			c->is_new[TW_PORTS_MAX + index] = true;
			snprintf(u->name, sizeof(u->name), "%s", in->name);
			snprintf(u->devargs, sizeof(u->devargs), "%s", in->devargs);
			snprintf(u->netdev, sizeof(u->netdev), "%s", in->netdev);
		} else {
			return tw_error_set(err, TW_E_BUSY, "snapshot.uplinks",
					    "former uplinks are still being closed; ask again");
		}
		c->uplink_slots[i] = (uint16_t)(TW_PORTS_MAX + index);
	}
	return true;
}

void tw_apply_undo(struct tw_switch *sw, struct tw_change *c)
{
	for (unsigned i = 0; i < TW_PORTS_MAX; i++)
		if (c->is_new[i])
			tw_port_free(&sw->ports[i]);
	for (unsigned i = 0; i < TW_UPLINKS_MAX; i++)
		if (c->is_new[TW_PORTS_MAX + i])
			memset(&sw->uplinks[i], 0, sizeof(sw->uplinks[i]));
}

/* A port that left and is now to come back begins anew: what it counted went along. */
static void set_role(struct tw_port *p, Tw__LocalPort__Role role)
{
	struct tw_slot_state *state = &p->sw->states[p->slot];
	bool comes_back = role == TW__LOCAL_PORT__ROLE__INCOMING && p->role != role && state->link != TW_LINK_UP;

	if (comes_back) {
		tw_handover_leave(p);
		tw_learning_forget(p->sw->learning, p->slot);
		tw_workers_zero(p->sw, p->slot, &p->base);
	}
	if (comes_back || (role != TW__LOCAL_PORT__ROLE__OUTGOING && state->link == TW_LINK_MOVED))
		state->link = TW_LINK_ABSENT;
	p->role = role;
}

void tw_apply_commit(struct tw_switch *sw, struct tw_change *c)
{
	for (size_t i = 0; i < c->config->n_ports; i++) {
		struct tw_port *p = &sw->ports[c->port_slots[i]];

		set_role(p, c->config->ports[i]->role);
		describe(p, c->config->ports[i]);
	}
	for (unsigned i = 0; i < TW_PORTS_MAX; i++)
		if (sw->ports[i].used && !sw->ports[i].retire && !c->stays[i] && !c->is_new[i])
			tw_retire_port(sw, &sw->ports[i]);
	for (unsigned i = 0; i < TW_UPLINKS_MAX; i++)
		if (sw->uplinks[i].used && !sw->uplinks[i].retire && !c->stays[TW_PORTS_MAX + i] &&
		    !c->is_new[TW_PORTS_MAX + i])
			tw_retire_uplink(sw, i);
}

bool tw_apply_open_rest(struct tw_switch *sw, struct tw_change *c, struct tw_error *err)
{
	bool opened = false, whole = true;

	for (size_t i = 0; i < c->config->n_ports; i++) {
		struct tw_port *p = &sw->ports[c->port_slots[i]];
		int rc = p->vhost ? 0 : open_socket(p);

		if (rc)
			whole = cannot_open(p, rc, err);
	}
	for (size_t i = 0; i < c->config->n_uplinks; i++) {
		unsigned index = c->uplink_slots[i] - TW_PORTS_MAX;

		if (sw->uplinks[index].device.open ||
		    tw_uplink_open(&sw->uplinks[index].device, sw->pool, sw->n_workers))
			continue; /* its status says why; the others serve */
		tw_links_set_uplink(sw, index);
		opened = true;
	}
	if (opened && tw_publish(sw) == -ETIMEDOUT)
		whole = tw_error_set(err, TW_E_TIMEOUT, NULL, "a worker has not come by for a second");
	return whole;
}
