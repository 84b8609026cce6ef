/* SPDX-License-Identifier: Apache-2.0 */
/* vhost_gate.c - messages of front-ends before rte_vhost has them; see vhost_gate.h. */
#include "dataplane/vhost_gate.h"

#include <stddef.h>
#include <string.h>

enum {
	NEED_REPLY = 1 << 3,
	RING_MASK = 0xff,
	PAGE = 4096,
	U64 = 8,
	STATE = 8,
	ADDR = 40,
	MEMORY_HEAD = 8,
	MEMORY_REGION = 32,
	LOG = 16,
	INFLIGHT = 20,
	IOTLB = 26,
	BIT_IOMMU = 33,
	BIT_PACKED = 34,
	BASE_MASK = 0x7fff, /* of a packed ring: bit 15 is its wrap counter */
};

enum about { NOTHING, RING_BY_STATE, RING_BY_U64, RING_BY_ADDR };

/* What a guest's network card needs. What is not here rte_vhost does not know either, and closes the connection itself. */
static const struct {
	uint8_t size; /* octets of payload it must have at least */
	uint8_t about;
	const char *refused; /* why it is never let through */
	bool answered;       /* it has an answer of its own */
} requests[TW_GATE_REQUESTS] = {
	[1] = { 0, NOTHING, NULL, true }, /* GET_FEATURES */
	[TW_GATE_SET_FEATURES] = { U64, NOTHING, NULL },
	[TW_GATE_SET_MEM_TABLE] = { MEMORY_HEAD, NOTHING, NULL },
	[6] = { LOG, NOTHING, NULL, true }, /* SET_LOG_BASE */
	[TW_GATE_SET_VRING_NUM] = { STATE, RING_BY_STATE, NULL },
	[TW_GATE_SET_VRING_ADDR] = { ADDR, RING_BY_ADDR, NULL },
	[TW_GATE_SET_VRING_BASE] = { STATE, RING_BY_STATE, NULL },
	[TW_GATE_GET_VRING_BASE] = { STATE, RING_BY_STATE, NULL, true },
	[TW_GATE_SET_VRING_KICK] = { U64, RING_BY_U64, NULL },
	[TW_GATE_SET_VRING_CALL] = { U64, RING_BY_U64, NULL },
	[14] = { U64, RING_BY_U64, NULL }, /* SET_VRING_ERR */
	[15] = { 0, NOTHING, NULL, true }, /* GET_PROTOCOL_FEATURES */
	[16] = { U64, NOTHING, NULL },     /* SET_PROTOCOL_FEATURES */
	[17] = { 0, NOTHING, NULL, true }, /* GET_QUEUE_NUM */
	[TW_GATE_SET_VRING_ENABLE] = { STATE, RING_BY_STATE, NULL },
	[19] = { U64, NOTHING, NULL }, /* SEND_RARP */
	[20] = { U64, NOTHING, NULL }, /* NET_SET_MTU */
	[TW_GATE_IOTLB] = { IOTLB, NOTHING, NULL },
	[24] = { 0, NOTHING, "a network card has no such message: GET_CONFIG" },
	[25] = { 0, NOTHING, "a network card has no such message: SET_CONFIG" },
	[26] = { 0, NOTHING, "a network card has no such message: CREATE_CRYPTO_SESSION" },
	[27] = { 0, NOTHING, "a network card has no such message: CLOSE_CRYPTO_SESSION" },
	[28] = { 0, NOTHING, "postcopy was not offered" },
	[29] = { 0, NOTHING, "postcopy was not offered" },
	[30] = { 0, NOTHING, "postcopy was not offered" },
	[31] = { 0, NOTHING, "in-flight areas were not offered" },
	[TW_GATE_SET_INFLIGHT_FD] = { INFLIGHT, NOTHING, NULL },
	[39] = { U64, NOTHING, NULL },     /* SET_STATUS */
	[40] = { 0, NOTHING, NULL, true }, /* GET_STATUS */
};

unsigned tw_gate_ring(const struct tw_gate_message *m)
{
	uint32_t ring = TW_GATE_RINGS;

	switch ((enum about)(m->request < TW_GATE_REQUESTS ? requests[m->request].about : NOTHING)) {
	case NOTHING:
		break;
	case RING_BY_STATE:
		ring = m->state.index;
		break;
	case RING_BY_U64:
		ring = m->u64 & RING_MASK;
		break;
	case RING_BY_ADDR:
		ring = m->addr.index;
		break;
	}
	return ring < TW_GATE_RINGS ? ring : TW_GATE_RINGS;
}

static bool is_packed(const struct tw_gate *g)
{
	return g->features >> BIT_PACKED & 1;
}

/* rte_vhost lays a ring's tables out when it learns its size, by the kind of ring it takes it for then. */
static const char *set_features(struct tw_gate *g, const struct tw_gate_message *m)
{
	bool changes = ((g->features ^ m->u64) >> BIT_PACKED & 1) != 0;

	for (unsigned i = 0; i < TW_GATE_RINGS && changes; i++)
		if (g->ring[i].size)
			return "packed rings become split ones, or the reverse, behind their set-up";
	g->features = m->u64;
	return NULL;
}

