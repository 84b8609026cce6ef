/* SPDX-License-Identifier: Apache-2.0 */
/* record.h - what the flight recorder keeps of a network's or a port's frames: options and a cell. One thread. */
#ifndef TW_TWCTL_RECORD_H
#define TW_TWCTL_RECORD_H

#include "controlplane/twctl/command.h"

extern const struct tw_option tw_network_record_options[], tw_port_record_options[];

/** "the last 512 frames", "dropped frames", "inherit". */
void tw_cell_record(FILE *cell, const json_t *record, const json_t *object);

#endif
