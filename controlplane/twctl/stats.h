/* SPDX-License-Identifier: Apache-2.0 */
/* stats.h - `twctl port stats` and `twctl host stats`: what is counted, how fast it grows, and who is at fault. One thread. */
#ifndef TW_TWCTL_STATS_H
#define TW_TWCTL_STATS_H

#include "controlplane/twctl/command.h"

int tw_stats_port(struct tw_run *run);
int tw_stats_host(struct tw_run *run);
extern const struct tw_option tw_stats_options[]; /* --watch, --count */

/** A port's status with its host's name in it, from GetStatus. New reference; NULL if it is served nowhere. */
json_t *tw_stats_of_port(const json_t *status, const json_t *port);

#endif
