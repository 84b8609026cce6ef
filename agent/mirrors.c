/* SPDX-License-Identifier: Apache-2.0 */
/* mirrors.c - a mirror's sources and destination as this host has them; see mirrors.h. Pure. */
#include "agent/mirrors.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/names.h"
#include "common/path.h"

enum { ERSPAN_TYPE_DEFAULT = 2, ERSPAN_SESSION_DEFAULT = 1, ERSPAN_TTL_DEFAULT = 64 };
enum {
	SFLOW_SAMPLE_DEFAULT = 1000,
	SFLOW_HEADER_DEFAULT = 128,
	SFLOW_COUNTERS_DEFAULT_S = 20,
	EXPORT_MTU_DEFAULT = 1400
};

/* A port that migrates is where its guest runs: bound there. */
enum tw_mirror_way tw_mirror_way(const Tw__WatchReply *view, const char *host, const Tw__Mirror *mirror,
				 const Tw__Port **to)
{
	const Tw__Port *port = *mirror->to_port ? tw_slice_port(view, mirror->to_port) : NULL;
	const char *at = port && port->binding ? port->binding->host : "";

	*to = *at ? port : NULL;
	if (!*mirror->to_port)
		return TW_MIRROR_WAY_OWN;
	if (!*at)
		return TW_MIRROR_WAY_NONE;
	return strcmp(at, host) == 0 ? TW_MIRROR_WAY_HERE : TW_MIRROR_WAY_ELSEWHERE;
}

size_t tw_mirror_rspan_vlans(const Tw__WatchReply *view, uint32_t *vlans)
{
	size_t n = 0;

	for (size_t i = 0; i < view->n_mirrors; i++)
		if (view->mirrors[i]->rspan_vlan && !view->mirrors[i]->disabled)
			vlans[n++] = view->mirrors[i]->rspan_vlan;
	return n;
}

/* An analyser at the end of an RSPAN VLAN: what it gets are copies. */
static bool gets_copies(const Tw__WatchReply *view, const Tw__Port *port)
{
	const Tw__Vlan *vlan = tw_slice_port_vlan(port, tw_slice_network(view, port->network));

	for (size_t i = 0; vlan && vlan->mode != TW__VLAN__MODE__TRUNK && i < view->n_mirrors; i++)
		if (view->mirrors[i]->rspan_vlan && view->mirrors[i]->rspan_vlan == vlan->access)
			return true;
	return false;
}

/* By its own name, its VM's, its network's or its host's; VLANs by themselves are those of every port. */
static bool is_source(const Tw__WatchReply *view, const Tw__Mirror *m, const Tw__Port *port)
{
	const char *host = port->binding ? port->binding->host : "";
	char vm[TW_VM_NAME_SIZE];

	if (tw_names_have(m->ports, m->n_ports, port->name) ||
	    (m->n_vms && tw_names_have(m->vms, m->n_vms, tw_slice_vm(port->name, vm))))
		return true;
	if (strcmp(port->name, m->to_port) == 0 || gets_copies(view, port))
		return false;
	return tw_names_have(m->networks, m->n_networks, port->network) || tw_names_have(m->hosts, m->n_hosts, host) ||
	       m->n_ports + m->n_vms + m->n_networks + m->n_hosts + m->n_uplinks == 0;
}

/* What a port elsewhere sends is copied there; that is of interest to whom else it may meet. */
static bool copies_what_is_sent(const Tw__Mirror *m)
{
	return m->direction != TW__MIRROR__DIRECTION__EGRESS && !m->drops;
}

static void add_ports(Tw__LocalMirror *msg, const Tw__WatchReply *view, const char *host, const Tw__Mirror *from)
{
	for (size_t i = 0; i < view->n_ports; i++) {
		const Tw__Port *port = view->ports[i];
		enum tw_place place = tw_snapshot_place(view, host, port, NULL);

		if (place == TW_PLACE_NOWHERE || !is_source(view, from, port))
			continue;
		if (place == TW_PLACE_LOCAL)
			msg->ports[msg->n_ports++] = port->number;
		else if (copies_what_is_sent(from))
			msg->elsewhere[msg->n_elsewhere++] = port->number;
	}
}

