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
	{ "transport", .also = tw_also_exporter_transport },
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
