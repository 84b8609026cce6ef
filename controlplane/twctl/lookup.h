/* SPDX-License-Identifier: Apache-2.0 */
/* lookup.h - which port a number stands for, and what hosts say about the ports they do not serve. One thread. */
#ifndef TW_TWCTL_LOOKUP_H
#define TW_TWCTL_LOOKUP_H

#include "controlplane/twctl/command.h"

/** {"3": {port 3}, ...} of a list of ports. New reference. */
json_t *tw_ports_by_number(const json_t *ports);
/** That port; NULL = there is none. Borrowed. */
json_t *tw_port_of(const json_t *by_number, json_int_t number);
/** "web/eth0"; "uplink" of number 0; the number of a port that has gone. New reference. */
json_t *tw_port_label(const json_t *by_number, json_int_t number);

/** Is a VLAN one of the network's? A network that is NULL has all. */
bool tw_network_has_vlan(const json_t *network, json_int_t vlan);

/** Say which hosts an answer lacks. @param missing names */
void tw_out_missing(const struct tw_run *run, const json_t *missing);

#endif
