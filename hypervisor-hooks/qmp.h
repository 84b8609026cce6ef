/* SPDX-License-Identifier: Apache-2.0 */
/*
 * qmp.h - talks to a QEMU over its machine protocol (QMP), without blocking.
 *
 * One object is one conversation over one unix socket. The greeting and qmp_capabilities are handled here; commands given
 * earlier wait for them and are then sent in order. QMP serves one client at a time: a second one connects but hears no
 * greeting until the first has gone, so keep a conversation only as long as it is needed and put a timer on it.
 *
 * Threads: an object belongs to the thread of its event_base. Callbacks come from the event loop only, never from within
 * a call made here. Every callback may call tw_qmp_destroy() and tw_qmp_execute().
 * Signals: making the first object has the process ignore SIGPIPE, so that a QEMU that dies ends a conversation and no more.
 * Hostile input: a guest may have taken over its QEMU. A line is bounded (TW_QMP_MAX_LINE), duplicate keys and deep
 * nesting are refused, replies to commands that were never given are ignored; what cannot be parsed ends the conversation.
 * Callers still check the type of every member they read from a result.
 * Spec: QEMU docs/interop/qmp-spec.txt.
 */
#ifndef TW_HYPERVISOR_HOOKS_QMP_H
#define TW_HYPERVISOR_HOOKS_QMP_H

#include <event2/event.h>
#include <jansson.h>
#include <stddef.h>

enum {
	TW_QMP_MAX_LINE = 1 << 20, /* octets; the longest reply known, query-qmp-schema, has a fifth of that */
};

struct tw_qmp;

/* Any member may be NULL. */
struct tw_qmp_callbacks {
	/** Greeting heard and capabilities negotiated: commands flow. */
	void (*connected)(struct tw_qmp *qmp, void *arg);
	/** An asynchronous event ("STOP", "RESUME", "MIGRATION", ...). data is borrowed; NULL if the event has none. */
	void (*event)(struct tw_qmp *qmp, const char *name, const json_t *data, void *arg);
	/**
	 * The conversation is over (could not connect, peer closed, protocol error); why is one phrase for a log line.
	 * Open commands have been answered with an error before. Called once; the object still wants tw_qmp_destroy().
	 */
	void (*closed)(struct tw_qmp *qmp, const char *why, void *arg);
};

/**
 * How a command ended.
 * @param result what "return" held, borrowed; NULL on failure
 * @param error  NULL on success, else QEMU's description or the reason the conversation ended
 */
typedef void (*tw_qmp_done)(struct tw_qmp *qmp, const json_t *result, const char *error, void *arg);

/**
 * Connect to a QMP socket in the background.
 * @param path      unix socket; at most 107 octets
 * @param callbacks copied
 * @return NULL with errno set: ENAMETOOLONG, ENOMEM, EMFILE. A refused connection is told by closed().
 */
struct tw_qmp *tw_qmp_connect(struct event_base *base, const char *path, const struct tw_qmp_callbacks *callbacks,
			      void *arg);

/** As tw_qmp_connect(), over a connected stream socket, which is owned (closed) by the object from success on. */
struct tw_qmp *tw_qmp_adopt(struct event_base *base, int fd, const struct tw_qmp_callbacks *callbacks, void *arg);

/** Open commands are forgotten: their `done` is not called, nor is closed(). Accepts NULL. */
void tw_qmp_destroy(struct tw_qmp *qmp);

/**
 * Give a command.
 * @param args  the "arguments" object, whose reference is stolen also on failure; NULL = none
 * @param done  called once, from the event loop, unless the object is destroyed first; may be NULL
 * @return 0; -ENOTCONN after closed(); -ENOMEM; -EINVAL arguments that cannot be written as JSON
 */
int tw_qmp_execute(struct tw_qmp *qmp, const char *command, json_t *args, tw_qmp_done done, void *arg)
	__attribute__((warn_unused_result));

/** True from connected() to closed(). */
_Bool tw_qmp_ready(const struct tw_qmp *qmp);

#endif
