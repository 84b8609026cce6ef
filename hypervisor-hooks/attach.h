/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attach.h - asks this host's agent for ports: where they are, and to let them go.
 *
 * Threads: control threads; each call waits for the agent's answer.
 * Hostile input: replies are held to the limits of struct tw_qemu_nic before they are used.
 */
#ifndef TW_HYPERVISOR_HOOKS_ATTACH_H
#define TW_HYPERVISOR_HOOKS_ATTACH_H

#include <stdbool.h>

#include "hypervisor-hooks/qemu.h"
#include "proto/link/link.h"

enum { TW_ATTACH_TIMEOUT_MS = 10000 /* the agent asks the controller, which writes to disk */ };

/**
 * Make every port of the specification this host's, and learn how to reach it.
 *
 * All or nothing: on failure those that had been attached are detached again (unless incoming: they are bound by the
 * migration, which ends without us). The VM's UUID is set from the agent's; if the specification has one already, the
 * two must be the same.
 * @param nics out: spec->n_ports elements
 * @return 0, or -errno with *err
 */
int tw_vm_attach(const char *run_dir, Tw__VmSpec *spec, bool incoming, struct tw_qemu_nic *nics, struct tw_error *err)
	__attribute__((warn_unused_result));

/** Let every port of the specification go. @return 0, or the first failure with *err; the others are still tried */
int tw_vm_detach(const char *run_dir, const Tw__VmSpec *spec, struct tw_error *err) __attribute__((warn_unused_result));

/** What attach does with one reply: check it and copy it. Pure. @return true, or false with *err */
bool tw_vm_nic_from_reply(const Tw__AttachPortReply *reply, struct tw_qemu_nic *nic, struct tw_error *err);

#endif
