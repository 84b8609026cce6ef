/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vhost_gate_fuzz.c - any messages in any order before the gate; what it lets through is played on a model of rte_vhost's
 *                     tables, in which nothing may be used that is not laid out, or beyond its end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/vhost_gate.h"

enum { MESSAGE = 3, BIT_PACKED = 34 };

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
	struct tw_gate gate = { 0 };

	memset(rings, 0, sizeof(rings));
	packed = false;
	/* Request and ring, then a number of two octets: most of what matters in little. */
	for (; size >= MESSAGE; data += MESSAGE, size -= MESSAGE) {
		struct tw_gate_message m = { .request = data[0] % 48, .size = 40 };
		uint16_t value = (uint16_t)(data[1] << 8 | data[2]);

		m.state.index = data[0] >> 6;
		m.state.num = value;
		if (m.request == TW_GATE_SET_FEATURES)
			m.u64 = (uint64_t)(data[1] & 1) << BIT_PACKED;
		if (value == 0xffff)
			m.state.index = data[0] * 16843009u;
		if (tw_gate_check(&gate, &m))
			break;
		play(&m);
		hold_running_rings();
	}
	return 0;
}
