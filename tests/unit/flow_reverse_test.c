/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow_reverse_test.c - a biflow's record is that of its forward direction and, in front of it, what its reverse direction's record
 *                       says (flowexport/reverse.h), in every layout; as an independent decoder has both.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flowexport/encode.h"
#include "flowexport/reverse.h"
#include "flowexport/template.h"
#include "tests/support/ipfix_decode.h"

enum { BIFLOW_FIRST = 896, TEXT_MAX = 128 };

static const struct tw_flow_identity web = {
	.vm_name = "web", .network = "blue", .network_number = 5, .vm_uuid = { 1 }
};
static const struct tw_flow_identity db = {
	.vm_name = "db", .network = "green", .network_number = 6, .vm_uuid = { 2 }
};
static const struct tw_flow_names names = { &web, &db, "host-a" };

/* Every octet of its values is its own; a class's flags. */
static struct tw_flow_record make(enum tw_flow_class cls, uint8_t salt)
{
	static const uint8_t flags[TW_FLOW_CLASSES] = {
		[TW_CLASS_IPV4_TRANSPORT] = TW_FLOW_KEY_IPV4,
		[TW_CLASS_IPV4_ICMP] = TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_ICMP,
		[TW_CLASS_IPV4_FRAGMENT] = TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_FRAGMENT,
		[TW_CLASS_IPV6_TRANSPORT] = TW_FLOW_KEY_IPV6,
		[TW_CLASS_IPV6_ICMP] = TW_FLOW_KEY_IPV6 | TW_FLOW_KEY_ICMP,
		[TW_CLASS_IPV6_FRAGMENT] = TW_FLOW_KEY_IPV6 | TW_FLOW_KEY_FRAGMENT,
		[TW_CLASS_IPV4_OTHER] = TW_FLOW_KEY_IPV4,
		[TW_CLASS_IPV6_OTHER] = TW_FLOW_KEY_IPV6,
	};
	struct tw_flow_record r;
	uint8_t *octet = (uint8_t *)&r;

	for (size_t i = 0; i < sizeof(r); i++)
		octet[i] = (uint8_t)(i * 7 + salt);
	r.key_flags = flags[cls];
	r.protocol = cls == TW_CLASS_IPV4_OTHER || cls == TW_CLASS_IPV6_OTHER ? 47 : 6;
	r.forwarding = TW_FORWARDED;
	assert_int_equal(tw_flow_class_of(&r), cls);
	return r;
}

/* A record's values, copied out of its message. */
struct values {
	unsigned n;
	uint16_t template_id;
	struct {
		uint32_t pen;
		uint16_t element, size;
		uint8_t data[TEXT_MAX];
	} of[IPFIX_FIELDS_MAX];
};

static void copy(const struct ipfix_record *got, void *context)
{
	struct values *values = context;

	values->n = got->n_values;
	values->template_id = got->template_id;
	for (unsigned i = 0; i < got->n_values; i++) {
		const struct ipfix_value *v = &got->values[i];

		assert_in_range(v->size, 0, TEXT_MAX);
		values->of[i].pen = v->pen;
		values->of[i].element = v->element;
		values->of[i].size = v->size;
		memcpy(values->of[i].data, v->data, v->size);
	}
}

static void decode(struct tw_message *m, struct values *values)
{
	struct ipfix_decoder *d = ipfix_decoder_create();
	size_t size = tw_message_finish(m, &(struct tw_message_stamp){ .domain = 7 });

	memset(values, 0, sizeof(*values));
	assert_int_equal(ipfix_decode(d, m->octets, size, copy, values), 0);
	assert_int_equal(ipfix_decoder_counts(d)->data_records, 1);
	assert_int_equal(ipfix_decoder_counts(d)->unknown_sets, 0);
	ipfix_decoder_destroy(d);
}

static void decode_uniflow(const struct tw_flow_record *r, unsigned variant, struct values *values)
{
	enum tw_flow_class cls = tw_flow_class_of(r);
	struct tw_message m;

	tw_message_begin(&m, TW_FORMAT_IPFIX, TW_MESSAGE_MAX);
	assert_true(tw_encode_template(&m, cls, variant));
	assert_true(tw_encode_flow(&m, r, cls, variant, &names, 0));
	decode(&m, values);
}

static void decode_biflow(const struct tw_flow_record *forward, const struct tw_flow_record *reverse, unsigned variant,
			  const struct tw_flow_origin *origin, struct values *values)
{
	enum tw_flow_class cls = tw_flow_class_of(forward);
	struct tw_message m;

	tw_message_begin(&m, TW_FORMAT_IPFIX, TW_MESSAGE_MAX);
	if (origin)
		assert_true(tw_encode_biflow_origin_template(&m, cls, variant, origin->kind));
	else
		assert_true(tw_encode_biflow_template(&m, cls, variant));
	assert_true(tw_encode_biflow(&m, forward, reverse, cls, variant, &names, origin));
	decode(&m, values);
}

