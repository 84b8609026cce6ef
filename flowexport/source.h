/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source.h - the address that messages come from, where an operator chooses it.
 *
 * One exporter is configured for all hosts, so a prefix will do: each host takes its own address in it. Collectors know an
 * exporter by this address; without a choice it is the one that the route to the collector has.
 *
 * Threads  the exporter thread.
 */
#ifndef TW_FLOWEXPORT_SOURCE_H
#define TW_FLOWEXPORT_SOURCE_H

#include "common/prefix.h"

enum { TW_SOURCE_TEXT = 80 };

/** Bind a socket to this host's address in a prefix. Family 0 of the prefix: nothing to do. @return 0; -EADDRNOTAVAIL: it
 *  has none; -EAFNOSUPPORT: the socket is of another IP version; -errno */
int tw_source_bind(int fd, const struct tw_prefix *source);

/** Why tw_source_bind() failed. @return text */
const char *tw_source_error(int error, const struct tw_prefix *source, char text[static TW_SOURCE_TEXT]);

#endif
