/* SPDX-License-Identifier: Apache-2.0 */
/* flow_record_test.c - flow records become the octets that RFC 7011 and the registry ask for; templates say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "flowexport/encode.h"
#include "flowexport/options.h"
#include "flowexport/scope.h"
#include "flowexport/template.h"
#include "tests/support/ipfix_decode.h"

/* A record in which no two fields have the same value. */
static const struct tw_flow_record sample = {
	.ingress = 0x01020304,
	.egress = 0x05060708,
	.src_mac = { 0x02, 0x11, 0x12, 0x13, 0x14, 0x15 },
	.dst_mac = { 0x02, 0x21, 0x22, 0x23, 0x24, 0x25 },
	.ethertype = 0x0800,
	.vlan = 0x0234,
	.post_vlan = 0x0567,
	.vlan_priority = 5,
	.key_flags = TW_FLOW_KEY_IPV4,
	.src_ip = { 10, 1, 2, 3 },
	.dst_ip = { 10, 4, 5, 6 },
	.src_port = 0xaabb,
	.dst_port = 0xccdd,
	.protocol = 6,
	.tos = 0xb8,
	.tcp_flags = 0x1b,
	.min_ttl = 61,
	.max_ttl = 64,
	.end_reason = TW_FLOW_END_DETECTED,
	.forwarding = TW_FORWARDED,
	.direction = 1,
	.flow_label = 0xabcde,
	.min_len = 0x0028,
	.max_len = 0x05dc,
	.packets = 0x1112131415161718,
	.l3_octets = 0x2122232425262728,
	.l2_octets = 0x3132333435363738,
	.first_ms = 0x0000018bcfe5687b,
	.last_ms = 0x0000018bcfe56a70,
};

static const uint8_t golden[] = {
	/* message: version, length, export time, sequence, domain */
	0x00, 0x0a, 0x00, 0x80, 0x65, 0x53, 0xf1, 0x00, 0x00, 0x00, 0x00, 0x63, 0x00, 0x00, 0x00, 0x07,
	/* set 512 */
	0x02, 0x00, 0x00, 0x70,
	/* addresses, ports, protocol, tos, flags, version, TTLs, lengths */
	10, 1, 2, 3, 10, 4, 5, 6, 0xaa, 0xbb, 0xcc, 0xdd, 6, 0xb8, 0x1b, 4, 61, 64, 0x00, 0x28, 0x05, 0xdc,
	/* start, end, octets, packets, layer-2 octets */
	0x00, 0x00, 0x01, 0x8b, 0xcf, 0xe5, 0x68, 0x7b, 0x00, 0x00, 0x01, 0x8b, 0xcf, 0xe5, 0x6a, 0x70, 0x21, 0x22,
	0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x31, 0x32, 0x33, 0x34,
	0x35, 0x36, 0x37, 0x38,
	/* interfaces, direction, end reason, forwarding status */
	0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 1, 3, 64,
	/* MACs, VLANs, priority, ethertype */
	0x02, 0x11, 0x12, 0x13, 0x14, 0x15, 0x02, 0x21, 0x22, 0x23, 0x24, 0x25, 0x02, 0x34, 0x02, 0x34, 0x05, 0x67,
	0x05, 0x67, 5, 0x08, 0x00,
	/* networks (none is known), east-west */
	0, 0, 0, 0, 0, 0, 0, 0, 1,
	/* up to a multiple of four */
	0, 0, 0
};

static void an_ipv4_record_has_exactly_these_octets(void **state)
{
	struct tw_message m;

	tw_message_begin(&m, TW_FORMAT_IPFIX, 1372);
	assert_true(tw_encode_flow(&m, &sample, tw_flow_class_of(&sample), 0, &tw_flow_names_none, 0));
	assert_int_equal(tw_message_finish(&m, &(struct tw_message_stamp){ .now_ms = 0x6553f100 * UINT64_C(1000),
									   .sequence = 99,
									   .domain = 7 }),
			 sizeof(golden));
	assert_memory_equal(m.octets, golden, sizeof(golden));
}

