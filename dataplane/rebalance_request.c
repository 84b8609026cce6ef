/* SPDX-License-Identifier: Apache-2.0 */
/* rebalance_request.c - an operator has queues shared out now, or one put where he wants it; see rebalance.h. Main. */
#include <errno.h>
#include <string.h>

#include "dataplane/switch.h"

/* @return TW_SLOT_NONE: nobody has that name */
static uint16_t slot_of(const struct tw_switch *sw, const char *name)
{
	for (uint16_t i = 0; i < TW_PORTS_MAX; i++)
		if (sw->ports[i].used && !sw->ports[i].retire && strcmp(sw->ports[i].name, name) == 0)
			return i;
	for (uint16_t i = 0; i < TW_UPLINKS_MAX; i++)
		if (sw->uplinks[i].used && !sw->uplinks[i].retire && strcmp(sw->uplinks[i].device.name, name) == 0)
			return (uint16_t)(TW_PORTS_MAX + i);
	return TW_SLOT_NONE;
}

/* @return false: the request has been answered */
static bool place(struct tw_switch *sw, struct tw_link_request *req, const Tw__Rebalance *ask, uint32_t *moves)
{
	uint16_t slot = slot_of(sw, ask->port);
	int rc;

	if (slot == TW_SLOT_NONE) {
		tw_link_refuse(req, TW_E_NOT_FOUND, "rebalance.port", "no such port or uplink is here");
		return false;
	}
	if (ask->worker >= sw->n_workers) {
		tw_link_refuse(req, TW_E_NOT_FOUND, "rebalance.worker", "there is no such worker");
		return false;
	}
	rc = tw_rebalance_place(sw, slot, (uint16_t)ask->queue, ask->worker);
	*moves = rc == 0;
	if (rc == -EALREADY)
		return true;
	if (rc == -EINVAL)
		tw_link_refuse(req, TW_E_NOT_FOUND, "rebalance.queue", "no such queue of it is in use");
	else if (rc)
		tw_link_refuse(req,
			       rc == -EBUSY       ? TW_E_BUSY
			       : rc == -ETIMEDOUT ? TW_E_TIMEOUT
						  : TW_E_INTERNAL,
			       NULL, rc == -EBUSY ? "another queue is on its way" : strerror(-rc));
	return rc == 0;
}

void tw_rebalance_request(struct tw_switch *sw, struct tw_link_request *req, const Tw__Envelope *env)
{
	Tw__Envelope out = TW__ENVELOPE__INIT;
	Tw__Rebalanced done = TW__REBALANCED__INIT;

	if (!*env->rebalance->port)
		done.moves = tw_rebalance_now(sw);
	else if (!place(sw, req, env->rebalance, &done.moves))
		return;
	out.body_case = TW__ENVELOPE__BODY_REBALANCED;
	out.rebalanced = &done;
	tw_link_reply(req, &out);
}
