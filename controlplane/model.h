/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model.h - every object of the switch, in memory, and the changes that turn one revision into the next.
 *
 * A message in the model is never edited: a change brings a new one. So a request is answered in three steps that cannot
 * leave half a change behind: edit.c makes the changes from the model (which it only reads), store.c writes them to disk,
 * and only then tw_model_apply() takes them in, which cannot fail.
 *
 * Threads: the controller's one thread. Borrowed pointers are good until the next tw_model_apply().
 */
#ifndef TW_CONTROLPLANE_MODEL_H
#define TW_CONTROLPLANE_MODEL_H

#include "controlplane/kind.h"

struct tw_entry {
	char *name;
	int64_t row; /* of the store: stable while the object lives, never reused */
	ProtobufCMessage *msg;
};

/* Objects of one kind, in the order people expect: vm2 before vm10 (strverscmp). */
struct tw_table {
	struct tw_entry *items;
	size_t n, room;
};

struct tw_model {
	struct tw_table tables[TW_N_KINDS];
	uint64_t revision;
	uint64_t epoch;          /* random, given when the store was created */
	uint32_t next_port;      /* number of the next port */
	uint64_t next_migration; /* id of the next migration */
};

struct tw_change {
	Tw__Kind kind;
	char *name;
	ProtobufCMessage *msg; /* the new object; NULL = delete */
	int64_t row;           /* filled by the store */
};

/* One write: all of it or nothing. Zeroed = empty. */
struct tw_changes {
	struct tw_change *items;
	size_t n;
	uint32_t next_port;      /* 0 = as it is */
	uint64_t next_migration; /* 0 = as it is */
};

/** Add a new or changed object. Consumes msg; gives it back for filling in. */
ProtobufCMessage *tw_changes_put(struct tw_changes *changes, Tw__Kind kind, ProtobufCMessage *msg);
void tw_changes_delete(struct tw_changes *changes, Tw__Kind kind, const char *name);
/** Forget what was not applied. */
void tw_changes_release(struct tw_changes *changes);

/** Take the changes in as `revision`; changes is empty afterwards. */
void tw_model_apply(struct tw_model *model, uint64_t revision, struct tw_changes *changes);
/** Free every object; the model is empty afterwards. */
void tw_model_clear(struct tw_model *model);

const struct tw_entry *tw_model_find(const struct tw_model *model, Tw__Kind kind, const char *name);
const Tw__Host *tw_model_host(const struct tw_model *model, const char *name);
const Tw__Network *tw_model_network(const struct tw_model *model, const char *name);
const Tw__Port *tw_model_port(const struct tw_model *model, const char *name);
const Tw__Migration *tw_model_migration(const struct tw_model *model, uint64_t id);

/** i-th object of a kind, in order. */
const Tw__Host *tw_model_host_at(const struct tw_model *model, size_t i);
const Tw__Network *tw_model_network_at(const struct tw_model *model, size_t i);
const Tw__Port *tw_model_port_at(const struct tw_model *model, size_t i);
const Tw__Mirror *tw_model_mirror_at(const struct tw_model *model, size_t i);
const Tw__Exporter *tw_model_exporter_at(const struct tw_model *model, size_t i);
const Tw__Migration *tw_model_migration_at(const struct tw_model *model, size_t i);

/** Is `port` a port of that VM, by its name? */
bool tw_port_of_vm(const Tw__Port *port, const char *vm);
/** Host the port is bound to; NULL if none. */
const char *tw_port_host(const Tw__Port *port);
/** Id of the migration that moves the port; 0 if none. */
uint64_t tw_port_migration(const Tw__Port *port);
/** Is the migration under way? */
bool tw_migration_active(const Tw__Migration *migration);

#endif
