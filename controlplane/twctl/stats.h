/* SPDX-License-Identifier: Apache-2.0 */
/* stats.h - `twctl port stats` and `twctl host stats`: what is counted, how fast it grows, and who is at fault. One thread. */
#ifndef TW_TWCTL_STATS_H
#define TW_TWCTL_STATS_H

#include "controlplane/twctl/command.h"

int tw_stats_port(struct tw_run *run);
int tw_stats_host(struct tw_run *run);
extern const struct tw_option tw_stats_options[]; /* --watch, --count */

/**
 * Ask and show again and again, until --count is reached, nobody answers any more, or the operator has seen enough.
 * @param ask  a new reference; NULL with run->error filled
 * @param show what was asked now, and what was asked so many seconds before
 * @return exit status
 */
int tw_stats_watch(struct tw_run *run, json_t *(*ask)(struct tw_run *run),
		   void (*show)(struct tw_run *run, json_t *rows, const json_t *before, double seconds));
/**
 * Add to each row, as "rate", what its counters grew by a second; "a.b" is "rate.b".
 * @param key member by which a row is known again
 */
void tw_stats_add_rates(json_t *rows, const json_t *before, const char *key, const char *const *names, size_t n,
			double seconds);

/** A port's status with its host's name in it, from GetStatus. New reference; NULL if it is served nowhere. */
json_t *tw_stats_of_port(const json_t *status, const json_t *port);

#endif
