/* SPDX-License-Identifier: Apache-2.0 */
/* vhost.c - vhost-user sockets; see vhost.h for threads and locks. */
#include "dataplane/vhost.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <linux/virtio_config.h>
#include <linux/virtio_net.h>
#include <linux/virtio_ring.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_vhost.h>

#include "common/clock.h"
#include "common/path.h"
#include "dataplane/guest_memory.h"
#include "dataplane/ring_position.h"
#include "dataplane/snapshot.h"
#include "dataplane/vhost_conn.h"

#define TW_LOG_AREA "vhost"
#include "common/log.h"

enum { VIDS = TW_CONN_VIDS, RINGS = 2 * TW_QUEUES_MAX, POSITION_TRIES = 16 };

struct tw_vhost {
	/* --- main's --- */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	void *owner;
	bool iommu;
	uint32_t quiet; /* bit per ring whose kicks are off */
	/* --- shared, under lock --- */
	int vid; /* -1: not running */
	bool in_use;
	bool changed;
	uint64_t stopped_ns;
	TAILQ_ENTRY(tw_vhost) next;
};

/* rte_vhost's callbacks carry a number only, so what they need is the file's. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;
static TAILQ_HEAD(, tw_vhost) ports = TAILQ_HEAD_INITIALIZER(ports);
static uint32_t ready[VIDS]; /* bit per ring */
static int wake_fd = -1;

static bool has(uint64_t features, unsigned bit)
{
	return features >> bit & 1;
}

/* --- callbacks --- */

static void wake(void)
{
	uint64_t one = 1;

	if (write(wake_fd, &one, sizeof(one)) < 0)
		tw_log_warning("wake: %s", strerror(errno));
}

static struct tw_vhost *find_by_path(const char *path)
{
	struct tw_vhost *v;

	TAILQ_FOREACH (v, &ports, next) {
		if (strcmp(v->path, path) == 0)
			return v;
	}
	return NULL;
}

static struct tw_vhost *find(int vid)
{
	char path[PATH_MAX];

	return rte_vhost_get_ifname(vid, path, sizeof(path)) == 0 ? find_by_path(path) : NULL;
}

/* Under lock. */
static void note_change(struct tw_vhost *v)
{
	v->changed = true;
	wake();
}

static int new_connection(int vid)
{
	const struct tw_vhost *v = NULL;
	char path[PATH_MAX];
	bool iommu;

	pthread_mutex_lock(&lock);
	if (vid >= 0 && vid < VIDS) {
		ready[vid] = 0;
		v = find(vid);
	}
	iommu = v && v->iommu;
	pthread_mutex_unlock(&lock);
	return rte_vhost_get_ifname(vid, path, sizeof(path)) == 0 && tw_conn_begin(vid, path, iommu) ? 0 : -1;
}

static int new_device(int vid)
{
	struct tw_vhost *v;

	pthread_mutex_lock(&lock);
	v = vid < VIDS ? find(vid) : NULL;
	if (v) {
		v->vid = vid;
		note_change(v);
	}
	pthread_mutex_unlock(&lock);
	return v ? 0 : -1;
}

static void destroy_device(int vid)
{
	struct tw_vhost *v;

	pthread_mutex_lock(&lock);
	v = find(vid);
	if (v && v->vid == vid) {
		v->vid = -1;
		v->stopped_ns = tw_clock_real_ns();
		note_change(v);
		while (v->in_use)
			pthread_cond_wait(&released, &lock);
	}
	pthread_mutex_unlock(&lock);
}

/*
 * A ring begins where the guest's side says, and after the end of a switch that knows only of split rings; see
 * ring_position.h. rte_vhost holds the ring's lock: no worker is at it.
 */
static void find_position(int vid, uint16_t ring)
{
	struct rte_vhost_vring vring;
	uint16_t base, said, used;
	uint64_t features;
	int rc = -EAGAIN;

	if (rte_vhost_get_negotiated_features(vid, &features) || !has(features, VIRTIO_F_RING_PACKED) ||
	    has(features, VIRTIO_F_IN_ORDER) || !has(features, VIRTIO_RING_F_INDIRECT_DESC) ||
	    rte_vhost_get_vhost_vring(vid, ring, &vring) || rte_vhost_get_vring_base(vid, ring, &said, &used) ||
	    !vring.desc_packed || vring.size == 0)
		return;
	for (unsigned i = 0; i < POSITION_TRIES && rc == -EAGAIN; i++)
		rc = tw_ring_position(vring.desc_packed, vring.size, &base);
	if (rc || base == said)
		return;
	tw_log_info("packed ring %u goes on at %u instead of %u", ring, base, said);
	rte_vhost_set_vring_base(vid, ring, base, base);
}

