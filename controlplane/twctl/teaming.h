/* SPDX-License-Identifier: Apache-2.0 */
/* teaming.h - how frames are shared out among uplinks: options of hosts, networks and ports, and a cell that shows it. */
#ifndef TW_TWCTL_TEAMING_H
#define TW_TWCTL_TEAMING_H

#include "controlplane/twctl/command.h"

extern const struct tw_option tw_host_teaming_options[];
extern const struct tw_option tw_network_teaming_options[];
extern const struct tw_option tw_port_teaming_options[];

/** "hash-port, active up0 up1, standby up2" */
void tw_cell_teaming(FILE *cell, const json_t *teaming, const json_t *object);

#endif
