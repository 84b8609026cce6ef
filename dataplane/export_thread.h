/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_thread.h - the exporter thread: carries flow records from the workers' rings to the collectors.
 *
 * Threads  main calls everything here; the thread alone makes a tw_exporter's sending calls. A worker never waits for it:
 *          a record its ring has no room for stays in the worker's table.
 */
#ifndef TW_DATAPLANE_EXPORT_THREAD_H
#define TW_DATAPLANE_EXPORT_THREAD_H

#include "dataplane/worker.h"
#include "flowexport/exporter.h"
#include "flowexport/outlet.h"

struct tw_export_thread;

/** @param workers kept; their `records` rings are drained and their overflow counters read. @return NULL, logged */
struct tw_export_thread *tw_export_thread_create(struct tw_worker *const *workers, unsigned n_workers);

/** Drain, send what is open, end the thread. After the workers have stopped. Accepts NULL. */
void tw_export_thread_destroy(struct tw_export_thread *thread);

/** Both ways out, at once: a record goes by the one configuration or by the other. As tw_exporter_configure(), and on failure as it was. */
int tw_export_thread_configure(struct tw_export_thread *thread, const struct tw_exporter_config *exporter,
			       const struct tw_outlet_config *outlet);

/** The exporter, for its statistics and trials. */
struct tw_exporter *tw_export_thread_exporter(struct tw_export_thread *thread);
/** The way by the controller, for tw_outlet_get_stats(). */
struct tw_outlet *tw_export_thread_outlet(struct tw_export_thread *thread);

#endif
