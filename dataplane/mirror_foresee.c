/* SPDX-License-Identifier: Apache-2.0 */
/* mirror_foresee.c - a classic BPF program on a flow's key; see mirror_foresee.h. Pure. */
#include "dataplane/mirror_foresee.h"

#include <pcap/pcap.h>

enum {
	ETHER_LEN = 14,
	TAG_LEN = 4,
	TYPE_AT = 12,
	IPV4_FRAGMENT_AT = 6,
	FRAGMENT_OFFSET = 0x1fff,
	PROTO_TCP = 6,
	PROTO_UDP = 17,
	PROTO_SCTP = 132,
	PROTO_UDPLITE = 136,
};

/* What a register holds. */
enum what {
	UNKNOWN,
	KNOWN,
	HEADER_LEN, /* of the IPv4 header: not known, but what lies behind it is */
	TAG_TYPE,   /* of an 802.1Q tag: one of two */
	FRAGMENT,   /* IPv4 flags and fragment offset: is the offset 0? */
};

struct value {
	enum what what;
	uint32_t is;
};

struct machine {
	const struct tw_key *key;
	uint32_t l3;
	struct value a, x, m[BPF_MEMWORDS];
	bool may_end; /* it has read where a frame may have nothing: such a frame is rejected there */
};

static const struct value unknown = { UNKNOWN, 0 };

static struct value known(uint32_t is)
{
	return (struct value){ KNOWN, is };
}

static bool has_ports(const struct tw_key *k)
{
	return k->flags & TW_FLOW_KEY_IPV4 && !(k->flags & (TW_FLOW_KEY_FRAGMENT | TW_FLOW_KEY_HIDDEN)) &&
	       (k->protocol == PROTO_TCP || k->protocol == PROTO_UDP || k->protocol == PROTO_SCTP ||
		k->protocol == PROTO_UDPLITE);
}

/* RFC 791 section 3.1. @return -1: not known */
static int ipv4_octet(const struct tw_key *k, uint32_t at)
{
	if (at == 1)
		return k->tos;
	if (at == 9)
		return k->protocol;
	if (at >= 12 && at < 16)
		return k->src_ip4[at - 12];
	return at >= 16 && at < 20 ? k->dst_ip4[at - 16] : -1;
}

/* RFC 8200 section 3. The next header may be that of an extension, which the key does not have. */
static int ipv6_octet(const struct tw_key *k, uint32_t at)
{
	uint32_t first = UINT32_C(6) << 28 | (uint32_t)k->tos << 20 | k->flow_label[0];

	if (at < 4)
		return first >> (24 - 8 * at) & 0xff;
	if (at >= 8 && at < 24)
		return k->src_ip6[at - 8];
	return at >= 24 && at < 40 ? k->dst_ip6[at - 24] : -1;
}

static uint16_t ethertype_of(const struct tw_key *k)
{
	if (k->flags & TW_FLOW_KEY_IPV4)
		return 0x0800;
	if (k->flags & TW_FLOW_KEY_IPV6)
		return 0x86dd;
	return (uint16_t)(k->ethertype[0] << 8 | k->ethertype[1]);
}

static int octet(const struct machine *m, uint32_t at)
{
	const struct tw_key *k = m->key;

	if (at < 6)
		return k->dst_mac[at];
	if (at < TYPE_AT)
		return k->src_mac[at - 6];
	if (at >= m->l3 && k->flags & TW_FLOW_KEY_IPV4)
		return ipv4_octet(k, at - m->l3);
	if (at >= m->l3 && k->flags & TW_FLOW_KEY_IPV6)
		return ipv6_octet(k, at - m->l3);
	if (at >= m->l3 - 2 && at < m->l3)
		return ethertype_of(k) >> (at == m->l3 - 2 ? 8 : 0) & 0xff;
	if (at >= ETHER_LEN && at < m->l3 - 2) /* the tag */
		return k->tci >> (at == ETHER_LEN ? 8 : 0) & 0xff;
	return -1;
}

