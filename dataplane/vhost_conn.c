/* SPDX-License-Identifier: Apache-2.0 */
/* vhost_conn.c - front-ends' connections; see vhost_conn.h. */
#include "dataplane/vhost_conn.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <rte_vhost.h>

#include "dataplane/guest_guard.h"
#include "dataplane/guest_memory.h"
#include "dataplane/peek.h"
#include "dataplane/vhost.h"
#include "dataplane/vhost_back.h"
#include "dataplane/vhost_gate.h"

#define TW_LOG_AREA "vhost"
#include "common/log.h"

enum { WAIT_MS = 250 };

struct conn {
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* "" = none */
	int socket;                                             /* a descriptor of our own for rte_vhost's socket; -1 */
	struct tw_gate gate;                                    /* the message thread's, as is the next */
	bool translates;                                        /* the message in hand is of the IOTLB */
};

/* Behind a message rte_vhost has its descriptors (struct vhu_msg_context, which is not to change for those who handle messages). */
enum { DESCRIPTORS_AT = 644, DESCRIPTORS_MAX = 8 };
struct descriptors {
	int fd[DESCRIPTORS_MAX], n;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct conn conns[TW_CONN_VIDS];

/* --- the socket, which rte_vhost does not tell --- */

static bool named(const struct sockaddr_un *name, socklen_t len, const char *path)
{
	return len > sizeof(sa_family_t) && name->sun_family == AF_UNIX &&
	       strncmp(name->sun_path, path, sizeof(name->sun_path)) == 0;
}

/* Is it a connection over this path? The side that listened has the path as its name. */
static bool is_connection(int fd, const char *path)
{
	struct sockaddr_un own = { 0 }, peer = { 0 };
	socklen_t own_len = sizeof(own), peer_len = sizeof(peer);

	if (getsockname(fd, (struct sockaddr *)&own, &own_len) || getpeername(fd, (struct sockaddr *)&peer, &peer_len))
		return false;
	return named(&own, own_len, path) || named(&peer, peer_len, path);
}

/* Has the other side hung up, whatever it said before? */
static bool is_over(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR);
}

/* @return a descriptor of our own; -1: not found */
static int find_socket(const char *path)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int found = -1;

	while (dir && found < 0 && (entry = readdir(dir))) {
		int fd = atoi(entry->d_name);

		if (entry->d_name[0] != '.' && is_connection(fd, path) && !is_over(fd))
			found = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	}
	if (dir)
		closedir(dir);
	return found;
}

static void bound_waits(int fd)
{
	const struct timeval wait = { .tv_usec = WAIT_MS * 1000 };

	if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)))
		tw_log_warning("a front-end can make others wait error=\"%s\"", strerror(errno));
}

/* --- messages --- */

static void refuse(int vid, const char *why)
{
	tw_log_warning("front-end refused socket=%s error=\"%s\"", conns[vid].path, why);
}

void tw_conn_refuse(int vid, const char *why)
{
	refuse(vid, why);
	tw_conn_shut_out(vid);
}

/* Memory as rte_vhost will map it. */
static void prepare_memory(int vid, const struct tw_gate_message *m, const struct descriptors *d)
{
	struct tw_guard_region regions[TW_GUARD_REGIONS];
	unsigned n = 0;
	struct stat st;

	for (; n < m->memory.n_regions && (int)n < d->n && fstat(d->fd[n], &st) == 0 && st.st_blksize > 0; n++) {
		uint64_t size = m->memory.region[n].size + m->memory.region[n].offset, block = (uint64_t)st.st_blksize;

		if (size < m->memory.region[n].offset || size > INT64_MAX - block)
			return; /* rte_vhost says no itself */
		regions[n] = (struct tw_guard_region){ .size = (size + block - 1) / block * block, .fd = d->fd[n] };
	}
	tw_guard_prepare(vid, regions, n);
}

