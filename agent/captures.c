/* SPDX-License-Identifier: Apache-2.0 */
/*
 * captures.c - live captures on this host; see captures.h.
 *
 * Threads  the agent's one thread.
 * Owns     the socket that the switch sends to, its connections, one link client, the batches that wait for it.
 */
#include "agent/captures.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/calls.h"
#include "common/path.h"

#define TW_LOG_AREA "captures"
#include "common/log.h"

enum {
	MESSAGE_MAX = 256 << 10, /* a batch has about 64 KiB, or one frame more */
	WAITING_MOST = 4 << 20,
	PUSH_OCTETS = 1 << 20,
	PUSH_BATCHES = 64,
	CONNECTIONS_MAX = 64,
	TIMEOUT_MS = 5000,
	RETRY_MS = 1000,
	STATUSES_MAX = 128, /* of mirrors in a SwitchStatus */
};

struct connection {
	LIST_ENTRY(connection) link;
	struct tw_captures *captures;
	int fd;
	struct event *readable;
};

struct batch {
	STAILQ_ENTRY(batch) link;
	Tw__CaptureBatch *msg;
	size_t octets;
};

struct tw_captures {
	struct event_base *base;
	char *host;
	struct sockaddr_un at;
	int listener;
	struct event *acceptable;
	bool deaf;           /* a connection could not be accepted: again later */
	struct event *later; /* what could not be done is tried again */
	LIST_HEAD(, connection) connections;
	unsigned n_connections;
	bool held; /* the connections are not read: there is enough */
	uint8_t *message;
	struct tw_link_client *client;
	bool refused; /* so that a trouble is one line */
	STAILQ_HEAD(, batch) waiting;
	size_t waiting_octets;
	Tw__WatchReply *list;    /* its captures are those there are */
	struct tw_error *errors; /* why they are not copied, one for each */
};

/* --- which there are --- */

static Tw__WatchReply *copy_captures(const Tw__WatchReply *from)
{
	Tw__WatchReply only = TW__WATCH_REPLY__INIT, *copy;
	uint8_t *octets;
	size_t size;

	only.captures = from->captures;
	only.n_captures = from->n_captures;
	only.captures_as_of = from->captures_as_of;
	size = tw__watch_reply__get_packed_size(&only);
	octets = malloc(size + 1);
	if (!octets)
		return NULL;
	tw__watch_reply__pack(&only, octets);
	copy = tw__watch_reply__unpack(NULL, size, octets);
	free(octets);
	return copy;
}

bool tw_captures_set(struct tw_captures *c, const Tw__WatchReply *reply)
{
	struct tw_error *errors;
	Tw__WatchReply *list;

	if (reply->captures_as_of == c->list->captures_as_of)
		return false;
	list = copy_captures(reply);
	errors = calloc(reply->n_captures + 1, sizeof(*errors));
	if (!list || !errors) { /* the next reply says it again */
		if (list)
			tw__watch_reply__free_unpacked(list, NULL);
		free(errors);
		return false;
	}
	tw__watch_reply__free_unpacked(c->list, NULL);
	free(c->errors);
	c->list = list;
	c->errors = errors;
	tw_log_info("captures=%zu", list->n_captures);
	return true;
}

bool tw_captures_forget(struct tw_captures *c)
{
	const Tw__WatchReply none = TW__WATCH_REPLY__INIT;

	return tw_captures_set(c, &none);
}

const Tw__WatchReply *tw_captures_list(const struct tw_captures *c)
{
	return c->list;
}

uint64_t tw_captures_as_of(const struct tw_captures *c)
{
	return c->list->captures_as_of;
}

struct tw_error *tw_captures_errors(struct tw_captures *c)
{
	return c->errors;
}

static Tw__MirrorStatus *status_of(const char *name, const char *error)
{
	Tw__MirrorStatus *m = malloc(sizeof(*m));

	if (!m)
		return NULL;
	tw__mirror_status__init(m);
	m->name = strdup(name);
	m->error = strdup(error);
	if (m->name && m->error)
		return m;
	free(m->name);
	free(m->error);
	free(m);
	return NULL;
}

void tw_captures_put_in(const struct tw_captures *c, Tw__SwitchStatus *status)
{
	size_t most = status->n_mirrors + c->list->n_captures;
	Tw__MirrorStatus **grown = reallocarray(status->mirrors, most + 1, sizeof(Tw__MirrorStatus *));

	if (grown)
		status->mirrors = grown;
	for (size_t i = 0; grown && i < c->list->n_captures && status->n_mirrors < STATUSES_MAX; i++) {
		Tw__MirrorStatus *m =
			c->errors[i].code ? status_of(c->list->captures[i]->name, c->errors[i].text) : NULL;

		if (m)
			status->mirrors[status->n_mirrors++] = m;
	}
}

