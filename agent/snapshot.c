/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.c - turns a slice into a switch's configuration; see snapshot.h.
 *
 * Threads  any: pure.
 * Owns     the arrays of the message and the texts it makes up; everything else is the slice's.
 */
#include "agent/snapshot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/mirrors.h"
#include "common/path.h"
#include "proto/link/check.h"

#define TW_LOG_AREA "snapshot"
#include "common/log.h"

enum { SOCKET_SIZE = 108 /* sun_path */, EXPORTER_MAX_SCOPE = 64 };
enum { DEFAULT_ACTIVE_S = 60, DEFAULT_IDLE_S = 15, DEFAULT_REFRESH_S = 60, DEFAULT_EXPORT_MTU = 1400 };

struct local {
	Tw__LocalPort msg;
	Tw__Multicast multicast;
	char socket[SOCKET_SIZE];
	char vm[TW_VM_NAME_SIZE];
};

struct remote {
	Tw__RemotePort msg;
	char vm[TW_VM_NAME_SIZE];
};

struct exporter {
	Tw__LocalExporter msg;
	uint32_t networks[EXPORTER_MAX_SCOPE], ports[EXPORTER_MAX_SCOPE];
};

struct tw_snapshot {
	Tw__Snapshot msg;
	struct local *locals;
	struct remote *remotes;
	struct tw_local_mirror *mirrors;
	size_t n_mirrors; /* also those that have nothing to do here */
	size_t n_sflow;   /* exporters among them */
	struct tw_local_mirror *captures;
	size_t n_captures; /* the same */
	struct exporter *exporters;
	struct tw_tunnel tunnel;
};

const Tw__Migration *tw_snapshot_migration(const Tw__WatchReply *view, const char *host, const Tw__Port *port)
{
	char vm[TW_VM_NAME_SIZE];

	for (size_t i = 0; i < view->n_migrations; i++) {
		const Tw__Migration *migration = view->migrations[i];

		if (migration->phase != TW__MIGRATION__PHASE__DONE &&
		    migration->phase != TW__MIGRATION__PHASE__FAILED &&
		    strcmp(migration->vm, tw_slice_vm(port->name, vm)) == 0 &&
		    (strcmp(migration->from, host) == 0 || strcmp(migration->to, host) == 0))
			return migration;
	}
	return NULL;
}

enum tw_place tw_snapshot_place(const Tw__WatchReply *view, const char *host, const Tw__Port *port,
				Tw__LocalPort__Role *role)
{
	const Tw__Migration *migration = tw_snapshot_migration(view, host, port);
	const char *at = port->binding ? port->binding->host : "";
	Tw__LocalPort__Role dummy;

	role = role ? role : &dummy;
	*role = TW__LOCAL_PORT__ROLE__SERVING;
	if (!*at)
		return TW_PLACE_NOWHERE;
	if (strcmp(at, host) == 0) {
		if (migration && strcmp(migration->from, host) == 0)
			*role = TW__LOCAL_PORT__ROLE__OUTGOING;
		return TW_PLACE_LOCAL;
	}
	if (!migration)
		return TW_PLACE_REMOTE;
	if (strcmp(migration->to, host) == 0 && strcmp(migration->from, at) == 0) {
		*role = TW__LOCAL_PORT__ROLE__INCOMING;
		return TW_PLACE_LOCAL;
	}
	if (strcmp(migration->from, host) == 0 && strcmp(migration->to, at) == 0) {
		*role = TW__LOCAL_PORT__ROLE__OUTGOING;
		return TW_PLACE_LOCAL;
	}
	return TW_PLACE_REMOTE;
}

/* The port's own VLAN where it has one, else its network's. */
static Tw__Vlan *resolve_vlan(const Tw__Port *port, const Tw__Network *network, struct tw_error *err)
{
	Tw__Vlan *vlan = tw_slice_port_vlan(port, network);

	if (!vlan || vlan->mode == TW__VLAN__MODE__INHERIT) {
		tw_error_set(err, TW_E_MISSING, "network.vlan", "network %s of port %s says no VLAN", network->name,
			     port->name);
		return NULL;
	}
	return vlan;
}

/* The port's own where it names one, else its network's; "none" is none. */
static char *resolve_acl(char *own, char *networks)
{
	char *acl = *own ? own : networks;

	return strcmp(acl, "none") == 0 ? acl + strlen(acl) : acl;
}

