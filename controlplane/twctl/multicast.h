/* SPDX-License-Identifier: Apache-2.0 */
/* multicast.h - how a network's multicast is snooped, as options. Constant; any thread. */
#ifndef TW_TWCTL_MULTICAST_H
#define TW_TWCTL_MULTICAST_H

#include "controlplane/twctl/command.h"

extern const struct tw_option tw_network_multicast_options[];

/** "off", or "querier 10.0.0.5 every 60s, unknown groups to all" */
void tw_cell_snooping(FILE *cell, const json_t *value, const json_t *network);

#endif
