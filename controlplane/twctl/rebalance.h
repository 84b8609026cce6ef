/* SPDX-License-Identifier: Apache-2.0 */
/* rebalance.h - `twctl host rebalance`: queues of a host's switch go to workers with time to spare. One thread. */
#ifndef TW_TWCTL_REBALANCE_H
#define TW_TWCTL_REBALANCE_H

#include "controlplane/twctl/command.h"

extern const struct tw_option tw_rebalance_options[];
bool tw_rebalance_begin(struct tw_run *run);
int tw_rebalance_run(struct tw_run *run);

#endif
