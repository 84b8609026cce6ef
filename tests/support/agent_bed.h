/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent_bed.h - an agent in a test's own event loop, between a switch, a controller, another host's agent and a QEMU that
 * are none: servers of a few lines that keep what they were told and answer what the test wants.
 *
 * Threads  the test's one.
 */
#ifndef TW_TESTS_SUPPORT_AGENT_BED_H
#define TW_TESTS_SUPPORT_AGENT_BED_H

#include <event2/event.h>
#include <stdbool.h>

#include "agent/agent.h"
#include "proto/link/link.h"

enum { BED_MAX_PORTS = 8, BED_MAX_RESULTS = 8, BED_MAX_COMMANDS = 64, BED_URL_SIZE = 128 };

struct bed_switch {
	struct tw_link_server *server;
	struct tw_link_pub *pub;
	uint64_t boot_id, revision;
	unsigned n_applied;
	bool refuse;                       /* the next snapshots */
	Tw__Snapshot *applied;             /* a copy of the last */
	Tw__LinkState link[BED_MAX_PORTS]; /* by port number, for the status */
	unsigned n_taken, n_put, n_released;
	bool released_moved;
	Tw__PortState *put; /* a copy of the last */
};

struct bed_controller {
	struct tw_link_server *server;
	Tw__WatchReply *slice; /* what host a is told; owned */
	struct tw_link_request *watch;
	uint64_t watch_since;
	unsigned n_hello, n_bind, n_reports;
	uint64_t realised;
	bool switch_alive;
	char error[256]; /* of the last report */
	unsigned n_activated;
	Tw__PortActivated activated;
	unsigned n_results;
	Tw__TaskResult *results[BED_MAX_RESULTS];
};

struct bed_peer {
	struct tw_link_server *server;
	unsigned n_handed;
	uint64_t migration;
	uint64_t rx_packets;
	size_t n_flows;
	bool silent;
};

struct bed_qemu {
	int fd;
	struct event *accept;
	struct bufferevent *conn;
	const char *migration; /* what query-migrate says: "none", "active", "completed", "failed" */
	const char *after;     /* what it says once `migrate` was given */
	const char *run_state; /* what query-status says, unless the last `migrate` is completed: then "postmigrate" */
	bool sent;             /* `migrate` was given */
	unsigned n_commands;
	char commands[BED_MAX_COMMANDS][32];
};

struct bed {
	char dir[64], state[96];
	struct event_base *base;
	struct event *tick;
	struct tw_agent *agent;
	struct tw_agent_config config;
	char controller_url[BED_URL_SIZE], peer_url[BED_URL_SIZE], other_url[BED_URL_SIZE];
	struct bed_switch sw;
	struct bed_controller ctl;
	struct bed_peer other;
	struct bed_qemu qemu;
	struct tw_link_client *local; /* tw-vm's */
	bool answered;
	Tw__Envelope *answer; /* NULL when it was an error */
	struct tw_error answer_err;
};

/* cmocka fixtures: nothing runs yet but the loop. */
int bed_setup(void **state);
int bed_teardown(void **state);

void bed_start_agent(struct bed *bed);
void bed_stop_agent(struct bed *bed);
void bed_start_switch(struct bed *bed, uint64_t boot_id);
void bed_stop_switch(struct bed *bed);
/* slice is consumed */
void bed_start_controller(struct bed *bed, Tw__WatchReply *slice);
void bed_stop_controller(struct bed *bed);
/* Another slice for the agent; consumed. */
void bed_tell(struct bed *bed, Tw__WatchReply *slice);
void bed_start_other(struct bed *bed);
/* The QMP socket of a guest. */
void bed_start_qemu(struct bed *bed, const char *vm);
bool bed_qemu_heard(const struct bed *bed, const char *command);

/* The switch says so, by event and by status. */
void bed_link(struct bed *bed, uint32_t number, Tw__LinkState link);
void bed_moved(struct bed *bed, uint32_t number);

/* tw-vm asks the agent; the answer comes to bed->answer. */
void bed_ask(struct bed *bed, Tw__Envelope *request);

/* One turn of the loop, at most 10 ms. @return false when 10 s have passed since the first turn of this wait */
bool bed_turn(struct bed *bed, uint64_t *began);

/* Let the loop run until the condition holds; fails the test after 10 s. */
#define BED_UNTIL(bed, condition)                                            \
	do {                                                                 \
		uint64_t began_ = 0;                                         \
		while (!(condition))                                         \
			if (!bed_turn(bed, &began_))                         \
				fail_msg("never came true: %s", #condition); \
	} while (0)

#endif
