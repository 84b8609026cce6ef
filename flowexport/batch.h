/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch.h - flow records as octets, for the way from a host's switch to the controller and for spools: compact, versioned,
 *           and safe to read from anyone.
 *
 *   batch   version (1), epoch (8), sequence (8), records of the epoch before (8), their packets (8), their layer-3 octets (8),
 *           packets and octets that the metering process has ignored in the epoch (8, 8), revision (8), base time (8),
 *           records (2), records. Of version 1, which is read, too: without the revision
 *   record  octets that follow (2), members in the order of TW_RECORD_MEMBERS
 *   member  UINT: 7 bits an octet, least significant first; TIME: the same of the distance to the base time, its sign in the
 *           lowest bit; ADDRESS: octets that follow (1), an address without the zeros at its end; OCTETS: as they are
 *
 * Growing  a new member goes to the end of the list. A reader that does not know it passes over it; one that misses it reads 0.
 * Counting a batch says how much went before it in its epoch, so that its reader knows what was lost on the way, exactly.
 * Orders   numbers of fixed width: most significant octet first.
 * Threads  any; pure but for the caller's objects.
 */
#ifndef TW_FLOWEXPORT_BATCH_H
#define TW_FLOWEXPORT_BATCH_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flowexport/record.h"

/* Every member of struct tw_flow_record, in the order of the wire. */
#define TW_RECORD_MEMBERS(M)   \
	M(ingress, UINT)       \
	M(egress, UINT)        \
	M(src_mac, OCTETS)     \
	M(dst_mac, OCTETS)     \
	M(ethertype, UINT)     \
	M(vlan, UINT)          \
	M(post_vlan, UINT)     \
	M(vlan_priority, UINT) \
	M(key_flags, UINT)     \
	M(src_ip, ADDRESS)     \
	M(dst_ip, ADDRESS)     \
	M(src_port, UINT)      \
	M(dst_port, UINT)      \
	M(protocol, UINT)      \
	M(tos, UINT)           \
	M(tcp_flags, UINT)     \
	M(min_ttl, UINT)       \
	M(max_ttl, UINT)       \
	M(end_reason, UINT)    \
	M(forwarding, UINT)    \
	M(direction, UINT)     \
	M(flow_label, UINT)    \
	M(min_len, UINT)       \
	M(max_len, UINT)       \
	M(packets, UINT)       \
	M(l3_octets, UINT)     \
	M(l2_octets, UINT)     \
	M(first_ms, TIME)      \
	M(last_ms, TIME)       \
	M(inner_vlan, UINT)    \
	M(drop_reason, UINT)   \
	M(sampling, UINT)

static_assert(sizeof(struct tw_flow_record) == 128, "a new member: add it to the end of TW_RECORD_MEMBERS");

enum {
	TW_BATCH_VERSION = 2,
	TW_BATCH_HEADER = 75,
	TW_BATCH_HEADER_1 = TW_BATCH_HEADER - 8, /* of version 1 */
	TW_BATCH_RECORD_MAX = 336,               /* the longest record, see batch.c */
	TW_BATCH_MAX = 60 << 10,                 /* octets of a batch */
	TW_BATCH_RECORDS_MAX = 2000,
};

/* What a batch says of itself. */
struct tw_batch_head {
	uint64_t epoch;                    /* of its writer; a later writer's is greater. Never 0 */
	uint64_t sequence;                 /* of the batch in its epoch, from 1; one that was lost has had one, too */
	uint64_t records, packets, octets; /* before this batch in its epoch, lost or not; octets of layer 3 */
	uint64_t ignored_packets, ignored_octets; /* by the metering process, in the epoch */
	uint64_t revision;                        /* of the model by which its writer kept the records; 0 = not known */
};

/* --- writing --- */

struct tw_batch {
	size_t size;
	uint64_t base_ms;
	uint32_t n;
	uint64_t packets, octets; /* of its records */
	uint8_t octet[TW_BATCH_MAX];
};

/** Empty it. */
void tw_batch_begin(struct tw_batch *batch);
/** @return false: it is full */
bool tw_batch_add(struct tw_batch *batch, const struct tw_flow_record *record);
/** Write the head: the batch is batch->octet, batch->size. */
void tw_batch_finish(struct tw_batch *batch, const struct tw_batch_head *head);

/* --- reading --- */

struct tw_batch_reader {
	const uint8_t *at, *end;
	uint64_t base_ms;
	uint32_t left; /* records */
};

/** @return 0; -EBADMSG it is none, or cut; -EPROTONOSUPPORT of another version */
int tw_batch_open(struct tw_batch_reader *reader, const uint8_t *data, size_t size, struct tw_batch_head *head);
/** @return 1; 0 there is no more; -EBADMSG */
int tw_batch_next(struct tw_batch_reader *reader, struct tw_flow_record *record);

#endif
