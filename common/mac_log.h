/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mac_log.h - which MACs are behind which ports, with a running number for each change: whoever says up to which number he
 * knows it is told what has changed since, or, if that is too long ago, all there is.
 *
 * A MAC that changes often is one entry, which changes last. What is gone is remembered for a while, so that it can be told;
 * of the oldest of these nothing is known any more when there are many.
 * Threads  its owner's.
 */
#ifndef TW_COMMON_MAC_LOG_H
#define TW_COMMON_MAC_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum { TW_MAC_LOG_GONE = 8192 /* MACs that are gone and remembered */ };

struct tw_mac_log;

struct tw_mac_place {
	uint64_t mac; /* 48 bits, first octet highest */
	uint16_t vlan;
	uint32_t port; /* number; 0 = behind none any more */
};

/** @return NULL: out of memory */
struct tw_mac_log *tw_mac_log_create(void);
void tw_mac_log_destroy(struct tw_mac_log *log); /* accepts NULL */

/** It is there now (port 0: nowhere). No change if it was. @return false: no memory, it is not in the log */
bool tw_mac_log_set(struct tw_mac_log *log, const struct tw_mac_place *place);

/** Number of the last change; 0 = there was none. */
uint64_t tw_mac_log_last(const struct tw_mac_log *log);

/** MACs that are behind a port. */
uint32_t tw_mac_log_count(const struct tw_mac_log *log);

/** Is everything that has changed since still known? If not, the asker begins with 0 and forgets what he had. */
bool tw_mac_log_knows(const struct tw_mac_log *log, uint64_t since);

/**
 * What has changed since, oldest first; since 0: all that is behind a port. Calls fn until it returns false.
 * @return up to where it was told: what to ask for next
 */
uint64_t tw_mac_log_since(const struct tw_mac_log *log, uint64_t since,
			  bool (*fn)(void *arg, const struct tw_mac_place *place), void *arg);

#endif