/* --- to the controller --- */

static void hold(struct tw_captures *c, bool held)
{
	struct connection *connection;

	if (held == c->held)
		return;
	c->held = held;
	LIST_FOREACH (connection, &c->connections, link) {
		if (held)
			event_del(connection->readable);
		else
			event_add(connection->readable, NULL);
	}
}

static void drop_first(struct tw_captures *c)
{
	struct batch *batch = STAILQ_FIRST(&c->waiting);

	STAILQ_REMOVE_HEAD(&c->waiting, link);
	c->waiting_octets -= batch->octets;
	tw__capture_batch__free_unpacked(batch->msg, NULL);
	free(batch);
}

static void push(struct tw_captures *c);

static void on_pushed(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	struct tw_captures *c = arg;
	struct tw_error why = { 0 };
	bool taken = tw_calls_reply_is(reply, err, TW__ENVELOPE__BODY_ACK, &why);

	if (!taken && !c->refused)
		tw_log_warning("the controller does not take captured frames, they are lost code=%u error=%s", why.code,
			       why.text);
	c->refused = !taken;
	push(c);
}

static void try_later(const struct tw_captures *c)
{
	const struct timeval tv = { .tv_sec = RETRY_MS / 1000 };

	event_add(c->later, &tv);
}

static void forget_first(struct tw_captures *c, size_t n)
{
	while (n--)
		drop_first(c);
	if (c->waiting_octets < WAITING_MOST / 2)
		hold(c, false);
}

/* What never can be sent is given up; the rest waits, and no answer to a push will ask for it. */
static void not_sent(struct tw_captures *c, size_t n, int rc)
{
	if (!c->refused)
		tw_log_warning("captured frames cannot be sent error=\"%s\"", strerror(-rc));
	c->refused = true;
	if (rc == -EMSGSIZE)
		forget_first(c, n);
	try_later(c);
}

/* What is sent is not kept: who reads sees by the numbers if it did not arrive. */
static void push(struct tw_captures *c)
{
	Tw__CaptureBatch *batches[PUSH_BATCHES];
	Tw__Envelope env = TW__ENVELOPE__INIT;
	const struct batch *batch;
	Tw__PushCaptures msg;
	size_t octets = 0;
	int rc;

	if (tw_link_client_busy(c->client) || STAILQ_EMPTY(&c->waiting))
		return;
	tw__push_captures__init(&msg);
	msg.host = c->host;
	msg.batches = batches;
	STAILQ_FOREACH (batch, &c->waiting, link) {
		if (msg.n_batches == PUSH_BATCHES || octets > PUSH_OCTETS)
			break;
		batches[msg.n_batches++] = batch->msg;
		octets += batch->octets;
	}
	env.body_case = TW__ENVELOPE__BODY_PUSH_CAPTURES;
	env.push_captures = &msg;
	rc = tw_link_call_async(c->client, &env, TIMEOUT_MS, on_pushed, c);
	if (rc)
		not_sent(c, msg.n_batches, rc);
	else
		forget_first(c, msg.n_batches);
}

/* --- from the switch --- */

/* Takes the batch out of the message. */
static void keep(struct tw_captures *c, Tw__Envelope *env, size_t octets)
{
	struct batch *batch = malloc(sizeof(*batch));

	if (!batch)
		return;
	batch->msg = env->capture_batch;
	batch->octets = octets;
	env->capture_batch = NULL;
	env->body_case = TW__ENVELOPE__BODY__NOT_SET;
	STAILQ_INSERT_TAIL(&c->waiting, batch, link);
	c->waiting_octets += octets;
}

static void hang_up(struct connection *connection)
{
	LIST_REMOVE(connection, link);
	connection->captures->n_connections--;
	event_free(connection->readable);
	close(connection->fd);
	free(connection);
}

