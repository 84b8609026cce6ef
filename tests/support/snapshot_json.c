/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot_json.c - a switch's configuration from JSON; see snapshot_json.h. */
#include "tests/support/snapshot_json.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mac.h"
#include "controlplane/twctl/message.h"

enum { KEY_OCTETS = 8 };

static void __attribute__((noreturn, format(printf, 1, 2))) fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("switchctl: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(2);
}

static void fill_message(ProtobufCMessage *m, const json_t *json);

static void add_range(Tw__Vlan *vlan, const json_t *json)
{
	Tw__VlanRange *range = tw_message_add(&vlan->base, "trunk");

	range->first = (uint32_t)json_integer_value(json_is_array(json) ? json_array_get(json, 0) : json);
	range->last = (uint32_t)json_integer_value(json_is_array(json) ? json_array_get(json, 1) : json);
}

static void fill_vlan(Tw__Vlan *vlan, const json_t *json)
{
	const json_t *range;
	size_t i;

	if (json_is_integer(json)) {
		vlan->mode = TW__VLAN__MODE__ACCESS;
		vlan->access = (uint32_t)json_integer_value(json);
		return;
	}
	vlan->mode = TW__VLAN__MODE__TRUNK;
	vlan->native = (uint32_t)json_integer_value(json_object_get(json, "native"));
	json_array_foreach(json_object_get(json, "trunk"), i, range) add_range(vlan, range);
}

static void add_numbers(ProtobufCMessage *m, const ProtobufCFieldDescriptor *field, const json_t *list)
{
	size_t n = json_array_size(list);
	uint32_t *numbers = tw_alloc((n + 1) * sizeof(*numbers));

	for (size_t i = 0; i < n; i++)
		numbers[i] = (uint32_t)json_integer_value(json_array_get(list, i));
	*(uint32_t **)(void *)((char *)m + field->offset) = numbers;
	*(size_t *)(void *)((char *)m + field->quantifier_offset) = n;
}

static void fill_list(ProtobufCMessage *m, const ProtobufCFieldDescriptor *field, const json_t *list)
{
	const json_t *element;
	size_t i;

	if (field->type == PROTOBUF_C_TYPE_UINT32)
		add_numbers(m, field, list);
	else if (field->type == PROTOBUF_C_TYPE_STRING)
		json_array_foreach(list, i, element) tw_message_add_string(m, field->name, json_string_value(element));
	else
		json_array_foreach(list, i, element) fill_message(tw_message_add(m, field->name), element);
}

/* A VLAN is written shorter than it is; any other part as it is. */
static void fill_part(ProtobufCMessage *m, const json_t *json)
{
	if (m->descriptor == &tw__vlan__descriptor)
		fill_vlan((Tw__Vlan *)m, json);
	else
		fill_message(m, json);
}

/* 16 hexadecimal digits */
static bool parse_key(const char *text, uint8_t *octets)
{
	if (strlen(text) != 2 * KEY_OCTETS || strspn(text, "0123456789abcdef") != 2 * KEY_OCTETS)
		return false;
	for (unsigned i = 0; i < KEY_OCTETS; i++)
		sscanf(text + 2 * i, "%2hhx", &octets[i]);
	return true;
}

static void fill_bytes(ProtobufCMessage *m, const char *name, const char *text)
{
	uint8_t octets[TW_UUID_LEN];

	if (text && tw_mac_parse(text, octets))
		tw_message_set_bytes(m, name, octets, TW_MAC_LEN);
	else if (text && tw_uuid_parse(text, octets))
		tw_message_set_bytes(m, name, octets, TW_UUID_LEN);
	else if (text && parse_key(text, octets))
		tw_message_set_bytes(m, name, octets, KEY_OCTETS);
	else
		fail("%s: neither a MAC nor a UUID nor a key", name);
}

static uint64_t enum_value(const ProtobufCFieldDescriptor *field, const json_t *json)
{
	int value = 0;

	if (!json_is_string(json) || !tw_enum_parse(field->descriptor, json_string_value(json), &value))
		fail("%s: no such value", field->name);
	return (uint64_t)value;
}

static void fill_field(ProtobufCMessage *m, const ProtobufCFieldDescriptor *field, const json_t *json)
{
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		fill_list(m, field, json);
	else if (field->type == PROTOBUF_C_TYPE_MESSAGE)
		fill_part(tw_message_put(m, field->name), json);
	else if (field->type == PROTOBUF_C_TYPE_BYTES)
		fill_bytes(m, field->name, json_string_value(json));
	else if (field->type == PROTOBUF_C_TYPE_STRING)
		tw_message_set_string(m, field->name, json_string_value(json));
	else if (field->type == PROTOBUF_C_TYPE_ENUM)
		tw_message_set_number(m, field->name, enum_value(field, json));
	else
		tw_message_set_number(m, field->name,
				      json_is_boolean(json) ? json_is_true(json) : (uint64_t)json_integer_value(json));
}

static void fill_message(ProtobufCMessage *m, const json_t *json)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)json, key, value)
	{
		const ProtobufCFieldDescriptor *field =
			protobuf_c_message_descriptor_get_field_by_name(m->descriptor, key);

		if (!field)
			fail("%s: no such member", key);
		fill_field(m, field, value);
	}
}

static void fill_in(uint32_t *value, uint32_t fallback)
{
	if (*value == 0)
		*value = fallback;
}

Tw__Snapshot *snapshot_from_json(const json_t *json)
{
	Tw__Snapshot *s = tw_message_new(&tw__snapshot__descriptor);

	fill_message(&s->base, json);
	if (s->revision == 0)
		s->revision = 1;
	fill_in(&s->observation_domain, 1);
	if (!*s->host)
		tw_message_set_string(&s->base, "host", "bench");
	for (size_t i = 0; i < s->n_ports; i++)
		fill_in(&s->ports[i]->mtu, 1500);
	for (size_t i = 0; i < s->n_exporters; i++) {
		fill_in(&s->exporters[i]->active_timeout_s, 60);
		fill_in(&s->exporters[i]->idle_timeout_s, 15);
		fill_in(&s->exporters[i]->template_refresh_s, 60);
		fill_in(&s->exporters[i]->mtu, 1400);
	}
	return s;
}
