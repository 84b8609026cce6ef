/* SPDX-License-Identifier: Apache-2.0 */
/*
 * server.c - takes requests and sends the answers, in whatever order they come; see link.h.
 *
 * Threads  that of the event_base.
 * Owns     a raw REP socket. Plain REP holds one request at a time; raw REP hands out with each request the header that
 *          leads back to its sender (SP_HDR) and leaves keeping it to us, so that any number may be open.
 * Order    open requests are kept in a list, so that none points to a server that is gone.
 */
#include <errno.h>
#include <nanomsg/nn.h>
#include <nanomsg/reqrep.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "proto/link/codec.h"
#include "proto/link/link.h"
#include "proto/link/socket.h"

#define TW_LOG_AREA "link"
#include "common/log.h"

enum {
	CONTROL_SIZE =
		128,    /* cmsghdr and size (24), key of the connection (4), 4 for each of at most 8 hops (NN_MAXTTL) */
	BURST_MAX = 64, /* requests taken before the event loop's other work has its turn */
};

struct tw_link_request {
	LIST_ENTRY(tw_link_request) link;
	struct tw_link_server *server; /* NULL once it is gone */
	uint64_t id;
	_Alignas(struct nn_cmsghdr) unsigned char control[CONTROL_SIZE];
};

struct tw_link_server {
	int sock;
	struct event *readable;
	tw_link_handler handler;
	void *arg;
	LIST_HEAD(, tw_link_request) open;
};

static void request_free(struct tw_link_request *req)
{
	if (req->server)
		LIST_REMOVE(req, link);
	free(req);
}

static size_t control_size(const struct tw_link_request *req)
{
	struct nn_cmsghdr hdr;

	memcpy(&hdr, req->control, sizeof(hdr));
	return hdr.cmsg_len;
}

/* One message and its way back. @return size, -EAGAIN, -errno */
static long receive(struct tw_link_server *server, struct tw_link_request *req, void **data)
{
	struct nn_iovec iov = { .iov_base = data, .iov_len = NN_MSG };
	struct nn_msghdr hdr = {
		.msg_iov = &iov, .msg_iovlen = 1, .msg_control = req->control, .msg_controllen = sizeof(req->control)
	};
	int n = nn_recvmsg(server->sock, &hdr, NN_DONTWAIT);

	return n < 0 ? -nn_errno() : n;
}

static void serve(struct tw_link_server *server, struct tw_link_request *req, const void *data, size_t size)
{
	struct tw_error err = { 0 };
	Tw__Envelope *env = NULL;

	req->server = server;
	LIST_INSERT_HEAD(&server->open, req, link);
	if (tw_link_decode_id(data, size, &env, &req->id, &err)) {
		tw_log_debug("refused a message: size=%zu code=%u field=%s text=\"%s\"", size, err.code, err.field,
			     err.text);
		tw_link_reply_error(req, &err);
		return;
	}
	server->handler(req, env, server->arg);
	tw__envelope__free_unpacked(env, NULL);
}

/* @return false when nothing more is to be had now */
static _Bool take_one(struct tw_link_server *server)
{
	struct tw_link_request *req = calloc(1, sizeof(*req));
	void *data = NULL;
	long size = req ? receive(server, req, &data) : -ENOMEM;

	if (size < 0) {
		free(req);
		if (size != -EAGAIN && size != -EINTR)
			tw_log_error("cannot receive: error=\"%s\"", nn_strerror((int)-size));
		return 0;
	}
	serve(server, req, data, (size_t)size);
	nn_freemsg(data);
	return 1;
}

/* The descriptor stays readable while messages wait, so what a burst leaves is taken on the next turn. */
static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct tw_link_server *server = arg;

	for (int i = 0; i < BURST_MAX && take_one(server); i++)
		;
}

struct tw_link_server *tw_link_server_create(struct event_base *base, const char *url, tw_link_handler handler,
					     void *arg)
{
	struct tw_link_server *server = calloc(1, sizeof(*server));
	int rc = -ENOMEM;

	if (!server)
		goto fail;
	*server = (struct tw_link_server){ .handler = handler, .arg = arg };
	LIST_INIT(&server->open);
	rc = server->sock = tw_link_socket_bind(AF_SP_RAW, NN_REP, url);
	if (rc < 0)
		goto fail;
	rc = tw_link_socket_fd(server->sock);
	server->readable = rc < 0 ? NULL : event_new(base, rc, EV_READ | EV_PERSIST, on_readable, server);
	if (server->readable && event_add(server->readable, NULL) == 0)
		return server;
	rc = rc < 0 ? rc : -ENOMEM;
fail:
	tw_link_server_destroy(server);
	errno = -rc;
	return NULL;
}

void tw_link_server_destroy(struct tw_link_server *server)
{
	struct tw_link_request *req;

	if (!server)
		return;
	LIST_FOREACH (req, &server->open, link)
		req->server = NULL; /* its owner frees it by answering */
	if (server->readable)
		event_free(server->readable);
	tw_link_socket_close(server->sock);
	free(server);
}

static void send_reply(const struct tw_link_request *req, void *data)
{
	struct nn_iovec iov = { .iov_base = &data, .iov_len = NN_MSG };
	struct nn_msghdr hdr = { .msg_iov = &iov,
				 .msg_iovlen = 1,
				 .msg_control = (void *)(uintptr_t)req->control,
				 .msg_controllen = control_size(req) };

	if (nn_sendmsg(req->server->sock, &hdr, NN_DONTWAIT) >= 0)
		return;
	tw_log_warning("cannot answer: error=\"%s\"", nn_strerror(nn_errno()));
	nn_freemsg(data);
}

void tw_link_reply(struct tw_link_request *req, Tw__Envelope *reply)
{
	struct tw_error err = { 0 };
	size_t size;
	void *data;

	if (!req->server) {
		request_free(req);
		return;
	}
	reply->version = TW_PROTO_VERSION;
	reply->request_id = req->id;
	data = tw_link_encode(reply, &size);
	if (data) {
		send_reply(req, data);
		request_free(req);
		return;
	}
	tw_log_error("an answer cannot be encoded: body=%d", (int)reply->body_case);
	if (reply->body_case == TW__ENVELOPE__BODY_ERROR) { /* not even the error below: out of memory */
		request_free(req);
		return;
	}
	tw_error_set(&err, TW_E_TOO_LARGE, NULL, "the answer is larger than the limit of %d octets", TW_LINK_MAX_SIZE);
	tw_link_reply_error(req, &err);
}

void tw_link_reply_error(struct tw_link_request *req, const struct tw_error *err)
{
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__Error body;

	tw_link_error_message(err, &body);
	reply.body_case = TW__ENVELOPE__BODY_ERROR;
	reply.error = &body;
	tw_link_reply(req, &reply);
}

void tw_link_refuse(struct tw_link_request *req, enum tw_api_error code, const char *field, const char *text)
{
	struct tw_error err = { 0 };

	tw_error_set(&err, code, field, "%s", text);
	tw_link_reply_error(req, &err);
}
