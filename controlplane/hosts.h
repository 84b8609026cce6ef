/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hosts.h - what the controller knows of each host beyond the model: is it there, what has it realised, what does it owe.
 *
 * A host owes a revision when that revision changed its slice. The last TW_HOST_HISTORY such revisions are remembered;
 * of older ones (and of all before this controller started) it is assumed that each concerned the host, so that a wait
 * may be longer than it need be, never shorter.
 *
 * What a host says it has realised counts only when it has shown, by its Watch, that it speaks of this store (epoch).
 *
 * Threads: the controller's one thread.
 */
#ifndef TW_CONTROLPLANE_HOSTS_H
#define TW_CONTROLPLANE_HOSTS_H

#include <sys/queue.h>

#include "controlplane/call.h"
#include "controlplane/learned.h"

enum {
	TW_HOST_SILENT_MS = 5000, /* without a report for so long, a host is not connected; agents report each second */
	TW_HOST_HISTORY = 64,
};

struct tw_controller;
struct tw_task;

TAILQ_HEAD(tw_task_list, tw_task);

struct tw_host {
	LIST_ENTRY(tw_host) link;
	char *name;

	/* --- said by the host --- */
	bool heard;             /* since this controller started */
	uint64_t heard_mono_ms; /* last Hello or Report */
	uint64_t heard_real_ms; /* the same, Unix epoch */
	uint64_t boot_id;       /* of its agent */
	char *version;
	char *error;       /* why a revision could not be realised */
	uint64_t realised; /* as reported; see tw_host_realised() */
	bool of_our_epoch;
	bool switch_alive;
	Tw__SwitchStatus *status; /* NULL = none reported */

	/* --- its slice --- */
	uint64_t slice_hash;
	uint64_t changed[TW_HOST_HISTORY]; /* revisions that changed the slice, ascending */
	size_t n_changed;
	bool more_before; /* there were changes before changed[0], or there may have been */

	/* --- watch.c: the one watch that is held --- */
	bool watching;
	struct tw_call watch;
	uint64_t watch_since;
	uint64_t watch_captures; /* those that the host has; see tw_captures_as_of() */
	uint64_t watch_until_ms;

	/* --- learned.c: what it has learned --- */
	struct tw_claims claims;

	/* --- tasks.c --- */
	struct tw_task_list tasks; /* in the order given; answered ones are gone */
};

LIST_HEAD(tw_host_list, tw_host);

/** At start: a host for each of the model's. */
void tw_hosts_load(struct tw_controller *ctl);
/** After a commit: hosts follow the model; slices that the commit changed are noted. */
void tw_hosts_update(struct tw_controller *ctl);
/** At shutdown: watches that are held end. */
void tw_hosts_drop_all(struct tw_controller *ctl);

/** @return NULL if the model has no such host */
struct tw_host *tw_host_find(struct tw_controller *ctl, const char *name);
bool tw_host_connected(const struct tw_host *host);
/** Revision by which every frame on the host is decided; 0 = none that is known. */
uint64_t tw_host_realised(const struct tw_controller *ctl, const struct tw_host *host);
/** Newest revision that changed the slice. */
uint64_t tw_host_changed(const struct tw_host *host);
/** What the host must have realised for `revision` to be in force on it; 0 = nothing. Equal to it: concerned itself. */
uint64_t tw_host_owes(const struct tw_host *host, uint64_t revision);
/** Link of a port as the host last reported it; LINK_ABSENT if it does not know the port. */
Tw__LinkState tw_host_port_link(const struct tw_host *host, uint32_t number);

/** Requests (api.c). */
void tw_hosts_hello(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);
void tw_hosts_report(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);
/** The answer to a request of a host that the model does not have. */
void tw_hosts_say_unknown(const char *name, struct tw_call call);

#endif