/* What an IOMMU needs more. */
static const char *before_iommu(int vid, const struct tw_gate_message *m, const struct tw_iotlb_message *told)
{
	struct tw_gate *gate = &conns[vid].gate;
	struct descriptors d;

	if (gate->asks_again)
		return tw_back_ask(vid, told->iova, told->perm);

	memcpy(&d, (const char *)m + DESCRIPTORS_AT, sizeof(d));
	if (m->request == TW_GATE_SET_MEM_TABLE)
		prepare_memory(vid, m, &d);
	else if (m->request == TW_GATE_SET_BACKEND_FD)
		return d.n == 1 ? tw_back_begin(vid, d.fd[0], gate->iotlb) : "a back-end channel without its socket";
	return NULL;
}

bool tw_conn_translates(int vid)
{
	return vid >= 0 && vid < TW_CONN_VIDS && conns[vid].translates;
}

static enum rte_vhost_msg_result before_message(int vid, void *message)
{
	const struct tw_iotlb_message told = ((const struct tw_gate_message *)message)->iotlb;
	struct tw_gate *gate = &conns[vid].gate;
	const char *why;

	conns[vid].translates = ((const struct tw_gate_message *)message)->request == TW_GATE_IOTLB;
	if (gate->iotlb)
		tw_back_lock();
	why = tw_gate_check(gate, message);
	if (gate->iotlb)
		tw_back_unlock();
	if (!why && gate->iotlb)
		why = before_iommu(vid, message, &told);
	tw_peek_before_message(vid);
	if (!why)
		return RTE_VHOST_MSG_RESULT_NOT_HANDLED;
	refuse(vid, why);
	return RTE_VHOST_MSG_RESULT_ERR;
}

/* Does a write to it never wait? */
static const char *check_call(int vid, unsigned ring)
{
	char link[40], target[40] = "";
	struct rte_vhost_vring vring;

	if (ring >= TW_GATE_RINGS || rte_vhost_get_vhost_vring(vid, (uint16_t)ring, &vring) || vring.callfd < 0)
		return NULL;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", vring.callfd);
	if (readlink(link, target, sizeof(target) - 1) < 0 || strcmp(target, "anon_inode:[eventfd]") != 0)
		return "a ring's call is no eventfd";
	return fcntl(vring.callfd, F_SETFL, O_NONBLOCK) ? "a ring's call can make a worker wait" : NULL;
}

static const char *check_region(const struct rte_vhost_mem_region *r)
{
	struct statfs fs;
	struct stat st;

	if (fstatfs(r->fd, &fs) || fstat(r->fd, &st))
		return "memory that is no file";
	if (fs.f_type != TMPFS_MAGIC && fs.f_type != HUGETLBFS_MAGIC)
		return "memory in a file that is neither in memory nor of huge pages";
	return (uint64_t)st.st_size < r->host_user_addr - (uint64_t)(uintptr_t)r->mmap_addr + r->size
		       ? "memory beyond the end of its file"
		       : NULL;
}

static const char *check_memory(int vid)
{
	struct tw_guard_region mapped[TW_GUARD_REGIONS];
	bool iommu = conns[vid].gate.iotlb;
	struct rte_vhost_memory *memory = NULL;
	const char *why = NULL;

	if (rte_vhost_get_mem_table(vid, &memory))
		return NULL;
	tw_guest_memory_forget(vid);
	for (uint32_t i = 0; i < memory->nregions; i++) {
		const struct rte_vhost_mem_region *r = &memory->regions[i];

		mapped[i % TW_GUARD_REGIONS] =
			(struct tw_guard_region){ .start = (uintptr_t)r->mmap_addr, .size = r->mmap_size };
		tw_guest_memory_add(vid, r->mmap_addr, r->mmap_size + (iommu ? TW_GUARD_SIZE : 0));
		if (!why)
			why = check_region(r);
	}
	if (!why && iommu && !tw_guard_take(vid, mapped, memory->nregions))
		why = "no room behind its memory is kept free, which an IOMMU needs";
	free(memory);
	return why;
}

static enum rte_vhost_msg_result after_message(int vid, void *message)
{
	struct tw_gate_message *m = message;
	const char *why = NULL;

