/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client.c - asks one server one thing at a time; see link.h.
 *
 * Threads  that of the event_base, or any one for tw_link_call().
 * Owns     a REQ socket. nanomsg connects, reconnects and, when the connection breaks under a request, sends the request
 *          again on the next one. It never gives up, so this file does: when the time of a call is over the socket is
 *          thrown away, and with it a request that would else be delivered to a server that starts an hour later.
 */
#include <errno.h>
#include <nanomsg/nn.h>
#include <nanomsg/reqrep.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/clock.h"
#include "proto/link/codec.h"
#include "proto/link/link.h"
#include "proto/link/socket.h"

#define TW_LOG_AREA "link"
#include "common/log.h"

struct tw_link_client {
	struct event_base *base; /* NULL: tw_link_call() only */
	char *url;
	int sock; /* negative while there is none */
	struct event *readable, *timer;
	/* the open call; id 0 = none */
	uint64_t id;
	tw_link_done done;
	void *arg;
};

static void on_readable(evutil_socket_t fd, short what, void *arg);
static void on_timeout(evutil_socket_t fd, short what, void *arg);

static void disconnect(struct tw_link_client *client)
{
	if (client->readable)
		event_free(client->readable);
	client->readable = NULL;
	tw_link_socket_close(client->sock);
	client->sock = -ENOTCONN;
}

static int connect_client(struct tw_link_client *client)
{
	int fd, rc = client->sock = tw_link_socket_connect(NN_REQ, client->url);

	if (rc < 0 || !client->base)
		return rc < 0 ? rc : 0;
	fd = tw_link_socket_fd(client->sock);
	client->readable = fd < 0 ? NULL : event_new(client->base, fd, EV_READ | EV_PERSIST, on_readable, client);
	if (client->readable && event_add(client->readable, NULL) == 0)
		return 0;
	disconnect(client);
	return -ENOMEM;
}

struct tw_link_client *tw_link_client_create(struct event_base *base, const char *url)
{
	struct tw_link_client *client = calloc(1, sizeof(*client));
	int rc = -ENOMEM;

	if (!client)
		goto fail;
	*client = (struct tw_link_client){ .base = base, .sock = -ENOTCONN };
	client->url = strdup(url);
	client->timer = base ? evtimer_new(base, on_timeout, client) : NULL;
	if (!client->url || (base && !client->timer))
		goto fail;
	rc = connect_client(client);
	if (!rc)
		return client;
fail:
	tw_link_client_destroy(client);
	errno = -rc;
	return NULL;
}

void tw_link_client_destroy(struct tw_link_client *client)
{
	if (!client)
		return;
	disconnect(client);
	if (client->timer)
		event_free(client->timer);
	free(client->url);
	free(client);
}

_Bool tw_link_client_busy(const struct tw_link_client *client)
{
	return client->id != 0;
}

/* Random, so that it says nothing of other conversations and is not met again by chance; never 0. */
static uint64_t new_id(void)
{
	uint64_t id = 0;

	while (id == 0)
		if (getrandom(&id, sizeof(id), 0) != sizeof(id))
			id = 0;
	return id;
}

/* Open a call. @return 0, -EBUSY, -ENOMEM, -EMSGSIZE, -errno of connecting */
static int send_request(struct tw_link_client *client, Tw__Envelope *request)
{
	void *data;
	size_t size;
	int rc;

	if (client->id)
		return -EBUSY;
	rc = client->sock < 0 ? connect_client(client) : 0;
	if (rc)
		return rc;
	request->version = TW_PROTO_VERSION;
	request->request_id = new_id();
	data = tw_link_encode(request, &size);
	if (!data)
		return tw__envelope__get_packed_size(request) > TW_LINK_MAX_SIZE ? -EMSGSIZE : -ENOMEM;
	if (nn_send(client->sock, &data, NN_MSG, NN_DONTWAIT) < 0) {
		rc = -nn_errno();
		nn_freemsg(data);
		return rc;
	}
	client->id = request->request_id;
	return 0;
}

