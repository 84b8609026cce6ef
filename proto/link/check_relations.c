/* SPDX-License-Identifier: Apache-2.0 */
/* check_relations.c - what fields of one message are to each other; see check_rules.h. Snapshots: check_snapshot.c. Pure. */
#include <arpa/inet.h>
#include <string.h>

#include "common/mac.h"
#include "proto/envelope.pb-c.h"
#include "proto/link/check_rules.h"

bool tw_also_texts_differ(const char *field, char *const *texts, size_t n, const struct tw_where *at,
			  struct tw_error *err)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(texts[i], texts[j]) == 0) {
				struct tw_where here = { at, field, (long)i };

				return tw_where_fail(&here, TW_E_DUPLICATE, err, "%s is named twice", texts[i]);
			}
	return true;
}

bool tw_also_range_rises(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const Tw__VlanRange *range = (const Tw__VlanRange *)msg;

	if (range->first <= range->last)
		return true;
	return tw_where_fail(at, TW_E_INVALID, err, "the range %u-%u falls", range->first, range->last);
}

static bool private_fits(const Tw__Vlan *vlan, const struct tw_where *at, struct tw_error *err)
{
	struct tw_where secondary = { at, "secondary", -1 }, pvlan = { at, "pvlan", -1 };
	bool one = vlan->pvlan == TW__VLAN__PRIVATE__ISOLATED || vlan->pvlan == TW__VLAN__PRIVATE__COMMUNITY;

	if (vlan->pvlan != TW__VLAN__PRIVATE__NONE && (vlan->mode != TW__VLAN__MODE__ACCESS || !vlan->access))
		return tw_where_fail(&pvlan, TW_E_INVALID, err, "a private VLAN is for access ports with a VLAN");
	if (one != (vlan->secondary != 0))
		return tw_where_fail(&secondary, TW_E_INVALID, err,
				     one ? "an isolated or community port needs a secondary VLAN"
					 : "only isolated and community ports have a secondary VLAN");
	if (one && vlan->secondary == vlan->access)
		return tw_where_fail(&secondary, TW_E_INVALID, err, "%u is the primary VLAN", vlan->secondary);
	return true;
}

bool tw_also_vlan_fits(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const Tw__Vlan *vlan = (const Tw__Vlan *)msg;
	struct tw_where access = { at, "access", -1 }, native = { at, "native_tagged", -1 };

	if (vlan->mode == TW__VLAN__MODE__DOT1Q_TUNNEL && !vlan->access)
		return tw_where_fail(&access, TW_E_MISSING, err, "a tunnel needs a service VLAN");
	if (vlan->native_tagged && (vlan->mode != TW__VLAN__MODE__TRUNK || !vlan->native))
		return tw_where_fail(&native, TW_E_INVALID, err, "only a trunk with a native VLAN can tag it");
	return private_fits(vlan, at, err);
}

static bool uplinks_unique(Tw__Uplink *const *uplinks, size_t n, const struct tw_where *at, struct tw_error *err)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(uplinks[i]->name, uplinks[j]->name) == 0) {
				struct tw_where uplink = { at, "uplinks", (long)i };
				struct tw_where name = { &uplink, "name", -1 };

				return tw_where_fail(&name, TW_E_DUPLICATE, err, "there are two uplinks named %s",
						     uplinks[i]->name);
			}
	return true;
}

bool tw_also_uplinks_unique(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	if (msg->descriptor == &tw__host__descriptor) {
		const Tw__Host *host = (const Tw__Host *)msg;

		return uplinks_unique(host->uplinks, host->n_uplinks, at, err);
	}
	const Tw__Snapshot *snapshot = (const Tw__Snapshot *)msg;

	return uplinks_unique(snapshot->uplinks, snapshot->n_uplinks, at, err);
}

bool tw_also_querier_is_ipv4(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const char *address = msg->descriptor == &tw__network__descriptor
				      ? ((const Tw__Network *)msg)->querier_address
				      : ((const Tw__Multicast *)msg)->querier_address;
	struct tw_where here = { at, "querier_address", -1 };
	uint8_t octets[4];

	if (!*address || (inet_pton(AF_INET, address, octets) == 1 && octets[0] < 224))
		return true;
	return tw_where_fail(&here, TW_E_INVALID, err, "%s is no host's IPv4 address, as queries come from", address);
}

bool tw_also_acl_name(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const char *name = ((const Tw__Acl *)msg)->name;
	struct tw_where here = { at, "name", -1 };

	if (strcmp(name, "none") != 0 && strcmp(name, "inherit") != 0)
		return true;
	return tw_where_fail(&here, TW_E_INVALID, err, "\"%s\" means something else where an access list is named",
			     name);
}

bool tw_also_burst_has_rate(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const Tw__Rate *rate = (const Tw__Rate *)msg;
	struct tw_where here = { at, "burst", -1 };

	return !rate->burst || rate->per_second ||
	       tw_where_fail(&here, TW_E_INVALID, err, "a burst of %u, but no rate", rate->burst);
}

bool tw_also_acls_unique(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const Tw__Snapshot *s = (const Tw__Snapshot *)msg;

	for (size_t i = 1; i < s->n_acls; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(s->acls[i]->name, s->acls[j]->name) == 0) {
				struct tw_where acl = { at, "acls", (long)i }, name = { &acl, "name", -1 };

				return tw_where_fail(&name, TW_E_DUPLICATE, err, "there are two access lists named %s",
						     s->acls[i]->name);
			}
	return true;
}

/* Among themselves, and beside the port's own. Octets that are no MAC have been refused before. */
bool tw_also_static_macs_unique(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const Tw__Port *port = (const Tw__Port *)msg;
	char text[TW_MAC_TEXT];

	for (size_t i = 0; i < port->n_static_macs; i++) {
		const uint8_t *mac = port->static_macs[i].data;
		struct tw_where here = { at, "static_macs", (long)i };

		if (port->mac.len == TW_MAC_LEN && memcmp(port->mac.data, mac, TW_MAC_LEN) == 0)
			return tw_where_fail(&here, TW_E_DUPLICATE, err, "%s is the port's own MAC",
					     tw_mac_format(mac, text));
		for (size_t j = 0; j < i; j++)
			if (memcmp(port->static_macs[j].data, mac, TW_MAC_LEN) == 0)
				return tw_where_fail(&here, TW_E_DUPLICATE, err, "%s is named twice",
						     tw_mac_format(mac, text));
	}
	return true;
}

bool tw_also_name_fits_kind(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	bool delete = msg->descriptor == &tw__delete__descriptor;
	Tw__Kind kind = delete ? ((const Tw__Delete *)msg)->kind : ((const Tw__List *)msg)->kind;
	const char *name = delete ? ((const Tw__Delete *)msg)->name : ((const Tw__List *)msg)->name;
	struct tw_where kind_at = { at, "kind", -1 }, name_at = { at, "name", -1 };

	if (kind == TW__KIND__KIND_NONE)
		return tw_where_fail(&kind_at, TW_E_MISSING, err, "a kind of object is missing");
	if (!delete &&!*name)
		return true;
	return kind == TW__KIND__PORT ? tw_value_port_name(name, &name_at, err)
				      : tw_value_name(name, 63, &name_at, err);
}
