/* SPDX-License-Identifier: Apache-2.0 */
/* check_rules.c - the limits written in the .proto files, one line each; see check_rules.h. Pure. */
#include "proto/link/check_rules.h"

#include <limits.h>

#include "proto/link/check.h"

enum { TEXT_MAX = TW_ERROR_TEXT_MAX, NETDEV_MAX = 15 /* IFNAMSIZ - 1 */, SOCKET_PATH_MAX = 107 /* sun_path - 1 */ };
enum { FRAME_MAX = 9234 /* an MTU of 9216 and an Ethernet header with a tag */ };

/* clang-format off */
#define RANGE(lo, hi, what)            .kind = TW_RULE_RANGE, .range = { .min = (lo), .max = (hi), .noun = (what) }
#define RANGE_OR_ZERO(lo, hi, what, z) .kind = TW_RULE_RANGE, .range = { (lo), (hi), (what), (z) }
#define COUNT(lo, hi)                  .count_min = (lo), .count_max = (hi)

#define PORT_NUMBER      RANGE(1, INT32_MAX, "a port number")
#define VLAN_ID_OR(z)    RANGE_OR_ZERO(1, TW_VLAN_MAX, "a VLAN id", z)
#define MTU              RANGE_OR_ZERO(TW_MTU_MIN, TW_MTU_MAX, "an MTU", "1500")
#define SNAPLEN          RANGE_OR_ZERO(60, 65535, "a snapshot length", "all")
#define UINT8(what)      RANGE(0, 255, what)
#define UINT16(what)     RANGE(0, 65535, what)

static const struct tw_rule vlan[] = {
	{ "access", VLAN_ID_OR("untagged") },
	{ "trunk", TW_RULE_MESSAGE, COUNT(0, 64) },
	{ "native", VLAN_ID_OR("untagged frames are dropped") },
	{ "secondary", VLAN_ID_OR("none"), .also = tw_also_vlan_fits },
	{ 0 }
};
static const struct tw_rule vlan_range[] = {
	{ "first", RANGE(1, TW_VLAN_MAX, "a VLAN id") },
	{ "last", RANGE(1, TW_VLAN_MAX, "a VLAN id"), .also = tw_also_range_rises },
	{ 0 }
};
static const struct tw_rule network[] = {
	{ "name", TW_RULE_NAME },
	{ "vlan", TW_RULE_VLAN },
	{ "mtu", MTU },
	{ "guards", TW_RULE_MESSAGE, .optional = true },
	{ "ingress_acl", TW_RULE_NAME, .optional = true },
	{ "egress_acl", TW_RULE_NAME, .optional = true },
	{ 0 }
};
static const struct tw_rule port[] = {
	{ "name", TW_RULE_PORT },
	{ "uuid", TW_RULE_UUID, .optional = true },
	{ "number", RANGE_OR_ZERO(1, INT32_MAX, "a port number", "not given yet") },
	{ "mac", TW_RULE_MAC, .optional = true },
	{ "vm_uuid", TW_RULE_UUID, .optional = true },
	{ "network", TW_RULE_NAME },
	{ "addresses", TW_RULE_PREFIX, COUNT(0, 64) },
	{ "guards", TW_RULE_MESSAGE, .optional = true },
	{ "ingress_acl", TW_RULE_NAME, .optional = true },
	{ "egress_acl", TW_RULE_NAME, .optional = true },
	{ 0 }
};
static const struct tw_rule binding[] = {
	{ "host", TW_RULE_NAME, .optional = true },
	{ 0 }
};
static const struct tw_rule host[] = {
	{ "name", TW_RULE_NAME },
	{ "uplinks", TW_RULE_MESSAGE, COUNT(0, 8), .also = tw_also_uplinks_unique },
	{ "peer_url", TW_RULE_TCP_URL, .optional = true },
	{ "migrate_address", TW_RULE_ADDRESS, .optional = true },
	{ 0 }
};
static const struct tw_rule uplink[] = {
	{ "name", TW_RULE_NAME, .max = 31 },
	{ "devargs", TW_RULE_TEXT, .max = 255 },
	{ "netdev", TW_RULE_NAME, .max = NETDEV_MAX, .optional = true },
	{ 0 }
};
static const struct tw_rule mirror[] = {
	{ "name", TW_RULE_NAME },
	{ "ports", TW_RULE_PORT, COUNT(1, 64), .also = tw_also_mirror_ports_unique },
	{ "file", TW_RULE_FILE },
	{ "snaplen", SNAPLEN },
	{ 0 }
};
static const struct tw_rule exporter[] = {
	{ "name", TW_RULE_NAME },
	{ "collector", TW_RULE_ENDPOINT },
	{ "active_timeout_s", RANGE_OR_ZERO(1, 3600, "an active timeout in seconds", "60") },
	{ "idle_timeout_s", RANGE_OR_ZERO(1, 600, "an idle timeout in seconds", "15") },
	{ "template_refresh_s", RANGE_OR_ZERO(1, 86400, "a template refresh in seconds", "60") },
	{ "mtu", RANGE_OR_ZERO(512, TW_MTU_MAX, "an export MTU", "1400") },
	{ 0 }
};
static const struct tw_rule acl[] = {
	{ "name", TW_RULE_NAME, .also = tw_also_acl_name },
	{ "rules", TW_RULE_ACL, COUNT(0, 1000) },
	{ 0 }
};
static const struct tw_rule migration[] = {
	{ "vm", TW_RULE_NAME },
	{ "from", TW_RULE_NAME },
	{ "to", TW_RULE_NAME },
	{ "error", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ 0 }
};

