/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_expression.h - is a mirror's filter one that every switch can compile? Asked before a mirror is accepted, so that
 * no host is given one that it has to refuse.
 *
 * Threads  any; takes no notice of the network: names of machines are not looked up (mirror_expression.c).
 */
#ifndef TW_CONTROLPLANE_MIRROR_EXPRESSION_H
#define TW_CONTROLPLANE_MIRROR_EXPRESSION_H

#include <stdbool.h>

#include "proto/link/error.h"

/**
 * @param text a tcpdump expression; empty = every frame
 * @return false with *err filled: field "mirror.filter", what libpcap says of it, and where
 */
bool tw_mirror_expression_check(const char *text, struct tw_error *err);

#endif
