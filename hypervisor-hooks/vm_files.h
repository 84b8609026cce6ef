/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vm_files.h - the files of a guest in RUN_DIR/vm, and whether its QEMU lives.
 *
 *   NAME.json         its specification (vm_spec.h)      NAME.qmp          QEMU's machine protocol, for one client at a time
 *   NAME.pid          locked by QEMU as long as it runs  NAME.console      first serial port, a stream socket
 *   NAME.log          what QEMU had to say               NAME.console.log  what the guest wrote there
 * Control threads. Names have passed tw_vm_spec_check() or tw_check_name(): they hold no '/'.
 */
#ifndef TW_HYPERVISOR_HOOKS_VM_FILES_H
#define TW_HYPERVISOR_HOOKS_VM_FILES_H

#include <stddef.h>
#include <sys/types.h>

/** RUN_DIR/vm/NAME.SUFFIX, or the folder if name is NULL. @return 0 or -ENAMETOOLONG */
int tw_vm_path(char *out, size_t size, const char *run_dir, const char *name, const char *suffix)
	__attribute__((warn_unused_result));

/**
 * The process that runs the guest.
 *
 * Asks the kernel who holds the lock on NAME.pid, so a file left by a crash and a number used again by another process
 * do not mislead.
 * @return the pid, or 0 if none runs
 */
pid_t tw_vm_pid(const char *run_dir, const char *name);

/**
 * The last lines of NAME.log, for an error message; lines are joined by "; ".
 * @return out, an empty string if there is nothing to tell
 */
char *tw_vm_log_tail(char *out, size_t size, const char *run_dir, const char *name);

/** Remove the specification, the pid file and the sockets; the logs stay. */
void tw_vm_forget(const char *run_dir, const char *name);

#endif
