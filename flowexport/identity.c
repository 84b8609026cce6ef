/* SPDX-License-Identifier: Apache-2.0 */
/* identity.c - the table of identities and the walks through it; see identity.h. */
#include "flowexport/identity.h"

#include <stdlib.h>
#include <string.h>

/* Index of the first entry whose number is not below. */
static size_t lower_bound(const struct tw_identity_table *table, uint64_t number)
{
	size_t low = 0, high = table->n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->entries[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Only what is told counts: padding and octets behind a text's end do not. */
static bool is_same(const struct tw_flow_identity *a, const struct tw_flow_identity *b)
{
	return a->number == b->number && strcmp(a->name, b->name) == 0 && strcmp(a->vm_name, b->vm_name) == 0 &&
	       strcmp(a->network, b->network) == 0 && a->network_number == b->network_number &&
	       memcmp(a->uuid, b->uuid, sizeof(a->uuid)) == 0 &&
	       memcmp(a->vm_uuid, b->vm_uuid, sizeof(a->vm_uuid)) == 0;
}

static const struct tw_flow_identity nobody;
const struct tw_flow_names tw_flow_names_none = { .ingress = &nobody, .egress = &nobody, .host = "" };

const struct tw_flow_identity *tw_identity_of(const struct tw_identity_table *table, uint32_t number)
{
	size_t i = number ? lower_bound(table, number) : table->n;

	return i < table->n && table->entries[i].number == number ? &table->entries[i] : &nobody;
}

void tw_identity_table_replace(struct tw_identity_table *table, struct tw_flow_identity *entries, uint64_t *changed,
			       size_t n)
{
	uint64_t next = table->generation + 1;
	bool differs = false;
	size_t old = 0;

	for (size_t i = 0; i < n; i++) {
		while (old < table->n && table->entries[old].number < entries[i].number)
			old++;
		if (old < table->n && is_same(&table->entries[old], &entries[i])) {
			changed[i] = table->changed[old];
		} else {
			changed[i] = next;
			differs = true;
		}
	}
	free(table->entries);
	free(table->changed);
	table->entries = entries;
	table->changed = changed;
	table->n = n;
	if (differs)
		table->generation = next;
}

void tw_identity_table_clear(struct tw_identity_table *table)
{
	free(table->entries);
	free(table->changed);
	*table = (struct tw_identity_table){ .generation = table->generation };
}

void tw_identity_pass_want_all(struct tw_identity_pass *pass)
{
	pass->full_due = true;
}

static bool start(struct tw_identity_pass *pass, const struct tw_identity_table *table)
{
	if (!pass->full_due && pass->done == table->generation)
		return false;
	pass->since = pass->full_due ? 0 : pass->done;
	pass->full_due = false;
	pass->until = table->generation;
	pass->next = 0;
	pass->running = true;
	return true;
}

const struct tw_flow_identity *tw_identity_pass_peek(struct tw_identity_pass *pass,
						     const struct tw_identity_table *table)
{
	while (pass->running || start(pass, table)) {
		for (size_t i = lower_bound(table, pass->next); i < table->n; i++) {
			if (table->changed[i] > pass->since) {
				pass->next = table->entries[i].number;
				return &table->entries[i];
			}
		}
		pass->running = false;
		pass->done = pass->until;
	}
	return NULL;
}

void tw_identity_pass_advance(struct tw_identity_pass *pass)
{
	pass->next++;
}