static struct tw_flow_record variant(uint8_t flags, uint8_t protocol)
{
	struct tw_flow_record r = sample;

	r.key_flags = flags;
	r.protocol = protocol;
	if (flags & TW_FLOW_KEY_IPV6)
		for (uint8_t i = 0; i < 16; i++)
			r.src_ip[i] = (uint8_t)(0x20 + i), r.dst_ip[i] = (uint8_t)(0x40 + i);
	return r;
}

static void a_record_takes_the_layout_of_its_kind(void **state)
{
	static const struct {
		uint8_t flags, protocol;
		uint16_t template_id;
	} kinds[] = {
		{ TW_FLOW_KEY_IPV4, 6, 512 },
		{ TW_FLOW_KEY_IPV4, 17, 512 },
		{ TW_FLOW_KEY_IPV4, 132, 512 },
		{ TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_ICMP, 1, 513 },
		{ TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_FRAGMENT, 17, 514 },
		{ TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_FRAGMENT | TW_FLOW_KEY_ICMP, 1, 514 },
		{ TW_FLOW_KEY_IPV6, 6, 515 },
		{ TW_FLOW_KEY_IPV6 | TW_FLOW_KEY_ICMP, 58, 516 },
		{ TW_FLOW_KEY_IPV6 | TW_FLOW_KEY_FRAGMENT, 17, 517 },
		{ 0, 0, 518 },
		{ TW_FLOW_KEY_TAGGED, 6, 518 },
		{ TW_FLOW_KEY_IPV4, 47, 519 },
		{ TW_FLOW_KEY_IPV6, 89, 520 },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		struct tw_flow_record r = variant(kinds[i].flags, kinds[i].protocol);

		assert_int_equal(TW_FLOW_TEMPLATE_FIRST + tw_flow_class_of(&r), kinds[i].template_id);
	}
}

/* One message with all templates and one record, decoded by the other hand. */
static void decode_one(const struct tw_flow_record *r, ipfix_record_fn *fn, void *context)
{
	struct ipfix_decoder *d = ipfix_decoder_create();
	struct tw_message m;
	size_t size;

	tw_message_begin(&m, TW_FORMAT_IPFIX, TW_MESSAGE_MAX);
	for (unsigned variant = 0; variant < TW_VARIANT_NAMED; variant++)
		for (unsigned cls = 0; cls < TW_FLOW_CLASSES; cls++)
			assert_true(tw_encode_template(&m, cls, variant));
	assert_true(tw_encode_flow(&m, r, tw_flow_class_of(r), tw_flow_variant_of(r, false), &tw_flow_names_none, 0));
	size = tw_message_finish(
		&m, &(struct tw_message_stamp){ .now_ms = 1 * UINT64_C(1000), .sequence = 0, .domain = 7 });
	assert_int_equal(ipfix_decode(d, m.octets, size, fn, context), 0);
	assert_int_equal(ipfix_decoder_counts(d)->data_records, 1);
	assert_int_equal(ipfix_decoder_counts(d)->templates, TW_VARIANT_NAMED * TW_FLOW_CLASSES);
	ipfix_decoder_destroy(d);
}

static void check_common(const struct ipfix_record *got)
{
	assert_int_equal(ipfix_uint(got, 152), sample.first_ms);
	assert_int_equal(ipfix_uint(got, 153), sample.last_ms);
	assert_int_equal(ipfix_uint(got, 2), sample.packets);
	assert_int_equal(ipfix_uint(got, 352), sample.l2_octets);
	assert_int_equal(ipfix_uint(got, 10), sample.ingress);
	assert_int_equal(ipfix_uint(got, 14), sample.egress);
	assert_int_equal(ipfix_uint(got, 61), sample.direction);
	assert_int_equal(ipfix_uint(got, 136), sample.end_reason);
	assert_int_equal(ipfix_uint(got, 89), sample.forwarding);
	assert_int_equal(ipfix_uint(got, 58), sample.vlan);
	assert_int_equal(ipfix_uint(got, 243), sample.vlan);
	assert_int_equal(ipfix_uint(got, 59), sample.post_vlan);
	assert_int_equal(ipfix_uint(got, 254), sample.post_vlan);
	assert_int_equal(ipfix_uint(got, 244), sample.vlan_priority);
	assert_int_equal(ipfix_uint(got, 256), sample.ethertype);
	assert_int_equal(ipfix_private(got, 3), 1);
	assert_memory_equal(ipfix_find(got, 56)->data, sample.src_mac, 6);
	assert_memory_equal(ipfix_find(got, 80)->data, sample.dst_mac, 6);
}

