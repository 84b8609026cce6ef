/* SPDX-License-Identifier: Apache-2.0 */
/* check_mirror.c - where a mirror's copies come from and go to, and how between hosts; see check_rules.h. Pure. */
#include <arpa/inet.h>
#include <string.h>

#include "proto/envelope.pb-c.h"
#include "proto/link/check.h"
#include "proto/link/check_rules.h"

bool tw_also_mirror_has_sources(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const Tw__Mirror *m = (const Tw__Mirror *)msg;
	struct tw_where here = { at, "ports", -1 };

	if (m->n_ports + m->n_vms + m->n_networks + m->n_hosts + m->n_uplinks + m->n_vlans == 0)
		return tw_where_fail(&here, TW_E_MISSING, err,
				     "a mirror needs a source: a port, VM, network, host, uplink or VLAN");
	return tw_also_texts_differ("ports", m->ports, m->n_ports, at, err) &&
	       tw_also_texts_differ("vms", m->vms, m->n_vms, at, err) &&
	       tw_also_texts_differ("networks", m->networks, m->n_networks, at, err) &&
	       tw_also_texts_differ("hosts", m->hosts, m->n_hosts, at, err) &&
	       tw_also_texts_differ("uplinks", m->uplinks, m->n_uplinks, at, err);
}

bool tw_also_mirror_has_destination(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const Tw__Mirror *m = (const Tw__Mirror *)msg;
	struct tw_where here = { at, "file", -1 };
	unsigned n = !!*m->file + !!*m->to_port + !!m->rspan_vlan + !!*m->erspan + !!m->stream;

	if (n == 0)
		return tw_where_fail(
			&here, TW_E_MISSING, err,
			"a mirror needs a destination: a file, a port, an RSPAN VLAN or an ERSPAN collector");
	return n == 1 ||
	       tw_where_fail(&here, TW_E_INVALID, err,
			     "a mirror has one destination: a file, a port, an RSPAN VLAN or an ERSPAN collector");
}

/* @return 4 or 6; 0: no address, or none that a single machine has */
static int version_of(const char *address)
{
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, address, &v4) == 1)
		return v4.s_addr != 0 && ntohl(v4.s_addr) >> 28 < 14 ? 4 : 0;
	if (inet_pton(AF_INET6, address, &v6) == 1)
		return !IN6_IS_ADDR_UNSPECIFIED(&v6) && !IN6_IS_ADDR_MULTICAST(&v6) ? 6 : 0;
	return 0;
}

bool tw_also_mirror_fits_destination(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const Tw__Mirror *m = (const Tw__Mirror *)msg;
	struct tw_where collector = { at, "erspan", -1 }, source = { at, "erspan_source", -1 };

	if (*m->erspan && !version_of(m->erspan))
		return tw_where_fail(&collector, TW_E_INVALID, err, "%s is no machine's address", m->erspan);
	if (!*m->erspan_source)
		return true;
	if (!*m->erspan)
		return tw_where_fail(&source, TW_E_INVALID, err, "only ERSPAN has a sender's address");
	return version_of(m->erspan_source) == version_of(m->erspan) ||
	       tw_where_fail(&source, TW_E_INVALID, err, "%s cannot send to %s", m->erspan_source, m->erspan);
}

bool tw_also_mirror_fits_files(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const Tw__Mirror *m = (const Tw__Mirror *)msg;
	struct tw_where files = { at, m->files ? "files" : "file_seconds", -1 }, size = { at, "max_bytes", -1 };

	if (!m->files && !m->file_seconds)
		return true;
	if (*m->to_port || m->rspan_vlan || *m->erspan) /* a change need not name the file that stays */
		return tw_where_fail(&files, TW_E_INVALID, err, "only a mirror into files has several of them");
	return !m->max_bytes || m->max_bytes >= TW_MIRROR_FILE_BYTES_MIN ||
	       tw_where_fail(&size, TW_E_INVALID, err, "one of several files has at least %d octets",
			     TW_MIRROR_FILE_BYTES_MIN);
}

/* ---- copies on their way to another host ---- */

/* @return false: of what is in `at`, `field` is no address that a machine can be reached by */
static bool is_reachable(const char *address, const char *field, long nth, const struct tw_where *at,
			 struct tw_error *err)
{
	struct tw_where here = { at, field, nth };

	return version_of(address) || tw_where_fail(&here, TW_E_INVALID, err, "%s is no machine's address", address);
}

static bool has_key(ProtobufCBinaryData key, const char *field, const struct tw_where *at, struct tw_error *err)
{
	struct tw_where here = { at, field, -1 };

	return key.len == TW_TUNNEL_KEY_LEN ||
	       tw_where_fail(&here, key.len ? TW_E_INVALID : TW_E_MISSING, err, "a key has %d octets, not %zu",
			     (int)TW_TUNNEL_KEY_LEN, key.len);
}

bool tw_also_host_tunnel(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const Tw__Host *host = (const Tw__Host *)msg;

	return !*host->tunnel_address || is_reachable(host->tunnel_address, "tunnel_address", -1, at, err);
}

bool tw_also_local_mirror_tunnel(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const Tw__LocalMirror *m = (const Tw__LocalMirror *)msg;
	struct tw_where source = { at, "tunnel_source", -1 }, tag = { at, "tunnel_tag", -1 },
			port = { at, "tunnel_port", -1 };

	if (!*m->tunnel)
		return true;
	if (!m->tunnel_tag)
		return tw_where_fail(&tag, TW_E_MISSING, err, "copies to another host need a tag");
	if (!m->tunnel_port)
		return tw_where_fail(&port, TW_E_MISSING, err, "copies to another host need a port");
	if (!is_reachable(m->tunnel, "tunnel", -1, at, err) || !has_key(m->tunnel_key, "tunnel_key", at, err))
		return false;
	return version_of(m->tunnel_source) == version_of(m->tunnel) ||
	       tw_where_fail(&source, TW_E_INVALID, err, "%s cannot send to %s", m->tunnel_source, m->tunnel);
}

bool tw_also_tunnel_fits(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const Tw__Tunnel *t = (const Tw__Tunnel *)msg;

	if (!is_reachable(t->address, "address", -1, at, err))
		return false;
	for (size_t i = 0; i < t->n_peers; i++)
		if (!is_reachable(t->peers[i], "peers", (long)i, at, err))
			return false;
	for (size_t i = 0; i < t->n_ends; i++) {
		struct tw_where end = { at, "ends", (long)i }, tag = { &end, "tag", -1 };

		if (!has_key(t->ends[i]->key, "key", &end, err))
			return false;
		for (size_t k = 0; k < i; k++)
			if (t->ends[k]->tag == t->ends[i]->tag)
				return tw_where_fail(&tag, TW_E_DUPLICATE, err, "%u is also the tag of ends[%zu]",
						     t->ends[i]->tag, k);
	}
	return true;
}
