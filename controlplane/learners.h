/* SPDX-License-Identifier: Apache-2.0 */
/*
 * learners.h - which ports may have learned MACs, where they are, and which MACs are ports' own: the model, as learned.c asks it.
 *
 * Threads: the controller's one thread. A value of one revision; it borrows nothing.
 */
#ifndef TW_CONTROLPLANE_LEARNERS_H
#define TW_CONTROLPLANE_LEARNERS_H

#include "controlplane/port_vlans.h"

struct tw_learners;

/* A port that is bound and may learn. */
struct tw_learner {
	uint32_t number;
	uint32_t limit;       /* MACs that it may have */
	uint32_t count;       /* the caller's */
	const char *hosts[2]; /* that serve it: two while it moves, else the second is NULL */
	Tw__Vlan *vlan;
};

struct tw_learners *tw_learners_create(const struct tw_model *model);
void tw_learners_destroy(struct tw_learners *learners); /* accepts NULL */

/** @return NULL: the port does not learn, is bound nowhere, or there is none */
struct tw_learner *tw_learners_find(const struct tw_learners *learners, uint32_t number);

/** Does the host serve it? */
bool tw_learner_is_at(const struct tw_learner *learner, const char *host);

/** Is it a port's own MAC or a static one? mac: 48 bits, first octet highest */
bool tw_learners_own(const struct tw_learners *learners, uint64_t mac);

/** VLANs of the ports that the host serves; NULL = it serves none. */
const struct tw_port_vlans *tw_learners_vlans(const struct tw_learners *learners, const char *host);

#endif
