/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acl_compile.c - an access list as rte_acl's tables; see acl.h.
 *
 * Threads  main builds before a snapshot has the list; workers ask.
 * Layout   one input of 16 words of 4 octets, wire order, whatever the frame is: its first octet says the family. A rule is
 *          its fields over that input; the earlier rule has the higher priority, its index plus one is what is found.
 */
#include <rte_acl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/acl.h"

#define TW_LOG_AREA "acl"
#include "common/log.h"

enum { TABLES_MAX = 16 << 20 /* octets of one list's tables */ };

/* What is looked at. Groups of four octets, as rte_acl wants them. */
struct input {
	uint8_t family, zero[3];                     /* IS_* */
	uint8_t protocol, icmp_type, icmp_code, has; /* HAS_* */
	uint8_t vlan[2], ethertype[2];
	uint8_t src_port[2], dst_port[2];
	uint8_t src_mac[6], dst_mac[6]; /* three words */
	uint8_t src[16], dst[16];
	uint8_t tcp_flags, zero2[3];
};
enum { HAS_PORTS = 1, HAS_ICMP = 2 };
enum { IS_IP = 4, IS_IPV4 = IS_IP | 1, IS_IPV6 = IS_IP | 2 };

enum field {
	F_FAMILY,
	F_PROTOCOL,
	F_ICMP_TYPE,
	F_ICMP_CODE,
	F_HAS,
	F_VLAN,
	F_ETHERTYPE,
	F_SRC_PORT,
	F_DST_PORT,
	F_MAC0, /* source 0..3 */
	F_MAC1, /* source 4..5 */
	F_MAC2, /* destination 0..1 */
	F_MAC3, /* destination 2..5 */
	F_SRC,  /* four words */
	F_DST = F_SRC + 4,
	F_TCP = F_DST + 4,
	F_TCP_ZERO,
	F_TCP_ZERO2,
	FIELDS,
};

RTE_ACL_RULE_DEF(rule, FIELDS);

#define FIELD(i, kind, octets, group, where)       \
	[i] = { .type = RTE_ACL_FIELD_TYPE_##kind, \
		.size = (octets),                  \
		.field_index = (i),                \
		.input_index = (group),            \
		.offset = (where) }
#define AT(member) offsetof(struct input, member)

static const struct rte_acl_field_def layout[FIELDS] = {
	FIELD(F_FAMILY, BITMASK, 1, 0, AT(family)),
	FIELD(F_PROTOCOL, BITMASK, 1, 1, AT(protocol)),
	FIELD(F_ICMP_TYPE, BITMASK, 1, 1, AT(icmp_type)),
	FIELD(F_ICMP_CODE, BITMASK, 1, 1, AT(icmp_code)),
	FIELD(F_HAS, BITMASK, 1, 1, AT(has)),
	FIELD(F_VLAN, RANGE, 2, 2, AT(vlan)),
	FIELD(F_ETHERTYPE, BITMASK, 2, 2, AT(ethertype)),
	FIELD(F_SRC_PORT, RANGE, 2, 3, AT(src_port)),
	FIELD(F_DST_PORT, RANGE, 2, 3, AT(dst_port)),
	FIELD(F_MAC0, BITMASK, 4, 4, AT(src_mac)),
	FIELD(F_MAC1, BITMASK, 2, 5, AT(src_mac) + 4),
	FIELD(F_MAC2, BITMASK, 2, 5, AT(dst_mac)),
	FIELD(F_MAC3, BITMASK, 4, 6, AT(dst_mac) + 2),
	FIELD(F_SRC, MASK, 4, 7, AT(src)),
	FIELD(F_SRC + 1, MASK, 4, 8, AT(src) + 4),
	FIELD(F_SRC + 2, MASK, 4, 9, AT(src) + 8),
	FIELD(F_SRC + 3, MASK, 4, 10, AT(src) + 12),
	FIELD(F_DST, MASK, 4, 11, AT(dst)),
	FIELD(F_DST + 1, MASK, 4, 12, AT(dst) + 4),
	FIELD(F_DST + 2, MASK, 4, 13, AT(dst) + 8),
	FIELD(F_DST + 3, MASK, 4, 14, AT(dst) + 12),
	FIELD(F_TCP, BITMASK, 1, 15, AT(tcp_flags)),
	FIELD(F_TCP_ZERO, BITMASK, 1, 15, AT(zero2)),
	FIELD(F_TCP_ZERO2, BITMASK, 2, 15, AT(zero2) + 1),
};

