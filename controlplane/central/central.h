/* SPDX-License-Identifier: Apache-2.0 */
/*
 * central.h - the way of flow records by the controller: taken from hosts, exported as one exporter for the whole switch.
 *
 *   hosts ── PushRecords ──▶ intake.c ──▶ spool ──▶ pump.c ──▶ collectors
 *
 * Threads  one of its own does all of that, with sockets of its own: the control plane waits for none of it, and what a thousand
 *          hosts send does not go by its thread. The controller's thread makes the calls below; they exchange whole values
 *          under a lock that is held for moments. The thread begins with the first exporter of way CENTRAL.
 * Owns     the folder with the spool, the marks and the cursors.
 */
#ifndef TW_CONTROLPLANE_CENTRAL_CENTRAL_H
#define TW_CONTROLPLANE_CENTRAL_CENTRAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/link/link.h"

enum {
	TW_CENTRAL_DOMAIN = 65535, /* observation domain of the whole switch: hosts' are the numbers of their rows */
	TW_CENTRAL_URLS_MAX = 16,
};

struct tw_export_trial;
struct tw_model;
struct tw_central;

struct tw_central_config {
	const char *folder;
	uint64_t max_octets; /* of the spool; 0 = 4 GiB */
	uint64_t max_age_ms; /* 0 = a week */
	size_t n_urls;
	const char *urls[TW_CENTRAL_URLS_MAX]; /* where records are taken */
};

/** Nothing is opened yet. Texts are copied. */
struct tw_central *tw_central_create(const struct tw_central_config *config);
/** What is open is sent. Accepts NULL. */
void tw_central_destroy(struct tw_central *central);

/** The model has changed. Accepts NULL. */
void tw_central_update(struct tw_central *central, const struct tw_model *model);

/**
 * Send known records to all collectors of an exporter of this way, soon. Accepts NULL.
 * @return 0; -ENOENT none goes this way; -EBUSY another trial is under way
 */
int tw_central_try(struct tw_central *central, const char *exporter);
/** What has come of it; asking ends the trial. Without collectors: the exporter does not run. @return false: not known yet */
bool tw_central_tried(struct tw_central *central, struct tw_export_trial *result);

/** @return what is to be told, to be released with tw__central_status__free_unpacked(); NULL if nothing goes this way */
Tw__CentralStatus *tw_central_status(struct tw_central *central);

#endif