static void check_addresses(const struct ipfix_record *got, const struct tw_flow_record *r, uint16_t src, uint16_t dst,
			    uint16_t size)
{
	assert_int_equal(ipfix_find(got, src)->size, size);
	assert_memory_equal(ipfix_find(got, src)->data, r->src_ip, size);
	assert_memory_equal(ipfix_find(got, dst)->data, r->dst_ip, size);
	assert_int_equal(ipfix_uint(got, 4), r->protocol);
	assert_int_equal(ipfix_uint(got, 5), r->tos);
	assert_int_equal(ipfix_uint(got, 60), size == 4 ? 4 : 6);
	assert_int_equal(ipfix_uint(got, 52), r->min_ttl);
	assert_int_equal(ipfix_uint(got, 53), r->max_ttl);
	assert_int_equal(ipfix_uint(got, 25), r->min_len);
	assert_int_equal(ipfix_uint(got, 26), r->max_len);
	assert_int_equal(ipfix_uint(got, 1), r->l3_octets);
}

static void check_v4_icmp(const struct ipfix_record *got, void *context)
{
	check_common(got);
	check_addresses(got, context, 8, 12, 4);
	assert_int_equal(ipfix_uint(got, 32), 0xccdd);
	assert_int_equal(ipfix_uint(got, 176), 0xcc);
	assert_int_equal(ipfix_uint(got, 177), 0xdd);
	assert_null(ipfix_find(got, 7));
	assert_null(ipfix_find(got, 11));
}

static void check_v6_transport(const struct ipfix_record *got, void *context)
{
	check_common(got);
	check_addresses(got, context, 27, 28, 16);
	assert_int_equal(ipfix_uint(got, 7), 0xaabb);
	assert_int_equal(ipfix_uint(got, 11), 0xccdd);
	assert_int_equal(ipfix_uint(got, 6), 0x1b);
	assert_int_equal(ipfix_uint(got, 31), 0xabcde);
	assert_null(ipfix_find(got, 8));
}

static void check_v6_icmp(const struct ipfix_record *got, void *context)
{
	check_common(got);
	check_addresses(got, context, 27, 28, 16);
	assert_int_equal(ipfix_uint(got, 139), 0xccdd);
	assert_int_equal(ipfix_uint(got, 178), 0xcc);
	assert_int_equal(ipfix_uint(got, 179), 0xdd);
}

static void check_v4_without_ports(const struct ipfix_record *got, void *context)
{
	check_common(got);
	check_addresses(got, context, 8, 12, 4);
	assert_null(ipfix_find(got, 7));
	assert_null(ipfix_find(got, 6));
	assert_null(ipfix_find(got, 32));
}

static void check_layer2(const struct ipfix_record *got, void *context)
{
	check_common(got);
	assert_null(ipfix_find(got, 1));
	assert_null(ipfix_find(got, 8));
	assert_null(ipfix_find(got, 4));
}

static void every_layout_decodes_to_the_records_values(void **state)
{
	struct tw_flow_record icmp = variant(TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_ICMP, 1);
	struct tw_flow_record icmp6 = variant(TW_FLOW_KEY_IPV6 | TW_FLOW_KEY_ICMP, 58);
	struct tw_flow_record tcp6 = variant(TW_FLOW_KEY_IPV6, 6);
	struct tw_flow_record fragment = variant(TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_FRAGMENT, 17);
	struct tw_flow_record gre = variant(TW_FLOW_KEY_IPV4, 47);
	struct tw_flow_record arp = variant(0, 0);

	decode_one(&icmp, check_v4_icmp, &icmp);
	decode_one(&icmp6, check_v6_icmp, &icmp6);
	decode_one(&tcp6, check_v6_transport, &tcp6);
	decode_one(&fragment, check_v4_without_ports, &fragment);
	decode_one(&gre, check_v4_without_ports, &gre);
	decode_one(&arp, check_layer2, &arp);
}

