/* SPDX-License-Identifier: Apache-2.0 */
/* port_vlans.h - the VLANs of ports, one by one and as a set of several ports. Pure; the controller's thread. */
#ifndef TW_CONTROLPLANE_PORT_VLANS_H
#define TW_CONTROLPLANE_PORT_VLANS_H

#include "controlplane/model.h"
#include "proto/link/check.h"

enum { TW_N_VLANS = TW_VLAN_MAX + 1 };

/* VLAN ids as bits; 0 = untagged on the uplink. */
struct tw_port_vlans {
	uint64_t bits[(TW_N_VLANS + 63) / 64];
};

static inline bool tw_port_vlans_has(const struct tw_port_vlans *set, uint32_t id)
{
	return id < TW_N_VLANS && (set->bits[id / 64] >> id % 64 & 1);
}

/** A port's own, else its network's; NULL if neither can be told. Borrowed from the model. */
const Tw__Vlan *tw_port_vlan(const struct tw_model *model, const Tw__Port *port);

/** Add those of a port. vlan may be NULL. */
void tw_port_vlans_add(struct tw_port_vlans *set, const Tw__Vlan *vlan);

/** Is one of them in the set? vlan may be NULL: no. */
bool tw_port_vlans_meet(const struct tw_port_vlans *set, const Tw__Vlan *vlan);

/** May the port have frames of this VLAN, as its switch calls it: of a private VLAN the primary one? vlan may be NULL: no. */
bool tw_port_carries(const Tw__Vlan *vlan, uint32_t id);

#endif