/* Each limit by itself: the port's own where it has one, also one that says none. */
static void resolve_rates(Tw__LocalPort *msg, const Tw__Port *port, const Tw__Network *network)
{
	msg->ingress_rate = port->ingress_rate ? port->ingress_rate : network->ingress_rate;
	msg->ingress_pps = port->ingress_pps ? port->ingress_pps : network->ingress_pps;
	msg->storm_broadcast = port->storm_broadcast ? port->storm_broadcast : network->storm_broadcast;
	msg->storm_multicast = port->storm_multicast ? port->storm_multicast : network->storm_multicast;
	msg->storm_unknown = port->storm_unknown ? port->storm_unknown : network->storm_unknown;
	msg->shape = port->shape ? port->shape : network->shape;
	msg->egress_rate = port->egress_rate ? port->egress_rate : network->egress_rate;
	msg->egress_pps = port->egress_pps ? port->egress_pps : network->egress_pps;
}

static bool accepts(Tw__Policy own, Tw__Policy networks)
{
	return (own != TW__POLICY__POLICY_INHERIT ? own : networks) == TW__POLICY__POLICY_ACCEPT;
}

static void resolve_macs(Tw__LocalPort *msg, const Tw__Port *port, const Tw__Network *network)
{
	msg->allow_forged =
		accepts(port->forged, network->allow_forged ? TW__POLICY__POLICY_ACCEPT : TW__POLICY__POLICY_REJECT);
	msg->mac_change = accepts(port->mac_change, network->mac_change);
	msg->learn = port->learn ? port->learn : network->learn;
	msg->learn_age_s = port->learn_age_s ? port->learn_age_s : network->learn_age_s;
	msg->learn_limit = port->learn_limit ? port->learn_limit : network->learn_limit;
	msg->promiscuous = accepts(port->promiscuous, network->promiscuous);
	msg->unknown_unicast = port->unknown_unicast ? port->unknown_unicast : network->unknown_unicast;
	msg->unknown_from_wire = accepts(port->unknown_from_wire, network->unknown_from_wire);
	msg->static_macs = port->static_macs;
	msg->n_static_macs = port->n_static_macs;
}

static void fill_multicast(struct local *local, const Tw__Network *network)
{
	Tw__Multicast *m = &local->multicast;

	if (!network->snooping)
		return;
	tw__multicast__init(m);
	m->snooping = true;
	m->querier = network->querier;
	m->querier_address = network->querier_address;
	m->query_interval_s = network->query_interval_s;
	m->unknown_groups = network->unknown_groups;
	m->query_guard = network->query_guard;
	local->msg.multicast = m;
}

static uint32_t resolve_record(const Tw__Recorder *recorder)
{
	return recorder ? recorder->frames : 0;
}

static bool fill_local(struct local *local, const Tw__Port *port, const Tw__Network *network, const char *run_dir,
		       struct tw_error *err)
{
	Tw__LocalPort *msg = &local->msg;

	tw__local_port__init(msg);
	msg->number = port->number;
	msg->name = port->name;
	msg->uuid = port->uuid;
	msg->mac = port->mac;
	msg->vm_uuid = port->vm_uuid;
	msg->vm_name = tw_slice_vm(port->name, local->vm);
	msg->network = port->network;
	msg->network_number = network->number;
	msg->vlan = resolve_vlan(port, network, err);
	msg->mtu = network->mtu ? network->mtu : TW_MTU_DEFAULT;
	msg->disabled = port->disabled;
	resolve_macs(msg, port, network);
	msg->pcp = port->pcp ? port->pcp : network->pcp;
	msg->addresses = port->addresses;
	msg->n_addresses = port->n_addresses;
	msg->ingress_acl = resolve_acl(port->ingress_acl, network->ingress_acl);
	msg->egress_acl = resolve_acl(port->egress_acl, network->egress_acl);
	fill_multicast(local, network);
	msg->guards = port->guards ? port->guards : network->guards;
	resolve_rates(msg, port, network);
	msg->teaming = port->teaming ? port->teaming : network->teaming;
	msg->record = resolve_record(port->record ? port->record : network->record);
	msg->vhost = port->vhost;
	msg->iommu = (port->iommu ? port->iommu : network->iommu) == TW__IOMMU__IOMMU_ON;
	msg->socket = local->socket;
	if (!msg->vlan)
		return false;
	if (tw_path(local->socket, sizeof(local->socket), "%s/vhost/%u.sock", run_dir, port->number))
		return tw_error_set(err, TW_E_INVALID, "run_dir", "the socket path of port %s would be too long",
				    port->name);
	return true;
}

