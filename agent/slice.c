/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slice.c - holds and changes what this host knows; see slice.h. The file is slicefile.c's.
 *
 * Threads  the agent's one thread.
 * Owns     one WatchReply; every change is made to a copy that then takes its place.
 */
#include "agent/slice.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_SIZE = 160 };

struct tw_slice {
	Tw__WatchReply *state;
};

/* Where the objects of one kind are in a WatchReply, and what they are known by. */
struct kind {
	const char *name; /* as in WatchReply.deleted, "name:key" */
	size_t n_offset, items_offset;
	size_t key_offset; /* of a char *; 0: the object is a Migration, known by its id */
};

static const struct kind kinds[] = {
	{ "network", offsetof(Tw__WatchReply, n_networks), offsetof(Tw__WatchReply, networks),
	  offsetof(Tw__Network, name) },
	{ "port", offsetof(Tw__WatchReply, n_ports), offsetof(Tw__WatchReply, ports), offsetof(Tw__Port, name) },
	{ "mirror", offsetof(Tw__WatchReply, n_mirrors), offsetof(Tw__WatchReply, mirrors),
	  offsetof(Tw__Mirror, name) },
	{ "exporter", offsetof(Tw__WatchReply, n_exporters), offsetof(Tw__WatchReply, exporters),
	  offsetof(Tw__Exporter, name) },
	{ "host", offsetof(Tw__WatchReply, n_peers), offsetof(Tw__WatchReply, peers), offsetof(Tw__Host, name) },
	{ "acl", offsetof(Tw__WatchReply, n_acls), offsetof(Tw__WatchReply, acls), offsetof(Tw__Acl, name) },
	{ "migration", offsetof(Tw__WatchReply, n_migrations), offsetof(Tw__WatchReply, migrations), 0 },
};
enum { NETWORK, PORT, MIRROR, EXPORTER, PEER, ACL, MIGRATION, N_KINDS };

static size_t *kind_n(const struct kind *kind, Tw__WatchReply *reply)
{
	return (size_t *)(void *)((char *)reply + kind->n_offset);
}

static ProtobufCMessage ***kind_items(const struct kind *kind, Tw__WatchReply *reply)
{
	return (ProtobufCMessage ***)(void *)((char *)reply + kind->items_offset);
}

static const char *item_key(const struct kind *kind, const ProtobufCMessage *item, char text[static KEY_SIZE])
{
	if (kind->key_offset)
		return *(char *const *)(const void *)((const char *)item + kind->key_offset);
	snprintf(text, KEY_SIZE, "%" PRIu64, ((const Tw__Migration *)item)->id);
	return text;
}

static int compare_items(const void *a, const void *b, void *arg)
{
	char text[2][KEY_SIZE];

	return strcmp(item_key(arg, *(ProtobufCMessage *const *)a, text[0]),
		      item_key(arg, *(ProtobufCMessage *const *)b, text[1]));
}

