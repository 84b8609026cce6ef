/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stop.h - ends a guest's QEMU on this host: asked over QMP, killed when it does not listen; its files go with it.
 *
 * The process is the one that holds the lock on the guest's pid file (vm_files.h), so a stale file harms nobody.
 *
 * Threads  the agent's one thread.
 */
#ifndef TW_AGENT_STOP_H
#define TW_AGENT_STOP_H

#include <event2/event.h>

struct tw_stop;

/** @param error  NULL when no such guest runs here any more */
typedef void (*tw_stop_done)(const char *error, void *arg);

/**
 * Begin. `done` is called once from the event loop (also when there is nothing to end), unless destroyed first; the
 * object is freed after it.
 * @param vm  a checked name
 * @return NULL when out of memory
 */
struct tw_stop *tw_stop_vm(struct event_base *base, const char *run_dir, const char *vm, tw_stop_done done, void *arg);
void tw_stop_destroy(struct tw_stop *stop); /* accepts NULL; not from within `done` */

#endif
