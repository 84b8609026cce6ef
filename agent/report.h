/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - the conversation in which this host speaks: a Report each second and at once when there is news, and the
 * results of tasks.
 *
 * A task's result is repeated until the controller has acknowledged or refused it, or it is too old to matter to anyone.
 *
 * Threads  the agent's one thread. Hooks are called from the event loop.
 */
#ifndef TW_AGENT_REPORT_H
#define TW_AGENT_REPORT_H

#include <event2/event.h>
#include <stdbool.h>

#include "proto/link/link.h"

struct tw_report;

struct tw_report_hooks {
	/** Fill all but `activated`; what it points to must stay valid until the next loop turn. */
	void (*fill)(void *arg, Tw__Report *report);
	/** A Report is acknowledged; ack is borrowed. */
	void (*acknowledged)(void *arg, const Tw__Ack *ack);
	/** The controller takes reports again (true) or has ceased to (false). */
	void (*connected)(void *arg, bool connected);
};

struct tw_report *tw_report_create(struct event_base *base, const char *url, const char *host,
				   const struct tw_report_hooks *hooks, void *arg);
void tw_report_destroy(struct tw_report *report);

/** There is news: report as soon as the conversation is free. */
void tw_report_now(struct tw_report *report);

/** Tell that a guest began to run here; repeated in each Report until one is acknowledged. @return 0 or -ENOMEM */
int tw_report_activated(struct tw_report *report, uint32_t number, uint64_t migration, uint64_t at_ns);

/** Send a task's result (host is filled in); borrowed. @return 0 or -ENOMEM */
int tw_report_result(struct tw_report *report, const Tw__TaskResult *result);

bool tw_report_connected(const struct tw_report *report);

#endif