/* One that the host has no more is nobody's. */
static void add_uplinks(Tw__LocalMirror *msg, const Tw__WatchReply *view, const char *host, const Tw__Mirror *from)
{
	for (size_t i = 0; i < from->n_uplinks; i++) {
		const char *uplink = tw_names_uplink_of(from->uplinks[i], host);

		for (size_t k = 0; uplink && view->host && k < view->host->n_uplinks; k++)
			if (strcmp(view->host->uplinks[k]->name, uplink) == 0)
				msg->uplinks[msg->n_uplinks++] = view->host->uplinks[k]->name;
	}
}

static bool allocate(Tw__LocalMirror *msg, const Tw__WatchReply *view, const Tw__Mirror *from)
{
	msg->ports = calloc(view->n_ports + 1, sizeof(msg->ports[0]));
	msg->elsewhere = calloc(view->n_ports + 1, sizeof(msg->elsewhere[0]));
	msg->uplinks = calloc(from->n_uplinks + 1, sizeof(msg->uplinks[0]));
	return msg->ports && msg->elsewhere && msg->uplinks;
}

static void copy_options(Tw__LocalMirror *msg, const Tw__Mirror *from)
{
	msg->name = from->name;
	msg->direction = from->direction;
	msg->snaplen = from->snaplen;
	msg->vlans = from->vlans;
	msg->n_vlans = from->n_vlans;
	msg->filter = from->filter;
	msg->sample = from->sample;
	msg->first_packets = from->first_packets;
	msg->drops = from->drops;
	msg->max_pps = from->max_pps;
	msg->max_bps = from->max_bps;
	msg->max_share = from->max_share;
}

/* To the mirror's own file, VLAN or collector. */
static bool fill_own(struct tw_local_mirror *out, const char *run_dir, const Tw__Mirror *from, struct tw_error *err)
{
	Tw__LocalMirror *msg = &out->msg;

	msg->rspan_vlan = from->rspan_vlan;
	msg->rspan_strip = from->rspan_strip;
	msg->erspan = from->erspan;
	msg->erspan_type = from->erspan_type ? from->erspan_type : ERSPAN_TYPE_DEFAULT;
	msg->erspan_session = from->erspan_session ? from->erspan_session : ERSPAN_SESSION_DEFAULT;
	msg->erspan_source = from->erspan_source;
	msg->erspan_cos = from->erspan_cos;
	msg->erspan_dscp = from->erspan_dscp;
	msg->erspan_ttl = from->erspan_ttl ? from->erspan_ttl : ERSPAN_TTL_DEFAULT;
	msg->erspan_ns = from->erspan_ns;
	msg->oversize = from->oversize;
	if (from->stream) {
		msg->stream = from->stream;
		msg->stream_text = from->stream_text;
		if (tw_path(out->path, TW_CAPTURE_SOCKET_SIZE, "%s/capture.sock", run_dir))
			return tw_error_set(err, TW_E_INVALID, "run_dir",
					    "the captures' socket would have too long a path");
		msg->stream_socket = out->path;
	}
	if (!*from->file)
		return true;
	if (tw_path(out->path, sizeof(out->path), "%s/capture/%s", run_dir, from->file))
		return tw_error_set(err, TW_E_INVALID, "mirror.file", "the path of mirror %s would be too long",
				    from->name);
	msg->path = out->path;
	msg->max_bytes = from->max_bytes;
	msg->files = from->files;
	msg->file_seconds = from->file_seconds;
	return true;
}

static void __attribute__((format(printf, 2, 3))) no_way(struct tw_local_mirror *out, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(out->no_way, sizeof(out->no_way), format, args);
	va_end(args);
	out->msg.no_way = out->no_way;
}

/* To another host's switch, which has the port. */
static void fill_tunnel(struct tw_local_mirror *out, const Tw__WatchReply *view, const char *host,
			const Tw__Mirror *from, const char *at)
{
	static const char address[] = "has no address for mirrors' copies between hosts: twctl host set";
	bool own = tw_tunnel_address(view->host, &out->own),
	     peer = tw_tunnel_address(tw_slice_peer(view, at), &out->peer);

	if (!own || !peer) {
		no_way(out, "host %.63s %s %.63s --tunnel-address ADDRESS", own ? at : host, address, own ? at : host);
		return;
	}
	if (!tw_tunnel_same_family(&out->own, &out->peer)) {
		no_way(out, "host %.63s takes copies in at %s, to which %s of this host cannot send", at,
		       out->peer.text, out->own.text);
		return;
	}
	if (from->tunnel_key.len == 0) {
		no_way(out,
		       "the mirror has no key for the way between hosts: twctl mirror set %.63s --to-port gives it one",
		       from->name);
		return;
	}
	out->msg.tunnel = out->peer.text;
	out->msg.tunnel_port = out->peer.port;
	out->msg.tunnel_source = out->own.text;
	out->msg.tunnel_tag = from->tunnel_tag;
	out->msg.tunnel_key = from->tunnel_key;
}