static void every_element_is_in_the_registry_under_its_name(void **state)
{
	for (size_t i = 0; i < tw_n_flow_fields; i++)
		assert_string_equal(tw_flow_fields[i].name,
				    ipfix_element_name(tw_flow_fields[i].pen, tw_flow_fields[i].element));
	for (size_t i = 0; i < tw_n_option_fields; i++)
		if (strcmp(tw_option_fields[i].name, "scopeSystem") != 0) /* a scope type of version 9 */
			assert_string_equal(tw_option_fields[i].name,
					    ipfix_element_name(tw_option_fields[i].pen, tw_option_fields[i].element));
}

static void a_template_without_room_is_not_written(void **state)
{
	uint8_t out[256];
	size_t size = tw_flow_template_write(out, sizeof(out), TW_FORMAT_IPFIX, TW_CLASS_IPV4_TRANSPORT, 0);

	assert_true(size > 0);
	for (size_t room = 0; room < size; room++)
		assert_int_equal(tw_flow_template_write(out, room, TW_FORMAT_IPFIX, TW_CLASS_IPV4_TRANSPORT, 0), 0);
	size = tw_option_template_write(out, sizeof(out), TW_FORMAT_IPFIX, TW_TABLE_INTERFACE);
	assert_int_equal(size, 6 + 4 * 4);
	for (size_t room = 0; room < size; room++)
		assert_int_equal(tw_option_template_write(out, room, TW_FORMAT_IPFIX, TW_TABLE_INTERFACE), 0);
	assert_int_equal(tw_option_template_write(out, sizeof(out), TW_FORMAT_IPFIX, TW_TABLE_VM), 0);
}

static void format_value(const struct ipfix_record *got, uint16_t element, char text[static IPFIX_TEXT_MAX])
{
	bool is_number;

	assert_non_null(ipfix_find(got, element));
	ipfix_value_format(ipfix_find(got, element), text, &is_number);
}

static void check_identity(const struct ipfix_record *got, void *context)
{
	const struct tw_flow_identity *who = context;
	char text[IPFIX_TEXT_MAX];

	assert_true(got->is_options);
	assert_int_equal(ipfix_uint(got, 10), who->number);
	if (got->template_id == 322) {
		assert_true(ipfix_find(got, 149)->is_scope);
		assert_false(ipfix_find(got, 10)->is_scope); /* nfdump wants it so */
		assert_int_equal(ipfix_find(got, 82)->size, 32);
		assert_int_equal(ipfix_find(got, 82)->data[31], 0);
		assert_int_equal(ipfix_find(got, 83)->size, 64);
		format_value(got, 83, text);
		assert_memory_equal(text, who->name, 20);
	} else {
		assert_int_equal(got->template_id, 329);
		assert_true(ipfix_find(got, 10)->is_scope);
		format_value(got, 350, text);
		assert_string_equal(text, who->vm_name);
		format_value(got, 348, text);
		assert_string_equal(text, who->name);
		assert_int_equal(ipfix_uint(got, 234), who->network_number);
		assert_memory_equal(ipfix_find(got, 347)->data, who->uuid, 16);
		assert_memory_equal(ipfix_find(got, 349)->data, who->vm_uuid, 16);
	}
}

