/* SPDX-License-Identifier: Apache-2.0 */
/* plan_acls.c - a configuration's access lists, and which port has which; see plan.h and acl.h. Main (pure). */
#include <stdlib.h>
#include <string.h>

#include "dataplane/acl.h"
#include "dataplane/plan.h"

static bool find(const struct tw_plan *plan, const char *name, const char *field, const struct tw_acl **acl,
		 struct tw_error *err)
{
	*acl = NULL;
	if (!*name)
		return true;
	for (uint32_t i = 0; i < plan->n_acls; i++)
		if (strcmp(plan->acls[i]->name, name) == 0) {
			*acl = plan->acls[i];
			return true;
		}
	return tw_error_set(err, TW_E_NOT_FOUND, field, "a port names the access list %s, which is not here", name);
}

bool tw_plan_acls(struct tw_plan *plan, const Tw__Snapshot *config, struct tw_error *err)
{
	plan->acls = calloc(config->n_acls + 1, sizeof(struct tw_acl *));
	if (!plan->acls)
		return tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
	for (size_t i = 0; i < config->n_acls; i++) {
		const Tw__Acl *a = config->acls[i];

		plan->acls[plan->n_acls] =
			tw_acl_get(a->name, a->rules, a->n_rules, a->default_action == TW__ACL__ACTION__DENY);
		if (!plan->acls[plan->n_acls])
			return tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory for access list %s", a->name);
		plan->n_acls++;
	}
	for (size_t i = 0; i < config->n_ports; i++)
		if (!find(plan, config->ports[i]->ingress_acl, "snapshot.ports.ingress_acl", &plan->ports[i].acl_in,
			  err) ||
		    !find(plan, config->ports[i]->egress_acl, "snapshot.ports.egress_acl", &plan->ports[i].acl_out,
			  err))
			return false;
	return true;
}

void tw_plan_put_acls(struct tw_plan *plan)
{
	for (uint32_t i = 0; i < plan->n_acls; i++)
		tw_acl_put(plan->acls[i]);
	free(plan->acls);
}
