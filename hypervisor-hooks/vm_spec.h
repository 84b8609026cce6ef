/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vm_spec.h - how a guest is started: the proto message VmSpec, its limits, and its file RUN_DIR/vm/NAME.json.
 *
 * tw-vm files the specification of each guest it starts; tw-agent reads it when the guest is to move, and starts the
 * same guest elsewhere with tw_vm_spec_run_args(). Nothing in it belongs to one host: the sockets, MACs and MTUs of the
 * ports are asked from the agent at each start, and further QEMU arguments name the run directory as %r.
 *
 * Threads: control threads; an object belongs to one. Messages made here are released by tw_vm_spec_free() or
 * tw__vm_spec__free_unpacked(spec, NULL), which are the same.
 * Hostile input: a file may have been edited and a message come from anywhere, so both are held to tw_vm_spec_check().
 */
#ifndef TW_HYPERVISOR_HOOKS_VM_SPEC_H
#define TW_HYPERVISOR_HOOKS_VM_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/agent.pb-c.h"
#include "proto/link/error.h"

enum {
	TW_VM_NAME_MAX = 63,
	TW_VM_PORTS_MAX = 8,
	TW_VM_EXTRA_MAX = 64, /* further QEMU arguments */
	TW_VM_TEXT_MAX =
		2047, /* octets of a path, of the kernel's command line (x86: 2048 with the NUL), of an argument */
	TW_VM_MEMORY_MIN = 16, /* MiB */
	TW_VM_MEMORY_MAX = 1 << 20,
	TW_VM_CPUS_MAX = 255,
	TW_VM_QUEUES_MAX = 16,      /* queue pairs of a vNIC: as many as tw-switch serves */
	TW_VM_FILE_MAX = 256 << 10, /* octets of NAME.json: more than all limits above together */
};

/** An empty specification. @return NULL when out of memory */
Tw__VmSpec *tw_vm_spec_new(void);
/** Accepts NULL. */
void tw_vm_spec_free(Tw__VmSpec *spec);

/** Replace a string of a specification by a copy. @return 0 or -ENOMEM */
int tw_vm_spec_set(char **field, const char *value) __attribute__((warn_unused_result));
/** Append a copy of a string to `ports` or `extra`. @return 0 or -ENOMEM */
int tw_vm_spec_add(char ***list, size_t *n, const char *value) __attribute__((warn_unused_result));
/** Copy a UUID of TW_UUID_LEN octets. @return 0 or -ENOMEM */
int tw_vm_spec_set_uuid(Tw__VmSpec *spec, const uint8_t *uuid) __attribute__((warn_unused_result));

/** The limits of every field, and that they fit together. @return true, or false with *err naming the field */
bool tw_vm_spec_check(const Tw__VmSpec *spec, struct tw_error *err);

/** JSON text, indented, with a last newline; free() it. @return NULL when out of memory */
char *tw_vm_spec_format(const Tw__VmSpec *spec);
/** @return a specification that passed tw_vm_spec_check(), or NULL with *err */
Tw__VmSpec *tw_vm_spec_parse(const char *text, size_t size, struct tw_error *err);

/** Write RUN_DIR/vm/NAME.json. @return 0 or -errno */
int tw_vm_spec_save(const char *run_dir, const Tw__VmSpec *spec) __attribute__((warn_unused_result));
/** Read RUN_DIR/vm/NAME.json. @return NULL with *err: TW_E_NOT_FOUND if there is none, TW_E_INVALID, TW_E_MISSING */
Tw__VmSpec *tw_vm_spec_load(const char *run_dir, const char *name, struct tw_error *err);

/**
 * The command line that starts this guest: { "tw-vm", "run", ..., NULL }, for posix_spawnp(3).
 *
 * With `incoming`, tw-vm prints one line "incoming URI" to its standard output and exits 0 once QEMU waits for the
 * guest at that URI; with port 0 ("tcp:192.0.2.1:0") QEMU takes a free one and the line names it. On failure its exit
 * status is 1, the reason is the last line on its standard error, and no QEMU is left.
 * @param incoming NULL = start the guest anew
 * @return NULL when out of memory; release with tw_vm_args_free()
 */
char **tw_vm_spec_run_args(const Tw__VmSpec *spec, const char *run_dir, const char *incoming);
/** Accepts NULL. */
void tw_vm_args_free(char **args);

#endif
