/* SPDX-License-Identifier: Apache-2.0 */
/* job.h - a worker does what main asks of its flow cache, a piece each poll; struct tw_job is in worker.h. Worker thread. */
#ifndef TW_DATAPLANE_JOB_H
#define TW_DATAPLANE_JOB_H

#include "dataplane/worker.h"

/** Go on with the job in hand, or take the next one; at most a few hundred entries a call. */
void tw_job_some(struct tw_worker *w, const struct tw_snapshot *s);

#endif
