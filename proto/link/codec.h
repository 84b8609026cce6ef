/* SPDX-License-Identifier: Apache-2.0 */
/* codec.h - what only the sockets of this room need of codec.c; the rest is in link.h. Pure; any thread. */
#ifndef TW_PROTO_LINK_CODEC_H
#define TW_PROTO_LINK_CODEC_H

#include "proto/link/link.h"

/**
 * As tw_link_decode(), and say whose message it was.
 * @param request_id out: the id the message carries, also of one that is refused; 0 where none could be read
 */
int tw_link_decode_id(const uint8_t *data, size_t size, Tw__Envelope **out, uint64_t *request_id, struct tw_error *err);

/** Point *msg at err's texts: valid as long as err is. */
void tw_link_error_message(const struct tw_error *err, Tw__Error *msg);

/** The way back; the peer's text is cut to fit. */
void tw_link_error_read(const Tw__Error *msg, struct tw_error *err);

#endif
