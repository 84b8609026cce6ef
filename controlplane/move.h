/* SPDX-License-Identifier: Apache-2.0 */
/*
 * move.h - a migration under way: what is known of it beyond its object in the model, and what its hosts are asked.
 *
 * Internal to migration.c (which takes the steps) and move.c (which asks, and notes the answers here).
 * Threads: the controller's one thread.
 */
#ifndef TW_CONTROLPLANE_MOVE_H
#define TW_CONTROLPLANE_MOVE_H

#include "controlplane/controller.h"

struct tw_move_port {
	uint32_t number;
	bool runs; /* its guest runs at B */
};

struct tw_move {
	LIST_ENTRY(tw_move) link;
	uint64_t id;
	uint64_t until_ms;          /* of this phase */
	uint64_t prepared;          /* revision by which the ports carry the migration */
	bool resumed;               /* was under way when the controller started */
	bool asked;                 /* this phase's task has been posted */
	char failed[256];           /* why it cannot go on; empty = it can */
	bool given_up;              /* A said that its QEMU failed: the guest is there */
	Tw__VmSpec *spec;           /* PREPARE's answer */
	char *uri;                  /* LAUNCH's answer */
	struct tw_move_port *ports; /* of the VM, when the migration began */
	size_t n_ports;
	uint64_t last_run_ns;     /* last PortActivated, CLOCK_REALTIME */
	bool transferred;         /* A is done; `result` has what it said, or zeros */
	Tw__MigrateResult result; /* TRANSFER's answer */
	uint64_t quiet_at_ms;     /* when a time of grace in this phase is over; 0 = it has not begun */
	bool stopped;             /* SETTLE's answer */
};

const Tw__Migration *tw_move_object(const struct tw_controller *ctl, const struct tw_move *move);

/** It cannot go on; the first reason stays. */
void tw_move_fail(struct tw_move *move, const char *text);

/** Post the task of a phase. m is the move's object. */
void tw_move_ask_spec(struct tw_controller *ctl, struct tw_move *move, const Tw__Migration *m);
void tw_move_ask_launch(struct tw_controller *ctl, struct tw_move *move, const Tw__Migration *m);
void tw_move_ask_migrate(struct tw_controller *ctl, struct tw_move *move, const Tw__Migration *m);
void tw_move_ask_stop_at_a(struct tw_controller *ctl, struct tw_move *move, const Tw__Migration *m);
/** Its answer is not waited for: the task outlives the move. */
void tw_move_ask_stop_at_b(struct tw_controller *ctl, struct tw_move *move, const Tw__Migration *m);

/** After a restart: the answer to what tw_move_ask_migrate() asked then may still come. Marks the move as asked. */
void tw_move_expect_migrated(struct tw_controller *ctl, struct tw_move *move, struct tw_host *from);

#endif
