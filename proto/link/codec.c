/* SPDX-License-Identifier: Apache-2.0 */
/*
 * codec.c - bytes to Envelope and back; see link.h. Pure; any thread.
 *
 * Hostile input: protobuf-c is safe, but a message of many empty submessages takes up to 60 times its own size once
 * unpacked. An allocator with a budget ends that. Nesting is bounded by the schema, which has no recursive message.
 */
#include "proto/link/codec.h"

#include <errno.h>
#include <nanomsg/nn.h>
#include <stdlib.h>
#include <string.h>

#include "proto/link/check.h"
#include "proto/link/check_value.h"

enum {
	/* Memory of an unpacked message for each octet on the wire. A VlanRange, the densest thing in a real message, takes
	 * 64 octets with its pointer and malloc's header for 6 on the wire; names and addresses around it pull that down. */
	BUDGET_FACTOR = 16,
	BUDGET_BASE = 1 << 20,
	BUDGET_MAX = 512 << 20,
	BLOCK_OVERHEAD = 16, /* malloc's own, a block */
};

static void *budget_alloc(void *data, size_t size)
{
	size_t *left = data;

	if (size > *left || *left - size < BLOCK_OVERHEAD)
		return NULL;
	*left -= size + BLOCK_OVERHEAD;
	return malloc(size ? size : 1);
}

static void budget_free(void *data, void *block)
{
	free(block);
}

static Tw__Envelope *unpack(const uint8_t *data, size_t size)
{
	size_t left = BUDGET_BASE + size * BUDGET_FACTOR;
	/* Blocks come from malloc, so that the caller may free them with protobuf-c's default allocator. */
	ProtobufCAllocator budget = { .alloc = budget_alloc, .free = budget_free, .allocator_data = &left };

	if (left > BUDGET_MAX)
		left = BUDGET_MAX;
	return tw__envelope__unpack(&budget, size, data);
}

/*
 * Sentences that say why something failed ("error", "text") are made of other programs' words: QEMU's have line ends. A
 * report is not refused for that; its words are made fit to be shown, and cut where they go on for too long.
 */
static void clean_text(char *text)
{
	for (size_t at = 0; text[at];) {
		size_t size = tw_char_size(text + at);

		if (size == 0) {
			text[at] = (unsigned char)text[at] < 0x80 ? ' ' : '?';
			size = 1;
		}
		if (at + size > TW_ERROR_TEXT_MAX)
			text[at] = '\0';
		else
			at += size;
	}
}

static void clean_message(ProtobufCMessage *msg);

static void clean_field(uint8_t *base, const ProtobufCFieldDescriptor *field)
{
	size_t n = field->label == PROTOBUF_C_LABEL_REPEATED ? *(size_t *)(base + field->quantifier_offset) : 0;
	void *value = base + field->offset;

	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF && *(uint32_t *)(base + field->quantifier_offset) != field->id)
		return;
	if (field->type == PROTOBUF_C_TYPE_STRING &&
	    (strcmp(field->name, "error") == 0 || strcmp(field->name, "text") == 0))
		clean_text(*(char **)value);
	if (field->type != PROTOBUF_C_TYPE_MESSAGE)
		return;
	if (field->label != PROTOBUF_C_LABEL_REPEATED && *(ProtobufCMessage **)value)
		clean_message(*(ProtobufCMessage **)value);
	for (size_t i = 0; i < n; i++)
		clean_message((*(ProtobufCMessage ***)value)[i]);
}

/* Fields of a newer sender are passed over and not kept: nobody forwards a message as it came. */
static void drop_unknown(ProtobufCMessage *msg)
{
	for (unsigned i = 0; i < msg->n_unknown_fields; i++)
		free(msg->unknown_fields[i].data);
	free(msg->unknown_fields);
	msg->unknown_fields = NULL;
	msg->n_unknown_fields = 0;
}

static void clean_message(ProtobufCMessage *msg)
{
	drop_unknown(msg);
	for (unsigned i = 0; i < msg->descriptor->n_fields; i++)
		clean_field((uint8_t *)msg, &msg->descriptor->fields[i]);
}

static int refuse(Tw__Envelope *env, int rc)
{
	tw__envelope__free_unpacked(env, NULL);
	return rc;
}

int tw_link_decode_id(const uint8_t *data, size_t size, Tw__Envelope **out, uint64_t *request_id, struct tw_error *err)
{
	Tw__Envelope *env;

	*request_id = 0;
	if (size > TW_LINK_MAX_SIZE) {
		tw_error_set(err, TW_E_TOO_LARGE, NULL, "a message of %zu octets is over the limit of %d", size,
			     TW_LINK_MAX_SIZE);
		return -EMSGSIZE;
	}
	env = unpack(data, size);
	if (!env) {
		tw_error_set(err, TW_E_MALFORMED, NULL, NULL);
		return -EBADMSG;
	}
	*request_id = env->request_id;
	clean_message(&env->base);
	if (env->version != TW_PROTO_VERSION) {
		tw_error_set(err, TW_E_VERSION, "version", "protocol version %u is not spoken here (it is %d)",
			     env->version, TW_PROTO_VERSION);
		return refuse(env, -EBADMSG);
	}
	if (env->body_case == TW__ENVELOPE__BODY__NOT_SET) {
		tw_error_set(err, TW_E_MISSING, "body", "the message has no body that this program knows");
		return refuse(env, -EBADMSG);
	}
	if (!tw_check_envelope(env, err))
		return refuse(env, -EBADMSG);
	*out = env;
	return 0;
}

int tw_link_decode(const uint8_t *data, size_t size, Tw__Envelope **out, struct tw_error *err)
{
	uint64_t request_id;

	return tw_link_decode_id(data, size, out, &request_id, err);
}

void *tw_link_encode(const Tw__Envelope *env, size_t *size)
{
	size_t need = tw__envelope__get_packed_size(env);
	void *buffer = need > 0 && need <= TW_LINK_MAX_SIZE ? nn_allocmsg(need, 0) : NULL;

	if (!buffer)
		return NULL;
	*size = tw__envelope__pack(env, buffer);
	return buffer;
}

void tw_link_error_message(const struct tw_error *err, Tw__Error *msg)
{
	tw__error__init(msg);
	msg->code = err->code;
	msg->field = (char *)(uintptr_t)err->field; /* protobuf-c's strings are not const; packing only reads them */
	msg->text = (char *)(uintptr_t)err->text;
}

void tw_link_error_read(const Tw__Error *msg, struct tw_error *err)
{
	/* 0 would read as "no error"; a peer that sends it is answered for all the same. */
	tw_error_set(err, msg->code ? msg->code : TW_E_INTERNAL, msg->field, "%s",
		     *msg->text ? msg->text : tw_error_text(msg->code));
}