/* ---- api.proto ---- */

static const struct tw_rule of_kind[] = { /* Delete */
	{ "name", TW_RULE_TEXT, .max = 127, .also = tw_also_name_fits_kind },
	{ 0 }
};
static const struct tw_rule list[] = {
	{ "name", TW_RULE_TEXT, .max = 127, .optional = true, .also = tw_also_name_fits_kind },
	{ 0 }
};
static const struct tw_rule bind_port[] = {
	{ "port", TW_RULE_PORT },
	{ "host", TW_RULE_NAME, .optional = true },
	{ "from", TW_RULE_NAME, .optional = true },
	{ 0 }
};
static const struct tw_rule wait_realised[] = {
	{ "timeout_ms", RANGE(0, 600000, "a wait in milliseconds") },
	{ 0 }
};
static const struct tw_rule host_state[] = {
	{ "name", TW_RULE_NAME },
	{ "error", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ 0 }
};
static const struct tw_rule list_flows[] = {
	{ "port", TW_RULE_PORT, .optional = true },
	{ "host", TW_RULE_NAME, .optional = true },
	{ "limit", RANGE_OR_ZERO(1, 10000, "a number of flows", "1000") },
	{ 0 }
};
static const struct tw_rule host_flows[] = {
	{ "host", TW_RULE_NAME },
	{ 0 }
};
static const struct tw_rule migrate_vm[] = {
	{ "vm", TW_RULE_NAME },
	{ "to", TW_RULE_NAME },
	{ 0 }
};
static const struct tw_rule wait_migration[] = {
	{ "timeout_ms", RANGE(0, 60000, "a wait in milliseconds") },
	{ 0 }
};

/* ---- agent.proto ---- */

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

/* ---- switch.proto ---- */

