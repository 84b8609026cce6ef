/* SPDX-License-Identifier: Apache-2.0 */
/*
 * acl_rule.h - one line of an access list, from the text people write to what is compared.
 *
 *   ACTION [PROTOCOL] [from SIDE] [to SIDE] [vlan N[-M]] [type N [code N]] [flags F[/MASK]]
 *   ACTION    allow, deny, count (counts and goes on with the next rule)
 *   PROTOCOL  any, ip4, ip6, arp, tcp, udp, sctp, icmp, icmp6, igmp, proto N, ethertype 0xNNNN
 *   SIDE      any or ADDRESS[/LENGTH], then mac MAC[/MASK], then port N[-M]
 *   FLAGS     fin,syn,rst,psh,ack,urg,ece,cwr; of MASK (default: those named) just F are set
 *
 * Pure; any thread.
 */
#ifndef TW_COMMON_ACL_RULE_H
#define TW_COMMON_ACL_RULE_H

#include <stddef.h>

#include "common/prefix.h"

enum { TW_ACL_RULES_MAX = 1000, TW_ACL_RULE_TEXT = 255 };

enum tw_acl_action { TW_ACL_ALLOW, TW_ACL_DENY, TW_ACL_COUNT };

struct tw_acl_side {
	struct tw_prefix prefix; /* family 0 = any */
	uint8_t mac[6], mac_mask[6];
	uint16_t first, last; /* ports; 0..65535 = any */
};

struct tw_acl_rule {
	uint8_t action; /* enum tw_acl_action */
	uint8_t family; /* 4, 6; 0 = any, IP or not */
	bool has_protocol, has_ethertype;
	uint8_t protocol;
	uint16_t ethertype;
	uint16_t vlan_first, vlan_last; /* 0..4095 = any; 0 is untagged */
	struct tw_acl_side from, to;
	int16_t icmp_type, icmp_code; /* -1 = any */
	uint8_t flags, flags_mask;    /* TCP; mask 0 = any */
};

/**
 * @param error says on failure which word is wrong and why
 * @return false: *rule is undefined
 */
bool tw_acl_rule_parse(const char *text, struct tw_acl_rule *rule, char *error, size_t error_size);

/** Does it compare ports? */
bool tw_acl_rule_has_ports(const struct tw_acl_rule *rule);
/** Must it see more than a frame's headers up to the ports, or each frame: TCP flags, count? */
bool tw_acl_rule_wants_each(const struct tw_acl_rule *rule);

#endif
