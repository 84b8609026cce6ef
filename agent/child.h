/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.h - runs a program to its end and keeps what it said.
 *
 * Threads  the agent's one thread. The program gets a session of its own, so that what it leaves running outlives the
 *          agent, and no descriptors but 0, 1 and 2.
 */
#ifndef TW_AGENT_CHILD_H
#define TW_AGENT_CHILD_H

#include <event2/event.h>

struct tw_child;

struct tw_child_end {
	int status;      /* exit status; 128 + signal when it was killed */
	const char *out; /* last octets of standard output, NUL-terminated */
	const char *err; /* last octets of standard error */
};

typedef void (*tw_child_done)(const struct tw_child_end *end, void *arg);

/**
 * Start a program.
 * @param path        the file; a name without '/' is looked up in PATH
 * @param timeout_ms  SIGTERM is sent then, and SIGKILL as long again later
 * @param done        called once from the event loop, unless destroyed first; the object is freed after it
 * @return NULL with errno set
 */
struct tw_child *tw_child_spawn(struct event_base *base, const char *path, char *const *argv, int timeout_ms,
				tw_child_done done, void *arg);
/** Forget it: the process goes on. Accepts NULL; not from within `done`. */
void tw_child_destroy(struct tw_child *child);

#endif