static const struct tw_rule snapshot[] = {
	{ "host", TW_RULE_NAME },
	{ "observation_domain", RANGE(1, UINT32_MAX, "an observation domain") },
	{ "ports", TW_RULE_MESSAGE, COUNT(0, 1024) },
	{ "remotes", TW_RULE_MESSAGE, COUNT(0, 65536) },
	{ "uplinks", TW_RULE_MESSAGE, COUNT(0, 8), .also = tw_also_uplinks_unique },
	{ "mirrors", TW_RULE_MESSAGE, COUNT(0, 64) },
	{ "exporters", TW_RULE_MESSAGE, COUNT(0, 8), .also = tw_also_snapshot_unique },
	{ "acls", TW_RULE_MESSAGE, COUNT(0, 64), .also = tw_also_acls_unique },
	{ 0 }
};
static const struct tw_rule local_port[] = {
	{ "number", PORT_NUMBER },
	{ "name", TW_RULE_PORT },
	{ "uuid", TW_RULE_UUID, .optional = true },
	{ "mac", TW_RULE_MAC },
	{ "vm_uuid", TW_RULE_UUID, .optional = true },
	{ "vm_name", TW_RULE_NAME, .optional = true },
	{ "network", TW_RULE_NAME, .optional = true },
	{ "vlan", TW_RULE_VLAN },
	{ "mtu", MTU },
	{ "socket", TW_RULE_PATH, .max = SOCKET_PATH_MAX },
	{ "addresses", TW_RULE_PREFIX, COUNT(0, 64) },
	{ "guards", TW_RULE_MESSAGE, .optional = true },
	{ "ingress_acl", TW_RULE_NAME, .optional = true },
	{ "egress_acl", TW_RULE_NAME, .optional = true },
	{ 0 }
};
static const struct tw_rule remote_port[] = {
	{ "number", PORT_NUMBER },
	{ "mac", TW_RULE_MAC },
	{ "name", TW_RULE_PORT, .optional = true },
	{ "vm_name", TW_RULE_NAME, .optional = true },
	{ "vm_uuid", TW_RULE_UUID, .optional = true },
	{ "uuid", TW_RULE_UUID, .optional = true },
	{ "vlan", TW_RULE_VLAN },
	{ 0 }
};
static const struct tw_rule local_mirror[] = {
	{ "name", TW_RULE_NAME },
	{ "ports", PORT_NUMBER, COUNT(0, 64) },
	{ "path", TW_RULE_PATH, .max = PATH_MAX - 1 },
	{ "snaplen", SNAPLEN },
	{ 0 }
};
static const struct tw_rule local_exporter[] = {
	{ "name", TW_RULE_NAME },
	{ "collector", TW_RULE_ENDPOINT },
	{ "active_timeout_s", RANGE(1, 3600, "an active timeout in seconds") },
	{ "idle_timeout_s", RANGE(1, 600, "an idle timeout in seconds") },
	{ "template_refresh_s", RANGE(1, 86400, "a template refresh in seconds") },
	{ "mtu", RANGE(512, TW_MTU_MAX, "an export MTU") },
	{ 0 }
};
static const struct tw_rule apply_snapshot[] = {
	{ "snapshot", TW_RULE_MESSAGE },
	{ 0 }
};
static const struct tw_rule get_flows[] = {
	{ "limit", RANGE_OR_ZERO(1, 10000, "a number of flows", "1000") },
	{ 0 }
};
static const struct tw_rule trace_frame[] = {
	{ "port", RANGE_OR_ZERO(1, INT32_MAX, "a port number", "from an uplink") },
	{ "frame", TW_RULE_OCTETS, .max = FRAME_MAX },
	{ 0 }
};
static const struct tw_rule traced[] = {
	{ "stages", TW_RULE_MESSAGE, COUNT(0, 64) },
	{ "action", TW_RULE_TEXT, .max = 31, .optional = true },
	{ "drop_reason", TW_RULE_TEXT, .max = 63, .optional = true },
	{ "drop_text", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ "outs", TW_RULE_TEXT, .max = 127, COUNT(0, 1100) },
	{ "uplink_frame", TW_RULE_OCTETS, .max = FRAME_MAX + 8, .optional = true },
	{ 0 }
};
static const struct tw_rule trace_stage[] = {
	{ "stage", TW_RULE_TEXT, .max = 31 },
	{ "text", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ 0 }
};
static const struct tw_rule trace_port[] = {
	{ "port", TW_RULE_PORT, .optional = true },
	{ "host", TW_RULE_NAME, .optional = true },
	{ "frame", TW_RULE_OCTETS, .max = FRAME_MAX },
	{ 0 }
};
static const struct tw_rule trace_port_reply[] = {
	{ "host", TW_RULE_NAME },
	{ "traced", TW_RULE_MESSAGE },
	{ 0 }
};
static const struct tw_rule names_number[] = { /* TakePortState, ReleasePort, PortState, PortActivated */
	{ "number", PORT_NUMBER },
	{ 0 }
};

/* ---- stats.proto ---- */