static bool fill_remote(struct remote *remote, const Tw__Port *port, const Tw__Network *network, struct tw_error *err)
{
	Tw__RemotePort *msg = &remote->msg;

	tw__remote_port__init(msg);
	msg->number = port->number;
	msg->mac = port->mac;
	msg->name = port->name;
	msg->vm_name = tw_slice_vm(port->name, remote->vm);
	msg->vm_uuid = port->vm_uuid;
	msg->uuid = port->uuid;
	msg->network = port->network;
	msg->network_number = network->number;
	msg->static_macs = port->static_macs;
	msg->n_static_macs = port->n_static_macs;
	msg->learns = (port->learn ? port->learn : network->learn) >= TW__LEARN__LEARN_ACCEPT ||
		      accepts(port->mac_change, network->mac_change);
	msg->vlan = resolve_vlan(port, network, err);
	return msg->vlan != NULL;
}

static bool add_port(struct tw_snapshot *s, const Tw__WatchReply *view, const char *run_dir, const Tw__Port *port,
		     struct tw_error *err)
{
	const Tw__Network *network;
	Tw__LocalPort__Role role;
	enum tw_place place = tw_snapshot_place(view, s->msg.host, port, &role);

	if (place == TW_PLACE_NOWHERE)
		return true;
	network = tw_slice_network(view, port->network);
	if (!network)
		return tw_error_set(err, TW_E_NOT_FOUND, "port.network",
				    "network %s of port %s is not in this host's "
				    "slice",
				    port->network, port->name);
	if (place == TW_PLACE_LOCAL) {
		if (s->msg.n_ports == TW_SNAPSHOT_MAX_PORTS)
			return tw_error_set(err, TW_E_INVALID, "snapshot.ports", "a host has at most %d ports",
					    TW_SNAPSHOT_MAX_PORTS);
		if (!fill_local(&s->locals[s->msg.n_ports], port, network, run_dir, err))
			return false;
		s->locals[s->msg.n_ports].msg.role = role;
		s->msg.ports[s->msg.n_ports] = &s->locals[s->msg.n_ports].msg;
		s->msg.n_ports++;
		return true;
	}
	if (s->msg.n_remotes == TW_SNAPSHOT_MAX_REMOTES)
		return tw_error_set(err, TW_E_INVALID, "snapshot.remotes", "at most %d ports elsewhere can be known",
				    TW_SNAPSHOT_MAX_REMOTES);
	if (!fill_remote(&s->remotes[s->msg.n_remotes], port, network, err))
		return false;
	s->msg.remotes[s->msg.n_remotes] = &s->remotes[s->msg.n_remotes].msg;
	s->msg.n_remotes++;
	return true;
}

static bool serve_mirror(struct tw_snapshot *s, struct tw_local_mirror *mirror, struct tw_error *err)
{
	if (s->msg.n_mirrors == TW_SNAPSHOT_MAX_MIRRORS)
		return tw_error_set(err, TW_E_INVALID, "snapshot.mirrors",
				    "a host serves at most %d mirrors and sFlow exporters", TW_SNAPSHOT_MAX_MIRRORS);
	s->msg.mirrors[s->msg.n_mirrors++] = &mirror->msg;
	return true;
}

/* A mirror without a source on this host has nothing to do here. */
static bool add_mirror(struct tw_snapshot *s, const Tw__WatchReply *view, const char *run_dir, const Tw__Mirror *from,
		       struct tw_error *err)
{
	struct tw_local_mirror *mirror = &s->mirrors[s->n_mirrors++];
	bool here;

	if (!tw_local_mirror_fill(mirror, view, s->msg.host, run_dir, from, &here, err))
		return false;
	return !here || serve_mirror(s, mirror, err);
}

/* Packets are sampled by the same way as a mirror's. */
static bool add_sflow(struct tw_snapshot *s, const Tw__WatchReply *view, const Tw__Exporter *from, struct tw_error *err)
{
	struct tw_local_mirror *mirror = &s->mirrors[s->n_mirrors++];

	return tw_local_mirror_fill_sflow(mirror, view, s->msg.host, from, err) && serve_mirror(s, mirror, err);
}

