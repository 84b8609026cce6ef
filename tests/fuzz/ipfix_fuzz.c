/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ipfix_fuzz.c - whatever stands in flow records and identities: the messages made of them are within their limit, and the
 *                independent decoder reads the same values out of them.
 *
 * Input    two octets of message limit, whose lowest bit also chooses version 9 and the next one names in records, then records
 *          as they lie in memory.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "flowexport/encode.h"
#include "flowexport/options.h"
#include "tests/support/ipfix_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORDS_MAX = 64 };

static struct tw_flow_record records[RECORDS_MAX];
static size_t n_records, n_seen;
static enum tw_flow_format format;
static const struct tw_message_stamp moment = { .now_ms = UINT64_C(1700000000123),
						.boot_ms = UINT64_C(1699990000000),
						.domain = 7 };
static struct tw_flow_identity who;
static bool named;
static struct tw_flow_names names;

static void must(bool claim)
{
	if (!claim)
		abort();
}

static void must_be(const struct ipfix_record *got, uint16_t element, uint64_t value)
{
	must(ipfix_find(got, element) && ipfix_uint(got, element) == value);
}

static void must_hold(const struct ipfix_record *got, uint16_t element, const uint8_t *octets, uint16_t size)
{
	const struct ipfix_value *v = ipfix_find(got, element);

	must(v && v->size == size && memcmp(v->data, octets, size) == 0);
}

static void compare_ip(const struct ipfix_record *got, const struct tw_flow_record *r, enum tw_flow_class cls)
{
	bool v4 = TW_IN_IPV4 & 1 << cls;

	must_hold(got, v4 ? 8 : 27, r->src_ip, v4 ? 4 : 16);
	must_hold(got, v4 ? 12 : 28, r->dst_ip, v4 ? 4 : 16);
	must_be(got, 4, r->protocol);
	must_be(got, 5, r->tos);
	must_be(got, tw_flow_is_refused(r) ? 132 : 1, r->l3_octets);
	must_be(got, 25, r->min_len);
	must_be(got, 26, r->max_len);
	must_be(got, 52, r->min_ttl);
	must_be(got, 53, r->max_ttl);
	if (!v4)
		must_be(got, 31, format == TW_FORMAT_V9 ? r->flow_label & 0xffffff : r->flow_label);
	if (TW_IN_TRANSPORT & 1 << cls) {
		must_be(got, 7, r->src_port);
		must_be(got, 11, r->dst_port);
		must_be(got, 6, r->tcp_flags);
	}
	if ((TW_IN_ICMP4 | TW_IN_ICMP6) & 1 << cls)
		must_be(got, v4 || format == TW_FORMAT_V9 ? 32 : 139, r->dst_port);
}

static void compare_ipfix_only(const struct ipfix_record *got, const struct tw_flow_record *r)
{
	must_be(got, 152, r->first_ms);
	must_be(got, 153, r->last_ms);
	must_be(got, tw_flow_is_refused(r) ? 424 : 352, r->l2_octets);
	must_be(got, 136, r->end_reason);
	must_be(got, 234, r->ingress == who.number ? who.network_number : 0);
	must(ipfix_private(got, 3) == (r->ingress && r->egress ? 1 : 2));
	must(!tw_flow_is_refused(r) || ipfix_private(got, 4) == r->drop_reason);
	if (tw_flow_class_of(r) == TW_CLASS_OVERFLOW)
		return;
	must_be(got, 254, r->post_vlan);
	must_be(got, 256, r->ethertype);
}

static void compare_names(const struct ipfix_record *got, const struct tw_flow_record *r)
{
	const struct tw_flow_identity *here = r->direction ? names.egress : names.ingress;
	const struct ipfix_value *peer = ipfix_find_private(got, 1);
	const char *name = (r->direction ? names.ingress : names.egress)->vm_name;

	must_hold(got, 350, (const uint8_t *)here->vm_name, (uint16_t)strlen(here->vm_name));
	must_hold(got, 349, here->vm_uuid, 16);
	must(peer && peer->size == strlen(name) && memcmp(peer->data, name, peer->size) == 0);
}

