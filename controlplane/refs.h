/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refs.h - what objects owe each other: references that must lead somewhere, values that must be unique, objects that
 * must stay while another uses them, and as many as a switch can take.
 *
 * The limits of single fields are proto/link/check.h's. Threads: the controller's one thread; nothing is changed.
 */
#ifndef TW_CONTROLPLANE_REFS_H
#define TW_CONTROLPLANE_REFS_H

#include "controlplane/model.h"

/* As many as a snapshot may hold (proto/switch.proto), so that what is accepted here can be realised there. */
enum {
	TW_MAX_PORTS = 65536,
	TW_MAX_PORTS_PER_HOST = 1024,
	TW_MAX_MIRRORS = 64,
	TW_MAX_EXPORTERS = 8,
	TW_MAX_ACLS = 64,
	TW_MAX_STATIC_MACS = 65536 /* of all ports */
};

/** May the model hold this object (new, or in place of the one of its name)? @return false with *err filled */
bool tw_refs_check(const struct tw_model *model, Tw__Kind kind, const ProtobufCMessage *msg, struct tw_error *err);

/** Could the object be deleted? @return false with *err naming its user (TW_E_IN_USE) */
bool tw_refs_unused(const struct tw_model *model, Tw__Kind kind, const char *name, struct tw_error *err);

/** Does any other port have this MAC, as its own or a static one? @return that port, or NULL */
const Tw__Port *tw_refs_mac_owner(const struct tw_model *model, const uint8_t mac[static 6], const char *but_port);

/** May a network or port have this VLAN, as private VLANs go? Accepts NULL. pvlan.c */
bool tw_refs_private_vlans(const struct tw_model *model, Tw__Kind kind, const Tw__Vlan *vlan, const char *name,
			   struct tw_error *err);

/* refs_mirror.c: parts of the above, for mirrors */
bool tw_refs_mirror(const struct tw_model *model, const Tw__Mirror *mirror, struct tw_error *err);
bool tw_refs_unmirrored(const struct tw_model *model, Tw__Kind kind, const char *name, struct tw_error *err);
bool tw_refs_mirrored_uplinks(const struct tw_model *model, const Tw__Host *host, struct tw_error *err);
/**
 * May the mirror begin to use its RSPAN VLAN? Not while ports are in it: they could not send any more. Asked of requests
 * alone: analysers' ports are put there afterwards.
 */
bool tw_refs_rspan_vlan(const struct tw_model *model, const Tw__Mirror *mirror, struct tw_error *err);

/** Every object against the limits and all of the above. @return false with *err naming the first fault */
bool tw_refs_verify(const struct tw_model *model, struct tw_error *err);

#endif
