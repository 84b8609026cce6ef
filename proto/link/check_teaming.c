/* SPDX-License-Identifier: Apache-2.0 */
/* check_teaming.c - what a teaming may say, by itself and of the host it is in; see check_rules.h. Pure. */
#include <string.h>

#include "proto/envelope.pb-c.h"
#include "proto/link/check_rules.h"

/* Name number i of both lists, in their order. */
static const char *name_at(const Tw__Teaming *t, size_t i)
{
	return i < t->n_active ? t->active[i] : t->standby[i - t->n_active];
}

static bool fail_name(const Tw__Teaming *t, size_t i, const struct tw_where *at, struct tw_error *err, const char *why)
{
	bool active = i < t->n_active;
	struct tw_where here = { at, active ? "active" : "standby", (long)(active ? i : i - t->n_active) };

	return tw_where_fail(&here, TW_E_INVALID, err, "uplink %s %s", name_at(t, i), why);
}

bool tw_also_teaming_fits(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const Tw__Teaming *t = (const Tw__Teaming *)msg;

	for (size_t i = 1; i < t->n_active + t->n_standby; i++)
		for (size_t j = 0; j < i; j++)
			if (strcmp(name_at(t, i), name_at(t, j)) == 0)
				return fail_name(t, i, at, err, "is named twice");
	return true;
}

static const Tw__Teaming *teaming_of(const ProtobufCMessage *msg)
{
	if (msg->descriptor == &tw__network__descriptor)
		return ((const Tw__Network *)msg)->teaming;
	if (msg->descriptor == &tw__port__descriptor)
		return ((const Tw__Port *)msg)->teaming;
	return ((const Tw__LocalPort *)msg)->teaming;
}

bool tw_also_teaming_is_no_lag(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const Tw__Teaming *t = teaming_of(msg);
	struct tw_where teaming = { at, "teaming", -1 }, policy = { &teaming, "policy", -1 };

	if (!t || t->policy != TW__TEAMING__POLICY__LACP)
		return true;
	return tw_where_fail(&policy, TW_E_INVALID, err,
			     "LACP is a host's teaming: its uplinks are aggregated as a whole");
}

bool tw_also_teaming_names_uplinks(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const Tw__Host *host = (const Tw__Host *)msg;
	const Tw__Teaming *t = host->teaming;
	struct tw_where teaming = { at, "teaming", -1 };

	/* A Set that names only the teaming is looked at again as a whole host. */
	for (size_t i = 0; t && host->n_uplinks && i < t->n_active + t->n_standby; i++) {
		bool known = false;

		for (size_t j = 0; j < host->n_uplinks; j++)
			known = known || strcmp(host->uplinks[j]->name, name_at(t, i)) == 0;
		if (!known)
			return fail_name(t, i, &teaming, err, "is none of the host's");
	}
	return true;
}
