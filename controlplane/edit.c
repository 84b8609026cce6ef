/* SPDX-License-Identifier: Apache-2.0 */
/* edit.c - requests into changes; see edit.h. The controller's thread; the model is only read. */
#include "controlplane/edit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "common/mac.h"
#include "controlplane/mem.h"
#include "controlplane/mirror_expression.h"
#include "controlplane/refs.h"
#include "proto/link/check.h"

enum { PORT_NUMBER_MAX = 0x7fffffff }; /* ifIndex: RFC 2863, InterfaceIndex */

/* What a reader has open is nobody's object. */
static bool check_is_no_capture(const Tw__Mirror *mirror, struct tw_error *err)
{
	return !mirror->stream ||
	       tw_error_set(err, TW_E_INVALID, "mirror.stream", "a capture is opened by who reads it: twctl capture");
}

bool tw_edit_check(Tw__Kind kind, const ProtobufCMessage *msg, struct tw_error *err)
{
	switch (kind) {
	case TW__KIND__HOST:
		return tw_check_host((const Tw__Host *)msg, err);
	case TW__KIND__NETWORK:
		return tw_check_network((const Tw__Network *)msg, err);
	case TW__KIND__PORT:
		return tw_check_port((const Tw__Port *)msg, err);
	case TW__KIND__MIRROR:
		return tw_check_mirror((const Tw__Mirror *)msg, err) &&
		       check_is_no_capture((const Tw__Mirror *)msg, err) &&
		       tw_mirror_expression_check(((const Tw__Mirror *)msg)->filter, err);
	case TW__KIND__ACL:
		return tw_check_acl((const Tw__Acl *)msg, err);
	case TW__KIND__EXPORTER:
		return tw_check_exporter((const Tw__Exporter *)msg, err);
	default:
		return tw_error_set(err, TW_E_INVALID, "kind", "objects of this kind are not written by requests");
	}
}

static void set_bytes(ProtobufCBinaryData *field, const uint8_t *data, size_t size)
{
	uint8_t *copy = tw_need(malloc(size));

	memcpy(copy, data, size);
	free(field->data);
	field->data = copy;
	field->len = size;
}

/*
 * A MAC for a port without one: locally administered, unicast, made from the port's number so that it is the same for the
 * same history; the second octet is the store's, so that two switches on one wire rarely collide. Only a MAC that somebody
 * gave to a port by hand can be in the way; then the next of the 64 such first octets is tried.
 */
static bool give_mac(const struct tw_model *model, Tw__Port *port, struct tw_error *err)
{
	uint8_t mac[TW_MAC_LEN] = { 0,
				    (uint8_t)model->epoch,
				    (uint8_t)(port->number >> 24),
				    (uint8_t)(port->number >> 16),
				    (uint8_t)(port->number >> 8),
				    (uint8_t)port->number };

	if (port->mac.len)
		return true;
	for (unsigned i = 0; i < 64; i++) {
		mac[0] = (uint8_t)(i << 2 | 2);
		if (!tw_refs_mac_owner(model, mac, port->name)) {
			set_bytes(&port->mac, mac, sizeof(mac));
			return true;
		}
	}
	return tw_error_set(err, TW_E_DUPLICATE, "port.mac", "every MAC for this port is taken; name one");
}

/* All ports of a VM carry one UUID: that of its other ports, or the one that is given, or a new one. */
static bool give_vm_uuid(const struct tw_model *model, Tw__Port *port, struct tw_error *err)
{
	uint8_t uuid[TW_UUID_LEN];
	char *vm = tw_need(strndup(port->name, (size_t)(strchrnul(port->name, '/') - port->name)));
	const Tw__Port *sibling = NULL;

	for (size_t i = 0; i < model->tables[TW__KIND__PORT].n && !sibling; i++)
		if (tw_port_of_vm(tw_model_port_at(model, i), vm))
			sibling = tw_model_port_at(model, i);
	free(vm);
	if (port->vm_uuid.len == 0) {
		tw_uuid_random(uuid);
		set_bytes(&port->vm_uuid, sibling ? sibling->vm_uuid.data : uuid, TW_UUID_LEN);
		return true;
	}
	if (sibling && (port->vm_uuid.len != sibling->vm_uuid.len ||
			memcmp(port->vm_uuid.data, sibling->vm_uuid.data, sibling->vm_uuid.len) != 0))
		return tw_error_set(err, TW_E_INVALID, "port.vm_uuid", "port '%s' of this VM has another VM UUID",
				    sibling->name);
	return true;
}

