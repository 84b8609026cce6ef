/* SPDX-License-Identifier: Apache-2.0 */
/* kind.c - kinds of objects by their protobuf descriptors; see kind.h. Any thread. */
#include "controlplane/kind.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/mem.h"

enum { FIELD_REVISION = 15 }; /* the same in every kind: proto/model.proto */

/* What a write never names: said when an object is made, or the controller's own. All else can be set. */
static const char *const fixed[] = { "name", "revision", NULL };
static const char *const network_fixed[] = { "name", "revision", "number", NULL };
static const char *const mirror_fixed[] = { "name", "revision", "tunnel_tag", "tunnel_key", NULL };
static const char *const port_fixed[] = { "name", "revision", "uuid", "number", "vm_uuid", "binding", NULL };

static const struct tw_kind kinds[TW_N_KINDS] = {
	[TW__KIND__HOST] = { "host", &tw__host__descriptor, fixed },
	[TW__KIND__NETWORK] = { "network", &tw__network__descriptor, network_fixed },
	[TW__KIND__PORT] = { "port", &tw__port__descriptor, port_fixed },
	[TW__KIND__MIRROR] = { "mirror", &tw__mirror__descriptor, mirror_fixed },
	[TW__KIND__EXPORTER] = { "exporter", &tw__exporter__descriptor, fixed },
	[TW__KIND__ACL] = { "acl", &tw__acl__descriptor, fixed },
	[TW__KIND__MIGRATION] = { "migration", &tw__migration__descriptor, NULL },
};

const struct tw_kind *tw_kind_get(Tw__Kind kind)
{
	unsigned i = (unsigned)kind;

	return i < TW_N_KINDS && kinds[i].noun ? &kinds[i] : NULL;
}

const ProtobufCMessage *tw_object_message(const Tw__Object *object, Tw__Kind *kind)
{
	*kind = TW__KIND__KIND_NONE;
	if (!object || !tw_kind_get((Tw__Kind)object->what_case) || !object->host)
		return NULL;
	*kind = (Tw__Kind)object->what_case;
	return &object->host->base; /* every member of the union points to a message, whose base comes first */
}

void tw_object_wrap(Tw__Object *object, Tw__Kind kind, const ProtobufCMessage *msg)
{
	tw__object__init(object);
	object->what_case = (Tw__Object__WhatCase)kind;
	memcpy(&object->host, &msg, sizeof(msg)); /* the packer only reads: the const that is lost here is kept */
}

static void *field_at(const ProtobufCMessage *msg, unsigned offset)
{
	uintptr_t base = (uintptr_t)msg;

	return (void *)(base + offset);
}

const char *tw_message_name(const ProtobufCMessage *msg, char buffer[static 24])
{
	if (msg->descriptor == &tw__migration__descriptor) {
		snprintf(buffer, 24, "%" PRIu64, ((const Tw__Migration *)msg)->id);
		return buffer;
	}
	return *(char **)field_at(msg, protobuf_c_message_descriptor_get_field(msg->descriptor, 1)->offset);
}

static uint64_t *revision_of(const ProtobufCMessage *msg)
{
	return field_at(msg, protobuf_c_message_descriptor_get_field(msg->descriptor, FIELD_REVISION)->offset);
}

uint64_t tw_message_revision(const ProtobufCMessage *msg)
{
	return *revision_of(msg);
}

void tw_message_set_revision(ProtobufCMessage *msg, uint64_t revision)
{
	*revision_of(msg) = revision;
}

ProtobufCMessage *tw_message_clone(const ProtobufCMessage *msg)
{
	size_t size = protobuf_c_message_get_packed_size(msg);
	uint8_t *bytes = tw_need(malloc(size ? size : 1));
	ProtobufCMessage *copy;

	protobuf_c_message_pack(msg, bytes);
	copy = tw_need(protobuf_c_message_unpack(msg->descriptor, NULL, size, bytes));
	free(bytes);
	return copy;
}

void tw_message_free(ProtobufCMessage *msg)
{
	if (msg)
		protobuf_c_message_free_unpacked(msg, NULL);
}

static size_t scalar_size(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return sizeof(uint64_t);
	default:
		return sizeof(uint32_t);
	}
}

static void swap_bytes(void *a, void *b, size_t size)
{
	uint8_t kept[sizeof(ProtobufCBinaryData)];

	memcpy(kept, a, size);
	memcpy(a, b, size);
	memcpy(b, kept, size);
}

/* Both messages own their fields: after a swap each still frees what it holds, once. */
static void swap_field(ProtobufCMessage *a, ProtobufCMessage *b, const ProtobufCFieldDescriptor *field)
{
	bool repeated = field->label == PROTOBUF_C_LABEL_REPEATED;
	size_t size = repeated ? sizeof(void *) : scalar_size(field->type);

	swap_bytes(field_at(a, field->offset), field_at(b, field->offset), size);
	if (repeated)
		swap_bytes(field_at(a, field->quantifier_offset), field_at(b, field->quantifier_offset),
			   sizeof(size_t));
}

static bool can_be_set(const struct tw_kind *kind, const char *field)
{
	if (!kind->fixed || !protobuf_c_message_descriptor_get_field_by_name(kind->type, field))
		return false;
	for (const char *const *f = kind->fixed; *f; f++)
		if (strcmp(*f, field) == 0)
			return false;
	return true;
}

ProtobufCMessage *tw_message_merge(const struct tw_kind *kind, const ProtobufCMessage *old,
				   const ProtobufCMessage *given, char *const *fields, size_t n_fields,
				   struct tw_error *err)
{
	ProtobufCMessage *merged, *source;

	if (n_fields == 0) {
		tw_error_set(err, TW_E_MISSING, "fields", "no field of the %s is named: nothing to set", kind->noun);
		return NULL;
	}
	for (size_t i = 0; i < n_fields; i++) {
		if (!can_be_set(kind, fields[i])) {
			tw_error_set(err, TW_E_INVALID, "fields", "'%.64s' is not a field of a %s that can be set",
				     fields[i], kind->noun);
			return NULL;
		}
		for (size_t j = 0; j < i; j++) {
			if (strcmp(fields[i], fields[j]) == 0) {
				tw_error_set(err, TW_E_INVALID, "fields", "'%s' is named twice", fields[i]);
				return NULL;
			}
		}
	}
	merged = tw_message_clone(old);
	source = tw_message_clone(given);
	for (size_t i = 0; i < n_fields; i++)
		swap_field(merged, source, protobuf_c_message_descriptor_get_field_by_name(kind->type, fields[i]));
	tw_message_free(source);
	return merged;
}
