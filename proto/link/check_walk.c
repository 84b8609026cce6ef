/* SPDX-License-Identifier: Apache-2.0 */
/* check_walk.c - goes through a message by its descriptor and holds each field against its rule; see check_rules.h. Pure. */
#include <string.h>

#include "proto/envelope.pb-c.h"
#include "proto/link/check_rules.h"

enum { TEXT_MAX = 255, OCTETS_MAX = 64, NAME_MAX_LEN = 63 };

static const struct tw_rule no_rule = { .kind = TW_RULE_ANY, .optional = true, .max = TEXT_MAX };

static const struct tw_rule *rule_of(const struct tw_rule *rules, const char *field)
{
	for (; rules && rules->field; rules++)
		if (strcmp(rules->field, field) == 0)
			return rules;
	return &no_rule;
}

static bool check_text(const char *text, const struct tw_rule *rule, const struct tw_where *at, struct tw_error *err)
{
	if (rule->optional && (!text || !*text))
		return true;
	switch (rule->kind) {
	case TW_RULE_NAME:
		return tw_value_name(text, rule->max ? rule->max : NAME_MAX_LEN, at, err);
	case TW_RULE_PORT:
		return tw_value_port_name(text, at, err);
	case TW_RULE_FILE:
		return tw_value_file_name(text, at, err);
	case TW_RULE_PATH:
		return tw_value_path(text, rule->max, at, err);
	case TW_RULE_ADDRESS:
		return tw_value_address(text, at, err);
	case TW_RULE_PREFIX:
		return tw_value_prefix(text, at, err);
	case TW_RULE_ACL:
		return tw_value_acl_rule(text, at, err);
	case TW_RULE_ENDPOINT:
		return tw_value_endpoint(text, at, err);
	case TW_RULE_TCP_URL:
		return tw_value_url(text, "tcp://", at, err);
	case TW_RULE_QEMU_URI:
		return tw_value_url(text, "tcp:", at, err);
	default:
		if (!text || !*text)
			return tw_where_fail(at, TW_E_MISSING, err, "a value is missing");
		return tw_value_text(text, rule->max, at, err);
	}
}

static bool check_octets(ProtobufCBinaryData bytes, const struct tw_rule *rule, const struct tw_where *at,
			 struct tw_error *err)
{
	static const size_t mac_size = 6, uuid_size = 16, ip_sizes[] = { 4, 16 };
	size_t max = rule->kind == TW_RULE_OCTETS ? rule->max : OCTETS_MAX;

	if (rule->optional && bytes.len == 0)
		return true;
	switch (rule->kind) {
	case TW_RULE_MAC:
		return tw_value_mac(bytes, at, err);
	case TW_RULE_ANY_MAC:
		return tw_value_size(bytes, &mac_size, 1, "a MAC address", at, err);
	case TW_RULE_UUID:
		return tw_value_size(bytes, &uuid_size, 1, "a UUID", at, err);
	case TW_RULE_IP:
		return tw_value_size(bytes, ip_sizes, 2, "an IP address", at, err);
	default:
		if (bytes.len <= max)
			return true;
		return tw_where_fail(at, TW_E_INVALID, err, "%zu octets are more than %zu", bytes.len, max);
	}
}

static bool check_submessage(const ProtobufCMessage *msg, const struct tw_rule *rule, const struct tw_where *at,
			     struct tw_error *err)
{
	struct tw_where mode = { at, "mode", -1 };

	if (!msg)
		return rule->optional || tw_where_fail(at, TW_E_MISSING, err, "%s is missing", at->name);
	if (rule->kind == TW_RULE_VLAN && ((const Tw__Vlan *)msg)->mode == TW__VLAN__MODE__INHERIT)
		return tw_where_fail(&mode, TW_E_INVALID, err,
				     "a VLAN mode is needed here: ACCESS, TRUNK or DOT1Q_TUNNEL");
	return tw_check_message(msg, NULL, at, err);
}

