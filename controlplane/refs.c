/* SPDX-License-Identifier: Apache-2.0 */
/* refs.c - references, uniqueness and use between objects; see refs.h. The controller's thread; reads only. */
#include "controlplane/refs.h"

#include <string.h>

#include "common/mac.h"
#include "proto/link/check.h"

static bool bytes_equal(ProtobufCBinaryData a, ProtobufCBinaryData b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static bool has_mac(const Tw__Port *port, const uint8_t mac[static 6])
{
	if (port->mac.len == TW_MAC_LEN && memcmp(port->mac.data, mac, TW_MAC_LEN) == 0)
		return true;
	for (size_t i = 0; i < port->n_static_macs; i++)
		if (memcmp(port->static_macs[i].data, mac, TW_MAC_LEN) == 0)
			return true;
	return false;
}

const Tw__Port *tw_refs_mac_owner(const struct tw_model *model, const uint8_t mac[static 6], const char *but_port)
{
	for (size_t i = 0; i < model->tables[TW__KIND__PORT].n; i++) {
		const Tw__Port *port = tw_model_port_at(model, i);

		if (has_mac(port, mac) && strcmp(port->name, but_port) != 0)
			return port;
	}
	return NULL;
}

static bool check_mac(const struct tw_model *model, const Tw__Port *port, const char *field,
		      const uint8_t mac[static 6], struct tw_error *err)
{
	const Tw__Port *owner = tw_refs_mac_owner(model, mac, port->name);
	char text[TW_MAC_TEXT];

	if (!owner)
		return true;
	return tw_error_set(err, TW_E_DUPLICATE, field, "%s is %s MAC of port '%s' already", tw_mac_format(mac, text),
			    memcmp(owner->mac.data, mac, TW_MAC_LEN) == 0 ? "the" : "a static", owner->name);
}

static bool room_for_static_macs(const struct tw_model *model, const Tw__Port *port, struct tw_error *err)
{
	size_t n = port->n_static_macs;

	for (size_t i = 0; n && i < model->tables[TW__KIND__PORT].n; i++) {
		const Tw__Port *other = tw_model_port_at(model, i);

		n += strcmp(other->name, port->name) != 0 ? other->n_static_macs : 0;
	}
	if (n <= TW_MAX_STATIC_MACS)
		return true;
	return tw_error_set(err, TW_E_INVALID, "port.static_macs", "all ports together have %zu, more than %d", n,
			    TW_MAX_STATIC_MACS);
}

static bool check_macs(const struct tw_model *model, const Tw__Port *port, struct tw_error *err)
{
	if (!room_for_static_macs(model, port, err))
		return false;
	if (!check_mac(model, port, "port.mac", port->mac.data, err))
		return false;
	for (size_t i = 0; i < port->n_static_macs; i++)
		if (!check_mac(model, port, "port.static_macs", port->static_macs[i].data, err))
			return false;
	return true;
}

static bool check_binding(const struct tw_model *model, const Tw__Port *port, struct tw_error *err)
{
	const char *host = tw_port_host(port);
	size_t n = 0;

	if (!host)
		return true;
	if (!tw_model_host(model, host))
		return tw_error_set(err, TW_E_NOT_FOUND, "port.binding.host", "there is no host '%s'", host);
	for (size_t i = 0; i < model->tables[TW__KIND__PORT].n; i++) {
		const Tw__Port *other = tw_model_port_at(model, i);
		const char *at = tw_port_host(other);

		n += at && strcmp(at, host) == 0 && strcmp(other->name, port->name) != 0;
	}
	if (n >= TW_MAX_PORTS_PER_HOST)
		return tw_error_set(err, TW_E_INVALID, "port.binding.host",
				    "host '%s' has %d ports, as many as a switch takes", host, TW_MAX_PORTS_PER_HOST);
	return true;
}

/* @param field "port.ingress_acl"; @param name empty, or "none" where a port says so, names none */
static bool check_acl(const struct tw_model *model, const char *field, const char *name, bool none,
		      struct tw_error *err)
{
	if (!*name || (none && strcmp(name, "none") == 0) || tw_model_find(model, TW__KIND__ACL, name))
		return true;
	return tw_error_set(err, TW_E_NOT_FOUND, field, "there is no acl '%s'", name);
}

static bool check_network(const struct tw_model *model, const Tw__Network *network, struct tw_error *err)
{
	return check_acl(model, "network.ingress_acl", network->ingress_acl, false, err) &&
	       check_acl(model, "network.egress_acl", network->egress_acl, false, err);
}

static bool check_port(const struct tw_model *model, const Tw__Port *port, struct tw_error *err)
{
	if (!tw_model_network(model, port->network))
		return tw_error_set(err, TW_E_NOT_FOUND, "port.network", "there is no network '%s'", port->network);
	return check_macs(model, port, err) && check_acl(model, "port.ingress_acl", port->ingress_acl, true, err) &&
	       check_acl(model, "port.egress_acl", port->egress_acl, true, err) &&
	       tw_refs_private_vlans(model, TW__KIND__PORT, port->vlan, port->name, err) &&
	       check_binding(model, port, err);
}

static bool check_exporter(const struct tw_model *model, const Tw__Exporter *exporter, struct tw_error *err)
{
	for (size_t i = 0; i < exporter->n_networks; i++)
		if (!tw_model_network(model, exporter->networks[i]))
			return tw_error_set(err, TW_E_NOT_FOUND, "exporter.networks", "there is no network '%s'",
					    exporter->networks[i]);
	for (size_t i = 0; i < exporter->n_ports; i++)
		if (!tw_model_port(model, exporter->ports[i]))
			return tw_error_set(err, TW_E_NOT_FOUND, "exporter.ports", "there is no port '%s'",
					    exporter->ports[i]);
	return true;
}

/* A new object needs a place; one that replaces its older self has it. */
static bool check_room(const struct tw_model *model, Tw__Kind kind, const ProtobufCMessage *msg, struct tw_error *err)
{
	static const size_t max[TW_N_KINDS] = { [TW__KIND__PORT] = TW_MAX_PORTS,
						[TW__KIND__MIRROR] = TW_MAX_MIRRORS,
						[TW__KIND__EXPORTER] = TW_MAX_EXPORTERS,
						[TW__KIND__ACL] = TW_MAX_ACLS };
	char buffer[24];

	if (!max[kind] || model->tables[kind].n < max[kind] || tw_model_find(model, kind, tw_message_name(msg, buffer)))
		return true;
	return tw_error_set(err, TW_E_INVALID, tw_kind_get(kind)->noun,
			    "there are %zu of them, as many as a switch takes", max[kind]);
}

bool tw_refs_check(const struct tw_model *model, Tw__Kind kind, const ProtobufCMessage *msg, struct tw_error *err)
{
	if (!check_room(model, kind, msg, err))
		return false;
	switch (kind) {
	case TW__KIND__NETWORK:
		return check_network(model, (const Tw__Network *)msg, err) &&
		       tw_refs_private_vlans(model, kind, ((const Tw__Network *)msg)->vlan,
					     ((const Tw__Network *)msg)->name, err);
	case TW__KIND__PORT:
		return check_port(model, (const Tw__Port *)msg, err);
	case TW__KIND__MIRROR:
		return tw_refs_mirror(model, (const Tw__Mirror *)msg, err);
	case TW__KIND__EXPORTER:
		return check_exporter(model, (const Tw__Exporter *)msg, err);
	case TW__KIND__HOST:
		return tw_refs_mirrored_uplinks(model, (const Tw__Host *)msg, err);
	default:
		return true;
	}
}

static bool host_unused(const struct tw_model *model, const char *name, struct tw_error *err)
{
	for (size_t i = 0; i < model->tables[TW__KIND__PORT].n; i++) {
		const Tw__Port *port = tw_model_port_at(model, i);
		const char *host = tw_port_host(port);

		if (host && strcmp(host, name) == 0)
			return tw_error_set(err, TW_E_IN_USE, "host", "port '%s' is bound to it", port->name);
	}
	for (size_t i = 0; i < model->tables[TW__KIND__MIGRATION].n; i++) {
		const Tw__Migration *m = tw_model_migration_at(model, i);

		if (tw_migration_active(m) && (strcmp(m->from, name) == 0 || strcmp(m->to, name) == 0))
			return tw_error_set(err, TW_E_IN_USE, "host", "VM '%s' is migrating from '%s' to '%s'", m->vm,
					    m->from, m->to);
	}
	return true;
}

static bool is_among(char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* @param kind network or port */
static bool no_exporter_names(const struct tw_model *model, Tw__Kind kind, const char *name, struct tw_error *err)
{
	for (size_t i = 0; i < model->tables[TW__KIND__EXPORTER].n; i++) {
		const Tw__Exporter *e = tw_model_exporter_at(model, i);
		bool network = kind == TW__KIND__NETWORK;

		if (is_among(network ? e->networks : e->ports, network ? e->n_networks : e->n_ports, name))
			return tw_error_set(err, TW_E_IN_USE, tw_kind_get(kind)->noun, "exporter '%s' is of its flows",
					    e->name);
	}
	return true;
}

static bool network_unused(const struct tw_model *model, const char *name, struct tw_error *err)
{
	for (size_t i = 0; i < model->tables[TW__KIND__PORT].n; i++) {
		const Tw__Port *port = tw_model_port_at(model, i);

		if (strcmp(port->network, name) == 0)
			return tw_error_set(err, TW_E_IN_USE, "network", "port '%s' is in it", port->name);
	}
	return no_exporter_names(model, TW__KIND__NETWORK, name, err);
}

static bool port_unused(const struct tw_model *model, const char *name, struct tw_error *err)
{
	const Tw__Port *port = tw_model_port(model, name);

	if (port && tw_port_host(port))
		return tw_error_set(err, TW_E_IN_USE, "port", "it is bound to host '%s'", tw_port_host(port));
	return no_exporter_names(model, TW__KIND__PORT, name, err);
}

static bool acl_unused(const struct tw_model *model, const char *name, struct tw_error *err)
{
	for (size_t i = 0; i < model->tables[TW__KIND__NETWORK].n; i++) {
		const Tw__Network *network = (const Tw__Network *)model->tables[TW__KIND__NETWORK].items[i].msg;

		if (strcmp(network->ingress_acl, name) == 0 || strcmp(network->egress_acl, name) == 0)
			return tw_error_set(err, TW_E_IN_USE, "acl", "network '%s' has it", network->name);
	}
	for (size_t i = 0; i < model->tables[TW__KIND__PORT].n; i++) {
		const Tw__Port *port = tw_model_port_at(model, i);

		if (strcmp(port->ingress_acl, name) == 0 || strcmp(port->egress_acl, name) == 0)
			return tw_error_set(err, TW_E_IN_USE, "acl", "port '%s' has it", port->name);
	}
	return true;
}

bool tw_refs_unused(const struct tw_model *model, Tw__Kind kind, const char *name, struct tw_error *err)
{
	switch (kind) {
	case TW__KIND__ACL:
		return acl_unused(model, name, err);
	case TW__KIND__HOST:
		return host_unused(model, name, err) && tw_refs_unmirrored(model, kind, name, err);
	case TW__KIND__NETWORK:
		return network_unused(model, name, err) && tw_refs_unmirrored(model, kind, name, err);
	case TW__KIND__PORT:
		return port_unused(model, name, err) && tw_refs_unmirrored(model, kind, name, err);
	default:
		return true;
	}
}

static bool verify_port(const struct tw_model *model, const Tw__Port *port, struct tw_error *err)
{
	if (port->uuid.len != TW_UUID_LEN || port->vm_uuid.len != TW_UUID_LEN || port->number == 0 ||
	    port->number >= model->next_port)
		return tw_error_set(err, TW_E_INTERNAL, "port", "port '%s' has no proper identity", port->name);
	for (size_t i = 0; i < model->tables[TW__KIND__PORT].n; i++) {
		const Tw__Port *other = tw_model_port_at(model, i);

		if (other != port && (other->number == port->number || bytes_equal(other->uuid, port->uuid)))
			return tw_error_set(err, TW_E_INTERNAL, "port", "ports '%s' and '%s' have one identity",
					    port->name, other->name);
	}
	return true;
}

bool tw_refs_verify(const struct tw_model *model, struct tw_error *err)
{
	for (int k = 1; k < TW_N_KINDS; k++) {
		const struct tw_table *table = &model->tables[k];

		for (size_t i = 0; i < table->n; i++) {
			char buffer[24];
			const ProtobufCMessage *msg = table->items[i].msg;

			if (strcmp(table->items[i].name, tw_message_name(msg, buffer)) != 0 ||
			    (i > 0 && strverscmp(table->items[i - 1].name, table->items[i].name) >= 0))
				return tw_error_set(err, TW_E_INTERNAL, "model", "'%s' is out of place",
						    table->items[i].name);
			if (tw_message_revision(msg) == 0 || tw_message_revision(msg) > model->revision)
				return tw_error_set(err, TW_E_INTERNAL, "model", "'%s' is of no revision",
						    table->items[i].name);
			if (!tw_refs_check(model, (Tw__Kind)k, msg, err) ||
			    (k == TW__KIND__PORT && !verify_port(model, (const Tw__Port *)msg, err)))
				return false;
		}
	}
	return true;
}
