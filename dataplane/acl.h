/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acl.h - access lists: the first rule that fits says allow or deny, the list's default if none does.
 *
 * Place    behind the guards (what a guest sends: ingress) and before a guest's ring (what it gets: egress). Judged once a
 *          flow, by what the key holds. A rule that must see each frame (TCP flags, count) makes the flow one that is judged
 *          frame by frame (TW_V_ACL_EACH).
 * How      tw_acl_judge() asks rte_acl where acl_compile.c has built its tables, and goes through the rules one by one
 *          where it has not: in tests, in trace, or when there was no memory. tw_acl_linear() always does the latter.
 * Threads  an access list is made and freed by main and never changes; workers read it, and each writes its own hits.
 */
#ifndef TW_DATAPLANE_ACL_H
#define TW_DATAPLANE_ACL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/acl_rule.h"
#include "dataplane/key.h"

struct rte_acl_ctx;

struct tw_acl {
	unsigned refs; /* main's */
	struct tw_acl *next;
	char name[64];
	uint32_t n;
	bool default_deny;
	bool wants_each;   /* some rule does */
	bool on_transport; /* some rule looks at what is behind IP */
	bool compiled;     /* tried */
	struct tw_acl_rule *rules;
	char **texts;
	struct rte_acl_ctx *by_key, *by_frame; /* NULL = one by one; by_frame has TCP flags and no count rules */
	uint64_t *hits;                        /* [TW_WORKERS_MAX][stride]; rule n is the default */
	size_t stride;
};

struct tw_acl_verdict {
	uint16_t rule; /* index; n = the default */
	bool deny;
	bool each; /* the rule must see each frame */
};

/** What the key tells. @param vlan the frame's, as judged; 0 = untagged */
struct tw_acl_verdict tw_acl_judge(const struct tw_acl *acl, const struct tw_key *key, uint16_t vlan);
/** One frame with its TCP flags; count rules on the way are counted into `hits` (one worker's, or NULL). */
struct tw_acl_verdict tw_acl_judge_frame(const struct tw_acl *acl, const struct tw_key *key, uint16_t vlan,
					 uint8_t tcp_flags, uint64_t *hits);
/** As tw_acl_judge(), rule by rule. */
struct tw_acl_verdict tw_acl_linear(const struct tw_acl *acl, const struct tw_key *key, uint16_t vlan);

/** Does a rule fit, its TCP flags apart? Pure. */
bool tw_acl_rule_fits(const struct tw_acl_rule *rule, const struct tw_key *key, uint16_t vlan);

/** A worker's hits. */
static inline uint64_t *tw_acl_hits(const struct tw_acl *acl, uint16_t worker)
{
	return acl->hits + worker * acl->stride;
}

/* ---- acl_store.c; main ---- */
/**
 * The access list of that name with just these rules; one that lives already is shared, with its hits.
 * @param texts checked where the message came in
 * @return NULL: out of memory. Release with tw_acl_put()
 */
struct tw_acl *tw_acl_get(const char *name, char *const *texts, size_t n, bool default_deny);
void tw_acl_put(struct tw_acl *acl); /* accepts NULL; only when no worker can see it any more */
/** Hits of a rule, all workers together. One burst stale. */
uint64_t tw_acl_hits_of(const struct tw_acl *acl, uint32_t rule);

/* ---- acl_compile.c; main, with EAL ---- */
/** Build rte_acl's tables, once. Without memory for them the list goes on rule by rule. */
void tw_acl_compile(struct tw_acl *acl);
void tw_acl_uncompile(struct tw_acl *acl);
/** Index of the first rule that fits, or n. @param ctx by_key or by_frame */
uint32_t tw_acl_classify(const struct tw_acl *acl, const struct rte_acl_ctx *ctx, const struct tw_key *key,
			 uint16_t vlan, uint8_t tcp_flags);

#endif