/* What a requester may not choose. */
static bool check_new_port(const struct tw_model *model, const Tw__Port *port, struct tw_error *err)
{
	if (port->number)
		return tw_error_set(err, TW_E_INVALID, "port.number", "numbers are given by the controller");
	if (port->uuid.len)
		return tw_error_set(err, TW_E_INVALID, "port.uuid", "UUIDs of ports are given by the controller");
	if (port->binding)
		return tw_error_set(err, TW_E_INVALID, "port.binding", "a port is bound after it is created");
	if (model->next_port > PORT_NUMBER_MAX)
		return tw_error_set(err, TW_E_INVALID, "port.number", "every port number has been used");
	return true;
}

static bool complete_new_port(const struct tw_model *model, Tw__Port *port, struct tw_error *err)
{
	uint8_t uuid[TW_UUID_LEN];

	port->number = model->next_port;
	tw_uuid_random(uuid);
	set_bytes(&port->uuid, uuid, sizeof(uuid));
	return give_vm_uuid(model, port, err);
}

/* What copies on their way to another host are known by. A mirror keeps it as long as it lives. */
static void give_tunnel_key(Tw__Mirror *mirror)
{
	uint8_t key[TW_TUNNEL_KEY_LEN];

	if (!*mirror->to_port || mirror->tunnel_key.len)
		return;
	while (getrandom(key, sizeof(key), 0) != sizeof(key)) /* so few never come short (getrandom(2)) */
		;
	set_bytes(&mirror->tunnel_key, key, sizeof(key));
}

/* What is the controller's to give, where it is not there yet. */
static bool complete(const struct tw_model *model, Tw__Kind kind, ProtobufCMessage *msg, struct tw_error *err)
{
	if (kind == TW__KIND__MIRROR)
		give_tunnel_key((Tw__Mirror *)msg);
	return kind != TW__KIND__PORT || give_mac(model, (Tw__Port *)msg, err);
}

/* What nobody may ask for. */
static bool check_not_given(Tw__Kind kind, const ProtobufCMessage *given, struct tw_error *err)
{
	const Tw__Mirror *mirror = (const Tw__Mirror *)given;

	if (kind == TW__KIND__NETWORK && ((const Tw__Network *)given)->number)
		return tw_error_set(err, TW_E_INVALID, "network.number", "numbers are given by the controller");
	if (kind == TW__KIND__MIRROR && (mirror->tunnel_tag || mirror->tunnel_key.len))
		return tw_error_set(err, TW_E_INVALID, mirror->tunnel_tag ? "mirror.tunnel_tag" : "mirror.tunnel_key",
				    "tags and keys are given by the controller");
	return true;
}

/* Could it be in the model? */
static bool check_written(const struct tw_model *model, Tw__Kind kind, const ProtobufCMessage *msg,
			  struct tw_error *err)
{
	return tw_edit_check(kind, msg, err) && tw_refs_check(model, kind, msg, err) &&
	       (kind != TW__KIND__MIRROR || tw_refs_rspan_vlan(model, (const Tw__Mirror *)msg, err));
}

bool tw_edit_create(const struct tw_model *model, const Tw__Create *request, struct tw_changes *changes,
		    struct tw_error *err)
{
	Tw__Kind kind;
	const ProtobufCMessage *given = tw_object_message(request->object, &kind);
	ProtobufCMessage *msg;
	char buffer[24], path[64];
	bool port = kind == TW__KIND__PORT;

	if (!given)
		return tw_error_set(err, TW_E_MISSING, "create.object", "there is no object to create");
	if (!check_not_given(kind, given, err))
		return false;
	if (port && !check_new_port(model, (const Tw__Port *)given, err))
		return false;
	if (!port && !tw_edit_check(kind, given, err))
		return false; /* a port is checked when it is whole */
	if (tw_model_find(model, kind, tw_message_name(given, buffer))) {
		snprintf(path, sizeof(path), "%s.name", tw_kind_get(kind)->noun);
		return tw_error_set(err, TW_E_EXISTS, path, "there is a %s '%.100s' already", tw_kind_get(kind)->noun,
				    tw_message_name(given, buffer));
	}
	msg = tw_message_clone(given);
	if ((port && !complete_new_port(model, (Tw__Port *)msg, err)) || !complete(model, kind, msg, err) ||
	    !check_written(model, kind, msg, err)) {
		tw_message_free(msg);
		return false;
	}
	tw_changes_put(changes, kind, msg);
	if (port)
		changes->next_port = model->next_port + 1;
	return true;
}

static const struct tw_entry *find_or_say(const struct tw_model *model, Tw__Kind kind, const char *name,
					  struct tw_error *err)
{
	const struct tw_entry *entry = tw_model_find(model, kind, name);
	const char *noun = tw_kind_get(kind)->noun;
	char path[64];