/* --- rules --- */

static uint32_t word(const uint8_t *p, unsigned octets)
{
	uint32_t v = 0;

	for (unsigned i = 0; i < octets; i++)
		v = v << 8 | p[i];
	return v;
}

static void set8(struct rule *r, unsigned field, unsigned value, unsigned mask)
{
	r->field[field].value.u8 = (uint8_t)value;
	r->field[field].mask_range.u8 = (uint8_t)mask;
}

static void set16(struct rule *r, unsigned field, unsigned value, unsigned mask)
{
	r->field[field].value.u16 = (uint16_t)value;
	r->field[field].mask_range.u16 = (uint16_t)mask;
}

static void set32(struct rule *r, unsigned field, uint32_t value, uint32_t mask)
{
	r->field[field].value.u32 = value;
	r->field[field].mask_range.u32 = mask;
}

static void set_prefix(struct rule *r, unsigned field, const struct tw_prefix *p)
{
	for (unsigned i = 0; i < 4; i++) {
		unsigned bits = !p->family || p->len <= i * 32 ? 0 : p->len - i * 32 > 32 ? 32 : p->len - i * 32;

		set32(r, field + i, word(p->addr + i * 4, 4), bits);
	}
}

static void fill_rule(struct rule *out, const struct tw_acl_rule *r, uint32_t index, bool with_flags)
{
	bool ports = tw_acl_rule_has_ports(r) || r->flags_mask;
	unsigned has = (ports ? HAS_PORTS : 0u) | (r->icmp_type >= 0 ? HAS_ICMP : 0u);
	const uint8_t *s = r->from.mac, *sm = r->from.mac_mask, *d = r->to.mac, *dm = r->to.mac_mask;

	memset(out, 0, sizeof(*out));
	out->data.category_mask = 1;
	out->data.priority = (int32_t)(TW_ACL_RULES_MAX + 1 - index);
	out->data.userdata = index + 1;
	set8(out, F_FAMILY,
	     r->family == 4    ? IS_IPV4
	     : r->family == 6  ? IS_IPV6
	     : r->has_protocol ? IS_IP
			       : 0u,
	     r->family         ? 0xff
	     : r->has_protocol ? IS_IP
			       : 0u);
	set8(out, F_PROTOCOL, r->protocol, r->has_protocol ? 0xff : 0);
	set8(out, F_ICMP_TYPE, r->icmp_type < 0 ? 0 : (unsigned)r->icmp_type, r->icmp_type < 0 ? 0 : 0xff);
	set8(out, F_ICMP_CODE, r->icmp_code < 0 ? 0 : (unsigned)r->icmp_code, r->icmp_code < 0 ? 0 : 0xff);
	set8(out, F_HAS, has, has);
	set16(out, F_VLAN, r->vlan_first, r->vlan_last);
	set16(out, F_ETHERTYPE, r->ethertype, r->has_ethertype ? 0xffff : 0);
	set16(out, F_SRC_PORT, r->from.first, r->from.last);
	set16(out, F_DST_PORT, r->to.first, r->to.last);
	set32(out, F_MAC0, word(s, 4), word(sm, 4));
	set16(out, F_MAC1, word(s + 4, 2), word(sm + 4, 2));
	set16(out, F_MAC2, word(d, 2), word(dm, 2));
	set32(out, F_MAC3, word(d + 2, 4), word(dm + 2, 4));
	set_prefix(out, F_SRC, &r->from.prefix);
	set_prefix(out, F_DST, &r->to.prefix);
	if (with_flags)
		set8(out, F_TCP, r->flags, r->flags_mask);
}

static bool add_rules(struct rte_acl_ctx *ctx, const struct tw_acl *acl, bool with_flags)
{
	for (uint32_t i = 0; i < acl->n; i++) {
		struct rule r;

		if (with_flags && acl->rules[i].action == TW_ACL_COUNT)
			continue;
		fill_rule(&r, &acl->rules[i], i, with_flags);
		if (rte_acl_add_rules(ctx, (const struct rte_acl_rule *)(const void *)&r, 1))
			return false;
	}
	return true;
}