/* @return false: what there is of it does not fit */
static bool fill_destination(struct tw_local_mirror *out, const Tw__WatchReply *view, const char *host,
			     const char *run_dir, const Tw__Mirror *mirror, struct tw_error *err)
{
	const Tw__Port *to;

	switch (tw_mirror_way(view, host, mirror, &to)) {
	case TW_MIRROR_WAY_OWN:
		return fill_own(out, run_dir, mirror, err);
	case TW_MIRROR_WAY_HERE:
		out->msg.to_port = to->number;
		return true;
	case TW_MIRROR_WAY_ELSEWHERE:
		fill_tunnel(out, view, host, mirror, to->binding->host);
		return true;
	default:
		no_way(out, "port %.127s is bound to no host: there is nowhere to send copies", mirror->to_port);
		return true;
	}
}

bool tw_local_mirror_fill(struct tw_local_mirror *out, const Tw__WatchReply *view, const char *host,
			  const char *run_dir, const Tw__Mirror *mirror, bool *here, struct tw_error *err)
{
	Tw__LocalMirror *msg = &out->msg;

	*here = false;
	tw__local_mirror__init(msg);
	if (mirror->disabled)
		return true;
	if (!allocate(msg, view, mirror))
		return tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
	add_ports(msg, view, host, mirror);
	add_uplinks(msg, view, host, mirror);
	copy_options(msg, mirror);
	*here = msg->n_ports + msg->n_uplinks > 0;
	return fill_destination(out, view, host, run_dir, mirror, err);
}

static void fill_sflow(Tw__LocalSflow *to, const Tw__Exporter *from, uint32_t domain)
{
	tw__local_sflow__init(to);
	to->exporter = from->name;
	to->collectors = from->collectors;
	to->n_collectors = from->n_collectors;
	to->delivery = from->delivery;
	to->source = from->source;
	to->sub_agent = from->observation_domain ? from->observation_domain : domain;
	to->mtu = from->mtu ? from->mtu : EXPORT_MTU_DEFAULT;
	to->counters_s = from->counters_s ? from->counters_s : SFLOW_COUNTERS_DEFAULT_S;
}

bool tw_local_mirror_fill_sflow(struct tw_local_mirror *out, const Tw__WatchReply *view, const char *host,
				const Tw__Exporter *exporter, struct tw_error *err)
{
	Tw__LocalMirror *msg = &out->msg;

	tw__local_mirror__init(msg);
	msg->ports = calloc(view->n_ports + 1, sizeof(msg->ports[0]));
	msg->uplinks = calloc((view->host ? view->host->n_uplinks : 0) + 1, sizeof(msg->uplinks[0]));
	if (!msg->ports || !msg->uplinks)
		return tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
	snprintf(out->sflow_name, sizeof(out->sflow_name), "sflow:%s", exporter->name);
	msg->name = out->sflow_name;
	msg->direction = TW__MIRROR__DIRECTION__INGRESS;
	for (size_t i = 0; i < view->n_ports; i++)
		if (tw_snapshot_place(view, host, view->ports[i], NULL) == TW_PLACE_LOCAL)
			msg->ports[msg->n_ports++] = view->ports[i]->number;
	for (size_t i = 0; view->host && i < view->host->n_uplinks; i++)
		msg->uplinks[msg->n_uplinks++] = view->host->uplinks[i]->name;
	msg->sample = exporter->sample ? exporter->sample : SFLOW_SAMPLE_DEFAULT;
	msg->snaplen = exporter->header_bytes ? exporter->header_bytes : SFLOW_HEADER_DEFAULT;
	fill_sflow(&out->sflow, exporter, view->observation_domain);
	msg->sflow = &out->sflow;
	return true;
}

void tw_local_mirror_release(struct tw_local_mirror *mirror)
{
	free(mirror->msg.ports);
	free(mirror->msg.elsewhere);
	free(mirror->msg.uplinks);
}
