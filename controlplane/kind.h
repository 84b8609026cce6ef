/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kind.h - what the kinds of objects have in common, read from their protobuf descriptors.
 *
 * The model, the store and the API treat an object as (kind, message); only checks and slices know its fields. The
 * numbers of enum Kind are those of the cases in Object, so one is the other.
 *
 * Threads: pure but for allocation; any thread. Messages made here are released with protobuf_c_message_free_unpacked().
 */
#ifndef TW_CONTROLPLANE_KIND_H
#define TW_CONTROLPLANE_KIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/envelope.pb-c.h"
#include "proto/link/error.h"

enum { TW_N_KINDS = TW__KIND__ACL + 1 };

struct tw_kind {
	const char *noun; /* "network": in errors and paths */
	const ProtobufCMessageDescriptor *type;
	const char *const *fixed; /* fields that Set may not name, NULL-terminated; NULL = it may name none */
};

/** @return NULL for KIND_NONE and for numbers that are no kind */
const struct tw_kind *tw_kind_get(Tw__Kind kind);

/** The message in an Object. @return NULL, with *kind 0, if there is none of a known kind */
const ProtobufCMessage *tw_object_message(const Tw__Object *object, Tw__Kind *kind);
/** Put a message into an Object; borrows it: the Object is as long-lived as the message. */
void tw_object_wrap(Tw__Object *object, Tw__Kind kind, const ProtobufCMessage *msg);

/** The object's name; of a migration its id in decimal, put into buffer. Borrowed from the message or the buffer. */
const char *tw_message_name(const ProtobufCMessage *msg, char buffer[static 24]);
uint64_t tw_message_revision(const ProtobufCMessage *msg);
void tw_message_set_revision(ProtobufCMessage *msg, uint64_t revision);

/** A deep copy; never NULL (mem.h). */
ProtobufCMessage *tw_message_clone(const ProtobufCMessage *msg);
/** Accepts NULL. */
void tw_message_free(ProtobufCMessage *msg);

/**
 * A copy of `old` with the named fields as in `given`.
 * @param err  a field that is not settable: TW_E_INVALID, "fields"
 * @return NULL with *err filled
 */
ProtobufCMessage *tw_message_merge(const struct tw_kind *kind, const ProtobufCMessage *old,
				   const ProtobufCMessage *given, char *const *fields, size_t n_fields,
				   struct tw_error *err);

#endif