/* What it names and nobody here can have to do with is left out. */
static void fill_scope(struct exporter *exporter, const Tw__WatchReply *view, const Tw__Exporter *from)
{
	Tw__LocalExporter *msg = &exporter->msg;

	msg->scoped = from->n_networks > 0 || from->n_ports > 0;
	msg->networks = exporter->networks;
	for (size_t i = 0; i < from->n_networks && i < EXPORTER_MAX_SCOPE; i++) {
		const Tw__Network *network = tw_slice_network(view, from->networks[i]);

		if (network)
			msg->networks[msg->n_networks++] = network->number;
	}
	msg->ports = exporter->ports;
	for (size_t i = 0; i < from->n_ports && i < EXPORTER_MAX_SCOPE; i++) {
		const Tw__Port *port = tw_slice_port(view, from->ports[i]);

		if (port)
			msg->ports[msg->n_ports++] = port->number;
	}
	msg->east_west = from->east_west;
	msg->both_sides = from->both_sides;
}

static bool add_exporter(struct tw_snapshot *s, const Tw__WatchReply *view, const Tw__Exporter *from,
			 struct tw_error *err)
{
	Tw__LocalExporter *msg = &s->exporters[s->msg.n_exporters].msg;

	if (from->disabled)
		return true;
	if (s->msg.n_exporters + s->n_sflow == TW_SNAPSHOT_MAX_EXPORTERS)
		return tw_error_set(err, TW_E_INVALID, "snapshot.exporters", "a host serves at most %d exporters",
				    TW_SNAPSHOT_MAX_EXPORTERS);
	if (from->format == TW__EXPORTER__FORMAT__SFLOW) {
		s->n_sflow++;
		return add_sflow(s, view, from, err);
	}
	tw__local_exporter__init(msg);
	msg->name = from->name;
	msg->format = from->format;
	msg->transport = from->transport;
	msg->names = from->names;
	msg->biflow = from->biflow;
	fill_scope(&s->exporters[s->msg.n_exporters], view, from);
	msg->collectors = from->collectors;
	msg->n_collectors = from->n_collectors;
	msg->delivery = from->delivery;
	msg->source = from->source;
	msg->template_refresh_messages = from->template_refresh_messages;
	msg->options_refresh_s = from->options_refresh_s;
	msg->observation_domain = from->observation_domain;
	msg->tls_ca = from->tls_ca;
	msg->tls_certificate = from->tls_certificate;
	msg->tls_key = from->tls_key;
	msg->tls_name = from->tls_name;
	msg->way = from->way;
	msg->active_timeout_s = from->active_timeout_s ? from->active_timeout_s : DEFAULT_ACTIVE_S;
	msg->idle_timeout_s = from->idle_timeout_s ? from->idle_timeout_s : DEFAULT_IDLE_S;
	msg->template_refresh_s = from->template_refresh_s ? from->template_refresh_s : DEFAULT_REFRESH_S;
	msg->mtu = from->mtu ? from->mtu : DEFAULT_EXPORT_MTU;
	s->msg.exporters[s->msg.n_exporters++] = msg;
	return true;
}

/* One more than needed, so that no array is empty and the one past a limit has a place to be refused in. */
static bool allocate(struct tw_snapshot *s, const Tw__WatchReply *view)
{
	size_t n_ports = view->n_ports + 1, n_exporters = view->n_exporters + 1,
	       n_mirrors = view->n_mirrors + n_exporters;

	s->locals = calloc(n_ports, sizeof(*s->locals));
	s->remotes = calloc(n_ports, sizeof(*s->remotes));
	s->mirrors = calloc(n_mirrors, sizeof(*s->mirrors));
	s->exporters = calloc(n_exporters, sizeof(*s->exporters));
	s->msg.ports = calloc(n_ports, sizeof(*s->msg.ports));
	s->msg.remotes = calloc(n_ports, sizeof(*s->msg.remotes));
	s->msg.mirrors = calloc(n_mirrors, sizeof(*s->msg.mirrors));
	s->msg.exporters = calloc(n_exporters, sizeof(*s->msg.exporters));
	s->msg.rspan_vlans = calloc(n_mirrors, sizeof(*s->msg.rspan_vlans));
	return s->locals && s->remotes && s->mirrors && s->exporters && s->msg.ports && s->msg.remotes &&
	       s->msg.mirrors && s->msg.exporters && s->msg.rspan_vlans;
}

