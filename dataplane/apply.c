/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply.c - a configuration comes into force; see switch.h.
 *
 *   match    a slot for every port and uplink, sockets of new ones opened, mirrors opened, exporters read
 *   plan     worked out; up to here everything can be undone
 *   commit   main's own tables say the new thing; what is no longer named begins to leave
 *   publish  workers forward by it; the grace period is waited for
 *   after    what left is closed, what it had is opened, exporters are told
 * Threads  main.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/apply.h"
#include "dataplane/learned.h"

#define TW_LOG_AREA "apply"
#include "common/log.h"

/* A port that is shaped has a queue from now on, for as long as it is open. */
static bool open_shapers(struct tw_switch *sw, const struct tw_plan *plan, struct tw_error *err)
{
	sw->shape_room.most = sw->pool->size / 4;
	for (uint32_t i = 0; i < plan->n_ports; i++) {
		const struct tw_plan_port *p = &plan->ports[i];

		if (!p->rate || !p->rate->bucket[TW_RATE_SHAPE].cost || sw->shapers[p->slot])
			continue;
		sw->shapers[p->slot] = tw_shaper_create(p->slot, &sw->shape_room);
		if (!sw->shapers[p->slot])
			return tw_error_set(err, TW_E_INTERNAL, "snapshot.ports.shape",
					    "no memory for the queue of port %u", p->number);
		sw->states[p->slot].queued = true;
	}
	return true;
}

static struct tw_plan *prepare(struct tw_switch *sw, struct tw_change *c, struct tw_error *err)
{
	const struct tw_places places = { c->port_slots, c->uplink_slots, c->mirrors };
	struct tw_plan *trial = NULL, *plan = NULL;

	if (c->config->n_ports > TW_PORTS_MAX || c->config->n_uplinks > TW_UPLINKS_MAX ||
	    c->config->n_mirrors > TW_MIRRORS_MAX) {
		tw_error_set(err, TW_E_INVALID, "snapshot", "more than %d ports, %d uplinks or %d mirrors",
			     TW_PORTS_MAX, TW_UPLINKS_MAX, TW_MIRRORS_MAX);
		return NULL;
	}
	if (!tw_apply_read_exporters(c, err))
		return NULL;
	if (!tw_apply_match_ports(sw, c, err) || !tw_apply_match_uplinks(sw, c, err)) {
		tw_apply_undo(sw, c);
		return NULL;
	}
	/* Opening a mirror may close its former file, so what can be wrong is found before: a plan without mirrors' bits. */
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++)
		c->mirrors[i] = (struct tw_mirror_place){ .bit = TW_MIRROR_NO_BIT };
	trial = tw_plan_create(c->config, &places, err);
	if (trial) {
		tw_apply_open_mirrors(sw, c);
		plan = tw_plan_create(c->config, &places, err);
	}
	if (plan && !open_shapers(sw, plan, err)) {
		tw_plan_put(plan);
		plan = NULL;
	}
	if (!plan)
		tw_apply_undo(sw, c);
	tw_plan_put(trial);
	return plan;
}

static bool carry_out(struct tw_switch *sw, struct tw_change *c, struct tw_plan *plan, struct tw_error *err)
{
	bool whole;
	int rc;

	tw_apply_commit(sw, c);
	tw_plan_put(sw->plan);
	sw->plan = plan;
	tw_recorders_follow(sw->recorders, plan);
	tw_learned_apply(sw);
	plan->own_mac = tw_snooping_mac(sw);
	snprintf(sw->host, sizeof(sw->host), "%s", c->config->host);
	tw_aggregate_configure(sw);
	rc = tw_publish(sw);
	tw_snooping_configure(sw->snooping);
	tw_retire_step(sw);
	tw_apply_finish_watchers(sw, c, rc == 0);
	whole = tw_apply_open_rest(sw, c, err);
	tw_links_vhost_changed(sw); /* guests that were connected at once */
	if (rc)
		return tw_error_set(err, rc == -ETIMEDOUT ? TW_E_TIMEOUT : TW_E_INTERNAL, NULL,
				    rc == -ETIMEDOUT ? "a worker has not come by for a second" : "out of memory");
	return whole;
}

bool tw_apply(struct tw_switch *sw, const Tw__Snapshot *config, struct tw_error *err)
{
	struct tw_change *c = calloc(1, sizeof(*c));
	struct tw_plan *plan;
	bool done = false;

	if (!c)
		return tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
	c->config = config;
	plan = prepare(sw, c, err);
	if (plan)
		done = carry_out(sw, c, plan, err);
	if (done)
		tw_log_info("applied revision=%lu ports=%zu remotes=%zu uplinks=%zu mirrors=%zu exporters=%zu",
			    (unsigned long)config->revision, config->n_ports, config->n_remotes, config->n_uplinks,
			    config->n_mirrors, config->n_exporters);
	else
		tw_log_warning("not applied revision=%lu field=%s error=\"%s\"", (unsigned long)config->revision,
			       err->field, err->text);
	free(c->identities);
	free(c->networks);
	free(c);
	return done;
}

int tw_apply_nothing(struct tw_switch *sw)
{
	const struct tw_places nowhere = { 0 };
	struct tw_error err = { 0 };
	Tw__Snapshot nothing;

	tw__snapshot__init(&nothing);
	sw->plan = tw_plan_create(&nothing, &nowhere, &err);
	if (!sw->plan)
		return -ENOMEM;
	tw_learned_apply(sw);
	return tw_publish(sw);
}
