/* SPDX-License-Identifier: Apache-2.0 */
/* mirror_arrive.c - copies from other hosts come in; see mirror_arrive.h. */
#include "dataplane/mirror_arrive.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <rte_ether.h>
#include <rte_lcore.h>

#include "common/clock.h"
#include "dataplane/geneve.h"
#include "dataplane/mirror_ends.h"
#include "dataplane/mirror_socket.h"
#include "dataplane/worker.h"
#include "proto/link/check.h"

#define TW_LOG_AREA "mirror"
#include "common/log.h"

enum {
	BURST = 32,
	FRAME_MOST = TW_MTU_MAX + RTE_ETHER_HDR_LEN + 2 * 4 /* tags */,
	DATAGRAM_MOST = TW_GENEVE_HEADER + FRAME_MOST,
	AGAIN_MS = TW_SOCKET_AGAIN_NS / 1000000,
};

struct tw_arrivals {
	/* --- set before the thread starts --- */
	struct tw_worker *workers[TW_WORKERS_MAX];
	unsigned n_workers;
	struct tw_arrived *arrived;
	pthread_t thread;
	int wake;
	_Atomic bool stop;
	/* --- under lock --- */
	pthread_mutex_t lock;
	struct tw_ends ends;
	struct tw_arrival_stats before[TW_MIRRORS_MAX]; /* what the workers had counted when an end began */
	struct tw_socket_address address;
	int fd; /* -1: none is open */
	uint64_t tried_ms;
	char error[128];
	/* --- the thread's own --- */
	uint8_t datagrams[BURST][DATAGRAM_MOST];
};

/* --- a datagram --- */

/* In as many buffers as it takes. @return NULL: there are not so many */
static struct rte_mbuf *frame_of(struct rte_mempool *pool, const uint8_t *data, uint32_t size)
{
	struct rte_mbuf *first = NULL;

	while (size) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
		uint16_t room = m ? rte_pktmbuf_tailroom(m) : 0, part = size < room ? (uint16_t)size : room;

		if (!m || (first && rte_pktmbuf_chain(first, m))) {
			rte_pktmbuf_free(m);
			rte_pktmbuf_free(first);
			return NULL;
		}
		memcpy(rte_pktmbuf_mtod(m, void *), data, part);
		m->data_len = part;
		if (first)
			first->pkt_len += part;
		else
			m->pkt_len = part;
		first = first ? first : m;
		data += part;
		size -= part;
	}
	return first;
}

static void hand_on(struct tw_arrivals *a, struct tw_end *end, const uint8_t *frame, uint32_t size)
{
	struct tw_worker *w = a->workers[end->slot % a->n_workers];
	struct rte_mbuf *m = rte_ring_full(w->arrivals) ? NULL : frame_of(w->pool, frame, size);

	if (!m) {
		end->full += rte_ring_full(w->arrivals);
		end->memory += !rte_ring_full(w->arrivals);
		return;
	}
	m->port = end->slot;
	*(struct tw_arrival_tag *)rte_mbuf_to_priv(m) = (struct tw_arrival_tag){ .number = end->number,
										 .slot = end->slot,
										 .end = (uint16_t)(end - a->ends.end) };
	if (rte_ring_sp_enqueue(w->arrivals, m)) {
		end->full++;
		rte_pktmbuf_free(m);
	}
}

static void take(struct tw_arrivals *a, const struct mmsghdr *in, const uint8_t *data)
{
	struct tw_end *end = tw_ends_accept(&a->ends, in->msg_hdr.msg_name, data, in->msg_len);

	if (end && in->msg_hdr.msg_flags & MSG_TRUNC)
		end->failed++; /* more than any port takes */
	else if (end)
		hand_on(a, end, data + TW_GENEVE_HEADER, in->msg_len - TW_GENEVE_HEADER);
}

