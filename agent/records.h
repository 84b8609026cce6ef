/* SPDX-License-Identifier: Apache-2.0 */
/*
 * records.h - carries flow records from this host's spool to the controller.
 *
 *   tw-switch ── appends ──▶ STATE_DIR/records ── read here ──▶ PushRecords ──▶ the controller's records socket
 *
 * What the controller has taken is released; what it has not is sent again, also by the next start of the agent: the controller
 * knows batches that it has. It says how much the next push may have and when, so that a thousand hosts that come back at
 * once do not overrun it. The agent neither reads nor changes what is in a batch.
 *
 * Threads  the agent's one thread. Each turn reads at most the controller's credit from disk.
 */
#ifndef TW_AGENT_RECORDS_H
#define TW_AGENT_RECORDS_H

#include <event2/event.h>

#include "proto/link/link.h"

struct tw_records_config {
	const char *host;
	const char *state_dir;  /* is there */
	const char *controller; /* URL; the records' socket is beside it */
	const char *url;        /* of the records' socket; NULL = by the rule of tw_records_url() */
	uint64_t max_octets;    /* of the spool */
	uint64_t max_age_ms;
};

struct tw_records;

/** @return NULL (logged) */
struct tw_records *tw_records_create(struct event_base *base, const struct tw_records_config *config);
/** What has not been taken stays in the spool. Accepts NULL. */
void tw_records_destroy(struct tw_records *records);

/** What the switch is to know of the spool; valid as long as the object. */
Tw__RecordSpool *tw_records_spool(struct tw_records *records);

#endif
