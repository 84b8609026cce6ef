/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace_fuzz.c - any octets traced from a port or from the uplink of a switch of 300 ports with long names: the trace ends
 * in a stage, says why it drops, and leaves by slots that are there.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/trace.h"

enum { PORTS = 300, UP = TW_PORTS_MAX };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct tw_snapshot s;
static struct tw_trace t;
static uint16_t members[PORTS];
static struct tw_identity identities[2] = {
	{ .mac = 0x020000000001, .number = 1, .slot = 0, .vlan = 10 },
	{ .mac = 0x020000000002, .number = 2, .slot = TW_SLOT_NONE, .vlan = 10 },
};

static const char *long_name(void *arg, uint16_t slot, uint32_t number, char *text, unsigned size)
{
	memset(text, 'x', size - 1);
	text[size - 1] = '\0';
	return text;
}

static const struct tw_trace_names names = { long_name, NULL };

static void make_switch(void)
{
	for (uint16_t i = 0; i < PORTS; i++) {
		members[i] = i;
		s.slot[i] = (struct tw_slot){ .kind = TW_SLOT_VHOST,
					      .link = TW_LINK_UP,
					      .vlan = 10,
					      .mtu = 1500,
					      .number = i + 1u,
					      .allow_forged = true };
	}
	s.slot[UP] = (struct tw_slot){
		.kind = TW_SLOT_ETHDEV, .link = TW_LINK_UP, .uplink = true, .trunk = true, .mtu = 9216
	};
	s.generation = 1;
	s.members = members;
	s.flood[10].n = PORTS;
	s.n_uplinks = 1;
	s.uplink[0] = UP;
	s.team[0].n = 1;
	s.team[0].slot[0] = UP;
	s.identities = identities;
	s.n_identities = 2;
	t.names = &names;
}

static void must(bool so)
{
	if (!so)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (s.generation == 0)
		make_switch();
	if (size < 2 || size > TW_TRACE_FRAME_MAX + 1)
		return 0;
	tw_trace_frame(&s, data[0] & 1 ? UP : data[0], data + 1, (uint32_t)size - 1, &t);
	must(t.end < TW_STAGES_MAX && t.text[t.end][0]);
	must(t.wire_len <= sizeof(t.wire) && t.n_outs <= PORTS + 1);
	for (unsigned i = 0; i < TW_STAGES_MAX; i++)
		must(memchr(t.text[i], '\0', TW_TRACE_TEXT));
	for (unsigned i = 0; i < t.n_outs; i++)
		must(t.outs[i] < TW_SLOTS_MAX && s.slot[t.outs[i]].kind != TW_SLOT_EMPTY);
	return 0;
}
