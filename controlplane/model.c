/* SPDX-License-Identifier: Apache-2.0 */
/* model.c - sorted tables of objects and the application of changes; see model.h. The controller's thread. */
#include "controlplane/model.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "controlplane/mem.h"

enum { TUNNEL_TAGS = (1 << 24) - 1 /* of a VNI, without 0 */ };

/* Where `name` is, or would be put; *found says which. */
static size_t table_place(const struct tw_table *table, const char *name, bool *found)
{
	size_t low = 0, high = table->n;

	*found = false;
	while (low < high) {
		size_t mid = (low + high) / 2;
		int order = strverscmp(table->items[mid].name, name);

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

static void table_put(struct tw_table *table, struct tw_change *change)
{
	bool found;
	size_t at = table_place(table, change->name, &found);
	struct tw_entry *entry;

	if (!found) {
		if (table->n == table->room) {
			table->room = table->room ? table->room * 2 : 16;
			table->items = tw_need(reallocarray(table->items, table->room, sizeof(*table->items)));
		}
		memmove(&table->items[at + 1], &table->items[at], (table->n - at) * sizeof(*table->items));
		table->items[at] = (struct tw_entry){ .name = change->name };
		change->name = NULL;
		table->n++;
	}
	entry = &table->items[at];
	tw_message_free(entry->msg);
	entry->msg = change->msg;
	entry->row = change->row;
	if (change->kind == TW__KIND__NETWORK)
		((Tw__Network *)entry->msg)->number = (uint32_t)change->row;
	if (change->kind == TW__KIND__MIRROR)
		((Tw__Mirror *)entry->msg)->tunnel_tag = (uint32_t)(change->row % TUNNEL_TAGS) + 1;
	change->msg = NULL;
}

static void table_drop(struct tw_table *table, const char *name)
{
	bool found;
	size_t at = table_place(table, name, &found);

	if (!found)
		return;
	free(table->items[at].name);
	tw_message_free(table->items[at].msg);
	table->n--;
	memmove(&table->items[at], &table->items[at + 1], (table->n - at) * sizeof(*table->items));
}

static struct tw_change *changes_add(struct tw_changes *changes)
{
	changes->items = tw_need(reallocarray(changes->items, changes->n + 1, sizeof(*changes->items)));
	memset(&changes->items[changes->n], 0, sizeof(*changes->items));
	return &changes->items[changes->n++];
}

ProtobufCMessage *tw_changes_put(struct tw_changes *changes, Tw__Kind kind, ProtobufCMessage *msg)
{
	struct tw_change *change = changes_add(changes);
	char buffer[24];

	change->kind = kind;
	change->name = tw_need(strdup(tw_message_name(msg, buffer)));
	change->msg = msg;
	return msg;
}

void tw_changes_delete(struct tw_changes *changes, Tw__Kind kind, const char *name)
{
	struct tw_change *change = changes_add(changes);

	change->kind = kind;
	change->name = tw_need(strdup(name));
}

void tw_changes_release(struct tw_changes *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		free(changes->items[i].name);
		tw_message_free(changes->items[i].msg);
	}
	free(changes->items);
	memset(changes, 0, sizeof(*changes));
}

void tw_model_apply(struct tw_model *model, uint64_t revision, struct tw_changes *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		struct tw_change *change = &changes->items[i];

		if (change->msg)
			table_put(&model->tables[change->kind], change);
		else
			table_drop(&model->tables[change->kind], change->name);
	}
	model->revision = revision;
	if (changes->next_port)
		model->next_port = changes->next_port;
	if (changes->next_migration)
		model->next_migration = changes->next_migration;
	tw_changes_release(changes);
}

void tw_model_clear(struct tw_model *model)
{
	for (int k = 0; k < TW_N_KINDS; k++) {
		for (size_t i = 0; i < model->tables[k].n; i++) {
			free(model->tables[k].items[i].name);
			tw_message_free(model->tables[k].items[i].msg);
		}
		free(model->tables[k].items);
	}
	memset(model, 0, sizeof(*model));
}

const struct tw_entry *tw_model_find(const struct tw_model *model, Tw__Kind kind, const char *name)
{
	bool found;
	size_t at = table_place(&model->tables[kind], name, &found);

	return found ? &model->tables[kind].items[at] : NULL;
}

static const void *find_message(const struct tw_model *model, Tw__Kind kind, const char *name)
{
	const struct tw_entry *entry = tw_model_find(model, kind, name);

	return entry ? entry->msg : NULL;
}

const Tw__Host *tw_model_host(const struct tw_model *model, const char *name)
{
	return find_message(model, TW__KIND__HOST, name);
}

const Tw__Network *tw_model_network(const struct tw_model *model, const char *name)
{
	return find_message(model, TW__KIND__NETWORK, name);
}

const Tw__Port *tw_model_port(const struct tw_model *model, const char *name)
{
	return find_message(model, TW__KIND__PORT, name);
}

const Tw__Migration *tw_model_migration(const struct tw_model *model, uint64_t id)
{
	char name[24];

	snprintf(name, sizeof(name), "%" PRIu64, id);
	return find_message(model, TW__KIND__MIGRATION, name);
}

static const void *message_at(const struct tw_model *model, Tw__Kind kind, size_t i)
{
	return model->tables[kind].items[i].msg;
}

const Tw__Host *tw_model_host_at(const struct tw_model *model, size_t i)
{
	return message_at(model, TW__KIND__HOST, i);
}

const Tw__Network *tw_model_network_at(const struct tw_model *model, size_t i)
{
	return message_at(model, TW__KIND__NETWORK, i);
}

const Tw__Port *tw_model_port_at(const struct tw_model *model, size_t i)
{
	return message_at(model, TW__KIND__PORT, i);
}

const Tw__Mirror *tw_model_mirror_at(const struct tw_model *model, size_t i)
{
	return message_at(model, TW__KIND__MIRROR, i);
}

const Tw__Exporter *tw_model_exporter_at(const struct tw_model *model, size_t i)
{
	return message_at(model, TW__KIND__EXPORTER, i);
}

const Tw__Migration *tw_model_migration_at(const struct tw_model *model, size_t i)
{
	return message_at(model, TW__KIND__MIGRATION, i);
}

bool tw_port_of_vm(const Tw__Port *port, const char *vm)
{
	size_t len = strlen(vm);

	return strncmp(port->name, vm, len) == 0 && port->name[len] == '/';
}

const char *tw_port_host(const Tw__Port *port)
{
	return port->binding && *port->binding->host ? port->binding->host : NULL;
}

uint64_t tw_port_migration(const Tw__Port *port)
{
	return port->binding ? port->binding->migration : 0;
}

bool tw_migration_active(const Tw__Migration *migration)
{
	return migration->phase < TW__MIGRATION__PHASE__DONE;
}
