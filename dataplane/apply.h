/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apply.h - the parts of taking over a configuration; apply.c puts them in order. Main.
 */
#ifndef TW_DATAPLANE_APPLY_H
#define TW_DATAPLANE_APPLY_H

#include "dataplane/switch.h"

/* A configuration on its way in: which slot each of its objects has or gets. */
struct tw_change {
	const Tw__Snapshot *config;
	uint16_t port_slots[TW_PORTS_MAX];
	uint16_t uplink_slots[TW_UPLINKS_MAX];
	struct tw_mirror_place mirrors[TW_MIRRORS_MAX];
	bool stays[TW_SLOTS_MAX];  /* was there before and goes on */
	bool is_new[TW_SLOTS_MAX]; /* to be undone if the change fails */
	struct tw_exporter_config exporters;
	struct tw_central central;
	struct tw_flow_identity *identities;
	struct tw_flow_network *networks;
};

/* ---- apply_ports.c ---- */
/** Find or make a slot for every port, and open the sockets that nobody has yet. */
bool tw_apply_match_ports(struct tw_switch *sw, struct tw_change *c, struct tw_error *err);
bool tw_apply_match_uplinks(struct tw_switch *sw, struct tw_change *c, struct tw_error *err);
void tw_apply_undo(struct tw_switch *sw, struct tw_change *c);
/** From here on it is so: names, roles; what is no longer named begins to leave. */
void tw_apply_commit(struct tw_switch *sw, struct tw_change *c);
/** Sockets and devices that those who left had. @return false: a socket cannot be opened */
bool tw_apply_open_rest(struct tw_switch *sw, struct tw_change *c, struct tw_error *err);

/* ---- apply_watchers.c: mirrors and exporters ---- */
bool tw_apply_read_exporters(struct tw_change *c, struct tw_error *err);
/** apply_names.c. @return false: out of memory */
bool tw_apply_read_names(struct tw_change *c);
void tw_apply_open_mirrors(struct tw_switch *sw, struct tw_change *c);
/** @param left every worker has the new snapshot, none a former one */
void tw_apply_finish_watchers(struct tw_switch *sw, struct tw_change *c, bool left);

#endif
