/* SPDX-License-Identifier: Apache-2.0 */
/* tw_vm.h - the commands of tw-vm. Each reports its own errors and returns an exit status: 0 done, 1 failed, 2 usage. */
#ifndef TW_HYPERVISOR_HOOKS_TW_VM_H
#define TW_HYPERVISOR_HOOKS_TW_VM_H

#include "proto/link/error.h"

enum { TW_VM_DONE = 0, TW_VM_FAILED = 1, TW_VM_USAGE = 2 };

/* argv[0] is the command's name. */
int tw_vm_cmd_run(int argc, char **argv);
int tw_vm_cmd_list(int argc, char **argv);
int tw_vm_cmd_stop(int argc, char **argv);
int tw_vm_cmd_console(int argc, char **argv);

/** "tw-vm: ports: text [code]" on standard error. @return TW_VM_FAILED */
int tw_vm_complain(const struct tw_error *err);
/** Print the help on standard output and return TW_VM_DONE, or point to it on standard error and return TW_VM_USAGE. */
int tw_vm_help(void);
int tw_vm_usage(const char *what, const char *detail);
/** Print the version. @return TW_VM_DONE */
int tw_vm_version(void);

#endif
