/* SPDX-License-Identifier: Apache-2.0 */
/* rate.h - the limits of a network or a port: their options and how they are shown. One thread. */
#ifndef TW_TWCTL_RATE_H
#define TW_TWCTL_RATE_H

#include "controlplane/twctl/command.h"

extern const struct tw_option tw_network_rate_options[]; /* --ingress-rate, -burst, -pps; egress; storms; shaping */
extern const struct tw_option tw_port_rate_options[];    /* the same, also inherit */

/** Cells of the field ingress_rate, egress_rate: "1Gbit/s, burst 256K; 100kpps", "none", "inherit". */
void tw_cell_ingress(FILE *cell, const json_t *rate, const json_t *object);
void tw_cell_egress(FILE *cell, const json_t *rate, const json_t *object);
/** Of the field storm_broadcast: "broadcast 1kpps, multicast none, unknown inherit", "none", "inherit". */
void tw_cell_storm(FILE *cell, const json_t *broadcast, const json_t *object);
/** "500Mbit/s, queue 1M", "none", "inherit". */
void tw_cell_shape(FILE *cell, const json_t *shape, const json_t *object);

#endif
