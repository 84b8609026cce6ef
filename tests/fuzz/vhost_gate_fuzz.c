/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vhost_gate_fuzz.c - any messages in any order before the gate; what it lets through is played on a model of rte_vhost's
 *                     tables, in which nothing may be used that is not laid out, or beyond its end; and of its table of
 *                     translated addresses, which may not fill up, nor lead out of the guest's memory.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/vhost_gate.h"

enum { MESSAGE = 3, BIT_IOMMU = 33, BIT_PACKED = 34, USER = 1 << 30, MEMORY = 1 << 22, PAGE = 4096, POOL = 2048 };

/* What rte_vhost of 22.11 keeps of a ring. */
static struct {
	unsigned laid_out, size, index; /* tables of so many entries; 0 = freed */
	bool packed, addressed, running;
} rings[TW_GATE_RINGS];
static bool packed;

static void hold(bool so)
{
	if (!so)
		abort();
}

static void play(const struct tw_gate_message *m)
{
	unsigned r = tw_gate_ring(m);

	if (m->request == TW_GATE_SET_FEATURES)
		packed = m->u64 >> BIT_PACKED & 1;
	if (m->request == TW_GATE_RESET_OWNER) {
		memset(rings, 0, sizeof(rings));
		packed = false;
	}
	if (r == TW_GATE_RINGS)
		return;
	switch (m->request) {
	case TW_GATE_SET_VRING_NUM:
		hold(!rings[r].running && m->state.num > 0 && m->state.num <= 32768);
		rings[r].laid_out = rings[r].size = m->state.num;
		rings[r].packed = packed;
		break;
	case TW_GATE_SET_VRING_BASE:
		rings[r].index = packed ? m->state.num & 0x7fff : 0;
		break;
	case TW_GATE_SET_VRING_ADDR:
		rings[r].addressed = true;
		break;
	case TW_GATE_SET_VRING_KICK:
		rings[r].running = true;
		break;
	case TW_GATE_GET_VRING_BASE:
		rings[r].laid_out = 0;
		rings[r].running = rings[r].addressed = false;
		break;
	default:
		break;
	}
}

/* rte_vhost's table of addresses, in no order. */
static struct {
	uint64_t iova, size;
} told[POOL];
static unsigned n_told;

static void play_iotlb(const struct tw_iotlb_message *m)
{
	if (m->type == TW_IOTLB_UPDATE) {
		hold(m->size && m->user >= USER && m->size <= MEMORY && m->user - USER <= MEMORY - m->size);
		for (unsigned i = 0; i < n_told; i++)
			if (told[i].iova == m->iova)
				return;
		hold(n_told < TW_IOTLB_ENTRIES);
		told[n_told].iova = m->iova;
		told[n_told++].size = m->size;
		return;
	}
	hold(m->type == TW_IOTLB_INVALIDATE && m->iova + m->size >= m->iova);
	for (unsigned i = 0; m->size && i < n_told;)
		if (told[i].iova <= m->iova + m->size && m->iova < told[i].iova + told[i].size)
			told[i] = told[--n_told];
		else
			i++;
}

/* Of pages, mostly; a second octet of 255 makes many at once, so that little input fills the table. */
static void say_iotlb(struct tw_gate *gate, const uint8_t *data)
{
	unsigned n = data[1] == 255 ? 300 : 1;

	for (unsigned i = 0; i < n; i++) {
		struct tw_gate_message m = { .request = TW_GATE_IOTLB, .size = 32 };
		struct tw_iotlb_message said = { .iova = (uint64_t)(data[2] * 300u + i) * PAGE,
						 .size = PAGE << (data[1] & 3),
						 .user = USER + (uint64_t)data[2] * PAGE * 4,
						 .perm = data[1] >> 2 & 3,
						 .type = data[1] == 255 ? TW_IOTLB_UPDATE : data[1] >> 4 & 3 };

		if ((data[1] & 0xc0) == 0xc0 && n == 1)
			said.size = UINT64_MAX - data[2];
		m.iotlb = said;
		if (tw_gate_check(gate, &m))
			return;
		said = m.iotlb;
		play_iotlb(&said);
		if (data[1] & 1)
			tw_iotlb_ask(gate->iotlb, said.iova, 1);
		hold(gate->iotlb->n_entries <= TW_IOTLB_ENTRIES && gate->iotlb->n_entries == n_told &&
		     n_told + gate->iotlb->n_misses < POOL);
	}
}

static void hold_running_rings(void)
{
	for (unsigned r = 0; r < TW_GATE_RINGS; r++)
		if (rings[r].running)
			hold(rings[r].laid_out == rings[r].size && rings[r].size > 0 && rings[r].addressed &&
			     rings[r].packed == packed && rings[r].index < rings[r].size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tw_iotlb table;
	struct tw_gate gate = { .iotlb = size % 2 ? &table : NULL };
	struct tw_gate_message memory = { .request = TW_GATE_SET_MEM_TABLE,
					  .size = 40,
					  .memory = { 1, 0, { { 0, MEMORY, USER, 0 } } } };

	memset(&table, 0, sizeof(table));
	n_told = 0;
	hold(!tw_gate_check(&gate, &memory));
	memset(rings, 0, sizeof(rings));
	packed = false;
	/* Request and ring, then a number of two octets: most of what matters in little. */
	for (; size >= MESSAGE; data += MESSAGE, size -= MESSAGE) {
		struct tw_gate_message m = { .request = data[0] % 48, .size = 40 };
		uint16_t value = (uint16_t)(data[1] << 8 | data[2]);

		m.state.index = data[0] >> 6;
		m.state.num = value;
		if (m.request == TW_GATE_IOTLB && gate.iotlb) {
			say_iotlb(&gate, data);
			continue;
		}
		if (m.request == TW_GATE_SET_MEM_TABLE)
			continue;
		if (m.request == TW_GATE_SET_FEATURES)
			m.u64 = (uint64_t)(data[1] & 1) << BIT_PACKED | (uint64_t)(data[1] >> 1 & 1) << BIT_IOMMU;
		if (value == 0xffff)
			m.state.index = data[0] * 16843009u;
		if (tw_gate_check(&gate, &m))
			break;
		play(&m);
		hold_running_rings();
	}
	return 0;
}
