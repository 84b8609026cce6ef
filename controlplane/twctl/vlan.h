/* SPDX-License-Identifier: Apache-2.0 */
/* vlan.h - the VLAN of a network or a port: its options and how it is shown. One thread. */
#ifndef TW_TWCTL_VLAN_H
#define TW_TWCTL_VLAN_H

#include "controlplane/twctl/command.h"

extern const struct tw_option tw_network_vlan_options[]; /* --vlan, --trunk, --dot1q-tunnel and theirs; --pcp */
extern const struct tw_option tw_port_vlan_options[];    /* the same, and --vlan inherit */

/** "20", "untagged", "trunk 10,20-30 native 1", "trunk all", "tunnel 100 cvlans 5-9", "10 isolated:11", "inherit" (also when absent). */
void tw_cell_vlan(FILE *cell, const json_t *vlan, const json_t *object);

#endif
