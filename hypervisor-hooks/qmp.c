/* SPDX-License-Identifier: Apache-2.0 */
/*
 * qmp.c - a QMP conversation: lines in, commands out; see qmp.h.
 *
 * Threads  the thread of the event_base.
 * Owns     the socket (through its bufferevent) and the list of open commands.
 * Spec     QEMU docs/interop/qmp-spec.txt: greeting 2.2, commands 2.3, replies 2.4, events 2.5.
 */
#include "hypervisor-hooks/qmp.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { WHY_SIZE = 160 };

struct command {
	TAILQ_ENTRY(command) link;
	json_int_t id;
	char *text; /* one line of JSON; NULL once sent */
	tw_qmp_done done;
	void *arg;
};

enum phase { GREETING, NEGOTIATING, READY, CLOSED };

struct tw_qmp {
	struct bufferevent *bev; /* NULL once closed or doomed */
	struct tw_qmp_callbacks cb;
	void *arg;
	struct event *refused; /* armed when connecting failed at once */
	int refused_errno;
	enum phase phase;
	json_int_t last_id;
	TAILQ_HEAD(, command) commands; /* in order of issue */
	unsigned depth;                 /* callbacks of ours on the stack */
	bool doomed;                    /* destroyed while depth > 0 */
};

static void command_free(struct command *c)
{
	if (!c)
		return;
	free(c->text);
	free(c);
}

static void release(struct tw_qmp *qmp)
{
	struct command *c;

	while ((c = TAILQ_FIRST(&qmp->commands))) {
		TAILQ_REMOVE(&qmp->commands, c, link);
		command_free(c);
	}
	if (qmp->refused)
		event_free(qmp->refused);
	free(qmp);
}

/* Brackets around anything that may call back: the object stays until the last leave(). */
static void enter(struct tw_qmp *qmp)
{
	qmp->depth++;
}

static void leave(struct tw_qmp *qmp)
{
	if (--qmp->depth == 0 && qmp->doomed)
		release(qmp);
}

void tw_qmp_destroy(struct tw_qmp *qmp)
{
	if (!qmp)
		return;
	if (qmp->bev)
		bufferevent_free(qmp->bev);
	qmp->bev = NULL;
	if (qmp->refused)
		evtimer_del(qmp->refused);
	qmp->phase = CLOSED;
	qmp->doomed = true;
	if (qmp->depth == 0)
		release(qmp);
}

static void answer(struct tw_qmp *qmp, struct command *c, const json_t *result, const char *error)
{
	TAILQ_REMOVE(&qmp->commands, c, link);
	if (c->done)
		c->done(qmp, result, error, c->arg);
	command_free(c);
}

static void close_because(struct tw_qmp *qmp, const char *why)
{
	struct command *c;

	if (qmp->phase == CLOSED)
		return;
	qmp->phase = CLOSED;
	if (qmp->bev)
		bufferevent_free(qmp->bev);
	qmp->bev = NULL;
	enter(qmp);
	while (!qmp->doomed && (c = TAILQ_FIRST(&qmp->commands)))
		answer(qmp, c, NULL, why);
	if (!qmp->doomed && qmp->cb.closed)
		qmp->cb.closed(qmp, why, qmp->arg);
	leave(qmp);
}

static int send_line(struct tw_qmp *qmp, const char *text)
{
	struct evbuffer *out = bufferevent_get_output(qmp->bev);

	return evbuffer_add(out, text, strlen(text)) || evbuffer_add(out, "\n", 1) ? -ENOMEM : 0;
}

static int send_command(struct tw_qmp *qmp, struct command *c)
{
	int rc = send_line(qmp, c->text);

	free(c->text);
	c->text = NULL;
	return rc;
}

static struct command *command_of(struct tw_qmp *qmp, const json_t *id)
{
	struct command *c;

	if (!json_is_integer(id))
		return NULL;
	TAILQ_FOREACH (c, &qmp->commands, link)
		if (c->id == json_integer_value(id) && !c->text)
			return c;
	return NULL;
}