/* @return false: there is none, and whoever is at the other end is not to be heard any more */
static bool take(struct tw_captures *c, const uint8_t *data, size_t size)
{
	Tw__Envelope *env = NULL;
	struct tw_error err;
	bool ok;

	if (tw_link_decode(data, size, &env, &err)) {
		tw_log_warning("captured frames that cannot be read field=%s error=%s", err.field, err.text);
		return false;
	}
	ok = env->body_case == TW__ENVELOPE__BODY_CAPTURE_BATCH;
	if (ok) /* also what is under way of a capture that is closed: the controller knows whether anybody reads it */
		keep(c, env, size);
	tw__envelope__free_unpacked(env, NULL);
	return ok;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct connection *connection = arg;
	struct tw_captures *c = connection->captures;
	ssize_t n = recv(fd, c->message, MESSAGE_MAX, MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || n > MESSAGE_MAX || !take(c, c->message, (size_t)n))
		hang_up(connection);
	if (c->waiting_octets > WAITING_MOST)
		hold(c, true);
	push(c);
}

/* Who wants to connect still waits, and would wake us at once again. */
static void cannot_accept(struct tw_captures *c)
{
	if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED)
		return;
	if (!c->deaf)
		tw_log_error("the switch cannot hand over captured frames error=\"%s\"", strerror(errno));
	c->deaf = true;
	event_del(c->acceptable);
	try_later(c);
}

static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct tw_captures *c = arg;
	int from = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct connection *connection;

	if (from < 0) {
		cannot_accept(c);
		return;
	}
	c->deaf = false;
	connection = c->n_connections < CONNECTIONS_MAX ? calloc(1, sizeof(*connection)) : NULL;
	if (connection)
		connection->readable = event_new(c->base, from, EV_READ | EV_PERSIST, on_readable, connection);
	if (!connection || !connection->readable) {
		close(from);
		free(connection);
		return;
	}
	connection->captures = c;
	connection->fd = from;
	LIST_INSERT_HEAD(&c->connections, connection, link);
	c->n_connections++;
	if (!c->held)
		event_add(connection->readable, NULL);
}

static void on_later(evutil_socket_t fd, short what, void *arg)
{
	struct tw_captures *c = arg;

	event_add(c->acceptable, NULL);
	push(c);
}

/* --- life --- */

/* @return 0 or -errno */
static int listen_at(struct tw_captures *c, const char *run_dir)
{
	int rc = tw_path(c->at.sun_path, sizeof(c->at.sun_path), "%s/capture.sock", run_dir);
	mode_t old;

	if (rc)
		return rc;
	c->at.sun_family = AF_UNIX;
	c->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (c->listener < 0)
		return -errno;
	unlink(c->at.sun_path); /* of an agent that is no more */
	old = umask(0177);
	rc = bind(c->listener, (const struct sockaddr *)&c->at, sizeof(c->at)) || listen(c->listener, CONNECTIONS_MAX)
		     ? -errno
		     : 0;
	umask(old);
	return rc;
}

struct tw_captures *tw_captures_create(struct event_base *base, const struct tw_captures_config *config)
{
	struct tw_captures *c = calloc(1, sizeof(*c));
	int rc;

	if (!c)
		return NULL;
	c->base = base;
	c->listener = -1;
	LIST_INIT(&c->connections);
	STAILQ_INIT(&c->waiting);
	rc = listen_at(c, config->run_dir);
	if (rc)
		tw_log_error("no captures: cannot listen path=%s error=\"%s\"", c->at.sun_path, strerror(-rc));
	c->list = calloc(1, sizeof(*c->list));
	if (c->list)
		tw__watch_reply__init(c->list);
	c->errors = calloc(1, sizeof(*c->errors));
	c->host = strdup(config->host);
	c->message = malloc(MESSAGE_MAX);
	c->client = tw_link_client_create(base, config->controller);
	c->acceptable = event_new(base, c->listener, EV_READ | EV_PERSIST, on_acceptable, c);
	c->later = evtimer_new(base, on_later, c);
	if (!rc && c->list && c->errors && c->host && c->message && c->client && c->acceptable && c->later &&
	    event_add(c->acceptable, NULL) == 0)
		return c;
	tw_captures_destroy(c);
	return NULL;
}

void tw_captures_destroy(struct tw_captures *c)
{
	if (!c)
		return;
	while (!LIST_EMPTY(&c->connections))
		hang_up(LIST_FIRST(&c->connections));
	while (!STAILQ_EMPTY(&c->waiting))
		drop_first(c);
	if (c->client)
		tw_link_client_destroy(c->client);
	if (c->acceptable)
		event_free(c->acceptable);
	if (c->later)
		event_free(c->later);
	if (c->listener >= 0) {
		close(c->listener);
		unlink(c->at.sun_path);
	}
	if (c->list)
		tw__watch_reply__free_unpacked(c->list, NULL);
	free(c->errors);
	free(c->message);
	free(c->host);
	free(c);
}
