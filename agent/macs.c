/* SPDX-License-Identifier: Apache-2.0 */
/* macs.c - carries learned MACs; see macs.h. The agent's one thread; owns what is on its way. */
#include "agent/macs.h"

#include <stdlib.h>

#include "agent/agent.h"
#include "common/clock.h"

#define TW_LOG_AREA "macs"
#include "common/log.h"

enum { INTERVAL_MS = 1000, TIMEOUT_MS = 2000 };

struct tw_macs {
	struct tw_agent *agent;
	bool heard;              /* what the controller has of this switch: */
	uint64_t origin, known;  /* as Ack.learned_origin, learned_known */
	Tw__MacChanges *learned; /* for the next Report; NULL = nothing */
	Tw__MacChanges *remote;  /* for the switch; NULL = nothing */
	bool asking;
	uint64_t not_before; /* ms, monotonic: of the next exchange */
};

struct tw_macs *tw_macs_create(struct tw_agent *agent)
{
	struct tw_macs *macs = calloc(1, sizeof(*macs));

	if (macs)
		macs->agent = agent;
	return macs;
}

static void drop(Tw__MacChanges **changes)
{
	if (*changes)
		tw__mac_changes__free_unpacked(*changes, NULL);
	*changes = NULL;
}

void tw_macs_destroy(struct tw_macs *macs)
{
	if (!macs)
		return;
	drop(&macs->learned);
	drop(&macs->remote);
	free(macs);
}

/* What cannot be copied is lost on the way. */
static Tw__MacChanges *copy(const Tw__MacChanges *from)
{
	size_t size = tw__mac_changes__get_packed_size(from);
	uint8_t *bytes = malloc(size ? size : 1);
	Tw__MacChanges *to = NULL;

	if (bytes) {
		tw__mac_changes__pack(from, bytes);
		to = tw__mac_changes__unpack(NULL, size, bytes);
	}
	free(bytes);
	return to;
}

static void exchanged(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	struct tw_macs *macs = arg;
	struct tw_error why = { 0 };

	macs->asking = false;
	if (!tw_calls_reply_is(reply, err, TW__ENVELOPE__BODY_MACS_EXCHANGED, &why)) {
		tw_log_debug("the switch takes no MACs code=%u text=%s", why.code, why.text);
		return;
	}
	drop(&macs->learned);
	if (!reply->macs_exchanged->learned)
		return;
	macs->learned = copy(reply->macs_exchanged->learned);
	tw_report_now(macs->agent->report);
}

static void exchange(struct tw_macs *macs)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__ExchangeMacs body = TW__EXCHANGE_MACS__INIT;

	body.origin = macs->origin;
	body.known = macs->known;
	body.remote = macs->remote;
	env.body_case = TW__ENVELOPE__BODY_EXCHANGE_MACS;
	env.exchange_macs = &body;
	macs->not_before = tw_clock_mono_ms() + INTERVAL_MS;
	macs->asking = tw_calls_ask(tw_switch_queries(macs->agent->sw), &env, TIMEOUT_MS, exchanged, macs) == 0;
	drop(&macs->remote);
}

/* Is there anything that the controller has not heard of? Nothing was ever learned by a switch whose count is 0. */
static bool is_news(const struct tw_macs *macs, const Tw__SwitchStatus *status)
{
	if (!macs->heard || macs->learned)
		return false;
	return macs->origin == status->boot_id ? macs->known != status->mac_changes
					       : status->mac_changes || macs->origin;
}

void tw_macs_status(struct tw_macs *macs)
{
	const Tw__SwitchStatus *status = macs->agent->status;

	if (macs->asking)
		return;
	if (macs->remote || (tw_clock_mono_ms() >= macs->not_before && is_news(macs, status)))
		exchange(macs);
}

void tw_macs_fill(const struct tw_macs *macs, Tw__Report *report)
{
	report->learned = macs->learned;
}

void tw_macs_acknowledged(struct tw_macs *macs, const Tw__Ack *ack)
{
	macs->heard = true;
	macs->origin = ack->learned_origin;
	macs->known = ack->learned_known;
	drop(&macs->learned);
	if (!ack->remote)
		return;
	drop(&macs->remote);
	macs->remote = copy(ack->remote);
}
