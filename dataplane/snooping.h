/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snooping.h - main's side of snooping: hears the workers' copies, keeps the table, sends queries, publishes views.
 *
 * Runs by a timer of its own while any VLAN is snooped, SNOOP_MS long rounds: what is heard is taken in, what has changed is
 * published, at most once in PUBLISH_MS, so that guests who join and leave all the time cost main a bounded part of its time
 * and workers nothing.
 * Threads  main.
 */
#ifndef TW_DATAPLANE_SNOOPING_H
#define TW_DATAPLANE_SNOOPING_H

#include "dataplane/mcast.h"
#include "proto/switch.pb-c.h"

struct tw_switch;
struct tw_snooping;
struct tw_port;
struct tw_link_request;

/** tw_mac_word() of what queries are sent from. */
uint64_t tw_snooping_mac(const struct tw_switch *sw);

/** After the workers are made. NULL: out of memory */
struct tw_snooping *tw_snooping_create(struct tw_switch *sw);
/** After the workers have ended. Accepts NULL. */
void tw_snooping_destroy(struct tw_snooping *snooping);

/** sw->plan is another one. */
void tw_snooping_configure(struct tw_snooping *snooping);

/** A port's guest runs: it is asked what it has joined, in each of its VLANs. */
void tw_snooping_port_up(struct tw_snooping *snooping, uint16_t slot);
/** The slot is nobody's any more. Accepts NULL. */
void tw_snooping_port_gone(struct tw_snooping *snooping, uint16_t slot);

/* ---- what goes along with a port that moves ---- */
/** @return false: out of memory */
bool tw_snooping_take(const struct tw_snooping *snooping, uint16_t slot, Tw__PortState *state);
/** state was checked when it came in. */
void tw_snooping_put(struct tw_snooping *snooping, uint16_t slot, const Tw__PortState *state);

const struct tw_mcast *tw_snooping_table(const struct tw_snooping *snooping);
/** Messages refused for a reason (enum tw_mcast_error). */
uint64_t tw_snooping_refused(const struct tw_snooping *snooping, unsigned error);
/** Main's clock, as the table has it. */
uint64_t tw_snooping_now_ms(void);

#endif
