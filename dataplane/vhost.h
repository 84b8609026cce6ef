/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vhost.h - vhost-user sockets: guests come and go, main is told.
 *
 * rte_vhost is called directly (its ethdev costs about 15 % more a frame). It calls back on threads of its own:
 *   "vhost-events"  messages of every guest: rings become ready, a device is complete, a device stops
 *   "vhost_reconn"  a connection made in client mode (retried each second)
 *   main            a connection made at once by tw_vhost_open(), the end of one by tw_vhost_close()
 * A callback notes what is so and wakes main; main pulls the state, so nothing can be acted on that is over already.
 *
 * The one that waits is the end of a device: the guest's memory goes when it returns, so it returns only when main has said
 * tw_vhost_released(): no worker can touch the device any more. Main must therefore never wait for vhost-events, and does
 * not: it releases a port before it closes it.
 * Lock order: rte_vhost's own locks, then this file's. With this file's lock held rte_vhost_get_ifname() alone is called,
 * which takes none.
 */
#ifndef TW_DATAPLANE_VHOST_H
#define TW_DATAPLANE_VHOST_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/queues.h"

struct tw_vhost;

struct tw_vhost_state {
	bool running; /* the guest's driver has set up its rings */
	int vid;      /* rte_vhost's number of the device */
	struct tw_queues queues;
	uint32_t ring_size;        /* of its first receive ring */
	bool too_many;             /* it set up more queues than are served: those beyond are dead */
	uint64_t features;         /* negotiated */
	uint16_t mtu;              /* as told to or by the guest, 0 = not said */
	bool csum, tso, tso6, ufo; /* the guest takes unfinished checksums / super-frames, as struct tw_slot */
	uint64_t stopped_ns;       /* CLOCK_REALTIME when it last stopped, 0 = never ran */
};

/** Once, before the first open. @return an eventfd that becomes readable when a port's state changed; -errno */
int tw_vhost_init(void);

/**
 * Have a vhost-user socket. Main.
 * @param path   at most 107 octets; its folder is made
 * @param server listen instead of connect; a stale socket file is replaced
 * @param iommu  offer the guest to be behind an IOMMU of its own
 * @param owner  given back by tw_vhost_next_changed()
 * @return 0; -errno (-ENAMETOOLONG, -EEXIST: this process has the path already, -EIO: rte_vhost said no)
 */
int tw_vhost_open(const char *path, bool server, bool iommu, void *owner, struct tw_vhost **vhost)
	__attribute__((warn_unused_result));

/** Give up the socket; a guest sees its link go. Main; only when no worker touches the device. Accepts NULL. */
void tw_vhost_close(struct tw_vhost *vhost);

/** Next port whose state changed since it was last returned here, or NULL. Main. */
void *tw_vhost_next_changed(void);

/** Have tw_vhost_next_changed() return the port once more. Main. */
void tw_vhost_look_again(struct tw_vhost *vhost);

/** Does a device run now? Main. */
bool tw_vhost_is_running(const struct tw_vhost *vhost);

/** What is so now. A running device is from here on in use, until tw_vhost_released(). Main. */
void tw_vhost_take(struct tw_vhost *vhost, struct tw_vhost_state *state);

/** A ring has been switched off, of which rte_vhost may have said so before. rte_vhost's thread for messages. */
void tw_vhost_ring_off(int vid, unsigned ring);

/** No worker touches the device any more. Main, after a grace period. */
void tw_vhost_released(struct tw_vhost *vhost);

#endif