	if (m->request == TW_GATE_SET_VRING_CALL)
		why = check_call(vid, tw_gate_ring(m));
	else if (m->request == TW_GATE_SET_MEM_TABLE)
		why = check_memory(vid);
	else if (m->request == TW_GATE_SET_VRING_ENABLE && m->state.num == 0 && conns[vid].gate.iotlb)
		tw_vhost_ring_off(vid, tw_gate_ring(m));
	if (why) {
		refuse(vid, why);
		return RTE_VHOST_MSG_RESULT_ERR;
	}
	tw_peek_after_message(vid);
	tw_gate_handled(&conns[vid].gate, m);
	return RTE_VHOST_MSG_RESULT_NOT_HANDLED;
}

/* --- its life --- */

/* Under lock. Is there another front-end that has not hung up? */
static bool is_served(int vid, const char *path)
{
	for (int i = 0; i < TW_CONN_VIDS; i++)
		if (i != vid && strcmp(conns[i].path, path) == 0 && conns[i].socket >= 0 && !is_over(conns[i].socket))
			return true;
	return false;
}

static bool begin_gate(struct tw_gate *gate, bool iommu)
{
	memset(gate, 0, sizeof(*gate));
	gate->iotlb = iommu ? calloc(1, sizeof(*gate->iotlb)) : NULL;
	return gate->iotlb || !iommu;
}

static void end_iommu(int vid)
{
	if (!conns[vid].gate.iotlb)
		return;
	tw_back_end(vid);
	tw_guard_forget(vid);
	free(conns[vid].gate.iotlb);
	conns[vid].gate.iotlb = NULL;
}

bool tw_conn_begin(int vid, const char *path, bool iommu)
{
	const struct rte_vhost_user_extern_ops ops = { .pre_msg_handle = before_message,
						       .post_msg_handle = after_message };
	struct conn *c = &conns[vid];
	bool served, begun = false;

	if (vid < 0 || vid >= TW_CONN_VIDS || strlen(path) >= sizeof(c->path))
		return false;
	tw_conn_end(vid);
	pthread_mutex_lock(&lock);
	served = is_served(vid, path);
	if (!served) {
		begun = begin_gate(&c->gate, iommu);
		memcpy(c->path, path, strlen(path) + 1);
		c->socket = find_socket(path);
		if (c->socket >= 0)
			bound_waits(c->socket);
	}
	pthread_mutex_unlock(&lock);
	if (served) {
		tw_log_warning("a second front-end refused socket=%s", path);
		return false;
	}
	if (!begun) {
		tw_log_warning("a front-end refused socket=%s error=\"out of memory\"", path);
		return false;
	}
	tw_peek_watch(vid);
	return rte_vhost_extern_callback_register(vid, &ops, NULL) == 0;
}

void tw_conn_end(int vid)
{
	struct conn *c = &conns[vid];

	if (vid < 0 || vid >= TW_CONN_VIDS)
		return;
	pthread_mutex_lock(&lock);
	if (c->path[0] && c->socket >= 0)
		close(c->socket);
	c->path[0] = '\0';
	c->socket = -1;
	pthread_mutex_unlock(&lock);
	end_iommu(vid);
	tw_guest_memory_forget(vid);
}

void tw_conn_end_all(const char *path)
{
	for (int vid = 0; vid < TW_CONN_VIDS; vid++) {
		bool its;

		pthread_mutex_lock(&lock);
		its = strcmp(conns[vid].path, path) == 0;
		pthread_mutex_unlock(&lock);
		if (its)
			tw_conn_end(vid);
	}
}

void tw_conn_shut_out(int vid)
{
	if (vid < 0 || vid >= TW_CONN_VIDS)
		return;
	pthread_mutex_lock(&lock);
	if (conns[vid].path[0] && conns[vid].socket >= 0)
		shutdown(conns[vid].socket, SHUT_RDWR);
	pthread_mutex_unlock(&lock);
}

void tw_conn_shut_out_faulty(void)
{
	int vid;

	while ((vid = tw_guest_memory_next_fault()) >= 0) {
		refuse(vid, "the guest's memory is not there");
		tw_conn_shut_out(vid);
	}
}
