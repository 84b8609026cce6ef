/* SPDX-License-Identifier: Apache-2.0 */
/* check_rules_model.c - the limits of what model.proto says: the desired state, object by object; see check_rules.h. Pure. */
#include "proto/link/check_rules_table.h"

enum { NETDEV_MAX = 15 /* IFNAMSIZ - 1 */ };

/* clang-format off */
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
static const struct tw_rule recorder[] = {
	{ "frames", RANGE_OR_ZERO(16, 16384, "a number of frames to record", "dropped ones only") },
	{ 0 }
};
static const struct tw_rule network[] = {
	{ "learn_age_s", RANGE_OR_ZERO(10, 86400, "an age in seconds", "300") },
	{ "learn_limit", RANGE_OR_ZERO(1, TW_LEARN_LIMIT_MAX, "a number of MACs", "64") },
	{ "name", TW_RULE_NAME },
	{ "vlan", TW_RULE_VLAN },
	{ "mtu", MTU },
	{ "guards", TW_RULE_MESSAGE, .optional = true },
	{ "ingress_acl", TW_RULE_NAME, .optional = true },
	{ "egress_acl", TW_RULE_NAME, .optional = true },
	{ "record", TW_RULE_MESSAGE, .optional = true },
	{ "teaming", TW_RULE_MESSAGE, .optional = true, .also = tw_also_teaming_is_no_lag },
	{ "querier_address", TW_RULE_ADDRESS, .optional = true, .also = tw_also_querier_is_ipv4 },
	{ "query_interval_s", QUERY_INTERVAL },
	{ 0 }
};
static const struct tw_rule port[] = {
	{ "learn_age_s", RANGE_OR_ZERO(10, 86400, "an age in seconds", "300") },
	{ "learn_limit", RANGE_OR_ZERO(1, TW_LEARN_LIMIT_MAX, "a number of MACs", "64") },
	{ "name", TW_RULE_PORT },
	{ "uuid", TW_RULE_UUID, .optional = true },
	{ "number", RANGE_OR_ZERO(1, INT32_MAX, "a port number", "not given yet") },
	{ "mac", TW_RULE_MAC, .optional = true },
	{ "vm_uuid", TW_RULE_UUID, .optional = true },
	{ "network", TW_RULE_NAME },
	{ "static_macs", TW_RULE_MAC, COUNT(0, TW_STATIC_MACS_MAX), .also = tw_also_static_macs_unique },
	{ "addresses", TW_RULE_PREFIX, COUNT(0, 64) },
	{ "guards", TW_RULE_MESSAGE, .optional = true },
	{ "ingress_acl", TW_RULE_NAME, .optional = true },
	{ "egress_acl", TW_RULE_NAME, .optional = true },
	{ "record", TW_RULE_MESSAGE, .optional = true },
	{ "teaming", TW_RULE_MESSAGE, .optional = true, .also = tw_also_teaming_is_no_lag },
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
	{ "teaming", TW_RULE_MESSAGE, .optional = true, .also = tw_also_teaming_names_uplinks },
	{ "tunnel_address", TW_RULE_ADDRESS, .optional = true, .also = tw_also_host_tunnel },
	{ "tunnel_port", RANGE_OR_ZERO(1, UINT16_MAX, "a UDP port", "6081") },
	{ "flow_sample", RANGE_OR_ZERO(1, 16383, "a number of packets", "1: every packet") },
	{ 0 }
};
static const struct tw_rule teaming[] = {
	{ "active", TW_RULE_NAME, .max = 31, COUNT(0, 8) },
	{ "standby", TW_RULE_NAME, .max = 31, COUNT(0, 8), .also = tw_also_teaming_fits },
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
	{ "ports", TW_RULE_PORT, COUNT(0, TW_MIRROR_SOURCES_MAX) },
	{ "vms", TW_RULE_NAME, COUNT(0, TW_MIRROR_SOURCES_MAX) },
	{ "networks", TW_RULE_NAME, COUNT(0, TW_MIRROR_SOURCES_MAX) },
	{ "hosts", TW_RULE_NAME, COUNT(0, TW_MIRROR_SOURCES_MAX) },
	{ "uplinks", TW_RULE_PORT, COUNT(0, TW_MIRROR_SOURCES_MAX) }, /* as "vm/nic" */
	{ "vlans", VLAN_ID, COUNT(0, TW_MIRROR_SOURCES_MAX), .also = tw_also_mirror_has_sources },
	{ "file", TW_RULE_FILE, .optional = true },
	{ "max_bytes", .also = tw_also_mirror_fits_files },
	{ "to_port", TW_RULE_PORT, .optional = true },
	{ "rspan_vlan", VLAN_ID_OR("none") },
	{ "erspan", TW_RULE_ADDRESS, .optional = true, .also = tw_also_mirror_has_destination },
	{ "erspan_source", TW_RULE_ADDRESS, .optional = true, .also = tw_also_mirror_fits_destination },
	MIRROR_OPTIONS,
	{ 0 }
};
static const struct tw_rule exporter[] = {
	{ "name", TW_RULE_NAME },
	{ "collectors", TW_RULE_ENDPOINT, COUNT(1, TW_COLLECTORS_OF_EXPORTER_MAX), .also = tw_also_exporter_collectors },
	{ "active_timeout_s", RANGE_OR_ZERO(1, 3600, "an active timeout in seconds", "60") },
	{ "idle_timeout_s", RANGE_OR_ZERO(1, 600, "an idle timeout in seconds", "15") },
	{ "template_refresh_s", RANGE_OR_ZERO(1, 86400, "a template refresh in seconds", "60") },
	{ "template_refresh_messages", RANGE_OR_ZERO(1, 1000000, "a template refresh in messages", "4096") },
	{ "options_refresh_s", RANGE_OR_ZERO(1, 86400, "an options refresh in seconds", "as templates") },
	{ "source", TW_RULE_PREFIX, .optional = true, .also = tw_also_exporter_source },
	{ "mtu", RANGE_OR_ZERO(512, TW_MTU_MAX, "an export MTU", "1400") },
	{ "tls_ca", EXPORT_TLS_FILE },
	{ "tls_certificate", EXPORT_TLS_FILE },
	{ "tls_key", EXPORT_TLS_FILE },
	{ "tls_name", TW_RULE_TEXT, .max = 253, .optional = true },
	{ "transport", .also = tw_also_exporter_transport },
	{ "revision", .also = tw_also_exporter_whole }, /* a Set names it not */
	{ "names", .also = tw_also_exporter_names },
	{ "biflow", .also = tw_also_exporter_biflow },
	{ "networks", TW_RULE_NAME, COUNT(0, 64) },
	{ "ports", TW_RULE_PORT, COUNT(0, 64) },
	{ "sample", RANGE_OR_ZERO(1, 16777216, "a sampling rate", "1000") },
	{ "header_bytes", RANGE_OR_ZERO(60, 256, "a number of octets", "128") },
	{ "counters_s", RANGE_OR_ZERO(1, 3600, "an interval in seconds", "20") },
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

static const struct tw_rule rate[] = {
	{ "per_second", RANGE_OR_ZERO(1, TW_RATE_MAX, "a rate a second", "no limit") },
	{ "burst", RANGE_OR_ZERO(1, TW_RATE_BURST_MAX, "a burst", "by the rate"), .also = tw_also_burst_has_rate },
	{ 0 }
};

static const struct tw_rule shape[] = {
	{ "per_second", RANGE_OR_ZERO(1, TW_RATE_MAX, "a rate in bit/s", "no shaping") },
	{ "queue", RANGE_OR_ZERO(1, TW_SHAPE_QUEUE_MAX, "a queue in octets", "50 ms of the rate") },
	{ "delay_ms", RANGE_OR_ZERO(1, TW_SHAPE_DELAY_MAX, "a delay in milliseconds", "by the queue") },
	{ 0 }
};

const struct tw_rules tw_rules_model[] = {
	{ &tw__vlan_range__descriptor, vlan_range },
	{ &tw__vlan__descriptor, vlan },
	{ &tw__port__descriptor, port },
	{ &tw__binding__descriptor, binding },
	{ &tw__network__descriptor, network },
	{ &tw__recorder__descriptor, recorder },
	{ &tw__host__descriptor, host },
	{ &tw__uplink__descriptor, uplink },
	{ &tw__teaming__descriptor, teaming },
	{ &tw__mirror__descriptor, mirror },
	{ &tw__exporter__descriptor, exporter },
	{ &tw__acl__descriptor, acl },
	{ &tw__rate__descriptor, rate },
	{ &tw__shape__descriptor, shape },
	{ &tw__migration__descriptor, migration },
	{ 0 }
};
/* clang-format on */
