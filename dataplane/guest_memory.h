/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest_memory.h - a guest's memory that is not there ends that guest's connection, not the switch.
 *
 * The memory that a front-end shares is a file of its own: it can cut it short (SIGBUS at our next read), or tell rte_vhost a
 * new memory table that fails half way, so that rings lie in what is mapped no more (SIGSEGV). The handler of these signals
 * puts empty pages there, so that whoever read or wrote goes on with zeros, and main shuts the front-end out. A fault anywhere
 * else is what it always was: the program's own error, and its end.
 * Threads  _add, _forget: rte_vhost's message thread; the handler: whoever meets the fault; _next_fault: main.
 */
#ifndef TW_DATAPLANE_GUEST_MEMORY_H
#define TW_DATAPLANE_GUEST_MEMORY_H

#include <stddef.h>

/** After EAL's start, whose memory is none of a guest's. @param wake_fd an eventfd, written when there is a fault to ask for */
int tw_guest_memory_init(int wake_fd) __attribute__((warn_unused_result));

/** A range that rte_vhost has mapped for its device `vid` (0..1023). */
void tw_guest_memory_add(int vid, const void *start, size_t size);
/** No range is its any more. */
void tw_guest_memory_forget(int vid);

/** A device whose memory was not there, once for each; -1: no more */
int tw_guest_memory_next_fault(void);

#endif