static void an_interface_is_told_with_name_and_vm_and_long_names_are_cut_between_characters(void **state)
{
	struct tw_flow_identity who = { .number = 65536, .network_number = 77, .uuid = { 1, 2 }, .vm_uuid = { 3, 4 } };
	struct ipfix_decoder *d = ipfix_decoder_create();
	struct tw_message m;
	size_t size;

	/* 126 octets of two-octet characters: the 31 octets of a name would end within one */
	for (size_t i = 0; i < 126; i += 2)
		memcpy(who.name + i, "\xc3\xbc", 2);
	memset(who.vm_name, 'v', sizeof(who.vm_name) - 1);
	memset(who.network, 'n', sizeof(who.network) - 1);
	tw_message_begin(&m, TW_FORMAT_IPFIX, 1372);
	assert_true(tw_encode_option_template(&m, TW_TABLE_INTERFACE));
	assert_true(tw_encode_option_template(&m, TW_TABLE_STATION));
	assert_true(tw_options_add_identity(&m, 7, &who));
	assert_int_equal(m.n_data, 2);
	size = tw_message_finish(
		&m, &(struct tw_message_stamp){ .now_ms = 1 * UINT64_C(1000), .sequence = 0, .domain = 7 });
	assert_int_equal(ipfix_decode(d, m.octets, size, check_identity, &who), 0);
	assert_int_equal(ipfix_decoder_counts(d)->option_records, 2);
	assert_int_equal(ipfix_decoder_counts(d)->data_sets, 2);
	ipfix_decoder_destroy(d);
}

/* --- flows that were refused --- */

static void check_refused(const struct ipfix_record *got, void *context)
{
	const struct tw_flow_record *r = context;

	assert_int_equal(ipfix_uint(got, 1), 0); /* who adds up packets and octets has what went through */
	assert_non_null(ipfix_find(got, 2));     /* and there they must be, or nfacctd shows no counts at all */
	assert_int_equal(ipfix_uint(got, 2), 0);
	assert_null(ipfix_find(got, 352));
	assert_int_equal(ipfix_uint(got, 132), r->key_flags & TW_FLOW_KEY_IPV4 ? r->l3_octets : 0);
	assert_int_equal(ipfix_uint(got, 133), r->packets);
	assert_int_equal(ipfix_uint(got, 424), r->l2_octets);
	assert_int_equal(ipfix_uint(got, 89), TW_DROPPED_POLICY);
	assert_int_equal(ipfix_private(got, 4), 14);
	assert_int_equal(ipfix_private(got, 3), r->egress ? 1 : 2);
}

static void what_was_refused_is_counted_as_dropped_and_as_no_packets(void **state)
{
	struct tw_flow_record r = variant(TW_FLOW_KEY_IPV4, 6);

	r.forwarding = TW_DROPPED_POLICY;
	r.drop_reason = 14;
	decode_one(&r, check_refused, &r);
	r.key_flags = 0;
	r.egress = 0;
	decode_one(&r, check_refused, &r);
}

static void every_layout_of_version_9_says_refused_packets_as_dropped(void **state)
{
	uint8_t out[512];

	for (unsigned cls = 0; cls < TW_FLOW_CLASSES; cls++) {
		size_t size = tw_flow_template_write(out, sizeof(out), TW_FORMAT_V9, cls, TW_VARIANT_REFUSED);
		bool packets = false, dropped = false;

		for (size_t i = 4; i < size; i += 4) {
			packets |= out[i] == 0 && out[i + 1] == 2;
			dropped |= out[i] == 0 && out[i + 1] == 133;
			assert_false(out[i] & 0x80); /* no private element */
		}
		assert_true(dropped && packets);
	}
}

/* --- both ends by name, in the record --- */

