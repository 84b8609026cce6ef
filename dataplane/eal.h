/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eal.h - DPDK's environment, started so that nothing is touched which was not named, and nothing is left behind.
 *
 * Lcore 0 is main, on every CPU; lcores 1..N are the workers, each on its CPU (two switches on a machine share one, then).
 */
#ifndef TW_DATAPLANE_EAL_H
#define TW_DATAPLANE_EAL_H

#include "dataplane/options.h"

/** @return 0; -errno, logged */
int tw_eal_start(const struct tw_options *options) __attribute__((warn_unused_result));
void tw_eal_stop(void);

#endif