static void names_of(const struct tw_flow_record *r)
{
	names = tw_flow_names_none;
	if (r->ingress && r->ingress == who.number)
		names.ingress = &who;
	if (r->egress && r->egress == who.number)
		names.egress = &who;
}

static void compare_flow(const struct ipfix_record *got, void *context)
{
	const struct tw_flow_record *r = &records[n_seen++];
	enum tw_flow_class cls = tw_flow_class_of(r);

	unsigned variant = tw_flow_variant_of(r, named);

	must(n_seen <= n_records && got->template_id == TW_FLOW_TEMPLATE_ID(format, cls, variant) && !got->is_options);
	names_of(r);
	if (named)
		compare_names(got, r);
	if (TW_IN_IP & 1 << cls)
		compare_ip(got, r, cls);
	if (cls != TW_CLASS_OVERFLOW) {
		must_hold(got, 56, r->src_mac, 6);
		must_hold(got, 80, r->dst_mac, 6);
		must_be(got, 58, r->vlan);
	}
	if (format == TW_FORMAT_V9) {
		must_be(got, 22, (uint32_t)(r->first_ms > moment.boot_ms ? r->first_ms - moment.boot_ms : 0));
		must_be(got, 21, (uint32_t)(r->last_ms > moment.boot_ms ? r->last_ms - moment.boot_ms : 0));
	} else {
		compare_ipfix_only(got, r);
	}
	must_be(got, tw_flow_is_refused(r) ? 133 : 2, r->packets);
	must_be(got, 10, r->ingress);
	must_be(got, 14, r->egress);
}

/* records[0] with each of its class that follows. */
static void compare_biflow(const struct ipfix_record *got, void *context)
{
	const struct tw_flow_record *forward = &records[0], *reverse = context;

	n_seen++;
	must(!got->is_options && ipfix_find(got, 239) && ipfix_uint(got, 239) == 1);
	must_be(got, 152, forward->first_ms);
	must_be(got, 2, forward->packets);
	must_be(got, 10, forward->ingress);
	must(ipfix_reverse(got, 152) == reverse->first_ms && ipfix_reverse(got, 153) == reverse->last_ms);
	must(ipfix_reverse(got, 2) == reverse->packets && ipfix_reverse(got, 352) == reverse->l2_octets);
	must(ipfix_reverse(got, 136) == reverse->end_reason && !ipfix_find_reverse(got, 10));
}

static void compare_identity(const struct ipfix_record *got, void *context)
{
	n_seen++;
	must(got->is_options);
	must_be(got, 10, who.number);
	if (format == TW_FORMAT_IPFIX && got->template_id == TW_OPTION_TEMPLATE_FIRST + TW_TABLE_STATION) {
		must_hold(got, 348, (const uint8_t *)who.name, (uint16_t)strlen(who.name));
		must_hold(got, 350, (const uint8_t *)who.vm_name, (uint16_t)strlen(who.vm_name));
	}
}

static void send_to(struct ipfix_decoder *d, struct tw_message *m, uint32_t *sequence, ipfix_record_fn *fn,
		    void *context)
{
	struct tw_message_stamp stamp = moment;
	size_t size;

	stamp.sequence = *sequence;
	size = tw_message_finish(m, &stamp);

	must(size <= m->limit);
	if (!tw_message_is_empty(m)) /* a table that version 9 has not */
		must(ipfix_decode(d, m->octets, size, fn, context) == 0);
	*sequence += tw_message_is_empty(m) ? 0 : tw_message_step(m);
	tw_message_begin(m, format, m->limit);
}

