/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netflow5.h - flow records as NetFlow version 5 has them: IPv4, 32-bit counters, 16-bit interface numbers, no VLAN, no MAC.
 *
 * What it cannot say is left out and counted by the caller, never bent: flows that are not IPv4, and flows that the switch
 * refused, since version 5 has no word for that and a reader would take them for traffic that arrived. Counters that do not
 * fit are told in several records, unless that takes more than TW_NETFLOW5_PARTS_MAX: a record of another host may claim any
 * count. A port number above 65535 becomes interface 0, "unknown".
 *
 * Threads  the owner of the message.
 * Spec     Cisco, "NetFlow Export Datagram Format", version 5.
 */
#ifndef TW_FLOWEXPORT_NETFLOW5_H
#define TW_FLOWEXPORT_NETFLOW5_H

#include <stdbool.h>
#include <stdint.h>

#include "flowexport/message.h"
#include "flowexport/record.h"

enum { TW_NETFLOW5_PARTS_MAX = 4096 /* records of 32-bit counters: 17.6 * 10^12 octets of one flow */ };

/** Can version 5 say this record? */
bool tw_netflow5_can_say(const struct tw_flow_record *record);

/**
 * Add a record, or as much of its counts as one record holds.
 * @param rest    a record that can be said; its packets and l3_octets become what is left to tell, 0 and 0 = all is told
 * @param boot_ms what its times count from, Unix epoch
 * @return false if the message is full (nothing is written)
 */
bool tw_netflow5_add(struct tw_message *message, struct tw_flow_record *rest, uint64_t boot_ms);

#endif