/* Index of the item with that key, or where it would belong. */
static size_t find(const struct kind *kind, Tw__WatchReply *reply, const char *key, bool *found)
{
	ProtobufCMessage **items = *kind_items(kind, reply);
	size_t low = 0, high = *kind_n(kind, reply);
	char text[KEY_SIZE];

	*found = false;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		int order = strcmp(item_key(kind, items[mid], text), key);

		if (order == 0) {
			*found = true;
			return mid;
		}
		if (order < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static const ProtobufCMessage *lookup(const Tw__WatchReply *view, int which, const char *key)
{
	Tw__WatchReply *reply = (Tw__WatchReply *)(uintptr_t)view; /* only read */
	bool found;
	size_t at = find(&kinds[which], reply, key, &found);

	return found ? (*kind_items(&kinds[which], reply))[at] : NULL;
}

static void *copy_message(const void *message)
{
	const ProtobufCMessage *from = message;
	size_t size = protobuf_c_message_get_packed_size(from);
	uint8_t *bytes = malloc(size ? size : 1);
	ProtobufCMessage *copy = NULL;

	if (bytes) {
		protobuf_c_message_pack(from, bytes);
		copy = protobuf_c_message_unpack(from->descriptor, NULL, size, bytes);
	}
	free(bytes);
	return copy;
}

static int upsert(const struct kind *kind, Tw__WatchReply *state, const ProtobufCMessage *item)
{
	ProtobufCMessage ***items = kind_items(kind, state), **grown;
	size_t *n = kind_n(kind, state), at;
	ProtobufCMessage *copy = copy_message(item);
	char text[KEY_SIZE];
	bool found;

	if (!copy)
		return -ENOMEM;
	at = find(kind, state, item_key(kind, item, text), &found);
	if (found) {
		protobuf_c_message_free_unpacked((*items)[at], NULL);
		(*items)[at] = copy;
		return 0;
	}
	grown = reallocarray(*items, *n + 1, sizeof(*grown));
	if (!grown) {
		protobuf_c_message_free_unpacked(copy, NULL);
		return -ENOMEM;
	}
	*items = grown;
	memmove(grown + at + 1, grown + at, (*n - at) * sizeof(*grown));
	grown[at] = copy;
	(*n)++;
	return 0;
}

static bool delete_key(Tw__WatchReply *state, const char *what, struct tw_error *err)
{
	const char *colon = strchr(what, ':');

	for (const struct kind *kind = kinds; colon && kind < kinds + N_KINDS; kind++) {
		ProtobufCMessage **items = *kind_items(kind, state);
		size_t *n = kind_n(kind, state), at;
		bool found;

		if (strlen(kind->name) != (size_t)(colon - what) ||
		    strncmp(kind->name, what, (size_t)(colon - what)) != 0)
			continue;
		at = find(kind, state, colon + 1, &found);
		if (found) {
			protobuf_c_message_free_unpacked(items[at], NULL);
			memmove(items + at, items + at + 1, (--*n - at) * sizeof(*items));
		}
		return true;
	}
	return tw_error_set(err, TW_E_INVALID, "watch_reply.deleted", "%.80s is not KIND:NAME", what);
}

/* Sort each kind by key, so that look-ups are short; the same key twice is refused. */
static bool sort_state(Tw__WatchReply *state, struct tw_error *err)
{
	for (const struct kind *kind = kinds; kind < kinds + N_KINDS; kind++) {
		ProtobufCMessage **items = *kind_items(kind, state);
		size_t n = *kind_n(kind, state);
		char text[KEY_SIZE], field[64];

		if (n > 1)
			qsort_r(items, n, sizeof(*items), compare_items, (void *)(uintptr_t)kind);
		for (size_t i = 1; i < n; i++) {
			if (compare_items(&items[i - 1], &items[i], (void *)(uintptr_t)kind) != 0)
				continue;
			snprintf(field, sizeof(field), "watch_reply.%ss", kind->name);
			return tw_error_set(err, TW_E_DUPLICATE, field, "%.100s is there twice",
					    item_key(kind, items[i], text));
		}
	}
	return true;
}

/* Words of one conversation, not of the slice. */
static void drop_news(Tw__WatchReply *state)
{
	for (size_t i = 0; i < state->n_tasks; i++)
		tw__task__free_unpacked(state->tasks[i], NULL);
	free(state->tasks);
	state->tasks = NULL;
	state->n_tasks = 0;
	for (size_t i = 0; i < state->n_deleted; i++)
		free(state->deleted[i]);
	free(state->deleted);
	state->deleted = NULL;
	state->n_deleted = 0;
	state->unchanged = false;
	state->full = true;
}

static int merge(Tw__WatchReply *state, const Tw__WatchReply *reply, struct tw_error *err)
{
	for (size_t i = 0; i < reply->n_deleted; i++)
		if (!delete_key(state, reply->deleted[i], err))
			return -EBADMSG;
	for (const struct kind *kind = kinds; kind < kinds + N_KINDS; kind++) {
		Tw__WatchReply *from = (Tw__WatchReply *)(uintptr_t)reply; /* only read */

		for (size_t i = 0; i < *kind_n(kind, from); i++)
			if (upsert(kind, state, (*kind_items(kind, from))[i]))
				return -ENOMEM;
	}
	if (reply->host) {
		Tw__Host *host = copy_message(reply->host);

		if (!host)
			return -ENOMEM;
		tw__host__free_unpacked(state->host, NULL);
		state->host = host;
	}
	if (reply->observation_domain)
		state->observation_domain = reply->observation_domain;
	state->revision = reply->revision;
	return 0;
}

int tw_slice_apply(struct tw_slice *slice, const Tw__WatchReply *reply, bool *changed, struct tw_error *err)
{
	Tw__WatchReply *next;
	int rc = 0;

	*changed = false;
	if (!reply->full && (reply->epoch != slice->state->epoch || !slice->state->full)) {
		tw_error_set(err, TW_E_INVALID, "watch_reply.full",
			     "changes cannot be applied: this host has no slice "
			     "of that epoch");
		return -EBADMSG;
	}
	if (reply->unchanged && !reply->full) {
		slice->state->revision = reply->revision;
		return 0;
	}
	next = copy_message(reply->full ? reply : slice->state);
	if (next && reply->full)
		rc = sort_state(next, err) ? 0 : -EBADMSG;
	else if (next)
		rc = merge(next, reply, err);
	if (!next || rc == -ENOMEM)
		tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
	if (!next || rc) {
		if (next)
			tw__watch_reply__free_unpacked(next, NULL);
		return next ? rc : -ENOMEM;
	}
	drop_news(next);
	tw__watch_reply__free_unpacked(slice->state, NULL);
	slice->state = next;
	*changed = true;
	return 0;
}

struct tw_slice *tw_slice_create(void)
{
	struct tw_slice *slice = calloc(1, sizeof(*slice));
	static const Tw__WatchReply empty = TW__WATCH_REPLY__INIT;

	if (slice)
		slice->state = copy_message(&empty);
	if (slice && !slice->state) {
		free(slice);
		return NULL;
	}
	return slice;
}

void tw_slice_destroy(struct tw_slice *slice)
{
	if (!slice)
		return;
	tw__watch_reply__free_unpacked(slice->state, NULL);
	free(slice);
}

const Tw__WatchReply *tw_slice_view(const struct tw_slice *slice)
{
	return slice->state;
}

const Tw__Port *tw_slice_port(const Tw__WatchReply *view, const char *name)
{
	return (const Tw__Port *)lookup(view, PORT, name);
}

const Tw__Port *tw_slice_port_number(const Tw__WatchReply *view, uint32_t number)
{
	for (size_t i = 0; i < view->n_ports; i++)
		if (view->ports[i]->number == number)
			return view->ports[i];
	return NULL;
}

const Tw__Network *tw_slice_network(const Tw__WatchReply *view, const char *name)
{
	return (const Tw__Network *)lookup(view, NETWORK, name);
}

Tw__Vlan *tw_slice_port_vlan(const Tw__Port *port, const Tw__Network *network)
{
	if (port->vlan && port->vlan->mode != TW__VLAN__MODE__INHERIT)
		return port->vlan;
	return network ? network->vlan : NULL;
}

const Tw__Migration *tw_slice_migration(const Tw__WatchReply *view, uint64_t id)
{
	for (size_t i = 0; i < view->n_migrations; i++)
		if (view->migrations[i]->id == id)
			return view->migrations[i];
	return NULL;
}

const Tw__Host *tw_slice_peer(const Tw__WatchReply *view, const char *name)
{
	return (const Tw__Host *)lookup(view, PEER, name);
}

char *tw_slice_vm(const char *port, char vm[static TW_VM_NAME_SIZE])
{
	size_t len = strcspn(port, "/");

	snprintf(vm, TW_VM_NAME_SIZE, "%.*s", (int)(len < TW_VM_NAME_SIZE ? len : TW_VM_NAME_SIZE - 1), port);
	return vm;
}
