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

#include "dataplane/guest_memory.h"
#include "dataplane/peek.h"
#include "dataplane/vhost_gate.h"

#define TW_LOG_AREA "vhost"
#include "common/log.h"

enum { WAIT_MS = 250 };

struct conn {
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)]; /* "" = none */
	int socket;                                             /* a descriptor of our own for rte_vhost's socket; -1 */
	struct tw_gate gate;                                    /* the message thread's */
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

static enum rte_vhost_msg_result before_message(int vid, void *message)
{
	const char *why = tw_gate_check(&conns[vid].gate, message);

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
	struct rte_vhost_memory *memory = NULL;
	const char *why = NULL;

	if (rte_vhost_get_mem_table(vid, &memory))
		return NULL;
	tw_guest_memory_forget(vid);
	for (uint32_t i = 0; i < memory->nregions; i++) {
		tw_guest_memory_add(vid, memory->regions[i].mmap_addr, memory->regions[i].mmap_size);
		if (!why)
			why = check_region(&memory->regions[i]);
	}
	free(memory);
	return why;
}

static enum rte_vhost_msg_result after_message(int vid, void *message)
{
	const struct tw_gate_message *m = message;
	const char *why = NULL;

	if (m->request == TW_GATE_SET_VRING_CALL)
		why = check_call(vid, tw_gate_ring(m));
	else if (m->request == TW_GATE_SET_MEM_TABLE)
		why = check_memory(vid);
	if (why) {
		refuse(vid, why);
		return RTE_VHOST_MSG_RESULT_ERR;
	}
	tw_peek_after_message(vid);
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

bool tw_conn_begin(int vid, const char *path)
{
	const struct rte_vhost_user_extern_ops ops = { .pre_msg_handle = before_message,
						       .post_msg_handle = after_message };
	struct conn *c = &conns[vid];
	bool served;

	if (vid < 0 || vid >= TW_CONN_VIDS || strlen(path) >= sizeof(c->path))
		return false;
	tw_conn_end(vid);
	pthread_mutex_lock(&lock);
	served = is_served(vid, path);
	if (!served) {
		memset(&c->gate, 0, sizeof(c->gate));
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
