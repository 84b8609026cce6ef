/* SPDX-License-Identifier: Apache-2.0 */
/* message.c - reads and fills protobuf messages by field name; see message.h. One thread. */
#include "controlplane/twctl/message.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void *tw_alloc(size_t size)
{
	void *memory = calloc(1, size);

	if (!memory) {
		fputs("twctl: out of memory\n", stderr);
		exit(1);
	}
	return memory;
}

char *tw_strdup(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(tw_alloc(size), text, size);
}

void *tw_message_new(const ProtobufCMessageDescriptor *type)
{
	ProtobufCMessage *message = tw_alloc(type->sizeof_message);

	type->message_init(message);
	return message;
}

const ProtobufCFieldDescriptor *tw_message_field(const ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field =
		protobuf_c_message_descriptor_get_field_by_name(message->descriptor, name);

	if (!field) {
		fprintf(stderr, "twctl: %s has no field %s\n", message->descriptor->name, name);
		abort();
	}
	return field;
}

static void *member(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	return (char *)(uintptr_t)message + field->offset;
}

static void *quantifier(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	return (char *)(uintptr_t)message + field->quantifier_offset;
}

static bool in_oneof(const ProtobufCFieldDescriptor *field)
{
	return field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
}

static bool chosen(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	return !in_oneof(field) || *(uint32_t *)quantifier(message, field) == field->id;
}

void *tw_message_put(ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = tw_message_field(message, name);
	ProtobufCMessage **slot = member(message, field);

	protobuf_c_message_free_unpacked(tw_message_get(message, name), NULL);
	if (in_oneof(field))
		*(uint32_t *)quantifier(message, field) = field->id;
	*slot = tw_message_new(field->descriptor);
	return *slot;
}

ProtobufCMessage *tw_message_get(const ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = tw_message_field(message, name);

	return chosen(message, field) ? *(ProtobufCMessage **)member(message, field) : NULL;
}

void tw_message_set_string(ProtobufCMessage *message, const char *name, const char *value)
{
	char **slot = member(message, tw_message_field(message, name));

	if (*slot != protobuf_c_empty_string)
		free(*slot);
	*slot = tw_strdup(value);
}

void tw_message_set_bytes(ProtobufCMessage *message, const char *name, const uint8_t *data, size_t size)
{
	ProtobufCBinaryData *slot = member(message, tw_message_field(message, name));

	free(slot->data);
	slot->data = memcpy(tw_alloc(size), data, size);
	slot->len = size;
}

void tw_message_set_number(ProtobufCMessage *message, const char *name, uint64_t value)
{
	const ProtobufCFieldDescriptor *field = tw_message_field(message, name);
	void *slot = member(message, field);

	if (field->type == PROTOBUF_C_TYPE_UINT64)
		*(uint64_t *)slot = value;
	else if (field->type == PROTOBUF_C_TYPE_BOOL)
		*(protobuf_c_boolean *)slot = value != 0;
	else
		*(uint32_t *)slot = (uint32_t)value; /* uint32 and enum */
}

/* A place for one more pointer at the end of a repeated field. */
static void **grow(ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
	size_t *n = quantifier(message, field);
	void ***slot = member(message, field);
	void **bigger = tw_alloc((*n + 1) * sizeof(void *));

	if (*n)
		memcpy(bigger, *slot, *n * sizeof(void *));
	free(*slot);
	*slot = bigger;
	return &bigger[(*n)++];
}

void tw_message_add_string(ProtobufCMessage *message, const char *name, const char *value)
{
	const ProtobufCFieldDescriptor *field = tw_message_field(message, name);
	char **strings = *(char ***)member(message, field);

	for (size_t i = 0; i < *(size_t *)quantifier(message, field); i++)
		if (strcmp(strings[i], value) == 0)
			return;
	*grow(message, field) = tw_strdup(value);
}

void tw_message_add_bytes(ProtobufCMessage *message, const char *name, const uint8_t *data, size_t size)
{
	const ProtobufCFieldDescriptor *field = tw_message_field(message, name);
	size_t *n = quantifier(message, field);
	ProtobufCBinaryData **slot = member(message, field), *bigger = tw_alloc((*n + 1) * sizeof(**slot));

	if (*n)
		memcpy(bigger, *slot, *n * sizeof(**slot));
	free(*slot);
	*slot = bigger;
	bigger[*n].data = memcpy(tw_alloc(size), data, size);
	bigger[(*n)++].len = size;
}

void *tw_message_add(ProtobufCMessage *message, const char *name)
{
	const ProtobufCFieldDescriptor *field = tw_message_field(message, name);

	return *grow(message, field) = tw_message_new(field->descriptor);
}

/* How many characters all values of an enum begin with, up to and with a '_'. */
static size_t common_prefix(const ProtobufCEnumDescriptor *type)
{
	const char *first = type->values[0].name, *end = strchr(first, '_');
	size_t size = end ? (size_t)(end - first) + 1 : 0;

	for (unsigned i = 0; size && i < type->n_values; i++)
		if (strncmp(type->values[i].name, first, size) != 0)
			return 0;
	return size;
}

char *tw_enum_name(const ProtobufCEnumDescriptor *type, int value, char out[static TW_ENUM_NAME_SIZE])
{
	const ProtobufCEnumValue *known = protobuf_c_enum_descriptor_get_value(type, value);

	snprintf(out, TW_ENUM_NAME_SIZE, "%d", value);
	if (known)
		snprintf(out, TW_ENUM_NAME_SIZE, "%s", known->name + common_prefix(type));
	for (char *c = out; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	return out;
}

bool tw_enum_parse(const ProtobufCEnumDescriptor *type, const char *name, int *value)
{
	size_t skip = common_prefix(type);

	for (unsigned i = 0; i < type->n_values; i++)
		if (strcasecmp(type->values[i].name + skip, name) == 0) {
			*value = type->values[i].value;
			return true;
		}
	return false;
}
