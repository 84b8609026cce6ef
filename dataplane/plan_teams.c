/* SPDX-License-Identifier: Apache-2.0 */
/* plan_teams.c - a configuration's uplinks and teamings become teams, each value once; see plan.h and team.h. Main (pure). */
#include <string.h>

#include "dataplane/plan.h"
#include "dataplane/team.h"

/* Names that this host does not have are passed over: a network's order is for all hosts. */
static void add_names(struct tw_plan_team *team, char *const *names, size_t n, const Tw__Snapshot *config,
		      const uint8_t *index)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < config->n_uplinks; j++)
			if (index[j] < TW_UPLINKS_MAX && team->n < TW_UPLINKS_MAX &&
			    strcmp(names[i], config->uplinks[j]->name) == 0)
				team->order[team->n++] = index[j];
}

static bool has(char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static void add_the_rest(struct tw_plan_team *team, const Tw__Teaming *lists, const Tw__Snapshot *config,
			 const uint8_t *index)
{
	for (size_t j = 0; j < config->n_uplinks; j++)
		if (index[j] < TW_UPLINKS_MAX &&
		    !(lists && has(lists->standby, lists->n_standby, config->uplinks[j]->name)))
			team->order[team->n++] = index[j];
}

/* @param lists whose order it is; NULL = all uplinks as they come */
static void fill_order(struct tw_plan_team *team, const Tw__Teaming *lists, const Tw__Snapshot *config,
		       const uint8_t *index)
{
	if (lists && lists->n_active)
		add_names(team, lists->active, lists->n_active, config, index);
	else
		add_the_rest(team, lists, config, index);
	team->n_active = team->n ? team->n : 1; /* a standby serves where no active one exists */
	if (lists)
		add_names(team, lists->standby, lists->n_standby, config, index);
	if (team->policy == TW_TEAM_ACTIVE_STANDBY)
		team->n_active = 1;
}

/* @return index, or TW_TEAMS_MAX when there are too many */
static uint8_t intern(struct tw_plan *plan, const Tw__Teaming *t, const Tw__Snapshot *config, const uint8_t *index)
{
	bool own = t && (t->n_active || t->n_standby);
	struct tw_plan_team team = { .policy = t ? (uint8_t)t->policy : TW_TEAM_ACTIVE_STANDBY };

	fill_order(&team, own ? t : config->teaming, config, index);
	for (uint8_t i = 0; i < plan->n_teams; i++)
		if (memcmp(&plan->teams[i], &team, sizeof(team)) == 0)
			return i;
	if (plan->n_teams == TW_TEAMS_MAX)
		return TW_TEAMS_MAX;
	plan->teams[plan->n_teams] = team;
	return plan->n_teams++;
}

bool tw_plan_teams(struct tw_plan *plan, const Tw__Snapshot *config, const uint16_t *slots, struct tw_error *err)
{
	uint8_t index[TW_UPLINKS_MAX];

	if (config->n_uplinks > TW_UPLINKS_MAX)
		return tw_error_set(err, TW_E_INVALID, "snapshot.uplinks", "at most %d uplinks", TW_UPLINKS_MAX);
	for (size_t i = 0; i < config->n_uplinks; i++) {
		index[i] = slots[i] == TW_SLOT_NONE ? TW_UPLINKS_MAX : (uint8_t)plan->n_uplinks;
		if (slots[i] == TW_SLOT_NONE)
			continue;
		plan->salts[plan->n_uplinks] = tw_team_salt(config->uplinks[i]->name);
		plan->uplinks[plan->n_uplinks++] = slots[i];
	}
	intern(plan, config->teaming, config, index);
	plan->lacp_fast = config->teaming && config->teaming->lacp_rate == TW__TEAMING__RATE__FAST;
	for (uint32_t i = 0; i < plan->n_ports; i++) {
		const Tw__Teaming *own = config->ports[i]->teaming;

		plan->ports[i].team = own ? intern(plan, own, config, index) : 0;
		if (plan->ports[i].team == TW_TEAMS_MAX)
			return tw_error_set(err, TW_E_INVALID, "snapshot.ports.teaming",
					    "port %u: a host has at most %d different teamings", plan->ports[i].number,
					    TW_TEAMS_MAX);
	}
	return true;
}
