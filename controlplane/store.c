/* SPDX-License-Identifier: Apache-2.0 */
/* store.c - the model in SQLite; see store.h. The controller's thread; owns the database and its statements. */
#define TW_LOG_AREA "store"
#include "controlplane/store.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "common/log.h"
#include "controlplane/mem.h"

enum {
	APPLICATION_ID = 0x54574e44, /* "TWND": tells our file from another program's */
	WAL_PAGES = 1000,            /* checkpoint after about 4 MB */
};

enum statement { BEGIN, COMMIT, ROLLBACK, PUT_OBJECT, DROP_OBJECT, PUT_META, N_STATEMENTS };

#define PUT_OBJECT_TEXT                                                                                    \
	"INSERT INTO object (kind, name, revision, body) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (kind, name)" \
	" DO UPDATE SET revision = excluded.revision, body = excluded.body RETURNING id"
#define PUT_META_TEXT                                                         \
	"UPDATE meta SET revision = ?1, next_port = coalesce(?2, next_port)," \
	" next_migration = coalesce(?3, next_migration) WHERE id = 1"

static const char *const statement_text[N_STATEMENTS] = {
	[BEGIN] = "BEGIN IMMEDIATE",
	[COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",
	[PUT_OBJECT] = PUT_OBJECT_TEXT,
	[DROP_OBJECT] = "DELETE FROM object WHERE kind = ?1 AND name = ?2",
	[PUT_META] = PUT_META_TEXT,
};

static const char schema_text[] =
	"CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), revision INTEGER NOT NULL, epoch INTEGER NOT NULL,"
	" next_port INTEGER NOT NULL, next_migration INTEGER NOT NULL) STRICT;"
	"CREATE TABLE object (id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, name TEXT NOT NULL,"
	" revision INTEGER NOT NULL, body BLOB NOT NULL, UNIQUE (kind, name)) STRICT;";

struct tw_store {
	sqlite3 *db;
	sqlite3_stmt *statements[N_STATEMENTS];
};

static int fail(struct tw_store *store, struct tw_error *err, const char *doing)
{
	tw_error_set(err, TW_E_STORE, NULL, "%s: %s", doing, sqlite3_errmsg(store->db));
	return -EIO;
}

static int run(struct tw_store *store, const char *sql, struct tw_error *err)
{
	if (sqlite3_exec(store->db, sql, NULL, NULL, NULL) != SQLITE_OK)
		return fail(store, err, sql);
	return 0;
}

/* One integer that a query answers. */
static int query_number(struct tw_store *store, const char *sql, int64_t *out, struct tw_error *err)
{
	sqlite3_stmt *s = NULL;
	int rc = 0;

	if (sqlite3_prepare_v2(store->db, sql, -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW)
		rc = fail(store, err, sql);
	else
		*out = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return rc;
}

static int make_schema(struct tw_store *store, struct tw_error *err)
{
	char meta[256];
	uint64_t epoch = 0;
	int rc = run(store, schema_text, err);

	/* 63 bits: SQLite's integers are signed. Zero means "no epoch" in Watch. */
	while (epoch == 0)
		if (getrandom(&epoch, sizeof(epoch), 0) == sizeof(epoch))
			epoch &= INT64_MAX;
	snprintf(meta, sizeof(meta),
		 "INSERT INTO meta VALUES (1, 0, %lld, 1, 1); PRAGMA application_id = %d; PRAGMA user_version = %d",
		 (long long)epoch, APPLICATION_ID, TW_STORE_SCHEMA);
	return rc ? rc : run(store, meta, err);
}

/* Inside a transaction: is this file ours, and of a schema we know? A new one gets its tables. */
static int check_schema(struct tw_store *store, struct tw_error *err)
{
	int64_t tables, id, version;
	int rc = query_number(store, "SELECT count(*) FROM sqlite_schema", &tables, err);

	if (!rc)
		rc = query_number(store, "PRAGMA application_id", &id, err);
	if (!rc)
		rc = query_number(store, "PRAGMA user_version", &version, err);
	if (rc)
		return rc;
	if (tables == 0)
		return make_schema(store, err);
	if (id != APPLICATION_ID) {
		tw_error_set(err, TW_E_STORE, NULL, "the file is the database of another program");
		return -EIO;
	}
	if (version != TW_STORE_SCHEMA) {
		tw_error_set(err, TW_E_STORE, NULL,
			     "the store is of schema %lld, this tw-controller %s knows up to %d: use a newer one",
			     (long long)version, TW_VERSION, TW_STORE_SCHEMA);
		return -EIO;
	}
	return 0;
}

static int read_meta(struct tw_store *store, struct tw_model *model, struct tw_error *err)
{
	sqlite3_stmt *s = NULL;
	int rc = 0;

	if (sqlite3_prepare_v2(store->db, "SELECT revision, epoch, next_port, next_migration FROM meta", -1, &s,
			       NULL) != SQLITE_OK ||
	    sqlite3_step(s) != SQLITE_ROW) {
		rc = fail(store, err, "reading meta");
	} else {
		model->revision = (uint64_t)sqlite3_column_int64(s, 0);
		model->epoch = (uint64_t)sqlite3_column_int64(s, 1);
		model->next_port = (uint32_t)sqlite3_column_int64(s, 2);
		model->next_migration = (uint64_t)sqlite3_column_int64(s, 3);
	}
	sqlite3_finalize(s);
	return rc;
}

static bool read_object(sqlite3_stmt *s, struct tw_changes *all)
{
	const struct tw_kind *kind = tw_kind_get((Tw__Kind)sqlite3_column_int(s, 1));
	const char *name = (const char *)sqlite3_column_text(s, 2);
	const void *body = sqlite3_column_blob(s, 3);
	ProtobufCMessage *msg;
	char buffer[24];

	if (!kind || !name || !body)
		return false;
	msg = protobuf_c_message_unpack(kind->type, NULL, (size_t)sqlite3_column_bytes(s, 3), body);
	if (!msg)
		return false;
	if (strcmp(tw_message_name(msg, buffer), name) != 0) {
		tw_message_free(msg);
		return false;
	}
	tw_changes_put(all, (Tw__Kind)sqlite3_column_int(s, 1), msg);
	all->items[all->n - 1].row = sqlite3_column_int64(s, 0);
	return true;
}

static int read_objects(struct tw_store *store, struct tw_model *model, struct tw_error *err)
{
	struct tw_changes all = { 0 };
	sqlite3_stmt *s = NULL;
	int rc = 0, step = SQLITE_DONE;

	if (sqlite3_prepare_v2(store->db, "SELECT id, kind, name, body FROM object ORDER BY kind, id", -1, &s, NULL) !=
	    SQLITE_OK)
		rc = fail(store, err, "reading objects");
	while (!rc && (step = sqlite3_step(s)) == SQLITE_ROW) {
		if (!read_object(s, &all)) {
			tw_error_set(err, TW_E_STORE, NULL, "object %lld cannot be read: the store is damaged",
				     (long long)sqlite3_column_int64(s, 0));
			rc = -EIO;
		}
	}
	if (!rc && step != SQLITE_DONE)
		rc = fail(store, err, "reading objects");
	sqlite3_finalize(s);
	if (rc)
		tw_changes_release(&all);
	else
		tw_model_apply(model, model->revision, &all);
	return rc;
}

static int prepare_all(struct tw_store *store, struct tw_error *err)
{
	for (int i = 0; i < N_STATEMENTS; i++)
		if (sqlite3_prepare_v3(store->db, statement_text[i], -1, SQLITE_PREPARE_PERSISTENT,
				       &store->statements[i], NULL) != SQLITE_OK)
			return fail(store, err, "preparing statements");
	return 0;
}

/* The lock comes with the first transaction; WAL must be asked for before it and outside of it. */
static int open_all(struct tw_store *store, struct tw_model *model, struct tw_error *err)
{
	char pragmas[256];
	int64_t tables;
	int rc;

	snprintf(pragmas, sizeof(pragmas), "PRAGMA locking_mode = EXCLUSIVE; PRAGMA wal_autocheckpoint = %d",
		 WAL_PAGES);
	rc = run(store, pragmas, err);
	if (!rc) /* refuses what is no database before anything is written */
		rc = query_number(store, "SELECT count(*) FROM sqlite_schema", &tables, err);
	if (!rc)
		rc = run(store, "BEGIN IMMEDIATE", err);
	if (rc)
		return rc;
	rc = check_schema(store, err);
	if (rc) {
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
		return rc;
	}
	rc = run(store, "COMMIT; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON", err);
	if (!rc)
		rc = prepare_all(store, err);
	if (!rc)
		rc = read_meta(store, model, err);
	if (!rc)
		rc = read_objects(store, model, err);
	return rc;
}

struct tw_store *tw_store_open(const char *path, struct tw_model *model, struct tw_error *err)
{
	struct tw_store *store = tw_need(calloc(1, sizeof(*store)));
	mode_t old_mask =
		umask(0077); /* the model is its operator's business; SQLite gives its other files this mode too */
	int rc;

	memset(model, 0, sizeof(*model));
	rc = sqlite3_open_v2(path, &store->db,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
			     NULL);
	if (rc != SQLITE_OK)
		rc = fail(store, err, "opening");
	else
		rc = open_all(store, model, err);
	umask(old_mask);
	if (rc) {
		char text[sizeof(err->text)];

		memcpy(text, err->text, sizeof(text));
		tw_error_set(err, TW_E_STORE, NULL, "%.100s: %.140s", path, text);
		tw_store_close(store);
		tw_model_clear(model);
		return NULL;
	}
	return store;
}

/* Steps a statement that answers no row and readies it for its next use. */
static int step(struct tw_store *store, enum statement which, struct tw_error *err)
{
	sqlite3_stmt *s = store->statements[which];
	int rc = sqlite3_step(s) == SQLITE_DONE ? 0 : fail(store, err, statement_text[which]);

	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return rc;
}

static int put_object(struct tw_store *store, struct tw_change *change, struct tw_error *err)
{
	sqlite3_stmt *s = store->statements[PUT_OBJECT];
	size_t size = protobuf_c_message_get_packed_size(change->msg);
	uint8_t *body = tw_need(malloc(size ? size : 1));
	int rc = 0;

	protobuf_c_message_pack(change->msg, body);
	sqlite3_bind_int(s, 1, (int)change->kind);
	sqlite3_bind_text(s, 2, change->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 3, (int64_t)tw_message_revision(change->msg));
	sqlite3_bind_blob64(s, 4, body, size, SQLITE_STATIC);
	if (sqlite3_step(s) == SQLITE_ROW)
		change->row = sqlite3_column_int64(s, 0);
	else
		rc = fail(store, err, "writing an object");
	if (!rc)
		rc = step(store, PUT_OBJECT, err);
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	free(body);
	return rc;
}

static int drop_object(struct tw_store *store, const struct tw_change *change, struct tw_error *err)
{
	sqlite3_bind_int(store->statements[DROP_OBJECT], 1, (int)change->kind);
	sqlite3_bind_text(store->statements[DROP_OBJECT], 2, change->name, -1, SQLITE_STATIC);
	return step(store, DROP_OBJECT, err);
}

static int put_meta(struct tw_store *store, uint64_t revision, const struct tw_changes *changes, struct tw_error *err)
{
	sqlite3_stmt *s = store->statements[PUT_META]; /* what is not bound is NULL: as it is */

	sqlite3_bind_int64(s, 1, (int64_t)revision);
	if (changes->next_port)
		sqlite3_bind_int64(s, 2, changes->next_port);
	if (changes->next_migration)
		sqlite3_bind_int64(s, 3, (int64_t)changes->next_migration);
	return step(store, PUT_META, err);
}

int tw_store_write(struct tw_store *store, uint64_t revision, struct tw_changes *changes, struct tw_error *err)
{
	struct tw_error ignored;
	int rc = step(store, BEGIN, err);

	if (rc)
		return rc;
	for (size_t i = 0; i < changes->n && !rc; i++)
		rc = changes->items[i].msg ? put_object(store, &changes->items[i], err)
					   : drop_object(store, &changes->items[i], err);
	if (!rc)
		rc = put_meta(store, revision, changes, err);
	if (!rc)
		rc = step(store, COMMIT, err);
	if (rc) {
		tw_log_error("revision %llu was not written: %s", (unsigned long long)revision, err->text);
		if (!sqlite3_get_autocommit(store->db)) /* some errors have rolled back already */
			step(store, ROLLBACK, &ignored);
	}
	return rc;
}

void tw_store_close(struct tw_store *store)
{
	if (!store)
		return;
	for (int i = 0; i < N_STATEMENTS; i++)
		sqlite3_finalize(store->statements[i]);
	sqlite3_close(store->db);
	free(store);
}
