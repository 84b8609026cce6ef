/* SPDX-License-Identifier: Apache-2.0 */
/* vguest_port.h - frames by their description on net_virtio_user ports; for vguest.c, whose one thread is the only one. */
#ifndef TW_TESTS_SUPPORT_VGUEST_PORT_H
#define TW_TESTS_SUPPORT_VGUEST_PORT_H

#include <rte_mbuf.h>

#include "tests/support/frame.h"

enum { VG_PORTS = 8, VG_RING = 1024 };

struct vg_port {
	char name[16];
	uint16_t id;
	uint16_t n_queues;
	bool open;
	uint64_t received;        /* frames that were drained */
	struct vg_record *record; /* NULL: what is drained is forgotten */
};
extern struct vg_port vg_ports[VG_PORTS];

struct vg_spec {
	struct test_frame f;
	bool csum; /* the L4 checksum is left to the other side */
	uint16_t mss;
	uint16_t queue; /* of a frame that is sent */
};

/** Buffers for all ports. After rte_eal_init(). */
bool vg_init(void);
/** One word of a frame's description (vguest.c says which there are). @return false: there is no such word */
bool vg_read_word(const char *word, struct vg_spec *s);
/** @return NULL when no buffer is free */
struct rte_mbuf *vg_make(const struct vg_spec *s);
/** A frame of these octets. @return NULL when no buffer is free */
struct rte_mbuf *vg_wrap(const uint8_t *octets, size_t len);
/** Is it this frame, octet for octet? A checksum that is left to do is anybody's, but must be marked so. */
bool vg_same(struct rte_mbuf *m, const struct vg_spec *s);

/** @param args as net_virtio_user has them; "offload=1," in front: with checksum and TSO; "buffers=N,": of N octets. @return NULL: it could not */
struct vg_port *vg_open(const char *name, const char *args);
void vg_close(struct vg_port *p);
struct vg_port *vg_find(const char *name); /* or NULL */
bool vg_is_up(const struct vg_port *p);
/** Free what has come in there, at most a burst. @return frames */
unsigned vg_drain(struct vg_port *p);
unsigned vg_drain_all(void);
/** A frame, from whichever queue has one; *queue says which. @return NULL: none has */
struct rte_mbuf *vg_receive(struct vg_port *p, uint16_t *queue);

/** Send the frames of a capture file, each as long after the first as it has them. @return how many, or -1
 *  @param mss TCP frames with a larger payload are left to be cut to this; 0: none */
int vg_replay(struct vg_port *p, const char *path, uint16_t mss);

/** Keep what is drained there in a capture file from now on. */
bool vg_record_begin(struct vg_port *p, const char *path);
void vg_record(struct vg_record *record, struct rte_mbuf *const *m, unsigned n);
/** Once nothing has come for a while. @return frames in the file, or -1: it is not whole */
int vg_record_end(struct vg_port *p);

#endif