static void check_named(const struct ipfix_record *got, void *context)
{
	const struct tw_flow_names *names = context;
	const struct tw_flow_identity *here = ipfix_uint(got, 61) ? names->egress : names->ingress;
	const struct tw_flow_identity *peer = ipfix_uint(got, 61) ? names->ingress : names->egress;
	char text[IPFIX_TEXT_MAX];

	format_value(got, 350, text);
	assert_string_equal(text, here->vm_name);
	format_value(got, 236, text);
	assert_string_equal(text, here->network);
	format_value(got, 300, text);
	assert_string_equal(text, names->host);
	assert_int_equal(ipfix_find_private(got, 1)->size, strlen(peer->vm_name));
	assert_memory_equal(ipfix_find_private(got, 1)->data, peer->vm_name, strlen(peer->vm_name));
	assert_memory_equal(ipfix_find_private(got, 2)->data, peer->vm_uuid, 16);
	assert_memory_equal(ipfix_find(got, 349)->data, here->vm_uuid, 16);
	assert_int_equal(ipfix_uint(got, 234), names->ingress->network_number);
	assert_int_equal(ipfix_uint(got, 235), names->egress->network_number);
	assert_int_equal(ipfix_uint(got, 10), sample.ingress);
}

static void names_in_a_record_are_those_of_the_metered_port_and_of_its_peer(void **state)
{
	static const struct tw_flow_identity web = {
		.vm_name = "web", .network = "blue", .network_number = 5, .vm_uuid = { 1 }
	};
	static const struct tw_flow_identity db = {
		.vm_name = "db", .network = "green", .network_number = 6, .vm_uuid = { 2 }
	};
	struct tw_flow_names names = { &web, &db, "host-a" };

	for (unsigned i = 0; i < 8; i++) {
		struct tw_flow_record r = variant(i & 4 ? TW_FLOW_KEY_IPV6 : TW_FLOW_KEY_IPV4, 6);
		struct ipfix_decoder *d = ipfix_decoder_create();
		unsigned variant;
		struct tw_message m;

		r.direction = i & 1;
		r.forwarding = i & 2 ? TW_DROPPED : TW_FORWARDED;
		variant = tw_flow_variant_of(&r, true);
		tw_message_begin(&m, TW_FORMAT_IPFIX, TW_MESSAGE_MAX);
		assert_true(tw_encode_template(&m, tw_flow_class_of(&r), variant));
		assert_true(tw_encode_flow(&m, &r, tw_flow_class_of(&r), variant, &names, 0));
		assert_int_equal(ipfix_decode(d, m.octets,
					      tw_message_finish(&m, &(struct tw_message_stamp){ .domain = 7 }),
					      check_named, &names),
				 0);
		assert_int_equal(ipfix_decoder_counts(d)->data_records, 1);
		ipfix_decoder_destroy(d);
	}
}

/* --- which records an exporter tells --- */

static void an_exporter_tells_flows_that_have_an_end_in_its_scope(void **state)
{
	static const struct tw_flow_identity blue = { .network_number = 5 }, green = { .network_number = 6 };
	const struct tw_flow_names both = { &blue, &green, "" }, none = tw_flow_names_none;
	struct tw_flow_scope scope = { 0 };
	struct tw_flow_record r = { .ingress = 1, .egress = 2 }, out = { .ingress = 1 }, again = r;

	again.key_flags = TW_FLOW_KEY_SECOND;
	assert_true(tw_flow_scope_has(&scope, &r, &none));
	assert_false(tw_flow_scope_has(&scope, &again, &none));
	scope.both_sides = true;
	assert_true(tw_flow_scope_has(&scope, &again, &none));
	scope.east_west = true;
	assert_true(tw_flow_scope_has(&scope, &r, &none));
	assert_false(tw_flow_scope_has(&scope, &out, &none));
	scope = (struct tw_flow_scope){ .limited = true };
	assert_false(tw_flow_scope_has(&scope, &r, &both)); /* nothing that it names is known here */
	scope.ports[scope.n_ports++] = 7;
	assert_false(tw_flow_scope_has(&scope, &r, &both));
	scope.ports[scope.n_ports++] = 2;
	assert_true(tw_flow_scope_has(&scope, &r, &both));
	assert_false(tw_flow_scope_has(&scope, &out, &both));
	scope.networks[scope.n_networks++] = 6;
	assert_true(tw_flow_scope_has(&scope, &out, &both));
	assert_false(tw_flow_scope_has(&scope, &out, &none));
	scope.networks[0] = 0; /* nobody's network is not one */
	assert_false(tw_flow_scope_has(&scope, &out, &none));
}

