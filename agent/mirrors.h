/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirrors.h - what a mirror means for this host: which of its ports and uplinks are copied, and where to.
 *
 * Threads  any: pure.
 */
#ifndef TW_AGENT_MIRRORS_H
#define TW_AGENT_MIRRORS_H

#include <limits.h>

#include "agent/snapshot.h"
#include "agent/tunnel.h"

/* Where copies made here go. */
enum tw_mirror_way {
	TW_MIRROR_WAY_OWN,       /* to the mirror's file, VLAN or collector */
	TW_MIRROR_WAY_HERE,      /* to a port of this host */
	TW_MIRROR_WAY_ELSEWHERE, /* to a port of another host, by that host's tunnel */
	TW_MIRROR_WAY_NONE,      /* to a port that no host serves */
};

/** @param to out: the port of HERE and ELSEWHERE, else NULL; of the slice */
enum tw_mirror_way tw_mirror_way(const Tw__WatchReply *view, const char *host, const Tw__Mirror *mirror,
				 const Tw__Port **to);

enum { TW_CAPTURE_SOCKET_SIZE = 108 /* sun_path */ };

struct tw_local_mirror {
	Tw__LocalMirror msg; /* its texts and VLANs are the slice's */
	char path[PATH_MAX]; /* of its file, or of the captures' socket */
	char no_way[256];
	struct tw_tunnel_address own, peer;
	Tw__LocalSflow sflow; /* the same */
	char sflow_name[80];
};

/**
 * Resolve one mirror of the slice.
 * @param out  zeroed; released with tw_local_mirror_release() whatever this returns
 * @param here out: there is something for the switch to do: a source is here. Without a way for its copies these are counted
 * @return false with *err filled
 */
bool tw_local_mirror_fill(struct tw_local_mirror *out, const Tw__WatchReply *view, const char *host,
			  const char *run_dir, const Tw__Mirror *mirror, bool *here, struct tw_error *err);
void tw_local_mirror_release(struct tw_local_mirror *mirror);

/**
 * An exporter of format SFLOW as a mirror: every port and uplink here is sampled where frames come in.
 * @param out zeroed; released with tw_local_mirror_release() whatever this returns
 * @return false with *err filled
 */
bool tw_local_mirror_fill_sflow(struct tw_local_mirror *out, const Tw__WatchReply *view, const char *host,
				const Tw__Exporter *exporter, struct tw_error *err);

/** VLANs that carry copies, of all mirrors of the slice. @param vlans room for view->n_mirrors. @return how many */
size_t tw_mirror_rspan_vlans(const Tw__WatchReply *view, uint32_t *vlans);

#endif
