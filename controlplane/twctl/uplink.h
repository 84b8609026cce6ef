/* SPDX-License-Identifier: Apache-2.0 */
/* uplink.h - tables of a host's uplinks: links, roles, counters, what was dropped. */
#ifndef TW_TWCTL_UPLINK_H
#define TW_TWCTL_UPLINK_H

#include "controlplane/twctl/command.h"

/** Print them, each table behind an empty line; nothing where there are none. @param uplinks of a switch's status */
void tw_uplinks_show(FILE *out, const json_t *uplinks);

#endif
