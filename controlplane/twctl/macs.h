/* SPDX-License-Identifier: Apache-2.0 */
/* macs.h - the MAC policy of a network or a port: its options and how it is shown. One thread. */
#ifndef TW_TWCTL_MACS_H
#define TW_TWCTL_MACS_H

#include "controlplane/twctl/command.h"

extern const struct tw_option tw_network_mac_options[]; /* --forged, --promiscuous, --unknown-unicast, ... */
extern const struct tw_option tw_port_mac_options[];    /* the same, also inherit, and --static-mac */

/** "accept", "reject"; "inherit" of a port that says nothing. */
void tw_cell_policy(FILE *cell, const json_t *policy, const json_t *object);
void tw_cell_learn_age(FILE *cell, const json_t *seconds, const json_t *object);
void tw_cell_learn_limit(FILE *cell, const json_t *limit, const json_t *object);
/** "uplink", "flood", "drop"; "inherit" of a port that says nothing. */
void tw_cell_unknown(FILE *cell, const json_t *unknown, const json_t *object);

#endif