static bool is_ready(int vid, uint16_t ring)
{
	bool so;

	pthread_mutex_lock(&lock);
	so = ready[vid] >> ring & 1;
	pthread_mutex_unlock(&lock);
	return so;
}

static void set_ready(int vid, uint16_t ring, bool so)
{
	struct tw_vhost *v;

	pthread_mutex_lock(&lock);
	if (so)
		ready[vid] |= UINT32_C(1) << ring;
	else
		ready[vid] &= ~(UINT32_C(1) << ring);
	v = find(vid);
	if (v && v->vid == vid)
		note_change(v);
	pthread_mutex_unlock(&lock);
}

/*
 * Behind an IOMMU a ring whose address is forgotten, as a guest does a hundred times a second, is no ring that ended: rte_vhost
 * takes no frame of it until it has asked for the address again, which it does when it is polled.
 */
static int vring_state_changed(int vid, uint16_t ring, int enable)
{
	if (vid < 0 || vid >= VIDS || ring >= RINGS || (enable && is_ready(vid, ring)) ||
	    (!enable && tw_conn_translates(vid)))
		return 0;
	if (enable)
		find_position(vid, ring);
	set_ready(vid, ring, enable);
	return 0;
}

void tw_vhost_ring_off(int vid, unsigned ring)
{
	if (vid >= 0 && vid < VIDS && ring < RINGS && is_ready(vid, (uint16_t)ring))
		set_ready(vid, (uint16_t)ring, false);
}

static const struct rte_vhost_device_ops callbacks = {
	.new_device = new_device,
	.destroy_device = destroy_device,
	.vring_state_changed = vring_state_changed,
	.new_connection = new_connection,
	.destroy_connection = tw_conn_end,
};

/* --- main --- */

int tw_vhost_init(void)
{
	int rc;

	wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (wake_fd < 0)
		return -errno;
	rc = tw_guest_memory_init(wake_fd);
	return rc ? rc : wake_fd;
}

static int make_folder(const char *path)
{
	char copy[PATH_MAX];
	int rc = tw_path(copy, sizeof(copy), "%s", path);

	return rc ? rc : tw_mkdirs(dirname(copy));
}

static void remove_stale(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode))
		unlink(path);
}

/*
 * What is taken from rte_vhost's list of features: ECN, whose bit of the virtio header rte_vhost loses on the way (without it a
 * guest cuts segments with CWR itself); an IOMMU, unless the port may have one. What the list lacks: USO, whose request rte_vhost 22.11 does not know.
 */
static int set_up(const char *path, bool server, bool iommu)
{
	const uint64_t none = UINT64_C(1) << VIRTIO_NET_F_HOST_ECN | UINT64_C(1) << VIRTIO_NET_F_GUEST_ECN |
			      (iommu ? 0 : UINT64_C(1) << VIRTIO_F_ACCESS_PLATFORM);
	/* Multiqueue, dirty log, RARP, MTU, status: what a network card needs. With an IOMMU: answers, a channel of our own. */
	const uint64_t protocol = UINT64_C(1) << 0 | UINT64_C(1) << 1 | UINT64_C(1) << 2 | UINT64_C(1) << 4 |
				  UINT64_C(1) << 16 | (iommu ? UINT64_C(1) << 3 | UINT64_C(1) << 5 : 0);

	if (rte_vhost_driver_register(path, (server ? 0 : RTE_VHOST_USER_CLIENT) |
						    (iommu ? RTE_VHOST_USER_IOMMU_SUPPORT : 0)))
		return -EIO;
	if (rte_vhost_driver_disable_features(path, none) == 0 &&
	    rte_vhost_driver_set_protocol_features(path, protocol) == 0 &&
	    rte_vhost_driver_callback_register(path, &callbacks) == 0 && rte_vhost_driver_start(path) == 0)
		return 0;
	rte_vhost_driver_unregister(path);
	return -EIO;
}

