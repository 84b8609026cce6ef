/* SPDX-License-Identifier: Apache-2.0 */
/*
 * controller.h - the controller as one object: the model and its store, the hosts, and all that waits.
 *
 *   request -> api.c -> edit.c (changes) -> tw_controller_commit(): store, model, slices -> watches, waits
 *   report  -> hosts.c -> waits, migrations        tick -> watches, tasks, waits, migrations whose time has come
 *
 * Everything runs on one thread, from the event loop or, in tests, from calls of tw_api_handle() and
 * tw_controller_tick() under the virtual clock (common/clock.h): nothing here reads another clock or waits.
 */
#ifndef TW_CONTROLPLANE_CONTROLLER_H
#define TW_CONTROLPLANE_CONTROLLER_H

#include <event2/event.h>
#include <sys/queue.h>

#include "controlplane/call.h"
#include "controlplane/hosts.h"
#include "controlplane/model.h"
#include "controlplane/store.h"

struct tw_captures;
struct tw_central;
struct tw_wait;
struct tw_move;
struct tw_gather;
struct tw_question;

struct tw_controller {
	struct tw_model model;
	struct tw_store *store;
	struct tw_host_list hosts;                          /* hosts.c: one for each Host of the model */
	struct tw_learned *learned;                         /* learned.c */
	LIST_HEAD(tw_wait_list, tw_wait) waits;             /* wait.c */
	LIST_HEAD(tw_move_list, tw_move) moves;             /* migration.c */
	LIST_HEAD(tw_gather_list, tw_gather) gathers;       /* flows.c */
	LIST_HEAD(tw_question_list, tw_question) questions; /* question.c */
	struct event *timer;                                /* NULL without an event loop */
	uint64_t wake_at_ms;          /* when tw_controller_tick() is due, by the monotonic clock */
	uint64_t started_ms;          /* monotonic */
	struct tw_captures *captures; /* captures.c */
	struct tw_central *central;   /* NULL = flow records do not go this way */
	bool trial_is_open;           /* exporter_trial.c */
	struct tw_call trial;
	uint64_t next_task; /* id of the next task of no migration */
};

/**
 * Open the store and take up what was under way.
 * @param base  event loop for the timer; NULL: the caller calls tw_controller_tick()
 * @return NULL with *err filled
 */
struct tw_controller *tw_controller_create(struct event_base *base, const char *store_path, struct tw_error *err);
/** Calls that wait end (tw_call_end()). Accepts NULL. */
void tw_controller_destroy(struct tw_controller *ctl);

/**
 * Write changes: to disk, into the model, to the hosts whose slices they change.
 * @param changes  empty afterwards, also on failure
 * @return 0; -EIO with *err filled: nothing has changed
 */
int tw_controller_commit(struct tw_controller *ctl, struct tw_changes *changes, struct tw_error *err)
	__attribute__((warn_unused_result));

/** Do what is due by the clock. Harmless when nothing is. */
void tw_controller_tick(struct tw_controller *ctl);
/** Have tw_controller_tick() called at this time of the monotonic clock, or before. */
void tw_controller_wake_at(struct tw_controller *ctl, uint64_t mono_ms);

/** A request (api.c): the entry for sockets, tests and fuzzers alike. env is borrowed and has been checked. */
void tw_api_handle(struct tw_controller *ctl, const Tw__Envelope *env, struct tw_call call);

#endif
