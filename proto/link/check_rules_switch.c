/* SPDX-License-Identifier: Apache-2.0 */
/* check_rules_switch.c - the limits of what an agent tells its switch (switch.proto); see check_rules.h. Pure. */
#include <limits.h>

#include "proto/link/check_rules_table.h"

/* clang-format off */
static const struct tw_rule snapshot[] = {
	{ "host", TW_RULE_NAME },
	{ "observation_domain", RANGE(1, UINT32_MAX, "an observation domain") },
	{ "ports", TW_RULE_MESSAGE, COUNT(0, 1024) },
	{ "remotes", TW_RULE_MESSAGE, COUNT(0, 65536) },
	{ "uplinks", TW_RULE_MESSAGE, COUNT(0, 8), .also = tw_also_uplinks_unique },
	{ "mirrors", TW_RULE_MESSAGE, COUNT(0, 64) },
	{ "exporters", TW_RULE_MESSAGE, COUNT(0, 8), .also = tw_also_snapshot_unique },
	{ "acls", TW_RULE_MESSAGE, COUNT(0, 64), .also = tw_also_acls_unique },
	{ "teaming", TW_RULE_MESSAGE, .optional = true },
	{ "tunnel", TW_RULE_MESSAGE, .optional = true },
	{ "flow_sample", RANGE_OR_ZERO(1, 16383, "a number of packets", "1: every packet") },
	{ 0 }
};
static const struct tw_rule tunnel[] = {
	{ "address", TW_RULE_ADDRESS },
	{ "port", RANGE(1, UINT16_MAX, "a UDP port") },
	{ "peers", TW_RULE_ADDRESS, COUNT(0, 65536) },
	{ "ends", TW_RULE_MESSAGE, COUNT(0, 64), .also = tw_also_tunnel_fits },
	{ 0 }
};
static const struct tw_rule tunnel_end[] = {
	{ "mirror", TW_RULE_NAME },
	{ "tag", TUNNEL_TAG },
	{ "key", TW_RULE_OCTETS, .max = TW_TUNNEL_KEY_LEN },
	{ "to_port", PORT_NUMBER },
	{ 0 }
};
static const struct tw_rule local_port[] = {
	{ "learn_age_s", RANGE_OR_ZERO(10, 86400, "an age in seconds", "300") },
	{ "learn_limit", RANGE_OR_ZERO(1, TW_LEARN_LIMIT_MAX, "a number of MACs", "64") },
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
	{ "static_macs", TW_RULE_MAC, COUNT(0, TW_STATIC_MACS_MAX) },
	{ "addresses", TW_RULE_PREFIX, COUNT(0, 64) },
	{ "guards", TW_RULE_MESSAGE, .optional = true },
	{ "ingress_acl", TW_RULE_NAME, .optional = true },
	{ "egress_acl", TW_RULE_NAME, .optional = true },
	{ "teaming", TW_RULE_MESSAGE, .optional = true, .also = tw_also_teaming_is_no_lag },
	{ "record", RANGE_OR_ZERO(16, 16384, "a number of frames to record", "dropped ones only") },
	{ 0 }
};
static const struct tw_rule multicast[] = {
	{ "querier_address", TW_RULE_ADDRESS, .optional = true, .also = tw_also_querier_is_ipv4 },
	{ "query_interval_s", QUERY_INTERVAL },
	{ 0 }
};
static const struct tw_rule remote_port[] = {
	{ "number", PORT_NUMBER },
	{ "mac", TW_RULE_MAC },
	{ "name", TW_RULE_PORT, .optional = true },
	{ "vm_name", TW_RULE_NAME, .optional = true },
	{ "vm_uuid", TW_RULE_UUID, .optional = true },
	{ "uuid", TW_RULE_UUID, .optional = true },
	{ "network", TW_RULE_NAME, .optional = true },
	{ "vlan", TW_RULE_VLAN },
	{ "static_macs", TW_RULE_MAC, COUNT(0, TW_STATIC_MACS_MAX) },
	{ 0 }
};
static const struct tw_rule local_mirror[] = {
	{ "name", TW_RULE_TEXT, .max = 79 },
	{ "ports", PORT_NUMBER, COUNT(0, 1024) },
	{ "uplinks", TW_RULE_NAME, .max = 31, COUNT(0, 8) },
	{ "vlans", VLAN_ID, COUNT(0, TW_MIRROR_SOURCES_MAX) },
	{ "elsewhere", PORT_NUMBER },
	{ "path", TW_RULE_PATH, .max = PATH_MAX - 1, .optional = true },
	{ "to_port", RANGE_OR_ZERO(1, INT32_MAX, "a port number", "none") },
	{ "rspan_vlan", VLAN_ID_OR("none") },
	{ "erspan", TW_RULE_ADDRESS, .optional = true },
	{ "erspan_source", TW_RULE_ADDRESS, .optional = true },
	{ "tunnel", TW_RULE_ADDRESS, .optional = true },
	{ "tunnel_source", TW_RULE_ADDRESS, .optional = true, .also = tw_also_local_mirror_tunnel },
	{ "tunnel_port", UINT16("a UDP port") },
	{ "stream_socket", TW_RULE_PATH, .max = SOCKET_PATH_MAX, .optional = true },
	{ "sflow", TW_RULE_MESSAGE, .optional = true },
	MIRROR_OPTIONS,
	{ 0 }
};
static const struct tw_rule local_sflow[] = {
	{ "exporter", TW_RULE_NAME },
	{ "collectors", TW_RULE_ENDPOINT, COUNT(1, TW_COLLECTORS_OF_EXPORTER_MAX), .also = tw_also_exporter_collectors },
	{ "source", TW_RULE_PREFIX, .optional = true, .also = tw_also_exporter_source },
	{ "sub_agent", RANGE(1, UINT32_MAX, "a sub-agent") },
	{ "mtu", RANGE(512, TW_MTU_MAX, "an export MTU") },
	{ "counters_s", RANGE(1, 3600, "an interval in seconds") },
	{ 0 }
};
static const struct tw_rule local_exporter[] = {
	{ "name", TW_RULE_NAME },
	{ "collectors", TW_RULE_ENDPOINT, COUNT(1, TW_COLLECTORS_OF_EXPORTER_MAX), .also = tw_also_exporter_collectors },
	{ "active_timeout_s", RANGE(1, 3600, "an active timeout in seconds") },
	{ "idle_timeout_s", RANGE(1, 600, "an idle timeout in seconds") },
	{ "template_refresh_s", RANGE(1, 86400, "a template refresh in seconds") },
	{ "template_refresh_messages", RANGE_OR_ZERO(1, 1000000, "a template refresh in messages", "4096") },
	{ "options_refresh_s", RANGE_OR_ZERO(1, 86400, "an options refresh in seconds", "as templates") },
	{ "source", TW_RULE_PREFIX, .optional = true, .also = tw_also_exporter_source },
	{ "mtu", RANGE(512, TW_MTU_MAX, "an export MTU") },
	{ "tls_ca", EXPORT_TLS_FILE },
	{ "tls_certificate", EXPORT_TLS_FILE },
	{ "tls_key", EXPORT_TLS_FILE },
	{ "tls_name", TW_RULE_TEXT, .max = 253, .optional = true },
	{ "transport", .also = tw_also_exporter_transport },
	{ "observation_domain", .also = tw_also_exporter_tls },
	{ "names", .also = tw_also_exporter_names },
	{ "biflow", .also = tw_also_exporter_biflow },
	{ "networks", COUNT(0, 64) },
	{ "ports", PORT_NUMBER, COUNT(0, 64) },
	{ 0 }
};
static const struct tw_rule apply_snapshot[] = {
	{ "snapshot", TW_RULE_MESSAGE },
	{ 0 }
};
static const struct tw_rule flow_filter[] = {
	{ "ports", PORT_NUMBER, COUNT(0, 4096) },
	{ "macs", TW_RULE_ANY_MAC, COUNT(0, 8192) },
	{ "net_ip", TW_RULE_IP, .optional = true },
	{ "prefix", RANGE(0, 128, "a length of a prefix") },
	{ "protocol", UINT8("an IP protocol") },
	{ "l4_port", UINT16("a port") },
	{ "vlan", VLAN_ID_OR("any") },
	{ "ethertype", UINT16("an ethertype") },
	{ 0 }
};
static const struct tw_rule get_flows[] = {
	{ "filter", TW_RULE_MESSAGE, .optional = true },
	{ "limit", RANGE_OR_ZERO(1, 10000, "a number of flows", "1000") },
	{ 0 }
};
static const struct tw_rule port_group[] = {
	{ "vlan", VLAN_ID_OR("untagged") },
	{ "group", TW_RULE_IP },
	{ 0 }
};
static const struct tw_rule names_number[] = { /* TakePortState, ReleasePort, PortActivated */
	{ "number", PORT_NUMBER },
	{ 0 }
};

