/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide.h - what happens to a flow's frames: a key and a snapshot in, a verdict out.
 *
 * Place    on the first frame of a flow and on its next frame after any change; the flow cache remembers the verdict.
 *          Pure: the worker, the unit tests and `trace` ask the same function.
 */
#ifndef TW_DATAPLANE_DECIDE_H
#define TW_DATAPLANE_DECIDE_H

#include <assert.h>

#include "dataplane/drop.h"
#include "dataplane/key.h"
#include "dataplane/snapshot.h"

enum tw_action {
	TW_ACT_DROP,    /* `drop` says why, `out` the slot charged (TW_SLOT_NONE: the one it came from) */
	TW_ACT_FORWARD, /* to slot `out` */
	TW_ACT_FLOOD, /* to `scope` of `vlan` but where it came from; each member's edit is worked out as it is sent */
	TW_ACT_HOLD,  /* slot `out` is between two hosts */
	TW_ACT_CONTROL, /* to main: an LACPDU or a marker */
	TW_ACT_COPY,    /* to slot `out`, and a copy to each promiscuous member of `vlan` */
};

/* Who of a VLAN gets a flooded frame. */
enum tw_scope {
	TW_TO_ALL,
	TW_TO_UNKNOWN,     /* those that take what the wire has for MACs that are no port's */
	TW_TO_PROMISCUOUS, /* those that get all unicast */
	/* Of a VLAN that is snooped. Who they are at the moment says mcast_view.h, for each frame. */
	TW_TO_LISTENERS,        /* who joined the frame's group, and routers */
	TW_TO_LISTENERS_OR_ALL, /* the same; all while nobody has joined it */
	TW_TO_ROUTERS,
};

enum tw_edit {
	TW_EDIT_NONE,
	TW_EDIT_PUSH,        /* put a tag of 0x8100 on */
	TW_EDIT_PUSH_DOT1AD, /* put a tag of 0x88a8 on */
	TW_EDIT_POP,         /* take the tag off */
	TW_EDIT_SET,         /* put the VLAN id into the tag that is there (it was only a priority) */
	TW_EDIT_SET_ALL,     /* VLAN id and priority */
};

enum tw_verdict_flags {
	TW_V_METER = 1 << 0, /* this host counts the flow (the frame entered the switch here) */
	TW_V_MIRROR_IN = 1 << 1,
	TW_V_MIRROR_OUT = 1 << 2,
	TW_V_INSPECT = 1 << 4,   /* a guard looks at each frame: guard.h */
	TW_V_ACL_EACH = 1 << 5,  /* an access list judges each frame: acl.h */
	TW_V_SNOOP = 1 << 8,     /* a copy of each frame for main: snoop.h */
	TW_V_LEARN = 1 << 9,     /* the source MAC is learned or to be: learn.h */
	TW_V_HEARD = 1 << 3,     /* tell main: the sender, heard on an uplink, is a port of this host */
	TW_V_RECORD = 1 << 6,    /* all frames of one of its ports are recorded: recorder.h */
	TW_V_STORM = 1 << 7,     /* storm control: each frame takes credit, rate.h */
	TW_V_STRANGER = 1 << 10, /* with METER: its sender may turn out to be behind another host's port; ownership.h */
	TW_V_EARLY = 1 << 12,    /* a mirror wants the flow's first frames: they are counted, metered or not */
	TW_V_TOLD = 1 << 13,     /* and a record of it has gone: they are past. Outlives the verdict */
	TW_V_SAMPLE = 1 << 14,   /* with METER: not each of its frames is counted: sample.h */
	TW_V_SECOND = 1 << 15,   /* with METER: the sender's host counts it, too (both sides were asked for) */
	/* Those that each frame pays for before it goes anywhere; without one, worker.c takes the short way. */
	TW_V_AT_INGRESS =
		TW_V_MIRROR_IN | TW_V_INSPECT | TW_V_ACL_EACH | TW_V_STORM | TW_V_SNOOP | TW_V_RECORD | TW_V_SAMPLE,
};

struct tw_verdict {
	uint8_t action; /* enum tw_action */
	union {
		uint8_t drop;  /* enum tw_drop, of TW_ACT_DROP */
		uint8_t scope; /* enum tw_scope, of TW_ACT_FLOOD */
		uint8_t edit;  /* enum tw_edit, of all others */
	};
	uint16_t flags;  /* enum tw_verdict_flags */
	uint16_t out;    /* slot */
	uint16_t vlan;   /* the frame's VLAN as judged; 0 = untagged */
	uint32_t egress; /* port number at the other end, wherever it is; 0 = none or many */
};
static_assert(sizeof(struct tw_verdict) == 12, "a verdict leaves a flow entry's second line its counters");

/** @note Any thread inside an RCU section (or with a snapshot of its own). No allocation, no side effect. */
struct tw_verdict tw_decide(const struct tw_snapshot *snapshot, const struct tw_key *key);

#endif
