/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store.h - the model on disk: one SQLite file, one transaction a write.
 *
 * Schema 1 (PRAGMA user_version): `meta` is one row (revision, epoch, next port number, next migration id); `object` is
 * one row an object: id (never reused), kind, name, revision, and the object itself as its protobuf message, so that
 * nothing of an object can be forgotten between memory and disk.
 *
 * WAL and synchronous=FULL: when tw_store_write() has returned, the write survives kill -9 and a power cut. The file is
 * locked while it is open, because the model in memory is the truth for its readers: a second controller is refused.
 *
 * Threads: the controller's one thread.
 */
#ifndef TW_CONTROLPLANE_STORE_H
#define TW_CONTROLPLANE_STORE_H

#include "controlplane/model.h"

enum { TW_STORE_SCHEMA = 1 };

struct tw_store;

/**
 * Open a store, make it if there is none, and read the model from it.
 * @param path   file, or ":memory:" (tests); its folder must exist
 * @param model  out: cleared first; empty on failure
 * @param err    why it cannot be used: TW_E_STORE
 * @return NULL with *err filled; the file is not changed then
 */
struct tw_store *tw_store_open(const char *path, struct tw_model *model, struct tw_error *err);

/**
 * Write all changes as `revision`, or none. Blocks until they are on disk.
 * @param changes  borrowed; the rows of new objects are filled in
 * @return 0; -EIO with *err filled (TW_E_STORE): nothing was written
 */
int tw_store_write(struct tw_store *store, uint64_t revision, struct tw_changes *changes, struct tw_error *err)
	__attribute__((warn_unused_result));

/** Accepts NULL. */
void tw_store_close(struct tw_store *store);

#endif
