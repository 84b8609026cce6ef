/* SPDX-License-Identifier: Apache-2.0 */
/* run.h - tw-switch from start to end, given a running EAL; main.c and tests call it. Main thread. */
#ifndef TW_DATAPLANE_RUN_H
#define TW_DATAPLANE_RUN_H

#include "dataplane/switch.h"

/** Everything is made and the workers run. @return NULL, the reason is logged */
struct tw_switch *tw_switch_create(const struct tw_options *options);
/** Serve until SIGTERM or SIGINT. */
void tw_switch_run(struct tw_switch *sw);
/** Flows end with a record, captures are closed, guests see their link go. Accepts NULL. */
void tw_switch_destroy(struct tw_switch *sw);

#endif