static bool check_number(uint64_t value, const struct tw_rule *rule, const struct tw_where *at, struct tw_error *err)
{
	return rule->kind != TW_RULE_RANGE || tw_value_range(value, &rule->range, at, err);
}

static bool check_value(const ProtobufCFieldDescriptor *field, const void *value, const struct tw_rule *rule,
			const struct tw_where *at, struct tw_error *err)
{
	switch (field->type) {
	case PROTOBUF_C_TYPE_STRING:
		return check_text(*(const char *const *)value, rule, at, err);
	case PROTOBUF_C_TYPE_BYTES:
		return check_octets(*(const ProtobufCBinaryData *)value, rule, at, err);
	case PROTOBUF_C_TYPE_MESSAGE:
		return check_submessage(*(const ProtobufCMessage *const *)value, rule, at, err);
	case PROTOBUF_C_TYPE_ENUM:
		return tw_value_enum(*(const int *)value, field->descriptor, at, err);
	case PROTOBUF_C_TYPE_UINT32:
		return check_number(*(const uint32_t *)value, rule, at, err);
	case PROTOBUF_C_TYPE_UINT64:
		return check_number(*(const uint64_t *)value, rule, at, err);
	default:
		return true; /* a bool is true or false; the model has no other type */
	}
}

static size_t element_size(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(void *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_UINT64:
		return sizeof(uint64_t);
	default:
		return sizeof(uint32_t); /* uint32, enum, bool: the model repeats no other */
	}
}

static bool check_repeated(const uint8_t *base, const ProtobufCFieldDescriptor *field, const struct tw_rule *rule,
			   const struct tw_where *at, struct tw_error *err)
{
	size_t n = *(const size_t *)(base + field->quantifier_offset), size = element_size(field->type);
	const uint8_t *elements = *(const uint8_t *const *)(base + field->offset);
	struct tw_where element = *at;

	if (n < rule->count_min)
		return tw_where_fail(at, TW_E_MISSING, err, "at least %zu are needed", rule->count_min);
	if (rule->count_max && n > rule->count_max)
		return tw_where_fail(at, TW_E_INVALID, err, "%zu are more than %zu", n, rule->count_max);
	for (size_t i = 0; i < n; i++) {
		element.index = (long)i;
		if (!check_value(field, elements + i * size, rule, &element, err))
			return false;
	}
	return true;
}

static bool check_field(const ProtobufCMessage *msg, const ProtobufCFieldDescriptor *field, const struct tw_rule *rule,
			const struct tw_where *at, struct tw_error *err)
{
	const uint8_t *base = (const uint8_t *)msg;
	struct tw_where here = { at, field->name, -1 };
	bool ok;

	if (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF &&
	    *(const uint32_t *)(base + field->quantifier_offset) != field->id)
		return true;
	if (field->label == PROTOBUF_C_LABEL_REPEATED)
		ok = check_repeated(base, field, rule, &here, err);
	else
		ok = check_value(field, base + field->offset, rule, &here, err);
	return ok && (!rule->also || rule->also(msg, at, err));
}

static bool named(const struct tw_fields *only, const char *field)
{
	if (!only || strcmp(field, "name") == 0) /* by which a Set finds its object */
		return true;
	for (size_t i = 0; i < only->n; i++)
		if (strcmp(only->names[i], field) == 0)
			return true;
	return false;
}

bool tw_check_message(const ProtobufCMessage *msg, const struct tw_fields *only, const struct tw_where *at,
		      struct tw_error *err)
{
	const ProtobufCMessageDescriptor *type = msg->descriptor;
	const struct tw_rule *rules = tw_rules_of(type);

	for (unsigned i = 0; i < type->n_fields; i++) {
		const ProtobufCFieldDescriptor *field = &type->fields[i];

		if (named(only, field->name) && !check_field(msg, field, rule_of(rules, field->name), at, err))
			return false;
	}
	return true;
}
