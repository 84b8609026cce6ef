/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link.h - carries Envelopes between Tradewind's programs over nanomsg.
 *
 * Three shapes, each nanomsg's own:
 *   server   raw REP: many requests open at once, answered in any order (a Watch may wait a minute)
 *   client   REQ: one request at a time per conversation, synchronous or by callback
 *   events   PUB / SUB: one-way news of a switch
 * The bytes on the socket are made and read in codec.c alone, and the sockets know nothing of messages: a TLS session
 * (later, between machines) goes between the two without either noticing.
 *
 * Threads: an object belongs to the thread of its event_base; no call is thread-safe.
 * Hostile input: every received byte is; codec.c enforces the size limit, the version and the presence of a body, and
 * check.h the limits of every field before a handler sees it.
 */
#ifndef TW_PROTO_LINK_LINK_H
#define TW_PROTO_LINK_LINK_H

#include <event2/event.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/envelope.pb-c.h"
#include "proto/link/error.h"

enum {
	TW_PROTO_VERSION = 1,
	TW_LINK_MAX_SIZE = 64 << 20, /* octets of one message: a snapshot of 65,536 remotes is about 8 MB */
};

/* ---- codec: bytes <-> Envelope (pure; any thread) ---- */

/**
 * Decode and check one message. Sentences ("error", "text" fields) are not refused for their letters: what cannot be shown
 * in them is replaced, and they are cut at 1023 octets.
 * @param out  set on success; release with tw__envelope__free_unpacked(*out, NULL)
 * @param err  set on failure
 * @return 0, or -EBADMSG (malformed, wrong version, no body, a field over its limit), -EMSGSIZE (over TW_LINK_MAX_SIZE)
 */
int tw_link_decode(const uint8_t *data, size_t size, Tw__Envelope **out, struct tw_error *err);

/**
 * Encode into a nanomsg buffer (nn_allocmsg), ready for zero-copy sending.
 * @return the buffer and its size in *size; NULL when out of memory or too large
 */
void *tw_link_encode(const Tw__Envelope *env, size_t *size);

/* ---- server ---- */

struct tw_link_server;
struct tw_link_request; /* one request that has not been answered yet */

/**
 * A request came in. The handler answers at once or later with tw_link_reply()/tw_link_reply_error(), exactly once.
 * @param req  owned by the handler until answered
 * @param env  borrowed: valid until the handler returns
 */
typedef void (*tw_link_handler)(struct tw_link_request *req, const Tw__Envelope *env, void *arg);

/**
 * Bind and serve.
 * @param url   "ipc:///path" (the file gets mode 0600, stale ones are replaced) or "tcp://address:port"
 * @return NULL with errno set (and logged)
 */
struct tw_link_server *tw_link_server_create(struct event_base *base, const char *url, tw_link_handler handler,
					     void *arg);
/**
 * Open requests are dropped without an answer; their owners still call tw_link_reply() to free them. Not to be called
 * from the server's own handler. Accepts NULL.
 */
void tw_link_server_destroy(struct tw_link_server *server);

/** Answer; version and request_id of *reply are set here. Consumes req; borrows reply. */
void tw_link_reply(struct tw_link_request *req, Tw__Envelope *reply);
void tw_link_reply_error(struct tw_link_request *req, const struct tw_error *err);
/** The same, of an error in few words. @param field what is wrong; may be NULL */
void tw_link_refuse(struct tw_link_request *req, enum tw_api_error code, const char *field, const char *text);

/*
 * ---- client ----
 *
 * Connects in the background and again (50 to 500 ms apart) when the connection breaks. A request whose connection breaks
 * before the answer is sent again on the next one, with the same request id: a server killed and started anew answers it,
 * and one that had carried it out already sees it twice. So requests must bear repeating. It is never repeated for being
 * slow. When a call's time is over its socket is closed: the request is not delivered after that, a late answer is not
 * heard, and the next call starts on a fresh connection.
 */

struct tw_link_client;

/**
 * @param reply NULL when err->code is set (timeout: TW_E_TIMEOUT; or the error the server answered). Borrowed.
 */
typedef void (*tw_link_done)(const Tw__Envelope *reply, const struct tw_error *err, void *arg);

/** @param base may be NULL for a client that only uses tw_link_call(). Connecting happens in the background. */
struct tw_link_client *tw_link_client_create(struct event_base *base, const char *url);
void tw_link_client_destroy(struct tw_link_client *client); /* an open call is forgotten: `done` is not called */

/**
 * Ask and wait (twctl, tw-vm).
 * @param request  version and request_id are set here
 * @param reply    out; release with tw__envelope__free_unpacked(*reply, NULL)
 * @param err      set whenever the return is not 0
 * @return 0; -ETIMEDOUT no answer in timeout_ms; -EREMOTEIO the server answered an Error; -EBADMSG an answer that is
 *         none; -EBUSY, -ENOMEM, -EMSGSIZE as below
 */
int tw_link_call(struct tw_link_client *client, Tw__Envelope *request, int timeout_ms, Tw__Envelope **reply,
		 struct tw_error *err);

/**
 * Ask and go on: `done` is called once from the event loop, unless the client is destroyed first.
 * @return 0; -EBUSY while an earlier call is open (one conversation, lock-step); -ENOMEM; -EMSGSIZE
 */
int tw_link_call_async(struct tw_link_client *client, Tw__Envelope *request, int timeout_ms, tw_link_done done,
		       void *arg);
_Bool tw_link_client_busy(const struct tw_link_client *client);

/* ---- events ---- */

struct tw_link_pub;
struct tw_link_sub;
typedef void (*tw_link_event)(const Tw__SwitchEvent *event, void *arg);

struct tw_link_pub *tw_link_pub_create(const char *url);
/** Never blocks; news that nobody hears is gone (receivers resynchronise from SwitchStatus). */
void tw_link_pub_send(struct tw_link_pub *pub, Tw__SwitchEvent *event);
void tw_link_pub_destroy(struct tw_link_pub *pub);

struct tw_link_sub *tw_link_sub_create(struct event_base *base, const char *url, tw_link_event handler, void *arg);
void tw_link_sub_destroy(struct tw_link_sub *sub);

#endif
