/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fdb.h - learned MACs as workers look them up: an immutable table beside the snapshot, with a sequence of its own.
 *
 * A new MAC is no new snapshot: it changes what happens to the flows that name it, not to all. A version says which hashes
 * of MACs, and which ports, are other than in the version before; each worker goes through its flows once, a piece a poll,
 * and has those judged again (learn.h). So a known flow pays nothing, and what others' MACs do costs a flow nothing.
 * Place    built by main (learning.h), published by one pointer, freed after a grace period like a snapshot.
 * Threads  any, inside an RCU section. `seen` alone is written by workers: atomic, relaxed.
 */
#ifndef TW_DATAPLANE_FDB_H
#define TW_DATAPLANE_FDB_H

#include <stdatomic.h>

#include "dataplane/snapshot.h"

enum {
	TW_FDB_SHARE = 64,      /* MACs that every port can have, whatever the others do */
	TW_FDB_COMMON = 65536,  /* those beyond, of all ports together */
	TW_FDB_REMOTES = 65536, /* behind ports of other hosts */
	TW_FDB_MAX = TW_FDB_COMMON + (TW_PORTS_MAX + 1) * TW_FDB_SHARE + TW_FDB_REMOTES,
	TW_FDB_HASHES = 4096,
	TW_FDB_WIRE = TW_PORTS_MAX, /* stands for all uplinks where an entry says its slot */
	TW_FDB_REMOTE,              /* for all ports of other hosts */
	TW_FDB_SLOTS,
	TW_FDB_PROOF_MS = 5000, /* in this time a switch hears what another host's has learned */
};

struct tw_fdb_entry {
	uint64_t key; /* tw_fdb_key(); 0 = empty */
	uint32_t number;
	uint32_t index; /* into seen */
	uint16_t slot;
};

struct tw_fdb {
	uint32_t sequence;
	uint32_t mask; /* cells - 1 */
	/* [TW_FDB_MAX], all versions': milliseconds, as the workers' clocks. Of remote ones: when they became known */
	_Atomic uint32_t *seen;
	uint64_t full[(TW_FDB_SLOTS + 63) / 64]; /* ports that can learn no further MAC */
	uint64_t changed[TW_FDB_HASHES / 64];    /* tw_fdb_hash() of MACs that are elsewhere than one version before */
	uint64_t changed_slots[(TW_FDB_SLOTS + 63) / 64]; /* ports whose `full` is another */
	struct tw_fdb_entry cell[];
};

static inline uint64_t tw_fdb_key(uint64_t mac, uint16_t vlan)
{
	return mac << 12 | vlan;
}

static inline unsigned tw_fdb_hash(uint64_t mac)
{
	return (unsigned)(mac * UINT64_C(0x9e3779b97f4a7c15) >> 52);
}

static inline bool tw_fdb_bit(const uint64_t *bits, unsigned i)
{
	return bits[i / 64] >> i % 64 & 1;
}

/** @return the entry or NULL */
const struct tw_fdb_entry *tw_fdb_find(const struct tw_fdb *fdb, uint64_t mac, uint16_t vlan);

/** The present version; NULL = nothing is learned here. */
static inline const struct tw_fdb *tw_snapshot_fdb(const struct tw_snapshot *s)
{
	return s->fdb ? atomic_load_explicit(s->fdb, memory_order_acquire) : NULL;
}

/** Behind which port, or the wire, the MAC was learned, if that is still so by this snapshot; NULL = not known. */
const struct tw_fdb_entry *tw_snapshot_learned(const struct tw_snapshot *s, const uint8_t mac[6], uint16_t vlan);

/** The same if it is behind a port of another host; its `number` says which. */
const struct tw_fdb_entry *tw_snapshot_remote(const struct tw_snapshot *s, const uint8_t mac[6], uint16_t vlan);

#endif
