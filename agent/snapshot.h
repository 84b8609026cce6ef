/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot.h - from the slice to what the switch shall be: pure, so that tests can ask it anything.
 *
 * A port is LOCAL when it is bound to this host (OUTGOING while a migration from here is under way), or when a migration
 * brings it here (INCOMING), or has just taken it away (OUTGOING until the migration is settled). A port bound to another
 * host is REMOTE: its MAC and VLAN are known, so that frames for it leave by the uplink. Others are nowhere.
 *
 * Threads  any; touches only its arguments.
 */
#ifndef TW_AGENT_SNAPSHOT_H
#define TW_AGENT_SNAPSHOT_H

#include "agent/slice.h"

struct tw_snapshot;

enum tw_place { TW_PLACE_NOWHERE, TW_PLACE_REMOTE, TW_PLACE_LOCAL };

enum {
	TW_SNAPSHOT_MAX_PORTS = 1024,
	TW_SNAPSHOT_MAX_REMOTES = 65536,
	TW_SNAPSHOT_MAX_MIRRORS = 64,
	TW_SNAPSHOT_MAX_EXPORTERS = 8
};

/**
 * Where is the port, seen from this host?
 * @param role  out: set for TW_PLACE_LOCAL only; may be NULL
 */
enum tw_place tw_snapshot_place(const Tw__WatchReply *view, const char *host, const Tw__Port *port,
				Tw__LocalPort__Role *role);

/** The migration under way (PREPARE..SETTLE) that moves the port from or to this host, or NULL. */
const Tw__Migration *tw_snapshot_migration(const Tw__WatchReply *view, const char *host, const Tw__Port *port);

/**
 * Build the switch's configuration.
 * @param view     borrowed by the result, which must be destroyed before the slice changes
 * @param host     this host's name, borrowed
 * @param run_dir  absolute; sockets are put below vhost/, captures below capture/
 * @param err      set on failure, naming the object that does not fit
 * @return NULL on failure
 */
struct tw_snapshot *tw_snapshot_build(const Tw__WatchReply *view, const char *host, const char *run_dir,
				      struct tw_error *err);
/**
 * Add live captures with a source here, as far as there is room for further mirrors: a capture never stands in the way of the
 * rest.
 * @param captures their `captures` are added; borrowed as view is
 * @param errors   out: why one is left out, for each of them; code 0: it is not
 */
void tw_snapshot_add_captures(struct tw_snapshot *snapshot, const Tw__WatchReply *captures, const Tw__WatchReply *view,
			      const char *run_dir, struct tw_error *errors);
void tw_snapshot_destroy(struct tw_snapshot *snapshot); /* accepts NULL */

/** The message, valid as long as the snapshot. */
Tw__Snapshot *tw_snapshot_message(struct tw_snapshot *snapshot);

#endif