static uint32_t size_of(const struct bpf_insn *i)
{
	return BPF_SIZE(i->code) == BPF_W ? 4 : BPF_SIZE(i->code) == BPF_H ? 2 : 1;
}

static struct value load(const struct machine *m, uint32_t at, uint32_t size)
{
	uint32_t is = 0;

	if (at == TYPE_AT && size == 2 && m->l3 > ETHER_LEN)
		return (struct value){ TAG_TYPE, 0 };
	if (at == m->l3 + IPV4_FRAGMENT_AT && size == 2 && m->key->flags & TW_FLOW_KEY_IPV4)
		return (struct value){ FRAGMENT, 0 };
	for (uint32_t i = 0; i < size; i++) {
		int next = octet(m, at + i);

		if (next < 0)
			return unknown;
		is = is << 8 | (uint32_t)next;
	}
	return known(is);
}

/* Behind a header of IPv4 whose length need not be known. */
static struct value load_behind(const struct machine *m, uint32_t at, uint32_t size)
{
	const uint8_t *port = m->key->src_port; /* and the other one behind it */
	uint32_t is = 0;

	if (!has_ports(m->key) || at < m->l3 || at > m->l3 + 4 - size)
		return unknown;
	for (uint32_t i = 0; i < size; i++)
		is = is << 8 | (at + i - m->l3 < 2 ? port[at + i - m->l3] : m->key->dst_port[at + i - m->l3 - 2]);
	return known(is);
}

static struct value load_indirect(const struct machine *m, const struct bpf_insn *i)
{
	if (m->x.what == HEADER_LEN)
		return load_behind(m, i->k, size_of(i));
	return m->x.what == KNOWN && i->k <= UINT16_MAX && m->x.is <= UINT16_MAX ? load(m, m->x.is + i->k, size_of(i))
										 : unknown;
}

static struct value load_a(const struct machine *m, const struct bpf_insn *i)
{
	switch (BPF_MODE(i->code)) {
	case BPF_IMM:
		return known(i->k);
	case BPF_ABS:
		return i->k <= UINT16_MAX ? load(m, i->k, size_of(i)) : unknown;
	case BPF_IND:
		return load_indirect(m, i);
	case BPF_MEM:
		return m->m[i->k];
	default: /* the length */
		return unknown;
	}
}

static struct value load_x(const struct machine *m, const struct bpf_insn *i)
{
	switch (BPF_MODE(i->code)) {
	case BPF_IMM:
		return known(i->k);
	case BPF_MEM:
		return m->m[i->k];
	case BPF_MSH:
		return i->k == m->l3 && m->key->flags & TW_FLOW_KEY_IPV4 ? (struct value){ HEADER_LEN, 0 } : unknown;
	default:
		return unknown;
	}
}

static struct value compute(struct value a, const struct bpf_insn *i, struct value x)
{
	uint32_t by = BPF_SRC(i->code) == BPF_X ? x.is : i->k;

	if (a.what != KNOWN || (BPF_SRC(i->code) == BPF_X && x.what != KNOWN && BPF_OP(i->code) != BPF_NEG))
		return unknown;
	switch (BPF_OP(i->code)) {
	case BPF_ADD:
		return known(a.is + by);
	case BPF_SUB:
		return known(a.is - by);
	case BPF_MUL:
		return known(a.is * by);
	case BPF_DIV:
		return by ? known(a.is / by) : unknown;
	case BPF_MOD:
		return by ? known(a.is % by) : unknown;
	case BPF_AND:
		return known(a.is & by);
	case BPF_OR:
		return known(a.is | by);
	case BPF_XOR:
		return known(a.is ^ by);
	case BPF_LSH:
		return by < 32 ? known(a.is << by) : unknown;
	case BPF_RSH:
		return by < 32 ? known(a.is >> by) : unknown;
	case BPF_NEG:
		return known(-a.is);
	default:
		return unknown;
	}
}

