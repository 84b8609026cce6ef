/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mirror_rule.h - what a worker knows of a mirror: which of its sources' frames it wants, where their copies go, what they
 *                 may cost. One for each bit of the masks in the snapshot's slots.
 *
 * Threads  made by main (plan_mirrors.c), immutable, of the snapshot's plan.
 */
#ifndef TW_DATAPLANE_MIRROR_RULE_H
#define TW_DATAPLANE_MIRROR_RULE_H

#include "dataplane/bucket.h"
#include "dataplane/snapshot.h"

struct tw_mirror_filter;

enum tw_mirror_to {
	TW_MIRROR_TO_THREAD, /* files and what leaves by the host's own network: mirror.h */
	TW_MIRROR_TO_PORT,   /* of this host; TW_SLOT_NONE: there is no way now */
	TW_MIRROR_TO_VLAN,   /* RSPAN */
};

struct tw_mirror_rule {
	uint8_t to;      /* enum tw_mirror_to */
	bool strip;      /* RSPAN: the frame's own tag is not kept */
	bool plain;      /* all frames of its sources are alike to it: mirror_pass.h */
	bool random;     /* `sample` is a chance, not a count */
	bool wire_size;  /* the thread cuts super-frames for it, and `keep` is of what comes of that */
	uint16_t out;    /* the port's slot; TW_SLOT_NONE: it is not here now */
	uint16_t vlan;   /* RSPAN */
	uint8_t share;   /* percent of the worker's time; 0 = no limit */
	uint32_t keep;   /* octets of a frame; UINT32_MAX = all */
	uint32_t sample; /* one frame in so many; 1 = all */
	uint32_t first;  /* frames of each flow; UINT32_MAX = all */
	struct tw_bucket frames, octets;
	const struct tw_vlan_set *vlans; /* NULL = any */
	struct tw_mirror_filter *filter; /* NULL = all */
	char name[64];                   /* for those who ask */
};

#endif