/* Decode and turn the Error body into err. @return 0; -EAGAIN not our answer; -EREMOTEIO, -EBADMSG, -EMSGSIZE with err */
static int read_reply(uint64_t id, const void *data, size_t size, Tw__Envelope **reply, struct tw_error *err)
{
	uint64_t got;
	int rc = tw_link_decode_id(data, size, reply, &got, err);
	_Bool error = !rc && (*reply)->body_case == TW__ENVELOPE__BODY_ERROR;

	/* A server that could not read our id answers an Error with id 0; the socket knows that it is for us. */
	if (got != id && !(got == 0 && (rc || error))) {
		if (!rc)
			tw__envelope__free_unpacked(*reply, NULL);
		return -EAGAIN;
	}
	if (!error)
		return rc;
	tw_link_error_read((*reply)->error, err);
	tw__envelope__free_unpacked(*reply, NULL);
	*reply = NULL;
	return -EREMOTEIO;
}

/* The answer, if it is there. @return as read_reply() */
static int receive(struct tw_link_client *client, Tw__Envelope **reply, struct tw_error *err)
{
	void *data;
	long size = tw_link_socket_recv(client->sock, &data);
	int rc;

	if (size < 0) /* -EFSM: an answer was taken already and nothing is asked */
		return -EAGAIN;
	rc = read_reply(client->id, data, (size_t)size, reply, err);
	nn_freemsg(data);
	return rc;
}

/* ---- with an event loop ---- */

static void finish(struct tw_link_client *client, const Tw__Envelope *reply, const struct tw_error *err)
{
	tw_link_done done = client->done;

	client->id = 0; /* before the callback, which may ask the next thing or destroy the client */
	client->done = NULL;
	evtimer_del(client->timer);
	if (done)
		done(reply, err, client->arg);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct tw_link_client *client = arg;
	struct tw_error err = { 0 };
	Tw__Envelope *reply = NULL;
	int rc = receive(client, &reply, &err);

	if (rc == -EAGAIN)
		return;
	finish(client, rc ? NULL : reply, &err);
	if (!rc)
		tw__envelope__free_unpacked(reply, NULL);
}

static void on_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct tw_link_client *client = arg;
	struct tw_error err = { 0 };

	disconnect(client);
	if (connect_client(client))
		tw_log_warning("cannot connect anew, the next call tries again: url=%s", client->url);
	tw_error_set(&err, TW_E_TIMEOUT, NULL, "no answer from %s", client->url);
	finish(client, NULL, &err);
}

int tw_link_call_async(struct tw_link_client *client, Tw__Envelope *request, int timeout_ms, tw_link_done done,
		       void *arg)
{
	int ms = timeout_ms > 0 ? timeout_ms : 0;
	struct timeval wait = { .tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000 };
	int rc = send_request(client, request);

	if (rc)
		return rc;
	client->done = done;
	client->arg = arg;
	if (evtimer_add(client->timer, &wait) == 0)
		return 0;
	client->id = 0;
	client->done = NULL;
	disconnect(client);
	return -ENOMEM;
}

/* ---- without ---- */

static int wait_reply(struct tw_link_client *client, int timeout_ms, Tw__Envelope **reply, struct tw_error *err)
{
	uint64_t deadline = tw_clock_mono_ms() + (uint64_t)(timeout_ms > 0 ? timeout_ms : 0), now;
	struct pollfd fd = { .fd = tw_link_socket_fd(client->sock), .events = POLLIN };
	int rc;

	while ((rc = receive(client, reply, err)) == -EAGAIN) {
		now = tw_clock_mono_ms();
		if (now >= deadline) {
			tw_error_set(err, TW_E_TIMEOUT, NULL, "no answer from %s in %d ms", client->url, timeout_ms);
			return -ETIMEDOUT;
		}
		poll(&fd, 1, (int)(deadline - now));
	}
	return rc;
}

int tw_link_call(struct tw_link_client *client, Tw__Envelope *request, int timeout_ms, Tw__Envelope **reply,
		 struct tw_error *err)
{
	int rc = send_request(client, request);

	*reply = NULL;
	if (rc == -EMSGSIZE)
		tw_error_set(err, TW_E_TOO_LARGE, NULL, "the request is larger than the limit of %d octets",
			     TW_LINK_MAX_SIZE);
	else if (rc)
		tw_error_set(err, TW_E_INTERNAL, NULL, "cannot ask %s: %s", client->url, nn_strerror(-rc));
	if (rc)
		return rc;
	rc = wait_reply(client, timeout_ms, reply, err);
	client->id = 0;
	if (rc == -ETIMEDOUT)
		disconnect(client); /* the next call connects anew */
	return rc;
}
