/* SPDX-License-Identifier: Apache-2.0 */
/* check_rules_agent.c - the limits of what agents, hooks and the controller tell each other; see check_rules.h. Pure. */
#include <limits.h>

#include "proto/link/check_rules_table.h"

/* clang-format off */
static const struct tw_rule hello[] = {
	{ "host", TW_RULE_NAME },
	{ "peer_url", TW_RULE_TCP_URL, .optional = true },
	{ "migrate_address", TW_RULE_ADDRESS, .optional = true },
	{ 0 }
};
static const struct tw_rule watch[] = {
	{ "host", TW_RULE_NAME },
	{ "wait_ms", RANGE(0, 60000, "a wait in milliseconds") },
	{ 0 }
};
static const struct tw_rule launch_incoming[] = {
	{ "spec", TW_RULE_MESSAGE },
	{ 0 }
};
static const struct tw_rule vm_spec[] = {
	{ "name", TW_RULE_NAME },
	{ "uuid", TW_RULE_UUID, .optional = true },
	{ "memory_mib", RANGE_OR_ZERO(1, 1 << 20, "a size of memory in MiB", "192") },
	{ "cpus", RANGE_OR_ZERO(1, 255, "a number of CPUs", "1") },
	{ "queues", RANGE_OR_ZERO(1, 16, "a number of queue pairs", "1") },
	{ "kernel", TW_RULE_PATH, .max = PATH_MAX - 1, .optional = true },
	{ "initrd", TW_RULE_PATH, .max = PATH_MAX - 1, .optional = true },
	{ "append", TW_RULE_TEXT, .max = 2047, .optional = true },
	{ "disk", TW_RULE_PATH, .max = PATH_MAX - 1, .optional = true },
	{ "ports", TW_RULE_PORT, COUNT(0, 32) },
	{ "extra", TW_RULE_TEXT, .max = 2047, .optional = true, COUNT(0, 64) },
	{ 0 }
};
static const struct tw_rule migrate_out[] = {
	{ "vm", TW_RULE_NAME },
	{ "uri", TW_RULE_QEMU_URI },
	{ 0 }
};
static const struct tw_rule names_vm[] = { /* StopVm, GetVmSpec */
	{ "vm", TW_RULE_NAME },
	{ 0 }
};
static const struct tw_rule names_host[] = { /* TaskResult */
	{ "host", TW_RULE_NAME },
	{ 0 }
};
static const struct tw_rule launch_result[] = {
	{ "uri", TW_RULE_QEMU_URI },
	{ 0 }
};
static const struct tw_rule report[] = {
	{ "host", TW_RULE_NAME },
	{ "error", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ "activated", TW_RULE_MESSAGE, COUNT(0, 1024) },
	{ 0 }
};
static const struct tw_rule names_port[] = { /* AttachPort, DetachPort */
	{ "port", TW_RULE_PORT },
	{ 0 }
};
static const struct tw_rule attach_port_reply[] = {
	{ "number", PORT_NUMBER },
	{ "socket", TW_RULE_PATH, .max = SOCKET_PATH_MAX },
	{ "mac", TW_RULE_MAC },
	{ "mtu", MTU },
	{ "vm_uuid", TW_RULE_UUID, .optional = true },
	{ 0 }
};
static const struct tw_rule agent_status[] = {
	{ "run_dir", TW_RULE_TEXT, .max = PATH_MAX - 1, .optional = true },
	{ 0 }
};
static const struct tw_rule has_state[] = { /* HandOver, PutPortState */
	{ "state", TW_RULE_MESSAGE },
	{ 0 }
};
static const struct tw_rule error[] = {
	{ "text", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ 0 }
};

const struct tw_rules tw_rules_agent[] = {
	{ &tw__put_port_state__descriptor, has_state },
	{ &tw__hello__descriptor, hello },
	{ &tw__watch__descriptor, watch },
	{ &tw__launch_incoming__descriptor, launch_incoming },
	{ &tw__vm_spec__descriptor, vm_spec },
	{ &tw__migrate_out__descriptor, migrate_out },
	{ &tw__stop_vm__descriptor, names_vm },
	{ &tw__get_vm_spec__descriptor, names_vm },
	{ &tw__task_result__descriptor, names_host },
	{ &tw__launch_result__descriptor, launch_result },
	{ &tw__report__descriptor, report },
	{ &tw__attach_port__descriptor, names_port },
	{ &tw__detach_port__descriptor, names_port },
	{ &tw__attach_port_reply__descriptor, attach_port_reply },
	{ &tw__agent_status__descriptor, agent_status },
	{ &tw__hand_over__descriptor, has_state },
	{ &tw__error__descriptor, error },
	{ 0 }
};
/* clang-format on */