static void became_ready(struct tw_qmp *qmp)
{
	struct command *c;

	qmp->phase = READY;
	TAILQ_FOREACH (c, &qmp->commands, link)
		if (c->text && send_command(qmp, c)) {
			close_because(qmp, "out of memory");
			return;
		}
	if (qmp->cb.connected)
		qmp->cb.connected(qmp, qmp->arg);
}

static const char *error_text(const json_t *error)
{
	const char *desc = json_string_value(json_object_get(error, "desc"));

	return desc && *desc ? desc : "QEMU gave no reason";
}

static void take_reply(struct tw_qmp *qmp, const json_t *msg)
{
	const json_t *result = json_object_get(msg, "return"), *error = json_object_get(msg, "error");
	struct command *c = command_of(qmp, json_object_get(msg, "id"));

	if (qmp->phase == NEGOTIATING) {
		if (result)
			became_ready(qmp);
		else
			close_because(qmp, error_text(error));
	} else if (c) {
		answer(qmp, c, error ? NULL : result, error ? error_text(error) : NULL);
	} else if (error && !json_object_get(msg, "id")) {
		close_because(qmp, error_text(error)); /* QEMU could not parse what we sent */
	}
}

/* One message. May close or doom the object. */
static void take_message(struct tw_qmp *qmp, const json_t *msg)
{
	const json_t *event = json_object_get(msg, "event");

	if (!json_is_object(msg)) {
		close_because(qmp, "a QMP message is no JSON object");
	} else if (qmp->phase == GREETING) {
		if (!json_is_object(json_object_get(msg, "QMP")))
			close_because(qmp, "the greeting is not QMP's");
		else if (send_line(qmp, "{\"execute\":\"qmp_capabilities\"}"))
			close_because(qmp, "out of memory");
		else
			qmp->phase = NEGOTIATING;
	} else if (event) {
		if (!json_is_string(event))
			close_because(qmp, "a QMP event has no name");
		else if (qmp->cb.event)
			qmp->cb.event(qmp, json_string_value(event), json_object_get(msg, "data"), qmp->arg);
	} else if (json_object_get(msg, "return") || json_object_get(msg, "error")) {
		take_reply(qmp, msg);
	} else {
		close_because(qmp, "a QMP message is neither reply nor event");
	}
}

static void take_line(struct tw_qmp *qmp, const char *line, size_t size)
{
	json_t *msg = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);

	if (msg)
		take_message(qmp, msg);
	else
		close_because(qmp, "a QMP message is not JSON");
	json_decref(msg);
}

static void on_read(struct bufferevent *bev, void *arg)
{
	struct tw_qmp *qmp = arg;
	char *line;
	size_t size;

	enter(qmp);
	while (qmp->bev) {
		struct evbuffer *in = bufferevent_get_input(bev);

		line = evbuffer_readln(in, &size, EVBUFFER_EOL_LF);
		if (line && size <= TW_QMP_MAX_LINE) {
			if (size > 0 && strspn(line, " \t\r") != size)
				take_line(qmp, line, size);
			free(line);
			continue;
		}
		if (line || evbuffer_get_length(in) > TW_QMP_MAX_LINE)
			close_because(qmp, "a QMP message is too long");
		free(line);
		break;
	}
	leave(qmp);
}

static void on_event(struct bufferevent *bev, short what, void *arg)
{
	struct tw_qmp *qmp = arg;
	int err = EVUTIL_SOCKET_ERROR();
	char why[WHY_SIZE];

	if (what & BEV_EVENT_CONNECTED)
		return;
	if (what & BEV_EVENT_EOF || err == ECONNRESET || err == EPIPE)
		snprintf(why, sizeof(why), "QEMU closed the QMP socket");
	else
		snprintf(why, sizeof(why), "the QMP socket failed: %s", strerror(err));
	close_because(qmp, why);
}

static struct tw_qmp *create(struct event_base *base, int fd, const struct tw_qmp_callbacks *callbacks, void *arg)
{
	struct tw_qmp *qmp = calloc(1, sizeof(*qmp));