/* @param at where the reverse values begin @return behind the last one */
static unsigned check_reverse(const struct values *got, unsigned at, const struct values *reverse)
{
	for (; at < got->n && got->of[at].pen == IPFIX_REVERSE; at++) {
		unsigned i = 0;

		while (i < reverse->n && (reverse->of[i].pen || reverse->of[i].element != got->of[at].element))
			i++;
		assert_true(i < reverse->n);
		assert_int_equal(got->of[at].size, reverse->of[i].size);
		assert_memory_equal(got->of[at].data, reverse->of[i].data, reverse->of[i].size);
	}
	return at;
}

static void check_layout(enum tw_flow_class cls, unsigned variant, const struct tw_flow_origin *origin)
{
	static struct values got, forward, reverse;
	struct tw_flow_record there = make(cls, 1), back = make(cls, 100);
	unsigned at;

	decode_uniflow(&there, variant, &forward);
	decode_uniflow(&back, variant, &reverse);
	decode_biflow(&there, &back, variant, origin, &got);
	assert_int_equal(got.template_id,
			 BIFLOW_FIRST + 32 * variant + cls + (origin ? 128 * (1 + (unsigned)origin->kind) : 0));
	assert_int_equal(got.of[0].element, 239);
	assert_int_equal(got.of[0].pen, 0);
	assert_int_equal(got.of[0].data[0], 1);
	at = check_reverse(&got, 1, &reverse);
	assert_true(at > 8);
	assert_memory_equal(&got.of[at], forward.of, forward.n * sizeof(*got.of));
	at += forward.n;
	if (origin) {
		assert_int_equal(got.of[at].element, 405);
		assert_int_equal(got.of[at + 1].element, origin->kind == TW_ORIGIN_IPV4 ? 403 : 404);
		at += 2;
	}
	assert_int_equal(got.n, at);
}

static void every_layout_is_the_forward_record_and_the_reverse_ones_own_values(void **state)
{
	static const struct tw_flow_origin origins[] = { { .domain = 3, .kind = TW_ORIGIN_IPV4 },
							 { .domain = 3, .kind = TW_ORIGIN_IPV6 } };

	for (unsigned cls = 0; cls < TW_FLOW_CLASSES; cls++) {
		if (cls == TW_CLASS_OVERFLOW)
			continue;
		for (unsigned variant = 0; variant <= TW_VARIANT_NAMED; variant += TW_VARIANT_NAMED) {
			check_layout(cls, variant, NULL);
			check_layout(cls, variant, &origins[0]);
			check_layout(cls, variant, &origins[1]);
		}
	}
}

static void a_tcp_conversation_is_told_with_these_values_of_both(void **state)
{
	static const uint16_t elements[] = { 5, 6, 52, 53, 25, 26, 152, 153, 1, 2, 352, 61, 136, 56, 80, 244 };
	static struct values got;
	struct tw_flow_record there = make(TW_CLASS_IPV4_TRANSPORT, 1), back = make(TW_CLASS_IPV4_TRANSPORT, 100);
	unsigned n = sizeof(elements) / sizeof(*elements);

	decode_biflow(&there, &back, 0, NULL, &got);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(got.of[1 + i].pen, IPFIX_REVERSE);
		assert_int_equal(got.of[1 + i].element, elements[i]);
	}
	assert_int_equal(got.of[1 + n].pen, 0);
	assert_int_equal(got.of[2].data[0], back.tcp_flags);
	assert_int_equal(got.of[16].data[0], back.vlan_priority);
}

static void only_what_the_registry_calls_its_own_has_a_reverse(void **state)
{
	for (size_t i = 0; i < tw_n_flow_fields; i++)
		if (tw_flow_fields[i].variants & TW_REVERSE)
			assert_true(tw_flow_fields[i].pen == 0 && tw_flow_fields[i].width != TW_WIDTH_VARIABLE);
	assert_string_equal(ipfix_element_name(IPFIX_REVERSE, 2), "reversePacketDeltaCount");
}

static void a_template_or_record_without_room_is_not_written(void **state)
{
	const struct tw_flow_record r = make(TW_CLASS_IPV6_TRANSPORT, 1);
	uint8_t octets[512], guard[512];
	size_t size = tw_biflow_template_write(octets, sizeof(octets), TW_CLASS_IPV6_TRANSPORT, 0);
	struct tw_message m;

	assert_true(size > 0);
	memset(guard, 0xee, sizeof(guard));
	for (size_t room = 0; room < size; room++) {
		memset(octets, 0xee, sizeof(octets));
		assert_int_equal(tw_biflow_template_write(octets, room, TW_CLASS_IPV6_TRANSPORT, 0), 0);
		assert_memory_equal(octets + room, guard, sizeof(octets) - room);
	}
	tw_message_begin(&m, TW_FORMAT_IPFIX, TW_MESSAGE_MIN);
	while (tw_encode_biflow(&m, &r, &r, TW_CLASS_IPV6_TRANSPORT, 0, &names, NULL))
		;
	assert_int_equal(m.n_records, (TW_MESSAGE_MIN - 16 - 4) / (133 + 68));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layout_is_the_forward_record_and_the_reverse_ones_own_values),
		cmocka_unit_test(a_tcp_conversation_is_told_with_these_values_of_both),
		cmocka_unit_test(only_what_the_registry_calls_its_own_has_a_reverse),
		cmocka_unit_test(a_template_or_record_without_room_is_not_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
