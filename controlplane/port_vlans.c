/* SPDX-License-Identifier: Apache-2.0 */
/* port_vlans.c - the VLANs of ports; see port_vlans.h. Pure. */
#include "controlplane/port_vlans.h"

const Tw__Vlan *tw_port_vlan(const struct tw_model *model, const Tw__Port *port)
{
	const Tw__Network *network;

	if (port->vlan && port->vlan->mode != TW__VLAN__MODE__INHERIT)
		return port->vlan;
	network = tw_model_network(model, port->network);
	return network ? network->vlan : NULL;
}

static void add(struct tw_port_vlans *set, uint32_t id)
{
	if (id < TW_N_VLANS)
		set->bits[id / 64] |= UINT64_C(1) << id % 64;
}

void tw_port_vlans_add(struct tw_port_vlans *set, const Tw__Vlan *vlan)
{
	if (!vlan)
		return;
	if (vlan->mode != TW__VLAN__MODE__TRUNK) {
		add(set, vlan->access);
		if (vlan->secondary)
			add(set, vlan->secondary);
		return;
	}
	if (vlan->native)
		add(set, vlan->native);
	for (uint32_t id = 1; vlan->n_trunk == 0 && id < TW_N_VLANS; id++)
		add(set, id);
	for (size_t i = 0; i < vlan->n_trunk; i++)
		for (uint32_t id = vlan->trunk[i]->first; id <= vlan->trunk[i]->last && id < TW_N_VLANS; id++)
			add(set, id);
}

bool tw_port_vlans_meet(const struct tw_port_vlans *set, const Tw__Vlan *vlan)
{
	if (!vlan)
		return false;
	if (vlan->mode != TW__VLAN__MODE__TRUNK)
		return tw_port_vlans_has(set, vlan->access) ||
		       (vlan->secondary && tw_port_vlans_has(set, vlan->secondary));
	if (vlan->native && tw_port_vlans_has(set, vlan->native))
		return true;
	for (uint32_t id = 1; vlan->n_trunk == 0 && id < TW_N_VLANS; id++)
		if (tw_port_vlans_has(set, id))
			return true;
	for (size_t i = 0; i < vlan->n_trunk; i++)
		for (uint32_t id = vlan->trunk[i]->first; id <= vlan->trunk[i]->last && id < TW_N_VLANS; id++)
			if (tw_port_vlans_has(set, id))
				return true;
	return false;
}

bool tw_port_carries(const Tw__Vlan *vlan, uint32_t id)
{
	if (!vlan)
		return false;
	if (vlan->mode != TW__VLAN__MODE__TRUNK)
		return id == vlan->access;
	if (id == 0)
		return false;
	if (id == vlan->native || vlan->n_trunk == 0)
		return true;
	for (size_t i = 0; i < vlan->n_trunk; i++)
		if (id >= vlan->trunk[i]->first && id <= vlan->trunk[i]->last)
			return true;
	return false;
}
