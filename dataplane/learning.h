/* SPDX-License-Identifier: Apache-2.0 */
/*
 * learning.h - which MACs live behind which ports: main's table of what workers hear, from which fdb.h's versions are made.
 *
 * Limits   a port has as many MACs as its limit says, and never another port's room: TW_FDB_SHARE are its own, those beyond
 *          come from a pool of TW_FDB_COMMON. A port that is full learns nothing more; nobody's entry is evicted for another.
 * Moves    a MAC that is heard at another port moves there at once. Four moves without ten quiet seconds between them are a
 *          flap: the MAC goes back to where it was before the first and stays for half a minute.
 * Remote   what other hosts' switches have learned comes from the controller and is kept like what is learned here: a MAC that
 *          is there moves by the same rule, and goes when the controller says so. Of the wire, it is only the better word.
 * Log      what is behind ports of this host, with a number for each change (common/mac_log.h): for the controller.
 * One      a port whose guest may change its MAC has one at a time: the newest, changed once a second at most, never aged.
 * Threads  main. No EAL, no clock of its own: what time it is is an argument, in milliseconds modulo 2^32.
 */
#ifndef TW_DATAPLANE_LEARNING_H
#define TW_DATAPLANE_LEARNING_H

#include "common/mac_log.h"
#include "dataplane/fdb.h"

struct tw_learning;

/* What a port may learn. Slots: as fdb.h's entries, TW_FDB_WIRE for all uplinks. */
struct tw_learn_policy {
	uint8_t learn;   /* enum tw_learn */
	uint32_t number; /* of the port; 0: the wire */
	uint32_t limit;
	uint32_t age_ms;
};

enum tw_learned { TW_LEARNED_NOTHING, TW_LEARNED_NEW, TW_LEARNED_MOVED, TW_LEARNED_FLAPPED, TW_LEARNED_REFUSED };

struct tw_learn_stats {
	uint32_t macs;
	uint64_t refused; /* for want of room */
	uint64_t moves;   /* to this port, and changes of the one MAC */
	uint64_t flaps;   /* that this port had a part in */
};

/** @return NULL: out of memory */
struct tw_learning *tw_learning_create(void);
void tw_learning_destroy(struct tw_learning *l); /* accepts NULL; versions that were built are the caller's */

/** From now on a port learns so. What it may no longer have is forgotten; all of it if it is another port. */
void tw_learning_set(struct tw_learning *l, uint16_t slot, const struct tw_learn_policy *policy);

/** A worker has heard this MAC there. Zero, group and ports' own MACs never come here. */
enum tw_learned tw_learning_heard(struct tw_learning *l, uint16_t slot, uint64_t mac, uint16_t vlan, uint32_t now);

/** It is behind this port of another host; 0: behind none any more. */
enum tw_learned tw_learning_remote(struct tw_learning *l, uint64_t mac, uint16_t vlan, uint32_t number, uint32_t now);

/** Everything that is behind other hosts' ports is about to be said: what is not by tw_learning_remote_end() is forgotten. */
void tw_learning_remote_begin(struct tw_learning *l);
void tw_learning_remote_end(struct tw_learning *l);

/** What has been learned behind ports of this host. */
const struct tw_mac_log *tw_learning_log(const struct tw_learning *l);

/** Forget what has not been seen for its port's time. */
void tw_learning_age(struct tw_learning *l, uint32_t now);

/** Forget all that this port has. */
void tw_learning_forget(struct tw_learning *l, uint16_t slot);

/** The next version, if anything has changed. @return NULL: nothing has, or there is no memory (ask again) */
struct tw_fdb *tw_learning_build(struct tw_learning *l);

bool tw_learning_is_on(const struct tw_learning *l, uint16_t slot);
struct tw_learn_stats tw_learning_stats(const struct tw_learning *l, uint16_t slot);

/* One that is known. */
struct tw_learned_mac {
	uint64_t mac;
	uint16_t vlan, slot;
	uint32_t number; /* of the port; 0 = the wire */
	uint32_t age_ms;
	bool moved;  /* it was behind another port before */
	bool frozen; /* claimed by two in turn: it stays for a while */
};

/**
 * MACs of a port, or (TW_SLOT_NONE) of all, from place `from` on: calls fn until it returns false. A MAC keeps its place as
 * long as it is known, so that what is asked for in pieces has each once.
 * @return the place of the one that fn refused; 0 = there are no more
 */
uint32_t tw_learning_walk(const struct tw_learning *l, uint16_t slot, uint32_t from, uint32_t now,
			  bool (*fn)(void *arg, const struct tw_learned_mac *mac), void *arg);

/** How many are known, of all ports here and elsewhere, and of the wire. */
uint32_t tw_learning_total(const struct tw_learning *l);

/** How a port learns: enum tw_learn. */
uint8_t tw_learning_how(const struct tw_learning *l, uint16_t slot);

/** MACs of a port, newest first: calls fn until it returns false. */
void tw_learning_each(const struct tw_learning *l, uint16_t slot, uint32_t now,
		      bool (*fn)(void *arg, uint64_t mac, uint16_t vlan, uint32_t age_ms), void *arg);

#endif