static const struct tw_rule switch_status[] = {
	{ "ports", TW_RULE_MESSAGE, COUNT(0, 1024) },
	{ "uplinks", TW_RULE_MESSAGE, COUNT(0, 8) },
	{ "mirrors", TW_RULE_MESSAGE, COUNT(0, 64) },
	{ "exporters", TW_RULE_MESSAGE, COUNT(0, 8) },
	{ "workers", TW_RULE_MESSAGE, COUNT(0, 1024) },
	{ "acls", TW_RULE_MESSAGE, COUNT(0, 64) },
	{ 0 }
};
static const struct tw_rule acl_status[] = {
	{ "name", TW_RULE_NAME },
	{ "hits", TW_RULE_ANY, COUNT(0, 1001) },
	{ 0 }
};
static const struct tw_rule has_error[] = { /* UplinkStatus, ExporterStatus */
	{ "error", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ 0 }
};
static const struct tw_rule port_status[] = {
	{ "rings", TW_RULE_MESSAGE, COUNT(0, 256) },
	{ "fault_text", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ 0 }
};
static const struct tw_rule worker_status[] = {
	{ "queues", TW_RULE_MESSAGE, COUNT(0, 65536) },
	{ 0 }
};
static const struct tw_rule mirror_status[] = {
	{ "path", TW_RULE_TEXT, .max = PATH_MAX - 1, .optional = true },
	{ "error", TW_RULE_TEXT, .max = TEXT_MAX, .optional = true },
	{ 0 }
};
static const struct tw_rule flow[] = {
	{ "vlan", VLAN_ID_OR("none") },
	{ "src_mac", TW_RULE_ANY_MAC, .optional = true },
	{ "dst_mac", TW_RULE_ANY_MAC, .optional = true },
	{ "ethertype", UINT16("an ethertype") },
	{ "src_ip", TW_RULE_IP, .optional = true },
	{ "dst_ip", TW_RULE_IP, .optional = true },
	{ "protocol", UINT8("an IP protocol") },
	{ "src_port", UINT16("a port") },
	{ "dst_port", UINT16("a port") },
	{ "tos", UINT8("a type of service") },
	{ "tcp_flags", UINT16("a set of TCP flags") },
	{ "min_ttl", UINT8("a time to live") },
	{ "max_ttl", UINT8("a time to live") },
	{ "raw_key", TW_RULE_OCTETS, .max = 256, .optional = true },
	{ 0 }
};

static const struct {
	const ProtobufCMessageDescriptor *type;
	const struct tw_rule *rules;
} table[] = {
	{ &tw__vlan_range__descriptor, vlan_range }, /* the most frequent first */
	{ &tw__vlan__descriptor, vlan },
	{ &tw__remote_port__descriptor, remote_port },
	{ &tw__flow__descriptor, flow },
	{ &tw__port__descriptor, port },
	{ &tw__binding__descriptor, binding },
	{ &tw__local_port__descriptor, local_port },
	{ &tw__network__descriptor, network },
	{ &tw__host__descriptor, host },
	{ &tw__uplink__descriptor, uplink },
	{ &tw__mirror__descriptor, mirror },
	{ &tw__exporter__descriptor, exporter },
	{ &tw__acl__descriptor, acl },
	{ &tw__acl_status__descriptor, acl_status },
	{ &tw__migration__descriptor, migration },
	{ &tw__local_mirror__descriptor, local_mirror },
	{ &tw__local_exporter__descriptor, local_exporter },
	{ &tw__snapshot__descriptor, snapshot },
	{ &tw__apply_snapshot__descriptor, apply_snapshot },
	{ &tw__get_flows__descriptor, get_flows },
	{ &tw__take_port_state__descriptor, names_number },
	{ &tw__put_port_state__descriptor, has_state },
	{ &tw__release_port__descriptor, names_number },
	{ &tw__port_state__descriptor, names_number },
	{ &tw__switch_status__descriptor, switch_status },
	{ &tw__uplink_status__descriptor, has_error },
	{ &tw__exporter_status__descriptor, has_error },
	{ &tw__mirror_status__descriptor, mirror_status },
	{ &tw__port_status__descriptor, port_status },
	{ &tw__worker_status__descriptor, worker_status },
	{ &tw__delete__descriptor, of_kind },
	{ &tw__list__descriptor, list },
	{ &tw__bind_port__descriptor, bind_port },
	{ &tw__wait_realised__descriptor, wait_realised },
	{ &tw__host_state__descriptor, host_state },
	{ &tw__list_flows__descriptor, list_flows },
	{ &tw__host_flows__descriptor, host_flows },
	{ &tw__migrate_vm__descriptor, migrate_vm },
	{ &tw__wait_migration__descriptor, wait_migration },
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
	{ &tw__port_activated__descriptor, names_number },
	{ &tw__attach_port__descriptor, names_port },
	{ &tw__detach_port__descriptor, names_port },
	{ &tw__attach_port_reply__descriptor, attach_port_reply },
	{ &tw__agent_status__descriptor, agent_status },
	{ &tw__hand_over__descriptor, has_state },
	{ &tw__error__descriptor, error },
	{ &tw__trace_frame__descriptor, trace_frame },
	{ &tw__traced__descriptor, traced },
	{ &tw__trace_stage__descriptor, trace_stage },
	{ &tw__trace_port__descriptor, trace_port },
	{ &tw__trace_port_reply__descriptor, trace_port_reply },
};
/* clang-format on */

const struct tw_rule *tw_rules_of(const ProtobufCMessageDescriptor *type)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (table[i].type == type)
			return table[i].rules;
	return NULL;
}
