/* SPDX-License-Identifier: Apache-2.0 */
/*
 * socket.h - nanomsg sockets as this room opens them: one endpoint each, Tradewind's options set, ipc files looked after.
 *
 * Threads  any one; tw_link_socket_bind() changes the process's umask for a moment, so bind before other threads create
 *          files, or where the thread has an umask of its own (unshare(2), CLONE_FS).
 */
#ifndef TW_PROTO_LINK_SOCKET_H
#define TW_PROTO_LINK_SOCKET_H

#include <stddef.h>

/**
 * Open and bind. A stale ipc file (a socket nobody listens on) is replaced, any other file is not; the new one has mode
 * 0600. The folder must exist.
 * @param domain   AF_SP or AF_SP_RAW
 * @param protocol NN_REP, NN_PUB
 * @return nanomsg socket, or -errno (logged): -EADDRINUSE, -ENOENT, -ENAMETOOLONG, -EPROTONOSUPPORT, ...
 */
int tw_link_socket_bind(int domain, int protocol, const char *url);

/** Open and connect in the background. @return nanomsg socket, or -errno (logged) for an URL that can never work */
int tw_link_socket_connect(int protocol, const char *url);

/** Close, whatever signals arrive. Accepts a negative socket. */
void tw_link_socket_close(int sock);

/** File descriptor that is readable while a message waits; not to be read or closed. @return fd, or -errno */
int tw_link_socket_fd(int sock);

/**
 * Take one message without waiting.
 * @param data out: nanomsg buffer, nn_freemsg() it
 * @return size, or -EAGAIN, -errno
 */
long tw_link_socket_recv(int sock, void **data);

#endif
