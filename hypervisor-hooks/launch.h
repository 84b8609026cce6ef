/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch.h - starts and ends a QEMU process.
 *
 * Threads: control threads; both calls wait, in an event loop of their own.
 */
#ifndef TW_HYPERVISOR_HOOKS_LAUNCH_H
#define TW_HYPERVISOR_HOOKS_LAUNCH_H

#include <stddef.h>
#include <sys/types.h>

#include "proto/link/error.h"

enum {
	TW_VM_START_TIMEOUT_MS = 20000, /* QEMU waits for the switch on each vhost-user port before it answers */
	TW_VM_QUIT_MS = 3000,           /* for QMP's quit to end the process, then the same again for SIGTERM */
};

/**
 * Start QEMU in a session of its own and wait until its monitor answers.
 *
 * Its output goes to NAME.log, which is emptied first. When this fails no process is left.
 * @param incoming as given in args, or NULL
 * @param pid      out; QEMU is a child of the caller
 * @param uri      out: where QEMU waits, that is `incoming` with the port it took in place of 0; untouched if
 *                 incoming is NULL
 * @return 0, or -errno with *err: TW_E_VMM (it ended; the text has its last words), TW_E_TIMEOUT.
 *         SIGINT and SIGTERM also end the wait, and QEMU; they are caught meanwhile, even if the caller blocks them
 */
int tw_vm_launch(const char *run_dir, const char *name, char *const *args, const char *incoming, pid_t *pid, char *uri,
		 size_t uri_size, struct tw_error *err) __attribute__((warn_unused_result));

/**
 * End the guest's process: QMP quit, then SIGTERM, then SIGKILL.
 * @return 0 also if none runs; -ESRCH is never returned; -EBUSY if even SIGKILL did not end it in time
 */
int tw_vm_end(const char *run_dir, const char *name) __attribute__((warn_unused_result));

/**
 * Put the port QEMU took into an incoming URI: "tcp:A:0" and "40123" make "tcp:A:40123". Pure.
 * @return 0; -EINVAL port is no number in 1..65535 or the URI no "tcp:HOST:PORT"; -ENAMETOOLONG
 */
int tw_vm_uri_with_port(const char *incoming, const char *port, char *uri, size_t size);

#endif