	if (!entry) {
		snprintf(path, sizeof(path), "%s.name", noun);
		tw_error_set(err, TW_E_NOT_FOUND, path, "there is no %s '%.100s'", noun, name);
	}
	return entry;
}

/* What QEMU was started with cannot change while it is on its way. */
static bool check_not_moving(const Tw__Port *port, const Tw__Set *request, struct tw_error *err)
{
	for (size_t i = 0; i < request->n_fields && tw_port_migration(port); i++)
		if (strcmp(request->fields[i], "mac") == 0 || strcmp(request->fields[i], "vhost") == 0 ||
		    strcmp(request->fields[i], "iommu") == 0)
			return tw_error_set(err, TW_E_BUSY, "port", "its VM is migrating (migration %" PRIu64 ")",
					    tw_port_migration(port));
	return true;
}

bool tw_edit_set(const struct tw_model *model, const Tw__Set *request, struct tw_changes *changes, struct tw_error *err)
{
	Tw__Kind kind;
	const ProtobufCMessage *given = tw_object_message(request->object, &kind);
	const struct tw_entry *entry;
	ProtobufCMessage *msg;
	char buffer[24];

	if (!given)
		return tw_error_set(err, TW_E_MISSING, "set.object", "there is no object to set");
	if (kind == TW__KIND__MIGRATION)
		return tw_error_set(err, TW_E_INVALID, "set.object", "a migration cannot be set");
	entry = find_or_say(model, kind, tw_message_name(given, buffer), err);
	if (!entry)
		return false;
	if (kind == TW__KIND__PORT && !check_not_moving((const Tw__Port *)entry->msg, request, err))
		return false;
	msg = tw_message_merge(tw_kind_get(kind), entry->msg, given, request->fields, request->n_fields, err);
	if (!msg)
		return false;
	if (!complete(model, kind, msg, err) || !check_written(model, kind, msg, err)) {
		tw_message_free(msg);
		return false;
	}
	tw_changes_put(changes, kind, msg);
	return true;
}

bool tw_edit_delete(const struct tw_model *model, const Tw__Delete *request, struct tw_changes *changes,
		    struct tw_error *err)
{
	if (!tw_kind_get(request->kind) || request->kind == TW__KIND__MIGRATION)
		return tw_error_set(err, TW_E_INVALID, "delete.kind", "objects of this kind cannot be deleted");
	if (!find_or_say(model, request->kind, request->name, err) ||
	    !tw_refs_unused(model, request->kind, request->name, err))
		return false;
	tw_changes_delete(changes, request->kind, request->name);
	return true;
}

void tw_edit_place(Tw__Port *port, const char *host, uint64_t migration)
{
	if (port->binding)
		tw_message_free(&port->binding->base);
	port->binding = NULL;
	if (!host || !*host)
		return;
	port->binding = tw_need(malloc(sizeof(*port->binding)));
	tw__binding__init(port->binding);
	port->binding->host = tw_need(strdup(host));
	port->binding->migration = migration;
}

bool tw_edit_bind(const struct tw_model *model, const Tw__BindPort *request, struct tw_changes *changes,
		  struct tw_error *err)
{
	const struct tw_entry *entry = find_or_say(model, TW__KIND__PORT, request->port, err);
	const Tw__Port *port = entry ? (const Tw__Port *)entry->msg : NULL;
	const char *bound = port ? tw_port_host(port) : NULL;
	Tw__Port *placed;

	if (!port)
		return false;
	if (*request->host && !find_or_say(model, TW__KIND__HOST, request->host, err))
		return false;
	if (tw_port_migration(port))
		return tw_error_set(err, TW_E_BUSY, "bind_port.port", "its VM is migrating (migration %" PRIu64 ")",
				    tw_port_migration(port));
	if (bound && *request->from && strcmp(bound, request->from) != 0)
		return tw_error_set(err, TW_E_IN_USE, "bind_port.from", "port '%s' is bound to host '%s'", port->name,
				    bound);
	if (strcmp(bound ? bound : "", request->host) == 0)
		return true;
	if (bound && *request->host)
		return tw_error_set(err, TW_E_IN_USE, "bind_port.host",
				    "port '%s' is bound to host '%s'; unbind it there first", port->name, bound);
	placed = (Tw__Port *)tw_message_clone(&port->base);
	tw_edit_place(placed, request->host, 0);
	if (!tw_refs_check(model, TW__KIND__PORT, &placed->base, err)) {
		tw_message_free(&placed->base);
		return false;
	}
	tw_changes_put(changes, TW__KIND__PORT, &placed->base);
	return true;
}