static bool fill(struct tw_snapshot *s, const Tw__WatchReply *view, const char *run_dir, struct tw_error *err)
{
	if (!view->observation_domain)
		return tw_error_set(err, TW_E_MISSING, "watch_reply.observation_domain", NULL);
	for (size_t i = 0; i < view->n_ports; i++)
		if (!add_port(s, view, run_dir, view->ports[i], err))
			return false;
	for (size_t i = 0; i < view->n_mirrors; i++)
		if (!add_mirror(s, view, run_dir, view->mirrors[i], err))
			return false;
	s->msg.n_rspan_vlans = tw_mirror_rspan_vlans(view, s->msg.rspan_vlans);
	if (!tw_tunnel_fill(&s->tunnel, view, s->msg.host, err))
		return false;
	if (s->tunnel.msg.n_ends)
		s->msg.tunnel = &s->tunnel.msg;
	for (size_t i = 0; i < view->n_exporters; i++)
		if (!add_exporter(s, view, view->exporters[i], err))
			return false;
	return true;
}

struct tw_snapshot *tw_snapshot_build(const Tw__WatchReply *view, const char *host, const char *run_dir,
				      struct tw_error *err)
{
	struct tw_snapshot *s = calloc(1, sizeof(*s));

	if (s)
		tw__snapshot__init(&s->msg);
	if (!s || !allocate(s, view)) {
		tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
		tw_snapshot_destroy(s);
		return NULL;
	}
	s->msg.revision = view->revision;
	s->msg.host = (char *)(uintptr_t)host; /* only read */
	s->msg.observation_domain = view->observation_domain;
	s->msg.n_acls = view->n_acls; /* the controller gives those of this host's ports */
	s->msg.acls = view->acls;
	if (view->host) {
		s->msg.n_uplinks = view->host->n_uplinks;
		s->msg.uplinks = view->host->uplinks;
		s->msg.teaming = view->host->teaming;
		s->msg.flow_sample = view->host->flow_sample;
		s->msg.flow_sample_random = view->host->flow_sample_random;
	}
	if (!fill(s, view, run_dir, err)) {
		tw_snapshot_destroy(s);
		return NULL;
	}
	return s;
}

static bool add_capture(struct tw_snapshot *s, const Tw__WatchReply *view, const char *run_dir, const Tw__Mirror *from,
			struct tw_error *err)
{
	struct tw_local_mirror *capture = &s->captures[s->n_captures++];
	bool here;

	return tw_local_mirror_fill(capture, view, s->msg.host, run_dir, from, &here, err) &&
	       (!here || serve_mirror(s, capture, err));
}

void tw_snapshot_add_captures(struct tw_snapshot *s, const Tw__WatchReply *captures, const Tw__WatchReply *view,
			      const char *run_dir, struct tw_error *errors)
{
	size_t most = s->msg.n_mirrors + captures->n_captures;
	Tw__LocalMirror **grown = reallocarray(s->msg.mirrors, most + 1, sizeof(Tw__LocalMirror *));

	s->captures = calloc(captures->n_captures + 1, sizeof(*s->captures));
	if (grown)
		s->msg.mirrors = grown;
	for (size_t i = 0; grown && s->captures && i < captures->n_captures; i++) {
		errors[i] = (struct tw_error){ 0 };
		if (!add_capture(s, view, run_dir, captures->captures[i], &errors[i]))
			tw_log_warning("a capture is left out capture=%s error=\"%s\"", captures->captures[i]->name,
				       errors[i].text);
	}
}

void tw_snapshot_destroy(struct tw_snapshot *s)
{
	if (!s)
		return;
	free(s->locals);
	free(s->remotes);
	for (size_t i = 0; i < s->n_mirrors; i++)
		tw_local_mirror_release(&s->mirrors[i]);
	tw_tunnel_release(&s->tunnel);
	free(s->mirrors);
	for (size_t i = 0; i < s->n_captures; i++)
		tw_local_mirror_release(&s->captures[i]);
	free(s->captures);
	free(s->exporters);
	free(s->msg.ports);
	free(s->msg.remotes);
	free(s->msg.mirrors);
	free(s->msg.exporters);
	free(s->msg.rspan_vlans);
	free(s);
}

Tw__Snapshot *tw_snapshot_message(struct tw_snapshot *snapshot)
{
	return &snapshot->msg;
}