/* What is not known may still compare. @return -1: not known */
static int compare_half_known(const struct machine *m, const struct bpf_insn *i)
{
	if (BPF_SRC(i->code) == BPF_X)
		return -1;
	if (m->a.what == FRAGMENT && BPF_OP(i->code) == BPF_JSET && i->k == FRAGMENT_OFFSET)
		return !!(m->key->flags & TW_FLOW_KEY_FRAGMENT);
	if (m->a.what == TAG_TYPE && BPF_OP(i->code) == BPF_JEQ && i->k != 0x8100 && i->k != 0x88a8)
		return 0;
	return -1;
}

/* @return -1: not known */
static int compare(const struct machine *m, const struct bpf_insn *i)
{
	uint32_t with = BPF_SRC(i->code) == BPF_X ? m->x.is : i->k;

	if (m->a.what != KNOWN || (BPF_SRC(i->code) == BPF_X && m->x.what != KNOWN))
		return compare_half_known(m, i);
	switch (BPF_OP(i->code)) {
	case BPF_JEQ:
		return m->a.is == with;
	case BPF_JGT:
		return m->a.is > with;
	case BPF_JGE:
		return m->a.is >= with;
	case BPF_JSET:
		return (m->a.is & with) != 0;
	default:
		return -1;
	}
}

/* @return how many instructions to skip; -1: not known */
static int64_t jump(const struct machine *m, const struct bpf_insn *i)
{
	int holds;

	if (BPF_OP(i->code) == BPF_JA)
		return i->k;
	holds = compare(m, i);
	return holds < 0 ? -1 : holds ? i->jt : i->jf;
}

static bool reads_frame(const struct bpf_insn *i)
{
	return BPF_CLASS(i->code) == BPF_LD ? BPF_MODE(i->code) == BPF_ABS || BPF_MODE(i->code) == BPF_IND
					    : BPF_CLASS(i->code) == BPF_LDX && BPF_MODE(i->code) == BPF_MSH;
}

static void move(struct machine *m, const struct bpf_insn *i)
{
	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
		m->a = load_a(m, i);
		break;
	case BPF_LDX:
		m->x = load_x(m, i);
		break;
	case BPF_ST:
		m->m[i->k] = m->a;
		break;
	case BPF_STX:
		m->m[i->k] = m->x;
		break;
	case BPF_ALU:
		m->a = compute(m->a, i, m->x);
		break;
	default:
		if (BPF_MISCOP(i->code) == BPF_TAX)
			m->x = m->a;
		else
			m->a = m->x;
	}
	m->may_end |= reads_frame(i) && (BPF_CLASS(i->code) == BPF_LD ? m->a.what : m->x.what) == UNKNOWN;
}

static enum tw_foreseen result(const struct machine *m, const struct bpf_insn *i)
{
	struct value v = BPF_RVAL(i->code) == BPF_K ? known(i->k) : m->a;

	if (v.what == KNOWN && v.is == 0)
		return TW_FORESEEN_NO;
	return v.what == KNOWN && !m->may_end ? TW_FORESEEN_YES : TW_FORESEEN_NOT;
}

enum tw_foreseen tw_mirror_foresee(const struct bpf_insn *code, size_t n, const struct tw_key *key)
{
	struct machine m = { .key = key, .l3 = key->flags & TW_FLOW_KEY_TAGGED ? ETHER_LEN + TAG_LEN : ETHER_LEN };

	if (tw_key_is_double_tagged(key))
		return TW_FORESEEN_NOT;
	m.a = m.x = known(0); /* as a program begins */
	for (size_t at = 0; at < n; at++) {
		const struct bpf_insn *i = &code[at];
		int64_t skip = 0;

		if (BPF_CLASS(i->code) == BPF_RET)
			return result(&m, i);
		if (BPF_CLASS(i->code) == BPF_JMP)
			skip = jump(&m, i);
		else
			move(&m, i);
		if (skip < 0)
			return TW_FORESEEN_NOT;
		at += (size_t)skip;
	}
	return TW_FORESEEN_NOT;
}
