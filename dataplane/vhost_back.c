/* SPDX-License-Identifier: Apache-2.0 */
/* vhost_back.c - from rte_vhost to front-ends, without waiting; see vhost_back.h. */
#include "dataplane/vhost_back.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "dataplane/vhost_conn.h"

#define TW_LOG_AREA "vhost"
#include "common/log.h"

enum {
	VERSION = 1,
	BACKEND_IOTLB = 1,      /* the one request of the channel that there can be */
	QUEUE_OCTETS = 1 << 16, /* about 170 messages: see TW_IOTLB_ENTRIES */
	EVENTS = 16,
	AT_ONCE = 64, /* messages of one connection before the next has its turn */
};

struct message {
	uint32_t request, flags, size;
	struct tw_iotlb_message iotlb;
} __attribute__((packed));
static_assert(sizeof(struct message) == 44, "as rte_vhost sends it");

struct channel {
	struct tw_iotlb *iotlb; /* NULL = none */
	int from, to;           /* rte_vhost; the front-end */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct channel channels[TW_CONN_VIDS];
static int poll_fd = -1; /* -1: the thread is not there yet */

void tw_back_lock(void)
{
	pthread_mutex_lock(&lock);
}

void tw_back_unlock(void)
{
	pthread_mutex_unlock(&lock);
}

/* --- the thread --- */

/* Under lock. @return NULL; why the front-end is to be shut out */
static const char *pass_on(struct channel *c, const struct message *m, size_t size)
{
	const char *why;

	if (size != sizeof(*m) || m->request != BACKEND_IOTLB || m->iotlb.type != TW_IOTLB_MISS)
		return NULL;
	why = tw_iotlb_ask(c->iotlb, m->iotlb.iova, m->iotlb.perm);
	if (why)
		return why;
	return send(c->to, m, size, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)size ? NULL
										  : "it does not read what it is asked";
}

static void serve(int vid)
{
	struct channel *c = &channels[vid];
	const char *why = NULL;
	struct message m;

	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < AT_ONCE && c->iotlb && !why; i++) {
		ssize_t size = recv(c->from, &m, sizeof(m), MSG_DONTWAIT);

		if (size < 0)
			break;
		if (size == 0) { /* rte_vhost has closed its end: the connection is about to be over */
			epoll_ctl(poll_fd, EPOLL_CTL_DEL, c->from, NULL);
			break;
		}
		why = pass_on(c, &m, (size_t)size);
		if (why)
			epoll_ctl(poll_fd, EPOLL_CTL_DEL, c->from, NULL);
	}
	pthread_mutex_unlock(&lock);
	if (why)
		tw_conn_refuse(vid, why);
}

static void *run(void *arg)
{
	struct epoll_event events[EVENTS];

	for (;;) {
		int n = epoll_wait(poll_fd, events, EVENTS, -1);

		for (int i = 0; i < n; i++)
			serve((int)events[i].data.u32);
	}
	return NULL;
}

/* Under lock. For as long as the process lives. */
static bool has_thread(void)
{
	pthread_t thread;

	if (poll_fd >= 0)
		return true;
	poll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (poll_fd >= 0 && pthread_create(&thread, NULL, run, NULL) == 0) {
		pthread_setname_np(thread, "tw-back");
		pthread_detach(thread);
		return true;
	}
	if (poll_fd >= 0)
		close(poll_fd);
	poll_fd = -1;
	return false;
}

/* --- a connection --- */

static bool is_channel(int fd)
{
	int domain = 0, type = 0;
	socklen_t size = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX &&
	       getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_STREAM;
}

/* Under lock. */
static bool put_between(struct channel *c, int vid, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = (uint32_t)vid };
	const int octets = QUEUE_OCTETS;
	int pair[2], to = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (to < 0)
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair)) {
		close(to);
		return false;
	}
	if (setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &octets, sizeof(octets)) ||
	    epoll_ctl(poll_fd, EPOLL_CTL_ADD, pair[0], &event) || dup3(pair[1], fd, O_CLOEXEC) < 0) {
		close(pair[0]);
		close(pair[1]);
		close(to);
		return false;
	}
	close(pair[1]);
	c->from = pair[0];
	c->to = to;
	return true;
}

const char *tw_back_begin(int vid, int fd, struct tw_iotlb *iotlb)
{
	bool put;

	if (!is_channel(fd))
		return "a back-end channel that is no socket";
	tw_back_end(vid);
	pthread_mutex_lock(&lock);
	put = has_thread() && put_between(&channels[vid], vid, fd);
	if (put)
		channels[vid].iotlb = iotlb;
	pthread_mutex_unlock(&lock);
	return put ? NULL : "there is no room for a back-end channel";
}

const char *tw_back_ask(int vid, uint64_t iova, uint8_t perm)
{
	const struct message m = { .request = BACKEND_IOTLB,
				   .flags = VERSION,
				   .size = sizeof(m.iotlb),
				   .iotlb = { .iova = iova, .perm = perm, .type = TW_IOTLB_MISS } };
	const char *why = NULL;

	pthread_mutex_lock(&lock);
	if (channels[vid].iotlb)
		why = pass_on(&channels[vid], &m, sizeof(m));
	pthread_mutex_unlock(&lock);
	return why;
}

void tw_back_end(int vid)
{
	struct channel *c = &channels[vid];

	pthread_mutex_lock(&lock);
	if (c->iotlb) {
		close(c->from);
		close(c->to);
		c->iotlb = NULL;
	}
	pthread_mutex_unlock(&lock);
}
