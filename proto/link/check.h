/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check.h - the limits of every field of the model, checked where a message enters a program.
 *
 * Limits are those written in the .proto files; the check_rules_NAME.c have them as tables.
 * An error names the field by its path.
 * Pure functions, any thread; references between objects (does that network exist?) are the controller's to check, and
 * whether a snapshot's mirror names ports that it has is the switch's. A port may lack number, uuid and mac, which the
 * controller gives; a LocalPort may lack neither number nor mac.
 */
#ifndef TW_PROTO_LINK_CHECK_H
#define TW_PROTO_LINK_CHECK_H

#include <stdbool.h>

#include "proto/envelope.pb-c.h"
#include "proto/link/error.h"

#define TW_RATE_MAX UINT64_C(1000000000000) /* bits or frames a second */
enum { TW_RATE_BURST_MAX = 1 << 30, TW_SHAPE_QUEUE_MAX = 1 << 26, TW_SHAPE_DELAY_MAX = 10000 };
enum { TW_STATIC_MACS_MAX = 64, TW_LEARN_LIMIT_MAX = 4096 }; /* of a port */
enum { TW_COLLECTORS_OF_EXPORTER_MAX = 4 };
enum { TW_MIRROR_SOURCES_MAX = 64 /* of a kind */, TW_MIRROR_FILTER_MAX = 2047 /* octets */ };
enum { TW_TUNNEL_KEY_LEN = 8 /* octets */, TW_TUNNEL_PORT_DEFAULT = 6081 /* IANA "geneve" */ };
enum { TW_MIRROR_FILES_MAX = 9999, TW_MIRROR_FILE_SECONDS_MAX = 7 * 24 * 3600, TW_MIRROR_FILE_BYTES_MIN = 1 << 16 };
enum { TW_LEARN_LIMIT_DEFAULT = 64, TW_LEARN_AGE_DEFAULT_S = 300 };
enum { TW_VLAN_MAX = 4094, TW_MTU_MIN = 68, TW_MTU_MAX = 9000, TW_MTU_DEFAULT = 1500 };

/* Each returns true, or false with *err filled. `path` is put before the field's name. */
bool tw_check_name(const char *name, size_t max, const char *path, struct tw_error *err);
bool tw_check_port_name(const char *name, const char *path, struct tw_error *err); /* "vm/nic" */
bool tw_check_vlan(const Tw__Vlan *vlan, bool may_inherit, const char *path, struct tw_error *err);
bool tw_check_mac(ProtobufCBinaryData mac, const char *path, struct tw_error *err); /* 6 octets, unicast, not zero */
bool tw_check_network(const Tw__Network *network, struct tw_error *err);
bool tw_check_port(const Tw__Port *port, struct tw_error *err);
bool tw_check_host(const Tw__Host *host, struct tw_error *err);
bool tw_check_mirror(const Tw__Mirror *mirror, struct tw_error *err);
bool tw_check_acl(const Tw__Acl *acl, struct tw_error *err);
bool tw_check_exporter(const Tw__Exporter *exporter, struct tw_error *err);
bool tw_check_snapshot(const Tw__Snapshot *snapshot, struct tw_error *err);
/**
 * Whatever the body is: called by tw_link_decode() for each message. Of a Set only the fields it names are checked (and
 * that they can be set); in its errors, as in those of Create and ApplySnapshot, the path begins with the object: "port.vlan".
 */
bool tw_check_envelope(const Tw__Envelope *env, struct tw_error *err);

#endif
