/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.c - what is checked of each message, and under which name an error speaks of it; see check.h. Pure; any thread.
 *
 * The limits are in check_rules_NAME.c, values in check_value.c and check_text.c, the walk between the two in check_walk.c.
 */
#include "proto/link/check.h"

#include <string.h>

#include "proto/link/check_rules.h"

/* ---- one object, one field ---- */

static bool check_object(const ProtobufCMessage *msg, const char *name, struct tw_error *err)
{
	struct tw_where at = { NULL, name, -1 };

	return tw_check_message(msg, NULL, &at, err);
}

bool tw_check_network(const Tw__Network *network, struct tw_error *err)
{
	return check_object(&network->base, "network", err);
}

bool tw_check_port(const Tw__Port *port, struct tw_error *err)
{
	return check_object(&port->base, "port", err);
}

bool tw_check_host(const Tw__Host *host, struct tw_error *err)
{
	return check_object(&host->base, "host", err);
}

bool tw_check_mirror(const Tw__Mirror *mirror, struct tw_error *err)
{
	return check_object(&mirror->base, "mirror", err);
}

bool tw_check_acl(const Tw__Acl *acl, struct tw_error *err)
{
	return check_object(&acl->base, "acl", err);
}

bool tw_check_exporter(const Tw__Exporter *exporter, struct tw_error *err)
{
	return check_object(&exporter->base, "exporter", err);
}

bool tw_check_snapshot(const Tw__Snapshot *snapshot, struct tw_error *err)
{
	return check_object(&snapshot->base, "snapshot", err);
}

bool tw_check_name(const char *name, size_t max, const char *path, struct tw_error *err)
{
	struct tw_where at = { NULL, path, -1 };

	return tw_value_name(name, max, &at, err);
}

bool tw_check_port_name(const char *name, const char *path, struct tw_error *err)
{
	struct tw_where at = { NULL, path, -1 };

	return tw_value_port_name(name, &at, err);
}

bool tw_check_vlan(const Tw__Vlan *vlan, bool may_inherit, const char *path, struct tw_error *err)
{
	struct tw_where at = { NULL, path, -1 }, mode = { &at, "mode", -1 };

	if (!vlan)
		return may_inherit || tw_where_fail(&at, TW_E_MISSING, err, "vlan is missing");
	if (!may_inherit && vlan->mode == TW__VLAN__MODE__INHERIT)
		return tw_where_fail(&mode, TW_E_INVALID, err, "a VLAN mode is needed here: ACCESS or TRUNK");
	return tw_check_message(&vlan->base, NULL, &at, err);
}

bool tw_check_mac(ProtobufCBinaryData mac, const char *path, struct tw_error *err)
{
	struct tw_where at = { NULL, path, -1 };

	return tw_value_mac(mac, &at, err);
}

/* ---- whole messages ---- */

/* The member of a oneof that is there, and its name. @return NULL if none is */
static const ProtobufCMessage *oneof_member(const ProtobufCMessage *msg, const char **name)
{
	const ProtobufCMessageDescriptor *type = msg->descriptor;
	const uint8_t *base = (const uint8_t *)msg;

	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];

		if (!(field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) ||
		    *(const uint32_t *)(base + field->quantifier_offset) != field->id)
			continue;
		*name = field->name;
		return *(const ProtobufCMessage *const *)(base + field->offset);
	}
	return NULL;
}

/* The object that a write is about; a migration is not written but asked for (MigrateVm). */
static const ProtobufCMessage *written_object(const Tw__Object *object, const char **kind, struct tw_error *err)
{
	const ProtobufCMessage *what = object ? oneof_member(&object->base, kind) : NULL;

	if (!what)
		tw_error_set(err, TW_E_MISSING, "object", "the object to be written is missing");
	else if (what->descriptor == &tw__migration__descriptor)
		tw_error_set(err, TW_E_UNEXPECTED, "object",
			     "a migration is not written; it is asked for by MigrateVm");
	else
		return what;
	return NULL;
}

static bool check_create(const Tw__Create *create, struct tw_error *err)
{
	const char *kind = "";
	const ProtobufCMessage *what = written_object(create->object, &kind, err);

	return what && check_object(what, kind, err);
}

/* Given once, by the operator or the controller, or changed in another way (binding). */
static bool is_settable(const char *field)
{
	static const char *const fixed[] = { "name", "uuid", "number", "binding", "revision" };

	for (size_t i = 0; i < sizeof(fixed) / sizeof(*fixed); i++)
		if (strcmp(field, fixed[i]) == 0)
			return false;
	return true;
}

static bool check_set(const Tw__Set *set, struct tw_error *err)
{
	const char *kind = "";
	const ProtobufCMessage *what = written_object(set->object, &kind, err);
	struct tw_where at = { NULL, kind, -1 };
	struct tw_fields only = { set->n_fields, set->fields };
	char shown[TW_SHOWN_SIZE];

	if (!what)
		return false;
	if (set->n_fields == 0)
		return tw_error_set(err, TW_E_MISSING, "fields", "it is not said which fields are to be set");
	for (size_t i = 0; i < set->n_fields; i++) {
		struct tw_where field = { &at, tw_shown(set->fields[i], shown), -1 };

		if (!protobuf_c_message_descriptor_get_field_by_name(what->descriptor, set->fields[i]))
			return tw_where_fail(&field, TW_E_INVALID, err, "a %s has no field \"%s\"", kind, shown);
		if (!is_settable(set->fields[i]))
			return tw_where_fail(&field, TW_E_INVALID, err, "the %s of a %s cannot be set", shown, kind);
	}
	return tw_check_message(what, &only, &at, err);
}

bool tw_check_envelope(const Tw__Envelope *env, struct tw_error *err)
{
	const char *name = "";
	const ProtobufCMessage *body = oneof_member(&env->base, &name);

	switch (env->body_case) {
	case TW__ENVELOPE__BODY_CREATE:
		return check_create(env->create, err);
	case TW__ENVELOPE__BODY_SET:
		return check_set(env->set, err);
	case TW__ENVELOPE__BODY_APPLY_SNAPSHOT:
		if (env->apply_snapshot->snapshot)
			return tw_check_snapshot(env->apply_snapshot->snapshot, err);
		return tw_error_set(err, TW_E_MISSING, "snapshot", "the snapshot is missing");
	default:
		return !body || check_object(body, name, err);
	}
}
