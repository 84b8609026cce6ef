/* SPDX-License-Identifier: Apache-2.0 */
/* blame.c - who is at fault for what a port loses; see blame.h. Pure, any thread. */
#include "dataplane/blame.h"

#include <inttypes.h>
#include <stdio.h>

enum { BACKLOG_PERCENT = 10, BUSY_PERMILLE = 900 };

/* Drops that are what somebody configured, or a guest's own doing; not a lack of room or speed. */
static bool is_policy(enum tw_drop reason)
{
	return reason != TW_DROP_RING_FULL && reason != TW_DROP_HOLD_FULL && reason != TW_DROP_NO_BUFFER &&
	       reason != TW_DROP_CONSUMED;
}

static uint64_t policy_drops(const struct tw_evidence *e, unsigned *most)
{
	uint64_t sum = 0;

	*most = TW_DROPS;
	for (unsigned i = 0; i < TW_DROPS; i++) {
		if (!is_policy((enum tw_drop)i) || !e->drops[i])
			continue;
		sum += e->drops[i];
		if (*most == TW_DROPS || e->drops[i] > e->drops[*most])
			*most = i;
	}
	return sum;
}

static enum tw_fault blame_guest(const struct tw_evidence *e, uint32_t size, char *text)
{
	uint64_t lost = e->drops[TW_DROP_RING_FULL], all = lost + e->to_packets;

	if (e->to_full_ms)
		snprintf(text, 256,
			 "the guest: it did not take %" PRIu64 " of %" PRIu64 " frames; its receive ring was full for "
			 "%" PRIu64 " ms of %" PRIu64,
			 lost, all, e->to_full_ms, e->ms);
	else
		snprintf(text, 256,
			 "the guest: it did not take %" PRIu64 " of %" PRIu64
			 " frames; bursts overran its receive ring of "
			 "%u for moments",
			 lost, all, size);
	return TW_FAULT_GUEST;
}

static enum tw_fault blame_switch(const struct tw_evidence *e, unsigned worker, uint32_t busy, char *text)
{
	snprintf(text, 256,
		 "the switch: the guest's frames waited in its ring for %" PRIu64 " ms of %" PRIu64
		 "; worker %u is %u.%u %% "
		 "busy%s",
		 e->from_backlog_ms, e->ms, worker, busy / 10, busy % 10,
		 busy >= BUSY_PERMILLE ? ": it needs more workers" : ": its CPU is taken by others");
	return TW_FAULT_SWITCH;
}

enum tw_fault tw_blame(const struct tw_evidence *e, uint32_t ring_size, unsigned worker, uint32_t busy_permille,
		       char text[static 256])
{
	unsigned most;
	uint64_t refused = policy_drops(e, &most), short_of = e->drops[TW_DROP_NO_BUFFER];

	if (e->drops[TW_DROP_RING_FULL] && e->drops[TW_DROP_RING_FULL] >= refused)
		return blame_guest(e, ring_size, text);
	if (e->from_backlog_ms * 100 > e->ms * BACKLOG_PERCENT)
		return blame_switch(e, worker, busy_permille, text);
	if (short_of && short_of >= refused) {
		snprintf(text, 256,
			 "the switch: %" PRIu64 " frames found no free buffer; --memory or --mbufs is too small",
			 short_of);
		return TW_FAULT_SWITCH;
	}
	if (refused) {
		snprintf(text, 256, "the rules: %" PRIu64 " frames refused, most of them %s: %s", refused,
			 tw_drop_name(most), tw_drop_text(most));
		return TW_FAULT_POLICY;
	}
	snprintf(text, 256, "nobody: nothing was lost in the last %" PRIu64 " s", e->ms / 1000);
	return TW_FAULT_NONE;
}
