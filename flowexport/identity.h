/* SPDX-License-Identifier: Apache-2.0 */
/*
 * identity.h - who the port numbers are, and the passes in which a collector is told.
 *
 * A table has up to 65,536 entries, which is thousands of messages; so a target walks through it a few messages at a tick,
 * in the order of numbers, and the walk survives that the table is replaced under it. A full pass tells everything; a pass
 * that follows a change tells only what became different since the last one began (entries remember the generation in
 * which they did).
 *
 * Threads  the exporter thread.
 */
#ifndef TW_FLOWEXPORT_IDENTITY_H
#define TW_FLOWEXPORT_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flowexport/record.h"

struct tw_identity_table {
	uint64_t generation; /* 0 = nothing was ever in it */
	size_t n;
	struct tw_flow_identity *entries; /* sorted by number; owned */
	uint64_t *changed;                /* [n]: generation of the entry's last change; owned */
};

/**
 * New contents; the generation rises if anything is new or different.
 * @param entries sorted by number; @param changed room for n values. Both malloc'ed, now the table's. NULL if n is 0.
 */
void tw_identity_table_replace(struct tw_identity_table *table, struct tw_flow_identity *entries, uint64_t *changed,
			       size_t n);
void tw_identity_table_clear(struct tw_identity_table *table);

/** Nobody at either end. */
extern const struct tw_flow_names tw_flow_names_none;

/** Who a number is; one that is unknown is an identity of zeros. Valid until the table is replaced. */
const struct tw_flow_identity *tw_identity_of(const struct tw_identity_table *table, uint32_t number);

struct tw_identity_pass {
	bool running, full_due;
	uint64_t next;  /* number from which on nothing was told yet in this pass */
	uint64_t since; /* this pass tells what changed after this generation */
	uint64_t until; /* the table's generation when it began */
	uint64_t done;  /* generation up to which everything was told */
};

/** Everything is to be told (again), after the pass that may be running. */
void tw_identity_pass_want_all(struct tw_identity_pass *pass);
/** The entry to tell next, or NULL if all is told. Starts a pass if one is due. Valid until the table is replaced. */
const struct tw_flow_identity *tw_identity_pass_peek(struct tw_identity_pass *pass,
						     const struct tw_identity_table *table);
/** That entry has been told. */
void tw_identity_pass_advance(struct tw_identity_pass *pass);

#endif
