/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pvlan.c - a secondary VLAN is a part of one primary VLAN, of one kind, and no VLAN in its own right; see refs.h.
 *
 * Hosts learn from their ports which VLANs on the wire are parts of which, so two that disagree would leak frames from one
 * private VLAN into another.
 * The controller's thread; reads only.
 */
#include <stdio.h>
#include <string.h>

#include "controlplane/refs.h"

/* A Vlan of the model and whose it is. */
struct owner {
	const Tw__Vlan *vlan;
	const char *noun, *name;
};

static bool is_private(const Tw__Vlan *v)
{
	return v->secondary != 0;
}

/* Does `v` use the VLAN as one of its own? Trunks may carry any. */
static bool is_whole(const Tw__Vlan *v, uint32_t id)
{
	return (v->mode == TW__VLAN__MODE__ACCESS || v->mode == TW__VLAN__MODE__DOT1Q_TUNNEL) && v->access == id;
}

static bool disagree(const Tw__Vlan *a, const Tw__Vlan *b)
{
	if (is_private(a) && is_private(b) && a->secondary == b->secondary)
		return a->access != b->access || a->pvlan != b->pvlan;
	return (is_private(a) && is_whole(b, a->secondary)) || (is_private(b) && is_whole(a, b->secondary));
}

static bool check_pair(const struct owner *mine, const struct owner *other, struct tw_error *err)
{
	const Tw__Vlan *v = mine->vlan, *o = other->vlan;
	char path[64];

	if (!o || !disagree(v, o))
		return true;
	snprintf(path, sizeof(path), "%s.vlan", mine->noun);
	return tw_error_set(err, TW_E_IN_USE, path,
			    "%s '%s' uses VLAN %u otherwise: a secondary VLAN is of one kind, in one primary VLAN",
			    other->noun, other->name,
			    is_private(v) && (v->secondary == o->secondary || is_whole(o, v->secondary))
				    ? v->secondary
				    : o->secondary);
}

bool tw_refs_private_vlans(const struct tw_model *model, Tw__Kind kind, const Tw__Vlan *vlan, const char *name,
			   struct tw_error *err)
{
	const struct owner mine = { vlan, kind == TW__KIND__PORT ? "port" : "network", name };

	if (!vlan || vlan->mode == TW__VLAN__MODE__INHERIT)
		return true;
	for (size_t i = 0; i < model->tables[TW__KIND__NETWORK].n; i++) {
		const Tw__Network *n = tw_model_network_at(model, i);
		const struct owner other = { n->vlan, "network", n->name };

		if (!(kind == TW__KIND__NETWORK && strcmp(n->name, name) == 0) && !check_pair(&mine, &other, err))
			return false;
	}
	for (size_t i = 0; i < model->tables[TW__KIND__PORT].n; i++) {
		const Tw__Port *p = tw_model_port_at(model, i);
		const struct owner other = { p->vlan, "port", p->name };

		if (!(kind == TW__KIND__PORT && strcmp(p->name, name) == 0) && !check_pair(&mine, &other, err))
			return false;
	}
	return true;
}
