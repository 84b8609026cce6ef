/* SPDX-License-Identifier: Apache-2.0 */
/* check_mirror.c - where a mirror's copies come from and go to; see check_rules.h. Pure. */
#include <arpa/inet.h>
#include <string.h>

#include "proto/envelope.pb-c.h"
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
	unsigned n = !!*m->file + !!*m->to_port + !!m->rspan_vlan + !!*m->erspan;

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