static void teach(struct ipfix_decoder *d, struct tw_message *m, uint32_t *sequence)
{
	for (unsigned i = 0; i < TW_FLOW_CLASSES * TW_FLOW_VARIANTS; i++) {
		if (format == TW_FORMAT_V9 && i >= TW_FLOW_CLASSES * TW_VARIANT_NAMED)
			break;
		must(tw_encode_template(m, i % TW_FLOW_CLASSES, i / TW_FLOW_CLASSES));
		send_to(d, m, sequence, NULL, NULL);
	}
	for (unsigned table = 0; table < TW_OPTION_TABLES; table++) {
		must(tw_encode_option_template(m, table));
		send_to(d, m, sequence, NULL, NULL);
	}
}

/* What passed, one record a message. */
static void tell_biflows(struct ipfix_decoder *d, struct tw_message *m, uint32_t *sequence)
{
	const struct tw_flow_record *forward = &records[0];
	enum tw_flow_class cls = tw_flow_class_of(forward);
	unsigned variant = named ? TW_VARIANT_NAMED : 0;

	if (format != TW_FORMAT_IPFIX || !n_records || tw_flow_is_refused(forward))
		return;
	must(tw_encode_biflow_template(m, cls, variant));
	send_to(d, m, sequence, NULL, NULL);
	for (size_t i = 1; i < n_records; i++) {
		if (tw_flow_class_of(&records[i]) != cls || tw_flow_is_refused(&records[i]))
			continue;
		names_of(forward);
		n_seen = 0;
		must(tw_encode_biflow(m, forward, &records[i], cls, variant, &names, NULL));
		send_to(d, m, sequence, compare_biflow, &records[i]);
		must(n_seen == 1);
	}
}

static void read_input(const uint8_t *data, size_t size)
{
	for (n_records = 0; n_records < RECORDS_MAX && size >= sizeof(*records); n_records++) {
		memcpy(&records[n_records], data, sizeof(*records));
		data += sizeof(*records);
		size -= sizeof(*records);
	}
	memset(&who, 0, sizeof(who));
	memcpy(&who, data, size < sizeof(who) ? size : sizeof(who));
	who.name[sizeof(who.name) - 1] = who.vm_name[sizeof(who.vm_name) - 1] = '\0';
	who.network[sizeof(who.network) - 1] = '\0';
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tw_message m;
	struct ipfix_decoder *d = ipfix_decoder_create();
	uint32_t sequence = 0;
	size_t limit = size < 2 ? 0 : (size_t)data[0] << 8 | data[1];

	limit = limit < 512 - 48 ? 512 - 48 : limit > TW_MESSAGE_MAX ? TW_MESSAGE_MAX : limit;
	must(d != NULL);
	read_input(size < 2 ? data : data + 2, size < 2 ? 0 : size - 2);
	format = limit & 1 ? TW_FORMAT_V9 : TW_FORMAT_IPFIX;
	named = (limit & 3) == 2;
	tw_message_begin(&m, format, limit);
	teach(d, &m, &sequence);
	n_seen = 0;
	for (size_t i = 0; i < n_records; i++) {
		enum tw_flow_class cls = tw_flow_class_of(&records[i]);
		unsigned variant = tw_flow_variant_of(&records[i], named);

		names_of(&records[i]);
		if (!tw_encode_flow(&m, &records[i], cls, variant, &names, moment.boot_ms)) {
			send_to(d, &m, &sequence, compare_flow, NULL);
			names_of(&records[i]);
			must(tw_encode_flow(&m, &records[i], cls, variant, &names, moment.boot_ms));
		}
	}
	send_to(d, &m, &sequence, compare_flow, NULL);
	must(n_seen == n_records);
	tell_biflows(d, &m, &sequence);
	n_seen = 0;
	must(tw_options_add_identity(&m, 7, &who));
	send_to(d, &m, &sequence, compare_identity, NULL);
	must(n_seen == (format == TW_FORMAT_V9 ? 1 : 2) && ipfix_decoder_counts(d)->sequence_errors == 0 &&
	     ipfix_decoder_counts(d)->unknown_sets == 0);
	ipfix_decoder_destroy(d);
	return 0;
}
