/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vhost_conn.h - one front-end's connection: what it may say (vhost_gate.h), the memory it shares, and how it is shut out.
 *
 * Against  a message of which only a part comes, or whose reply is never read: rte_vhost's one thread waits for it, and with
 *          it every other guest's connection; so the socket waits WAIT_MS at most.
 *          a kick for the guest that is no eventfd, or one that makes the worker wait when it is full.
 *          memory that is a file of another kind (a read could wait for somebody else's file server), or shorter than said.
 *          memory that is cut short later: a worker's read of it is a fault (guest_memory.h); the connection ends.
 *          a second connection beside the first.
 * Trusts   the front-end's process (QEMU) not to clear O_NONBLOCK of an eventfd it shares and fill it: a guest cannot.
 * Threads  rte_vhost's for one connection, but tw_conn_shut_out(), which is anybody's.
 */
#ifndef TW_DATAPLANE_VHOST_CONN_H
#define TW_DATAPLANE_VHOST_CONN_H

#include <stdbool.h>

enum { TW_CONN_VIDS = 1024 };

/**
 * A front-end has connected. Before its first message.
 * @param path  the port's socket
 * @param iommu its guest may be behind an IOMMU
 * @return false: it is not to be served (there is one already, or too many)
 */
bool tw_conn_begin(int vid, const char *path, bool iommu);
/** Is the message in hand about translated addresses? rte_vhost's thread for messages. */
bool tw_conn_translates(int vid);
/** Its connection is over. May come more than once. */
void tw_conn_end(int vid);

/** Connections over a socket that is given up: rte_vhost does not say that these are over. */
void tw_conn_end_all(const char *path);

/** Make its connection end: it sees its socket close, as if the switch had gone. */
void tw_conn_shut_out(int vid);

/** The same, and say why in the log. Not from a message's handling. */
void tw_conn_refuse(int vid, const char *why);

/** Shut out those whose memory was not there when it was needed. Main, when woken (tw_vhost_init()). */
void tw_conn_shut_out_faulty(void);

#endif