/* --- what a collector is told to read them by --- */

struct told {
	unsigned types, networks, reasons;
};

static void hear_dictionary(const struct ipfix_record *got, void *context)
{
	struct told *told = context;
	char text[IPFIX_TEXT_MAX];

	if (got->template_id == 327) {
		told->types++;
		assert_int_equal(ipfix_uint(got, 346), 32473);
		assert_true(ipfix_find(got, 346)->is_scope && ipfix_find(got, 303)->is_scope);
		assert_false(ipfix_find(got, 339)->is_scope);
		format_value(got, 341, text);
		assert_string_equal(text, ipfix_element_name(32473, (uint16_t)ipfix_uint(got, 303)));
	} else if (got->template_id == 330) {
		assert_int_equal(ipfix_uint(got, 234), ++told->networks);
		assert_false(ipfix_find(got, 234)->is_scope); /* nfdump wants it so */
		format_value(got, 236, text);
		assert_string_equal(text, told->networks == 1 ? "blue" : "green");
	} else {
		assert_int_equal(got->template_id, 331);
		assert_int_equal(ipfix_private(got, 4), ++told->reasons);
		assert_int_equal(ipfix_find_private(got, 5)->size, told->reasons == 1 ? 3 : 5);
	}
}

static void private_elements_networks_and_reasons_are_explained_in_messages_of_any_size(void **state)
{
	static const struct tw_flow_network networks[] = { { 1, "blue" }, { 2, "green" } };
	static const char *const reasons[] = { "one", "three", "seven" };
	const struct tw_dictionary dictionary = { 2, networks, 3, reasons };
	static const size_t limits[] = { TW_MESSAGE_MIN, 600, 1372, TW_MESSAGE_MAX };

	for (size_t l = 0; l < sizeof(limits) / sizeof(*limits); l++) {
		struct ipfix_decoder *d = ipfix_decoder_create();
		struct told told = { 0 };
		struct tw_message_stamp stamp = { .domain = 7 };
		struct tw_message m;
		size_t next = 0;
		bool all;

		tw_message_begin(&m, TW_FORMAT_IPFIX, limits[l]);
		assert_true(tw_encode_option_template(&m, TW_TABLE_TYPES));
		assert_true(tw_encode_option_template(&m, TW_TABLE_NETWORK));
		assert_true(tw_encode_option_template(&m, TW_TABLE_DROP_REASON));
		do {
			all = tw_dictionary_add(&dictionary, &m, 7, &next);
			assert_int_equal(
				ipfix_decode(d, m.octets, tw_message_finish(&m, &stamp), hear_dictionary, &told), 0);
			stamp.sequence += tw_message_step(&m);
			tw_message_begin(&m, TW_FORMAT_IPFIX, limits[l]);
		} while (!all);
		assert_int_equal(told.types, 5);
		assert_int_equal(told.networks, 2);
		assert_int_equal(told.reasons, 3);
		assert_int_equal(ipfix_decoder_counts(d)->unknown_sets, 0);
		ipfix_decoder_destroy(d);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_ipv4_record_has_exactly_these_octets),
		cmocka_unit_test(a_record_takes_the_layout_of_its_kind),
		cmocka_unit_test(every_layout_decodes_to_the_records_values),
		cmocka_unit_test(every_element_is_in_the_registry_under_its_name),
		cmocka_unit_test(a_template_without_room_is_not_written),
		cmocka_unit_test(an_interface_is_told_with_name_and_vm_and_long_names_are_cut_between_characters),
		cmocka_unit_test(what_was_refused_is_counted_as_dropped_and_as_no_packets),
		cmocka_unit_test(every_layout_of_version_9_says_refused_packets_as_dropped),
		cmocka_unit_test(names_in_a_record_are_those_of_the_metered_port_and_of_its_peer),
		cmocka_unit_test(an_exporter_tells_flows_that_have_an_end_in_its_scope),
		cmocka_unit_test(private_elements_networks_and_reasons_are_explained_in_messages_of_any_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
