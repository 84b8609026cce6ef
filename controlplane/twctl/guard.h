/* SPDX-License-Identifier: Apache-2.0 */
/* guard.h - the guards of a network or a port: their option and how they are shown. One thread. */
#ifndef TW_TWCTL_GUARD_H
#define TW_TWCTL_GUARD_H

#include "controlplane/twctl/command.h"

extern const struct tw_option tw_network_guard_options[]; /* --guard, --ingress-acl, --egress-acl */
extern const struct tw_option tw_port_guard_options[];    /* the same, also inherit, and --address */

/** "source,arp"; "none"; "inherit" of a port that has none of its own. */
void tw_cell_guards(FILE *cell, const json_t *guards, const json_t *object);

#endif
