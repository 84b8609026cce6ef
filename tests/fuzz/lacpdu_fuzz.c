/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lacpdu_fuzz.c - any frames at any time, as a partner might send them: the machines stay in their states, an uplink distributes
 * only while a partner that has us right says so, and what is read is written again as it was.
 *
 * Input: records of a length, a time step in 100 ms, a port, and so many octets. Frames are heap copies of their exact size.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/lacp.h"

static const uint8_t own[6] = { 2, 0, 0, 0, 0, 1 };

static void hold(bool claim)
{
	if (!claim)
		abort();
}

static void send_pdu(void *arg, unsigned port, const struct tw_lacpdu *pdu)
{
	uint8_t frame[TW_LACP_FRAME];
	struct tw_lacpdu back;

	tw_lacpdu_write(pdu, own, frame);
	hold(tw_lacpdu_read(frame, sizeof(frame), &back) == TW_SLOW_LACPDU);
	hold(memcmp(back.actor.system, pdu->actor.system, 6) == 0 && back.actor.port == port + 1 &&
	     back.actor.state == pdu->actor.state && back.partner.key == pdu->partner.key);
}

static void judge(const struct tw_lacp *l)
{
	for (unsigned i = 0; i < TW_LACP_PORTS; i++) {
		const struct tw_lacp_port *p = &l->port[i];

		hold(p->rx <= TW_LACP_RX_CURRENT && p->mux <= TW_LACP_MUX_DISTRIBUTING);
		hold(p->mux == TW_LACP_MUX_DETACHED || p->selected);
		hold(!tw_lacp_distributes(l, i) ||
		     (p->rx == TW_LACP_RX_CURRENT && p->partner.state & TW_LACP_SYNC &&
		      p->partner.state & TW_LACP_COLLECTING && memcmp(p->partner.system, own, 6) != 0));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tw_lacp l;
	uint64_t now = 1000;

	tw_lacp_init(&l, own, size & 1);
	while (size >= 3) {
		uint32_t len = data[0] < size - 3 ? data[0] : (uint32_t)(size - 3);
		unsigned port = data[2] % TW_LACP_PORTS;
		struct tw_lacpdu pdu;
		uint8_t *frame = malloc(len ? len : 1), answer[TW_LACP_FRAME];

		if (!frame)
			return 0;
		now += data[1] * UINT64_C(100);
		tw_lacp_enable(&l, port, !(data[2] & 0x40), now);
		memcpy(frame, data + 3, len);
		switch (tw_lacpdu_read(frame, len, &pdu)) {
		case TW_SLOW_LACPDU:
			tw_lacp_receive(&l, port, &pdu, now);
			break;
		case TW_SLOW_MARKER:
			tw_lacp_marker_answer(frame, own, answer);
			hold(tw_lacpdu_read(answer, sizeof(answer), &pdu) == TW_SLOW_MARKER_ANSWER);
			break;
		case TW_SLOW_MARKER_ANSWER:
		case TW_SLOW_BAD:
			break;
		}
		tw_lacp_run(&l, now, send_pdu, NULL);
		judge(&l);
		free(frame);
		data += 3 + len;
		size -= 3 + len;
	}
	return 0;
}
