/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls.h - TLS over a connected, non-blocking TCP socket to a collector.
 *
 * Checked  the collector's certificate must come from the given CA, be valid now, and name the collector: tls_name if one is
 *          configured, else the collector's address. Version 1.2 or later. There is no way to leave this out.
 * Shown    a certificate and its key, if configured, so that the collector knows us. A key that everybody on the host may
 *          read is refused. Files are read for each connection anew: replaced ones count from the next on.
 * Ready    with TLS 1.3 a collector refuses our certificate only after our handshake is done. So what waits is not sent
 *          before the collector has said something more (its session tickets) or TW_TLS_HEAR_MS have passed.
 *
 * Threads  the exporter thread. Nothing blocks; a handshake costs it about a millisecond of arithmetic.
 * Spec     RFC 7011 section 11; RFC 8446, RFC 5246; RFC 6125 (names).
 */
#ifndef TW_FLOWEXPORT_TLS_H
#define TW_FLOWEXPORT_TLS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

enum { TW_TLS_PATH = 256, TW_TLS_HEAR_MS = 500 };

/* Absolute paths of PEM files on this host. Empty: certificate and key = none is shown; name = the collector's address. */
struct tw_tls_config {
	char ca[TW_TLS_PATH], certificate[TW_TLS_PATH], key[TW_TLS_PATH], name[TW_TLS_PATH];
};

struct tw_tls;

/** @return NULL: no memory */
struct tw_tls *tw_tls_create(const struct tw_tls_config *config);
/** Accepts NULL. */
void tw_tls_destroy(struct tw_tls *tls);

/** Read the files and prepare a handshake on a socket. @return 0 or -EPROTO, see tw_tls_error() */
int tw_tls_begin(struct tw_tls *tls, int fd, const struct sockaddr_storage *peer);
/** Say goodbye if there is a session, and forget it. The socket stays the caller's. */
void tw_tls_end(struct tw_tls *tls);

/** Go on with the handshake. @return 1: messages may be written, 0: not yet, -EPROTO, -errno of the socket */
int tw_tls_greet(struct tw_tls *tls, uint64_t now_ms);
/** Write a message whole. After -EAGAIN the same message must come next. @return size, -EAGAIN, -EPROTO, -errno */
ssize_t tw_tls_write(struct tw_tls *tls, const uint8_t *message, size_t size);
/** Collectors say nothing but what TLS itself needs; of one that talks a part is heard. @return 0; -ECONNRESET: it has hung up; -EPROTO, -errno */
int tw_tls_hear(struct tw_tls *tls);
/** Octets that the socket has taken, those of the handshake and of framing included. */
uint64_t tw_tls_written(const struct tw_tls *tls);

/** Why the session failed, in a sentence; "" = errno says it. Valid until the next one begins. */
const char *tw_tls_error(const struct tw_tls *tls);

#endif
