/* SPDX-License-Identifier: Apache-2.0 */
/* tunnel.c - where copies from other hosts come in; see tunnel.h. Pure. */
#include "agent/tunnel.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/names.h"
#include "proto/link/check.h"

enum { TUNNEL_MAX_ENDS = 64 };

/* "tcp://ADDRESS:PORT" or "tcp://[V6ADDRESS]:PORT" */
static void address_of_url(const char *url, char address[static INET6_ADDRSTRLEN])
{
	static const char scheme[] = "tcp://";
	const char *from = url + sizeof(scheme) - 1, *to;

	address[0] = '\0';
	if (strncmp(url, scheme, sizeof(scheme) - 1) != 0)
		return;
	from += *from == '[';
	to = from[-1] == '[' ? strchr(from, ']') : strrchr(from, ':');
	if (to && to - from < INET6_ADDRSTRLEN)
		snprintf(address, INET6_ADDRSTRLEN, "%.*s", (int)(to - from), from);
}

/* @return AF_INET, AF_INET6; AF_UNSPEC: nobody can be reached by it */
static int family_of(const char *address)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, address, &v4) == 1)
		return v4.s_addr ? AF_INET : AF_UNSPEC;
	return inet_pton(AF_INET6, address, &v6) == 1 && !IN6_IS_ADDR_UNSPECIFIED(&v6) ? AF_INET6 : AF_UNSPEC;
}

bool tw_tunnel_address(const Tw__Host *host, struct tw_tunnel_address *address)
{
	if (!host)
		return false;
	if (*host->tunnel_address)
		snprintf(address->text, sizeof(address->text), "%s", host->tunnel_address);
	else
		address_of_url(host->peer_url, address->text);
	address->port = host->tunnel_port ? host->tunnel_port : TW_TUNNEL_PORT_DEFAULT;
	return family_of(address->text) != AF_UNSPEC;
}

bool tw_tunnel_same_family(const struct tw_tunnel_address *a, const struct tw_tunnel_address *b)
{
	return family_of(a->text) == family_of(b->text);
}

/* --- which mirrors --- */

/* Here, and not about to be elsewhere. */
static bool stays_here(const Tw__WatchReply *view, const char *host, const Tw__Port *port)
{
	return port && port->binding && strcmp(port->binding->host, host) == 0 &&
	       !tw_snapshot_migration(view, host, port);
}

/* A VM's ports are where it runs, so one of them tells. */
static bool vm_stays_here(const Tw__WatchReply *view, const char *host, const char *vm)
{
	char name[TW_VM_NAME_SIZE];

	for (size_t i = 0; i < view->n_ports; i++)
		if (strcmp(tw_slice_vm(view->ports[i]->name, name), vm) == 0)
			return stays_here(view, host, view->ports[i]);
	return false;
}

/* Of a network, of other hosts and of VLANs alone there may be ports anywhere. */
static bool all_sources_stay_here(const Tw__WatchReply *view, const char *host, const Tw__Mirror *m)
{
	if (m->n_networks || m->n_ports + m->n_vms + m->n_hosts + m->n_uplinks == 0)
		return false;
	for (size_t i = 0; i < m->n_ports; i++)
		if (!stays_here(view, host, tw_slice_port(view, m->ports[i])))
			return false;
	for (size_t i = 0; i < m->n_vms; i++)
		if (!vm_stays_here(view, host, m->vms[i]))
			return false;
	for (size_t i = 0; i < m->n_hosts; i++)
		if (strcmp(m->hosts[i], host) != 0)
			return false;
	for (size_t i = 0; i < m->n_uplinks; i++)
		if (!tw_names_uplink_of(m->uplinks[i], host))
			return false;
	return true;
}

/* @return the port here that others may copy for; NULL: they do not */
static const Tw__Port *comes_in_for(const Tw__WatchReply *view, const char *host, const Tw__Mirror *m)
{
	const Tw__Port *to = *m->to_port ? tw_slice_port(view, m->to_port) : NULL;

	if (m->disabled || !to || m->tunnel_key.len == 0 || tw_snapshot_place(view, host, to, NULL) != TW_PLACE_LOCAL)
		return NULL;
	return stays_here(view, host, to) && all_sources_stay_here(view, host, m) ? NULL : to;
}

/* --- what the switch is told --- */

static bool allocate(struct tw_tunnel *out, const Tw__WatchReply *view)
{
	out->peers = calloc(view->n_peers + 1, sizeof(out->peers[0]));
	out->ends = calloc(view->n_mirrors + 1, sizeof(out->ends[0]));
	out->msg.peers = calloc(view->n_peers + 1, sizeof(out->msg.peers[0]));
	out->msg.ends = calloc(view->n_mirrors + 1, sizeof(out->msg.ends[0]));
	return out->peers && out->ends && out->msg.peers && out->msg.ends;
}

static void add_peers(struct tw_tunnel *out, const Tw__WatchReply *view)
{
	for (size_t i = 0; i < view->n_peers; i++) {
		struct tw_tunnel_address *peer = &out->peers[out->msg.n_peers];

		if (tw_tunnel_address(view->peers[i], peer))
			out->msg.peers[out->msg.n_peers++] = peer->text;
	}
}

static void add_end(struct tw_tunnel *out, const Tw__Mirror *mirror, uint32_t number)
{
	Tw__TunnelEnd *end = &out->ends[out->msg.n_ends];

	tw__tunnel_end__init(end);
	end->mirror = mirror->name;
	end->tag = mirror->tunnel_tag;
	end->key = mirror->tunnel_key;
	end->to_port = number;
	out->msg.ends[out->msg.n_ends++] = end;
}

bool tw_tunnel_fill(struct tw_tunnel *out, const Tw__WatchReply *view, const char *host, struct tw_error *err)
{
	tw__tunnel__init(&out->msg);
	if (!allocate(out, view))
		return tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
	if (!tw_tunnel_address(view->host, &out->own))
		return true; /* who would send is told that it has nowhere to: mirrors.c */
	out->msg.address = out->own.text;
	out->msg.port = out->own.port;
	add_peers(out, view);
	for (size_t i = 0; i < view->n_mirrors; i++) {
		const Tw__Mirror *mirror = view->mirrors[i];
		const Tw__Port *to = comes_in_for(view, host, mirror);

		if (!to)
			continue;
		if (out->msg.n_ends == TUNNEL_MAX_ENDS)
			return tw_error_set(err, TW_E_INVALID, "snapshot.tunnel.ends",
					    "at most %d mirrors can copy for ports of one host", TUNNEL_MAX_ENDS);
		add_end(out, mirror, to->number);
	}
	return true;
}

void tw_tunnel_release(struct tw_tunnel *tunnel)
{
	free(tunnel->peers);
	free(tunnel->ends);
	free(tunnel->msg.peers);
	free(tunnel->msg.ends);
}
