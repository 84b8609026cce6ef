/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_rules.h - the limits of the model as a table, and the walk that holds a message against it.
 *
 * The walk goes by protobuf-c's descriptors and reaches every field of every message. A field that no rule names still
 * has limits: a text is UTF-8 of at most 255 octets without control characters, octets are at most 64, an enum is one of
 * its values. So a field added to a .proto is never unchecked, only loosely checked.
 * Pure; any thread.
 */
#ifndef TW_PROTO_LINK_CHECK_RULES_H
#define TW_PROTO_LINK_CHECK_RULES_H

#include "proto/link/check_value.h"

enum tw_rule_kind {
	TW_RULE_ANY,      /* the limits every field has */
	TW_RULE_RANGE,    /* range */
	TW_RULE_TEXT,     /* at most max octets */
	TW_RULE_NAME,     /* at most max octets (0 = 63) */
	TW_RULE_PORT,     /* "vm/nic" */
	TW_RULE_FILE,     /* file name */
	TW_RULE_PATH,     /* absolute, at most max octets */
	TW_RULE_ADDRESS,  /* IPv4 or IPv6 */
	TW_RULE_PREFIX,   /* an address or "ADDRESS/LENGTH" */
	TW_RULE_ACL,      /* a line of an access list */
	TW_RULE_ENDPOINT, /* "ADDRESS:PORT" */
	TW_RULE_TCP_URL,  /* "tcp://ADDRESS:PORT" */
	TW_RULE_QEMU_URI, /* "tcp:ADDRESS:PORT", and nothing else QEMU would make of an URI, such as "exec:" */
	TW_RULE_MAC,      /* one a port can have */
	TW_RULE_ANY_MAC,  /* 6 octets */
	TW_RULE_UUID,     /* 16 octets */
	TW_RULE_IP,       /* 4 or 16 octets */
	TW_RULE_OCTETS,   /* at most max octets */
	TW_RULE_VLAN,     /* a Vlan that says a mode */
	TW_RULE_MESSAGE,  /* any message */
};

struct tw_rule {
	const char *field; /* name in the .proto; NULL ends the list */
	enum tw_rule_kind kind;
	bool optional; /* empty or absent will do; else it is "missing" */
	size_t max;
	struct tw_range range;
	size_t count_min, count_max; /* of a repeated field; count_max 0 = no limit but the message's size */
	/* What the fields are to each other; called last, with the message the field is in and that message's place. */
	bool (*also)(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
};

/** Rules of a kind of message. @return list, NULL when it has none */
const struct tw_rule *tw_rules_of(const ProtobufCMessageDescriptor *type);

/** What a Set names: only these fields are looked at. */
struct tw_fields {
	size_t n;
	char *const *names;
};

/**
 * Hold a message and all that is in it against the rules.
 * @param only NULL = all fields
 * @param at   the message's own place
 */
bool tw_check_message(const ProtobufCMessage *msg, const struct tw_fields *only, const struct tw_where *at,
		      struct tw_error *err);

/* What check_snapshot.c and check_relations.c give to the table. */
bool tw_also_texts_differ(const char *field, char *const *texts, size_t n, const struct tw_where *at,
			  struct tw_error *err);
bool tw_also_range_rises(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_vlan_fits(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_uplinks_unique(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_name_fits_kind(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_querier_is_ipv4(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_acl_name(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_burst_has_rate(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_static_macs_unique(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_acls_unique(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
/* check_mirror.c */
bool tw_also_mirror_has_sources(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_mirror_has_destination(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_mirror_fits_destination(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_local_mirror_tunnel(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_tunnel_fits(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_host_tunnel(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_mirror_fits_files(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
/* check_capture.c */
bool tw_also_capture_is_stream(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_capture_frames_fit(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
/* check_exporter.c: of an Exporter and a LocalExporter */
bool tw_also_exporter_collectors(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_exporter_transport(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_exporter_whole(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_exporter_tls(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_exporter_names(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_exporter_biflow(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_exporter_source(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
/* check_teaming.c */
bool tw_also_teaming_fits(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_teaming_is_no_lag(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_teaming_names_uplinks(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);
bool tw_also_snapshot_unique(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err);

#endif