static void take_burst(struct tw_arrivals *a)
{
	struct sockaddr_storage from[BURST];
	struct iovec iov[BURST];
	struct mmsghdr in[BURST] = { 0 };
	int n;

	for (unsigned i = 0; i < BURST; i++) {
		iov[i] = (struct iovec){ a->datagrams[i], DATAGRAM_MOST };
		in[i].msg_hdr = (struct msghdr){
			.msg_name = &from[i], .msg_namelen = sizeof(from[i]), .msg_iov = &iov[i], .msg_iovlen = 1
		};
	}
	n = recvmmsg(a->fd, in, BURST, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++)
		take(a, &in[i], a->datagrams[i]);
}

/* --- the socket --- */

static void close_socket(struct tw_arrivals *a)
{
	if (a->fd >= 0)
		close(a->fd);
	a->fd = -1;
}

static void say(struct tw_arrivals *a, const char *what, int error)
{
	char text[sizeof(a->error)];

	snprintf(text, sizeof(text), "%s: %s", what, strerror(error));
	if (strcmp(text, a->error) != 0)
		tw_log_warning("copies from other hosts cannot come in: %s", text);
	memcpy(a->error, text, sizeof(text));
}

static void set_options(const struct tw_arrivals *a)
{
	tw_socket_option(a->fd, SOL_SOCKET, SO_RCVBUF, TW_SOCKET_BUFFER);
	tw_socket_option(a->fd, SOL_SOCKET, SO_RCVBUFFORCE, TW_SOCKET_BUFFER); /* past the system's limit, if we may */
	if (a->address.at.ss_family == AF_INET6)
		tw_socket_option(a->fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
}

static void open_socket(struct tw_arrivals *a)
{
	if (a->fd >= 0 || !a->address.size)
		return;
	a->tried_ms = tw_clock_mono_ms();
	a->fd = socket(a->address.at.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP);
	if (a->fd < 0) {
		say(a, "no socket", errno);
		return;
	}
	set_options(a);
	if (bind(a->fd, (const struct sockaddr *)&a->address.at, a->address.size)) {
		say(a, "the tunnel address of this host", errno);
		close_socket(a);
		return;
	}
	a->error[0] = '\0';
}

/* --- the thread --- */

/* @return milliseconds until there is something to do by itself; -1 = never */
static int look_at_socket(struct tw_arrivals *a)
{
	if (a->fd >= 0 || !a->address.size)
		return -1;
	if (tw_clock_mono_ms() - a->tried_ms >= AGAIN_MS)
		open_socket(a);
	return a->fd >= 0 ? -1 : AGAIN_MS;
}

static void *run(void *arg)
{
	struct tw_arrivals *a = arg;
	bool registered = rte_thread_register() == 0; /* for a cache of its own in the mbuf pool */
	uint64_t count;

	while (!atomic_load(&a->stop)) {
		struct pollfd p[] = { { .fd = a->wake, .events = POLLIN }, { .fd = -1, .events = POLLIN } };
		int wait;

		pthread_mutex_lock(&a->lock);
		wait = look_at_socket(a);
		if (a->fd >= 0)
			take_burst(a);
		p[1].fd = a->fd;
		pthread_mutex_unlock(&a->lock);
		/* A socket that main closes meanwhile: it wakes us. */
		if (poll(p, 2, wait) > 0 && p[0].revents && read(a->wake, &count, sizeof(count)) < 0)
			tw_log_debug("wake: %s", strerror(errno));
	}
	if (registered)
		rte_thread_unregister();
	return NULL;
}

/* --- main --- */

static void wake(struct tw_arrivals *a)
{
	uint64_t one = 1;

	if (write(a->wake, &one, sizeof(one)) < 0)
		tw_log_warning("wake: %s", strerror(errno));
}

struct tw_arrivals *tw_arrivals_create(struct tw_worker *const *workers, unsigned n_workers, struct tw_arrived *arrived)
{
	struct tw_arrivals *a = calloc(1, sizeof(*a));
	int rc;

	if (!a)
		return NULL;
	for (unsigned i = 0; i < n_workers; i++)
		a->workers[i] = workers[i];
	a->n_workers = n_workers;
	a->arrived = arrived;
	a->fd = -1;
	pthread_mutex_init(&a->lock, NULL);
	a->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	rc = a->wake < 0 ? errno : pthread_create(&a->thread, NULL, run, a);
	if (rc == 0) {
		pthread_setname_np(a->thread, "tw-arrive");
		return a;
	}
	tw_log_error("cannot start the thread for copies from other hosts: %s", strerror(rc));
	if (a->wake >= 0)
		close(a->wake);
	pthread_mutex_destroy(&a->lock);
	free(a);
	return NULL;
}

void tw_arrivals_destroy(struct tw_arrivals *a)
{
	if (!a)
		return;
	atomic_store(&a->stop, true);
	wake(a);
	pthread_join(a->thread, NULL);
	tw_ends_release(&a->ends);
	close_socket(a);
	close(a->wake);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

static struct tw_arrival_stats counted_by_workers(const struct tw_arrivals *a, const struct tw_end *end)
{
	const struct tw_arrived *c = &a->arrived[end - a->ends.end];

	return (struct tw_arrival_stats){ .sent = atomic_load(&c->sent),
					  .octets = atomic_load(&c->octets),
					  .full = atomic_load(&c->full),
					  .absent = atomic_load(&c->absent),
					  .failed = atomic_load(&c->failed) };
}

static void begin(struct tw_arrivals *a, struct tw_end *end)
{
	a->before[end - a->ends.end] = counted_by_workers(a, end);
	end->is_new = false;
}

void tw_arrivals_configure(struct tw_arrivals *a, const Tw__Tunnel *tunnel, const uint16_t *slots)
{
	struct tw_socket_address address = { 0 };
	bool moved;

	pthread_mutex_lock(&a->lock);
	tw_ends_configure(&a->ends, tunnel, slots);
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++)
		if (a->ends.end[i].is_new)
			begin(a, &a->ends.end[i]);
	if (tunnel && tunnel->n_ends)
		tw_socket_address(tunnel->address, (uint16_t)tunnel->port, &address);
	moved = !tw_socket_same(&a->address, &address);
	if (moved) {
		close_socket(a);
		a->address = address;
		a->error[0] = '\0';
		open_socket(a);
	}
	pthread_mutex_unlock(&a->lock);
	if (moved)
		wake(a);
}

size_t tw_arrivals_get_stats(struct tw_arrivals *a, struct tw_arrival_stats stats[TW_MIRRORS_MAX])
{
	size_t n = 0;

	pthread_mutex_lock(&a->lock);
	for (unsigned i = 0; i < TW_MIRRORS_MAX; i++) {
		const struct tw_end *end = &a->ends.end[i];
		const struct tw_arrival_stats *before = &a->before[i];
		struct tw_arrival_stats *s = &stats[n];

		if (!end->used)
			continue;
		*s = counted_by_workers(a, end);
		s->sent -= before->sent;
		s->octets -= before->octets;
		s->full += end->full - before->full;
		s->absent -= before->absent;
		s->failed += end->failed - before->failed;
		s->memory = end->memory;
		s->refused = end->refused;
		s->lost = end->lost;
		s->number = end->number;
		snprintf(s->mirror, sizeof(s->mirror), "%s", end->mirror);
		snprintf(s->error, sizeof(s->error), "%s", a->error);
		n++;
	}
	pthread_mutex_unlock(&a->lock);
	return n;
}

uint64_t tw_arrivals_refused(struct tw_arrivals *a)
{
	uint64_t refused;

	pthread_mutex_lock(&a->lock);
	refused = a->ends.refused;
	pthread_mutex_unlock(&a->lock);
	return refused;
}