int tw_vhost_open(const char *path, bool server, bool iommu, void *owner, struct tw_vhost **out)
{
	struct tw_vhost *v;
	int rc;

	if (strlen(path) >= sizeof(v->path))
		return -ENAMETOOLONG;
	rc = make_folder(path);
	if (rc)
		return rc;
	v = calloc(1, sizeof(*v));
	if (!v)
		return -ENOMEM;
	memcpy(v->path, path, strlen(path));
	v->owner = owner;
	v->iommu = iommu;
	v->vid = -1;
	pthread_mutex_lock(&lock);
	rc = find_by_path(path) ? -EEXIST : 0;
	if (rc == 0)
		TAILQ_INSERT_TAIL(&ports, v, next);
	pthread_mutex_unlock(&lock);
	if (rc) {
		free(v);
		return rc;
	}
	if (server)
		remove_stale(path);
	rc = set_up(path, server, iommu);
	if (rc) {
		pthread_mutex_lock(&lock);
		TAILQ_REMOVE(&ports, v, next);
		pthread_mutex_unlock(&lock);
		free(v);
		return rc;
	}
	*out = v;
	return 0;
}

void tw_vhost_close(struct tw_vhost *v)
{
	if (!v)
		return;
	tw_vhost_released(v);
	if (rte_vhost_driver_unregister(v->path))
		tw_log_error("socket cannot be given up path=%s", v->path);
	tw_conn_end_all(v->path);
	pthread_mutex_lock(&lock);
	TAILQ_REMOVE(&ports, v, next);
	pthread_mutex_unlock(&lock);
	free(v);
}

void *tw_vhost_next_changed(void)
{
	struct tw_vhost *v;
	void *owner = NULL;

	tw_conn_shut_out_faulty();
	pthread_mutex_lock(&lock);
	TAILQ_FOREACH (v, &ports, next) {
		if (v->changed) {
			v->changed = false;
			owner = v->owner;
			break;
		}
	}
	pthread_mutex_unlock(&lock);
	return owner;
}

void tw_vhost_look_again(struct tw_vhost *v)
{
	pthread_mutex_lock(&lock);
	v->changed = true;
	pthread_mutex_unlock(&lock);
}

bool tw_vhost_is_running(const struct tw_vhost *v)
{
	bool running;

	pthread_mutex_lock(&lock);
	running = v->vid >= 0;
	pthread_mutex_unlock(&lock);
	return running;
}

/* The rings are polled: a guest need not kick. */
static void silence(struct tw_vhost *v, int vid, uint32_t rings)
{
	for (uint16_t ring = 0; ring < RINGS; ring++)
		if ((rings & ~v->quiet) >> ring & 1)
			rte_vhost_enable_guest_notification(vid, ring, 0);
	v->quiet = rings;
}

void tw_vhost_take(struct tw_vhost *v, struct tw_vhost_state *s)
{
	struct rte_vhost_vring first;
	uint32_t rings = 0;

	memset(s, 0, sizeof(*s));
	pthread_mutex_lock(&lock);
	s->vid = v->vid;
	s->stopped_ns = v->stopped_ns;
	s->running = v->vid >= 0;
	if (s->running) {
		v->in_use = true; /* from here on the device cannot end under us */
		rings = ready[v->vid];
	}
	pthread_mutex_unlock(&lock);
	if (!s->running) {
		v->quiet = 0;
		return;
	}
	tw_queues_of_rings(rings, &s->queues);
	if (rte_vhost_get_vhost_vring(s->vid, 0, &first) == 0)
		s->ring_size = first.size;
	s->too_many = rte_vhost_get_vring_num(s->vid) > RINGS;
	rte_vhost_get_negotiated_features(s->vid, &s->features);
	rte_vhost_get_mtu(s->vid, &s->mtu);
	s->csum = has(s->features, VIRTIO_NET_F_GUEST_CSUM);
	s->tso = s->csum && has(s->features, VIRTIO_NET_F_GUEST_TSO4);
	s->tso6 = s->csum && has(s->features, VIRTIO_NET_F_GUEST_TSO6);
	s->ufo = s->csum && has(s->features, VIRTIO_NET_F_GUEST_UFO);
	silence(v, s->vid, rings);
}

void tw_vhost_released(struct tw_vhost *v)
{
	pthread_mutex_lock(&lock);
	v->in_use = false;
	pthread_cond_broadcast(&released);
	pthread_mutex_unlock(&lock);
}
