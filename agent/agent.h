/* SPDX-License-Identifier: Apache-2.0 */
/*
 * agent.h - one host's agent: the rooms of this folder and what they share.
 *
 * slice.c knows, snapshot.c turns that into a switch's configuration, switch.c applies it; watch.c hears the controller,
 * report.c speaks to it; records.c carries flow records, macs.c learned MACs, captures.c what is captured live; tasks.c does what
 * it asks for; handover.c, migrate.c and peer.c move guests; local.c serves
 * tw-vm; links.c watches the kernel. agent.c joins them and is the only file that knows them all.
 *
 * Threads  one: that of the event_base. Nothing blocks but writing the slice (a file of some megabytes at most).
 * State    slice.bin only. Killed at any moment, the agent starts again from there.
 */
#ifndef TW_AGENT_AGENT_H
#define TW_AGENT_AGENT_H

#include <event2/event.h>

#include "agent/calls.h"
#include "agent/captures.h"
#include "agent/links.h"
#include "agent/macs.h"
#include "agent/records.h"
#include "agent/report.h"
#include "agent/slice.h"
#include "agent/switch.h"
#include "agent/watch.h"

struct tw_agent_config {
	const char *host;            /* this host's name in the model */
	const char *run_dir;         /* absolute; meets tw-switch and tw-vm there */
	const char *state_dir;       /* holds slice.bin */
	const char *controller;      /* URL */
	const char *peer_url;        /* NULL: no migrations to this host */
	const char *migrate_address; /* NULL: taken from the model's Host */
	const char *records;         /* URL to which flow records go; NULL: beside the controller's */
	uint64_t spool_octets;       /* flow records that wait for the controller; 0 = 256 MiB */
	uint64_t spool_age_ms;       /* 0 = a day */
};

struct tw_agent {
	/* --- set at creation --- */
	struct event_base *base;
	struct tw_agent_config config; /* borrowed texts */
	struct tw_slice *slice;
	struct tw_switch *sw;
	struct tw_watch *watch;
	struct tw_report *report;
	struct tw_calls *operator; /* requests like an operator's: BindPort */
	struct tw_records *records;
	struct tw_captures *captures;
	struct tw_links *links; /* NULL where netlink cannot be used */
	struct tw_handover *handover;
	struct tw_macs *macs;
	struct tw_migrate *migrate;
	struct tw_tasks *tasks;
	struct tw_peer *peer; /* NULL without peer_url */
	struct tw_local *local;
	/* --- agent.c writes, all read --- */
	Tw__SwitchStatus *status; /* last heard, with links.c's truth put in; NULL = none */
	uint64_t content;         /* counts the slices that differed; 0 = there is none */
	uint64_t building;        /* content of the snapshot last built */
	uint64_t building_revision;
	uint64_t applied;      /* content that the switch forwards by; 0 = none of ours */
	uint64_t realised;     /* revision by which every frame on this host is decided */
	struct tw_error error; /* why a newer one could not be realised; code 0 = none */
	bool controller_lost;  /* the controller ceased to answer at least once */
	uint64_t boot_id;      /* of this start of the agent */
};

/** Start everything. @return NULL (logged) */
struct tw_agent *tw_agent_create(struct event_base *base, const struct tw_agent_config *config);
void tw_agent_destroy(struct tw_agent *agent); /* accepts NULL */

static inline const Tw__WatchReply *tw_agent_view(const struct tw_agent *agent)
{
	return tw_slice_view(agent->slice);
}

/** Does the switch forward by the slice as it is now? */
static inline bool tw_agent_settled(const struct tw_agent *agent)
{
	return agent->content != 0 && agent->applied == agent->content && tw_switch_alive(agent->sw);
}

/** Seen from this host; see tw_snapshot_place(). */
static inline enum tw_place tw_agent_place(const struct tw_agent *agent, const Tw__Port *port,
					   Tw__LocalPort__Role *role)
{
	return tw_snapshot_place(tw_agent_view(agent), agent->config.host, port, role);
}

#endif
