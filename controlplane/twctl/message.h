/* SPDX-License-Identifier: Apache-2.0 */
/*
 * message.h - reads and fills protobuf messages by field name, and shows them as JSON.
 *
 * twctl names a field once, in an option or a column; the message's own descriptor knows its place and its type. So a new
 * field of the model is in --json at once, and an option needs no setter of its own.
 *
 * JSON: names are those of the .proto files. Numbers are numbers, repeated fields lists, absent messages are left out.
 * Enum values are lower case without what all values begin with (LINK_UP: "up"); MACs, UUIDs and addresses are text;
 * boot_id and features are hexadecimal text. Text that is not UTF-8 has '?' for its octets above 127.
 *
 * Threads: twctl has one. Memory: every message here is malloc'ed, as protobuf-c's own allocator does, and released with
 * protobuf_c_message_free_unpacked(); a program that is out of memory ends with a message and exit status 1.
 */
#ifndef TW_TWCTL_MESSAGE_H
#define TW_TWCTL_MESSAGE_H

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TW_ENUM_NAME_SIZE = 64 };

/** calloc() and strdup() that do not fail. */
void *tw_alloc(size_t size);
char *tw_strdup(const char *text);

/** A new, empty message. */
void *tw_message_new(const ProtobufCMessageDescriptor *type);

/** The field of that name; ends the program if there is none (a mistake in the command table, which tests find). */
const ProtobufCFieldDescriptor *tw_message_field(const ProtobufCMessage *message, const char *name);

/** Put a new, empty message into a message field (of a oneof: and choose it); an old one is released. Returns it. */
void *tw_message_put(ProtobufCMessage *message, const char *field);

/** A message field's value; NULL when absent or, in a oneof, not chosen. */
ProtobufCMessage *tw_message_get(const ProtobufCMessage *message, const char *field);

void tw_message_set_string(ProtobufCMessage *message, const char *field, const char *value);
void tw_message_set_bytes(ProtobufCMessage *message, const char *field, const uint8_t *data, size_t size);
/** uint32, uint64, bool and enum fields. The caller has checked that the value fits. */
void tw_message_set_number(ProtobufCMessage *message, const char *field, uint64_t value);
/** Append to a repeated string field, unless it is in the list already. */
void tw_message_add_string(ProtobufCMessage *message, const char *field, const char *value);
/** Append to a repeated bytes field. */
void tw_message_add_bytes(ProtobufCMessage *message, const char *field, const uint8_t *data, size_t size);
/** Append a new, empty message to a repeated message field. Returns it. */
void *tw_message_add(ProtobufCMessage *message, const char *field);

/** Name of an enum value as JSON and options have it; the number for a value that is not listed. Returns out. */
char *tw_enum_name(const ProtobufCEnumDescriptor *type, int value, char out[static TW_ENUM_NAME_SIZE]);
/** The reverse, any case. */
bool tw_enum_parse(const ProtobufCEnumDescriptor *type, const char *name, int *value);

/** A string as JSON, whatever its octets are. New reference. */
json_t *tw_json_text(const char *text);
/** The whole message as a JSON object. New reference. */
json_t *tw_message_json(const ProtobufCMessage *message);

#endif