static struct rte_acl_ctx *build(const struct tw_acl *acl, bool with_flags)
{
	static unsigned turn;
	char name[32];
	struct rte_acl_param param = {
		.name = name, .socket_id = SOCKET_ID_ANY, .rule_size = RTE_ACL_RULE_SZ(FIELDS), .max_rule_num = acl->n
	};
	struct rte_acl_config config = { .num_categories = 1, .num_fields = FIELDS, .max_size = TABLES_MAX };
	struct rte_acl_ctx *ctx;

	snprintf(name, sizeof(name), "tw%u", turn++);
	memcpy(config.defs, layout, sizeof(layout));
	ctx = rte_acl_create(&param);
	if (ctx && add_rules(ctx, acl, with_flags) && rte_acl_build(ctx, &config) == 0)
		return ctx;
	rte_acl_free(ctx);
	tw_log_warning("no tables for it, its rules are gone through one by one acl=%s rules=%u", acl->name, acl->n);
	return NULL;
}

static bool has_terminal(const struct tw_acl *acl)
{
	for (uint32_t i = 0; i < acl->n; i++)
		if (acl->rules[i].action != TW_ACL_COUNT)
			return true;
	return false;
}

void tw_acl_compile(struct tw_acl *acl)
{
	if (acl->compiled || acl->n == 0)
		return;
	acl->compiled = true;
	acl->by_key = build(acl, false);
	if (acl->wants_each && has_terminal(acl))
		acl->by_frame = build(acl, true);
}

void tw_acl_uncompile(struct tw_acl *acl)
{
	rte_acl_free(acl->by_key);
	rte_acl_free(acl->by_frame);
	acl->by_key = acl->by_frame = NULL;
}

/* --- frames --- */

static void fill_ip(struct input *in, const struct tw_key *key)
{
	bool ports = key->protocol == 6 || key->protocol == 17 || key->protocol == 132;

	in->protocol = key->protocol;
	if (key->flags & TW_FLOW_KEY_IPV4) {
		in->family = IS_IPV4;
		memcpy(in->src, key->src_ip4, 4);
		memcpy(in->dst, key->dst_ip4, 4);
	} else {
		in->family = IS_IPV6;
		memcpy(in->src, key->src_ip6, 16);
		memcpy(in->dst, key->dst_ip6, 16);
	}
	if (key->flags & TW_FLOW_KEY_ICMP) {
		in->has = HAS_ICMP;
		in->icmp_type = key->dst_port[0];
		in->icmp_code = key->dst_port[1];
	} else if (ports && !(key->flags & TW_FLOW_KEY_FRAGMENT)) {
		in->has = HAS_PORTS;
		memcpy(in->src_port, key->src_port, 2);
		memcpy(in->dst_port, key->dst_port, 2);
	}
}

uint32_t tw_acl_classify(const struct tw_acl *acl, const struct rte_acl_ctx *ctx, const struct tw_key *key,
			 uint16_t vlan, uint8_t tcp_flags)
{
	struct input in = { .vlan = { (uint8_t)(vlan >> 8), (uint8_t)vlan }, .tcp_flags = tcp_flags };
	const uint8_t *data = (const uint8_t *)&in;
	uint32_t found = 0;

	memcpy(in.src_mac, key->src_mac, 6);
	memcpy(in.dst_mac, key->dst_mac, 6);
	if (key->flags & TW_FLOW_KEY_IPV4)
		memcpy(in.ethertype, "\x08\x00", 2);
	else if (key->flags & TW_FLOW_KEY_IPV6)
		memcpy(in.ethertype, "\x86\xdd", 2);
	else
		memcpy(in.ethertype, key->ethertype, 2);
	if (key->flags & (TW_FLOW_KEY_IPV4 | TW_FLOW_KEY_IPV6))
		fill_ip(&in, key);
	rte_acl_classify(ctx, &data, &found, 1, 1);
	return found ? found - 1 : acl->n;
}
