/* SPDX-License-Identifier: Apache-2.0 */
/*
 * events.c - a switch's news, from one to whoever listens; see link.h.
 *
 * Threads  that of the event_base; a publisher's, its creator's.
 * Owns     a PUB or a SUB socket. A subscriber whose socket buffer is full misses news; so does one that comes late.
 */
#include <errno.h>
#include <nanomsg/nn.h>
#include <nanomsg/pubsub.h>
#include <stdlib.h>

#include "proto/link/link.h"
#include "proto/link/socket.h"

#define TW_LOG_AREA "link"
#include "common/log.h"

enum { BURST_MAX = 64 /* events taken before the event loop's other work has its turn */ };

struct tw_link_pub {
	int sock;
};

struct tw_link_sub {
	int sock;
	struct event *readable;
	tw_link_event handler;
	void *arg;
};

struct tw_link_pub *tw_link_pub_create(const char *url)
{
	struct tw_link_pub *pub = calloc(1, sizeof(*pub));

	if (!pub)
		return NULL;
	pub->sock = tw_link_socket_bind(AF_SP, NN_PUB, url);
	if (pub->sock >= 0)
		return pub;
	errno = -pub->sock;
	free(pub);
	return NULL;
}

void tw_link_pub_send(struct tw_link_pub *pub, Tw__SwitchEvent *event)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	size_t size;
	void *data;

	env.version = TW_PROTO_VERSION;
	env.body_case = TW__ENVELOPE__BODY_SWITCH_EVENT;
	env.switch_event = event;
	data = tw_link_encode(&env, &size);
	if (!data || nn_send(pub->sock, &data, NN_MSG, NN_DONTWAIT) >= 0)
		return; /* no memory for news is news nobody hears */
	nn_freemsg(data);
}

void tw_link_pub_destroy(struct tw_link_pub *pub)
{
	if (!pub)
		return;
	tw_link_socket_close(pub->sock);
	free(pub);
}

/* @return false when nothing more is to be had now */
static _Bool take_one(struct tw_link_sub *sub)
{
	struct tw_error err = { 0 };
	Tw__Envelope *env;
	void *data;
	long size = tw_link_socket_recv(sub->sock, &data);
	int rc;

	if (size < 0)
		return 0;
	rc = tw_link_decode(data, (size_t)size, &env, &err);
	nn_freemsg(data);
	if (rc) {
		tw_log_warning("an event is not understood: code=%u field=%s text=\"%s\"", err.code, err.field,
			       err.text);
		return 1;
	}
	if (env->body_case == TW__ENVELOPE__BODY_SWITCH_EVENT)
		sub->handler(env->switch_event, sub->arg);
	tw__envelope__free_unpacked(env, NULL);
	return 1;
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct tw_link_sub *sub = arg;

	for (int i = 0; i < BURST_MAX && take_one(sub); i++)
		;
}

struct tw_link_sub *tw_link_sub_create(struct event_base *base, const char *url, tw_link_event handler, void *arg)
{
	struct tw_link_sub *sub = calloc(1, sizeof(*sub));
	int rc = -ENOMEM;

	if (!sub)
		goto fail;
	*sub = (struct tw_link_sub){ .handler = handler, .arg = arg };
	rc = sub->sock = tw_link_socket_connect(NN_SUB, url);
	if (rc < 0)
		goto fail;
	rc = tw_link_socket_fd(sub->sock);
	sub->readable = rc < 0 ? NULL : event_new(base, rc, EV_READ | EV_PERSIST, on_readable, sub);
	if (sub->readable && event_add(sub->readable, NULL) == 0)
		return sub;
	rc = rc < 0 ? rc : -ENOMEM;
fail:
	tw_link_sub_destroy(sub);
	errno = -rc;
	return NULL;
}

void tw_link_sub_destroy(struct tw_link_sub *sub)
{
	if (!sub)
		return;
	if (sub->readable)
		event_free(sub->readable);
	tw_link_socket_close(sub->sock);
	free(sub);
}