static const struct tw_rule learned_mac[] = {
	{ "mac", TW_RULE_MAC },
	{ "vlan", VLAN_ID_OR("untagged") },
	{ 0 }
};
static const struct tw_rule port_state[] = {
	{ "number", PORT_NUMBER },
	{ "learned", TW_RULE_MESSAGE, COUNT(0, TW_LEARN_LIMIT_MAX) },
	{ "rate_debts", TW_RULE_ANY, COUNT(0, 16) },
	{ "groups", TW_RULE_MESSAGE, COUNT(0, 256) },
	{ "mirrors", TW_RULE_MESSAGE, COUNT(0, 64) },
	{ 0 }
};

const struct tw_rules tw_rules_switch[] = {
	{ &tw__remote_port__descriptor, remote_port },
	{ &tw__local_port__descriptor, local_port },
	{ &tw__multicast__descriptor, multicast },
	{ &tw__local_mirror__descriptor, local_mirror },
	{ &tw__local_sflow__descriptor, local_sflow },
	{ &tw__local_exporter__descriptor, local_exporter },
	{ &tw__snapshot__descriptor, snapshot },
	{ &tw__tunnel__descriptor, tunnel },
	{ &tw__tunnel_end__descriptor, tunnel_end },
	{ &tw__apply_snapshot__descriptor, apply_snapshot },
	{ &tw__flow_filter__descriptor, flow_filter },
	{ &tw__get_flows__descriptor, get_flows },
	{ &tw__take_port_state__descriptor, names_number },
	{ &tw__release_port__descriptor, names_number },
	{ &tw__port_state__descriptor, port_state },
	{ &tw__port_group__descriptor, port_group },
	{ &tw__learned_mac__descriptor, learned_mac },
	{ &tw__port_activated__descriptor, names_number },
	{ 0 }
};
/* clang-format on */