	if (!qmp)
		return NULL;
	signal(SIGPIPE, SIG_IGN); /* bufferevents write with writev(2), which knows no MSG_NOSIGNAL */
	TAILQ_INIT(&qmp->commands);
	if (callbacks)
		qmp->cb = *callbacks;
	qmp->arg = arg;
	qmp->bev = bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!qmp->bev) {
		free(qmp);
		errno = ENOMEM;
		return NULL;
	}
	bufferevent_setcb(qmp->bev, on_read, NULL, on_event, qmp);
	/* Reading stops a little above the longest line, so memory is bounded whatever the peer sends. */
	bufferevent_setwatermark(qmp->bev, EV_READ, 0, TW_QMP_MAX_LINE + 2);
	return qmp;
}

struct tw_qmp *tw_qmp_adopt(struct event_base *base, int fd, const struct tw_qmp_callbacks *callbacks, void *arg)
{
	struct tw_qmp *qmp = evutil_make_socket_nonblocking(fd) ? NULL : create(base, fd, callbacks, arg);

	if (qmp)
		bufferevent_enable(qmp->bev, EV_READ);
	return qmp;
}

static void on_refused(evutil_socket_t fd, short what, void *arg)
{
	struct tw_qmp *qmp = arg;
	char why[WHY_SIZE];

	snprintf(why, sizeof(why), "the QMP socket cannot be reached: %s", strerror(qmp->refused_errno));
	close_because(qmp, why);
}

/* Connecting to a unix socket is done at once or not at all; a failure is told from the loop, as everything else. */
static int start_connect(struct tw_qmp *qmp, struct event_base *base, int fd, const struct sockaddr_un *addr)
{
	static const struct timeval at_once;

	if (!connect(fd, (const struct sockaddr *)addr, sizeof(*addr)))
		return bufferevent_enable(qmp->bev, EV_READ) ? -ENOMEM : 0;
	qmp->refused_errno = errno;
	qmp->refused = evtimer_new(base, on_refused, qmp);
	return qmp->refused && !evtimer_add(qmp->refused, &at_once) ? 0 : -ENOMEM;
}

struct tw_qmp *tw_qmp_connect(struct event_base *base, const char *path, const struct tw_qmp_callbacks *callbacks,
			      void *arg)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct tw_qmp *qmp;
	int fd;

	if (strlen(path) >= sizeof(addr.sun_path)) {
		errno = ENAMETOOLONG;
		return NULL;
	}
	memcpy(addr.sun_path, path, strlen(path));
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return NULL;
	qmp = create(base, fd, callbacks, arg);
	if (!qmp) {
		close(fd);
		errno = ENOMEM;
	} else if (start_connect(qmp, base, fd, &addr)) {
		tw_qmp_destroy(qmp);
		qmp = NULL;
		errno = ENOMEM;
	}
	return qmp;
}

static char *command_text(const char *command, const json_t *args, json_int_t id)
{
	json_t *msg = json_pack("{s:s, s:I, s:O*}", "execute", command, "id", id, "arguments", args);
	char *text = msg ? json_dumps(msg, JSON_COMPACT) : NULL;

	json_decref(msg);
	return text;
}

int tw_qmp_execute(struct tw_qmp *qmp, const char *command, json_t *args, tw_qmp_done done, void *arg)
{
	struct command *c = qmp->phase == CLOSED ? NULL : calloc(1, sizeof(*c));
	int rc = 0;

	if (qmp->phase == CLOSED)
		rc = -ENOTCONN;
	else if (!c)
		rc = -ENOMEM;
	else if (!(c->text = command_text(command, args, ++qmp->last_id)))
		rc = -EINVAL;
	json_decref(args);
	if (!rc) {
		c->id = qmp->last_id;
		c->done = done;
		c->arg = arg;
		if (qmp->phase == READY)
			rc = send_command(qmp, c);
	}
	if (rc) {
		command_free(c);
		return rc;
	}
	TAILQ_INSERT_TAIL(&qmp->commands, c, link);
	return 0;
}

_Bool tw_qmp_ready(const struct tw_qmp *qmp)
{
	return qmp->phase == READY;
}