static const char *set_num(struct tw_gate *g, const struct tw_gate_message *m)
{
	uint32_t num = m->state.num,
		 most = m->state.index < 2 * TW_QUEUES_MAX ? TW_GATE_RING_MAX : TW_GATE_RING_UNSERVED_MAX;

	if (g->ring[m->state.index].addressed || g->ring[m->state.index].started)
		return "a ring in use changes its size";
	if (num == 0 || num > most || (!is_packed(g) && num & (num - 1)))
		return "a ring's size is no power of 2, or too large";
	g->ring[m->state.index].size = (uint16_t)num;
	g->ring[m->state.index].based = false;
	return NULL;
}

static const char *set_base(struct tw_gate *g, const struct tw_gate_message *m)
{
	uint16_t size = g->ring[m->state.index].size;

	if (size == 0)
		return "a ring without a size gets an index";
	if (is_packed(g) && (m->state.num & BASE_MASK) >= size)
		return "a packed ring's index is beyond its end";
	g->ring[m->state.index].based = true;
	return NULL;
}

static const char *set_addr(struct tw_gate *g, const struct tw_gate_message *m)
{
	if (g->ring[m->addr.index].size == 0)
		return "a ring without a size gets addresses";
	g->ring[m->addr.index].addressed = true;
	return NULL;
}

static const char *set_kick(struct tw_gate *g, unsigned ring)
{
	if (g->ring[ring].size == 0 || !g->ring[ring].addressed)
		return "a ring without size or addresses is started";
	if (g->features >> BIT_IOMMU & 1 && !g->has_channel)
		return "a ring behind an IOMMU is started, and nobody can be asked for addresses";
	if (is_packed(g) && !g->ring[ring].based) /* the one it had may be beyond its new end */
		return "a packed ring without an index is started";
	g->ring[ring].started = true;
	return NULL;
}

static void end_ring(struct tw_gate *g, unsigned ring)
{
	g->ring[ring].size = 0;
	g->ring[ring].based = g->ring[ring].addressed = g->ring[ring].started = false;
}

static const char *set_memory(struct tw_gate *g, const struct tw_gate_message *m)
{
	struct tw_iotlb_region regions[TW_IOTLB_REGIONS];

	if (m->size < MEMORY_HEAD + (uint64_t)m->memory.n_regions * MEMORY_REGION)
		return "a memory table shorter than it says";
	if (m->memory.n_regions > TW_IOTLB_REGIONS)
		return "more regions of memory than are served";
	memcpy(regions, m->memory.region, sizeof(regions));
	if (g->iotlb)
		tw_iotlb_set_memory(g->iotlb, regions, m->memory.n_regions);
	return NULL;
}

static const char *set_channel(struct tw_gate *g)
{
	if (!g->iotlb)
		return "a back-end channel, which was not offered";
	if (g->has_channel)
		return "a second back-end channel";
	g->has_channel = true;
	return NULL;
}

static const char *hear_iotlb(struct tw_gate *g, struct tw_gate_message *m)
{
	struct tw_iotlb_message said = m->iotlb;
	const char *why;

	if (!g->iotlb || !(g->features >> BIT_IOMMU & 1))
		return "an IOTLB message, and no IOMMU was negotiated";
	why = tw_iotlb_hear(g->iotlb, &said, &g->asks_again);
	m->iotlb = said;
	return why;
}

static const char *follow(struct tw_gate *g, struct tw_gate_message *m)
{
	switch (m->request) {
	case TW_GATE_SET_FEATURES:
		return set_features(g, m);
	case TW_GATE_RESET_OWNER:
		for (unsigned i = 0; i < TW_GATE_RINGS; i++)
			end_ring(g, i);
		g->features = 0;
		return NULL;
	case TW_GATE_SET_MEM_TABLE:
		return set_memory(g, m);
	case TW_GATE_SET_VRING_NUM:
		return set_num(g, m);
	case TW_GATE_SET_VRING_BASE:
		return set_base(g, m);
	case TW_GATE_SET_VRING_ADDR:
		return set_addr(g, m);
	case TW_GATE_SET_VRING_KICK:
		return set_kick(g, tw_gate_ring(m));
	case TW_GATE_GET_VRING_BASE:
		end_ring(g, m->state.index);
		return NULL;
	case TW_GATE_SET_BACKEND_FD:
		return set_channel(g);
	case TW_GATE_IOTLB:
		return hear_iotlb(g, m);
	case TW_GATE_SET_INFLIGHT_FD: /* rte_vhost closes its descriptor only if it takes it: let it, for no ring */
		m->inflight.num_queues = 0;
		m->inflight.mmap_offset = 0;
		m->inflight.mmap_size = PAGE;
		return NULL;
	default:
		return NULL;
	}
}

const char *tw_gate_check(struct tw_gate *g, struct tw_gate_message *m)
{
	g->asks_again = false;
	g->owes_reply =
		g->iotlb && m->flags & NEED_REPLY && m->request < TW_GATE_REQUESTS && !requests[m->request].answered;
	m->flags &= ~(uint32_t)NEED_REPLY;
	if (m->request >= TW_GATE_REQUESTS)
		return NULL; /* rte_vhost says no itself */
	if (requests[m->request].refused)
		return requests[m->request].refused;
	if (m->size < requests[m->request].size)
		return "a message shorter than its kind";
	if (requests[m->request].about != NOTHING && tw_gate_ring(m) == TW_GATE_RINGS)
		return "a ring beyond the last there can be";
	return follow(g, m);
}

void tw_gate_handled(struct tw_gate *g, struct tw_gate_message *m)
{
	if (g->owes_reply)
		m->flags |= NEED_REPLY;
	g->owes_reply = false;
}
