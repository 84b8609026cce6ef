/* SPDX-License-Identifier: Apache-2.0 */
/* json.c - any protobuf message as JSON; the rules are in message.h. One thread, pure. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mac.h"
#include "controlplane/twctl/message.h"

json_t *tw_json_text(const char *text)
{
	json_t *json = json_string(text);
	char *copy;

	if (json)
		return json;
	copy = tw_strdup(text);
	for (char *c = copy; *c; c++)
		if ((unsigned char)*c > 127)
			*c = '?';
	json = json_string(copy);
	free(copy);
	return json;
}

static bool ends_with(const char *text, const char *end)
{
	size_t size = strlen(text), end_size = strlen(end);

	return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static json_t *bytes_json(const char *name, const ProtobufCBinaryData *data)
{
	char text[INET6_ADDRSTRLEN];
	json_t *json;
	char *hex;

	if (data->len == 0)
		return json_null();
	if (data->len == TW_MAC_LEN && (ends_with(name, "mac") || ends_with(name, "macs")))
		return json_string(tw_mac_format(data->data, text));
	if (data->len == TW_UUID_LEN && ends_with(name, "uuid"))
		return json_string(tw_uuid_format(data->data, text));
	if ((data->len == 4 || data->len == 16) && ends_with(name, "_ip"))
		return json_string(inet_ntop(data->len == 4 ? AF_INET : AF_INET6, data->data, text, sizeof(text)));
	hex = tw_alloc(2 * data->len + 1);
	for (size_t i = 0; i < data->len; i++)
		snprintf(hex + 2 * i, 3, "%02x", data->data[i]);
	json = json_string(hex);
	free(hex);
	return json;
}

/* Octets that one element takes in a message or in the array of a repeated field. */
static size_t element_size(const ProtobufCFieldDescriptor *field)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_UINT64:
		return sizeof(uint64_t);
	case PROTOBUF_C_TYPE_BOOL:
		return sizeof(protobuf_c_boolean);
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	default:
		return sizeof(uint32_t);
	}
}

static json_t *number_json(const char *name, uint64_t value)
{
	char text[24];

	if (strcmp(name, "boot_id") != 0 && strcmp(name, "features") != 0)
		return json_integer(value > INT64_MAX ? INT64_MAX : (json_int_t)value);
	snprintf(text, sizeof(text), "0x%" PRIx64, value);
	return json_string(text);
}

/* The types that the .proto files use; another one would show as null. */
static json_t *element_json(const ProtobufCFieldDescriptor *field, const void *element)
{
	char name[TW_ENUM_NAME_SIZE];

	switch (field->type) {
	case PROTOBUF_C_TYPE_UINT32:
		return json_integer(*(const uint32_t *)element);
	case PROTOBUF_C_TYPE_UINT64:
		return number_json(field->name, *(const uint64_t *)element);
	case PROTOBUF_C_TYPE_BOOL:
		return json_boolean(*(const protobuf_c_boolean *)element);
	case PROTOBUF_C_TYPE_ENUM:
		return json_string(tw_enum_name(field->descriptor, *(const int *)element, name));
	case PROTOBUF_C_TYPE_STRING:
		return tw_json_text(*(char *const *)element);
	case PROTOBUF_C_TYPE_BYTES:
		return bytes_json(field->name, element);
	case PROTOBUF_C_TYPE_MESSAGE:
		return tw_message_json(*(ProtobufCMessage *const *)element);
	default:
		return json_null();
	}
}

static json_t *list_json(const ProtobufCFieldDescriptor *field, size_t n, const char *elements)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, element_json(field, elements + i * element_size(field)));
	return list;
}

/* NULL = the field is absent: a message that is not there, or another choice of a oneof. */
static json_t *field_json(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	const char *base = (const char *)message, *at = base + field->offset;

	if (field->label == PROTOBUF_C_LABEL_REPEATED) {
		size_t n = *(const size_t *)(const void *)(base + field->quantifier_offset);

		return list_json(field, n, *(const char *const *)(const void *)at);
	}
	if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) &&
	    *(const uint32_t *)(const void *)(base + field->quantifier_offset) != field->id)
		return NULL;
	if (field->type == PROTOBUF_C_TYPE_MESSAGE && !*(ProtobufCMessage *const *)(const void *)at)
		return NULL;
	return element_json(field, at);
}

json_t *tw_message_json(const ProtobufCMessage *message)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
		json_t *value = field_json(message, field);

		if (value)
			json_object_set_new(object, field->name, value);
	}
	return object;
}
