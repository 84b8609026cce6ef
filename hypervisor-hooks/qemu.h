/* SPDX-License-Identifier: Apache-2.0 */
/*
 * qemu.h - QEMU's argument vector for a guest on the switch.
 *
 * The vector depends on the specification, the run directory, the ports' places on this host and the accelerator; for a
 * migration the first and the last must be the same at both ends, and are: the destination is given the source's
 * specification, and hosts that migrate to each other have like CPUs.
 *
 * Threads: any; pure but for tw_qemu_kvm_usable().
 */
#ifndef TW_HYPERVISOR_HOOKS_QEMU_H
#define TW_HYPERVISOR_HOOKS_QEMU_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/mac.h"
#include "proto/agent.pb-c.h"

/* One vNIC: what the agent says of a port of this host. */
struct tw_qemu_nic {
	char socket[108]; /* vhost-user socket; the size of sun_path */
	uint8_t mac[TW_MAC_LEN];
	uint32_t mtu;
	bool switch_listens; /* QEMU connects, and again whenever it is cut off; else QEMU listens */
};

struct tw_qemu {
	const Tw__VmSpec *spec; /* has passed tw_vm_spec_check() */
	const char *run_dir;
	const char *incoming; /* URI, or NULL */
	bool kvm;
	const struct tw_qemu_nic *nics; /* spec->n_ports of them, in the order of spec->ports */
};

/**
 * The argument vector, NULL-terminated, program first ($TW_QEMU or "qemu-system-x86_64").
 * @return NULL when out of memory; release with tw_vm_args_free()
 */
char **tw_qemu_args(const struct tw_qemu *qemu);

/**
 * Whether KVM can run a stock kernel here: the CPU has vmx or svm and /dev/kvm answers. The device alone proves nothing:
 * a paravirtual hypervisor may offer it without hardware support, and a guest then does not boot.
 */
bool tw_qemu_kvm_usable(void);
/** The first half of it: a "flags" line of a /proc/cpuinfo that lists vmx or svm. */
bool tw_qemu_cpu_has_vm_extensions(const char *cpuinfo);

#endif
