/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check_snapshot.c - what must be there once in a snapshot: a port's number and MAC, among local and remote ports alike,
 * and the names and paths of its parts. By sorting: 65,536 remotes are checked in some milliseconds. Pure; any thread.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/mac.h"
#include "proto/envelope.pb-c.h"
#include "proto/link/check_rules.h"

/* A value and whose it is: an index into ports, and from n_ports on into remotes. */
struct entry {
	uint64_t value;
	const char *text;
	size_t index;
	size_t order; /* as they come in the message */
	long nth;     /* of static_macs; -1 = the port's own */
};

static int by_value(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static int by_text(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(x->text, y->text);

	return order ? order : x->order < y->order ? -1 : x->order > y->order;
}

/* Sorts. @return the later one of the first pair of equals, with its partner before it; NULL if all are unique */
static const struct entry *find_twin(struct entry *entries, size_t n, int (*order)(const void *, const void *))
{
	qsort(entries, n, sizeof(*entries), order);
	for (size_t i = 1; i < n; i++)
		if (order == by_text ? strcmp(entries[i - 1].text, entries[i].text) == 0
				     : entries[i - 1].value == entries[i].value)
			return &entries[i];
	return NULL;
}

static uint64_t mac_value(ProtobufCBinaryData mac)
{
	uint64_t value = 0;

	memcpy(&value, mac.data, TW_MAC_LEN);
	return value;
}

/* ---- numbers and MACs of ports ---- */

static struct tw_where port_where(const Tw__Snapshot *s, size_t index, const struct tw_where *at)
{
	if (index < s->n_ports)
		return (struct tw_where){ at, "ports", (long)index };
	return (struct tw_where){ at, "remotes", (long)(index - s->n_ports) };
}

static bool fail_twin(const Tw__Snapshot *s, const struct entry *twin, const char *const fields[2], const char *value,
		      const struct tw_where *at, struct tw_error *err)
{
	const struct entry *first = twin - 1;
	struct tw_where port = port_where(s, twin->index, at), other = port_where(s, first->index, at);
	struct tw_where here = { &port, fields[twin->nth >= 0], twin->nth };
	char path[sizeof(err->field)];

	tw_where_format(&other, path, sizeof(path));
	return tw_where_fail(&here, TW_E_DUPLICATE, err, "%s is also the %s of %s", value,
			     first->nth < 0 ? fields[0] : "static MAC", path);
}

static bool numbers_unique(const Tw__Snapshot *s, struct entry *e, const struct tw_where *at, struct tw_error *err)
{
	static const char *const fields[2] = { "number", NULL };
	const struct entry *twin;
	char value[24];

	for (size_t i = 0; i < s->n_ports; i++)
		e[i] = (struct entry){ .value = s->ports[i]->number, .index = i, .order = i, .nth = -1 };
	for (size_t i = 0; i < s->n_remotes; i++)
		e[s->n_ports + i] = (struct entry){
			.value = s->remotes[i]->number, .index = s->n_ports + i, .order = s->n_ports + i, .nth = -1
		};
	twin = find_twin(e, s->n_ports + s->n_remotes, by_value);
	if (!twin)
		return true;
	snprintf(value, sizeof(value), "%" PRIu64, twin->value);
	return fail_twin(s, twin, fields, value, at, err);
}

/* A port's own MAC and the static ones behind it. @return how many entries there are now */
static size_t add_macs(struct entry *e, size_t n, size_t index, ProtobufCBinaryData own,
		       const ProtobufCBinaryData *more, size_t n_more)
{
	e[n] = (struct entry){ .value = mac_value(own), .index = index, .order = n, .nth = -1 };
	n++;
	for (size_t i = 0; i < n_more; i++, n++)
		e[n] = (struct entry){ .value = mac_value(more[i]), .index = index, .order = n, .nth = (long)i };
	return n;
}

static bool macs_unique(const Tw__Snapshot *s, struct entry *e, const struct tw_where *at, struct tw_error *err)
{
	static const char *const fields[2] = { "mac", "static_macs" };
	const struct entry *twin;
	size_t n = 0;
	uint8_t mac[8];
	char value[TW_MAC_TEXT];

	for (size_t i = 0; i < s->n_ports; i++)
		n = add_macs(e, n, i, s->ports[i]->mac, s->ports[i]->static_macs, s->ports[i]->n_static_macs);
	for (size_t i = 0; i < s->n_remotes; i++)
		n = add_macs(e, n, s->n_ports + i, s->remotes[i]->mac, s->remotes[i]->static_macs,
			     s->remotes[i]->n_static_macs);
	twin = find_twin(e, n, by_value);
	if (!twin)
		return true;
	memcpy(mac, &twin->value, sizeof(mac));
	return fail_twin(s, twin, fields, tw_mac_format(mac, value), at, err);
}

/* ---- texts of one list each ---- */

static bool texts_unique(struct entry *e, size_t n, const char *list, const char *field, const struct tw_where *at,
			 struct tw_error *err)
{
	const struct entry *twin = find_twin(e, n, by_text);
	struct tw_where item = { at, list, twin ? (long)twin->index : 0 }, here = { &item, field, -1 };
	char shown[TW_SHOWN_SIZE];

	if (!twin)
		return true;
	return tw_where_fail(&here, TW_E_DUPLICATE, err, "%s is also the %s of %s[%zu]", tw_shown(twin->text, shown),
			     field, list, twin[-1].index);
}

#define TEXTS_UNIQUE(list, field)                                                                               \
	static bool list##_##field##s_unique(const Tw__Snapshot *s, struct entry *e, const struct tw_where *at, \
					     struct tw_error *err)                                              \
	{                                                                                                       \
		size_t n = 0;                                                                                   \
                                                                                                                \
		for (size_t i = 0; i < s->n_##list; i++)                                                        \
			if (*s->list[i]->field)                                                                 \
				e[n++] = (struct entry){ .text = s->list[i]->field, .index = i, .order = i };   \
		return texts_unique(e, n, #list, #field, at, err);                                              \
	}
TEXTS_UNIQUE(ports, name)
TEXTS_UNIQUE(ports, socket)
TEXTS_UNIQUE(mirrors, name)
TEXTS_UNIQUE(mirrors, path)
TEXTS_UNIQUE(exporters, name)

bool tw_also_snapshot_unique(const ProtobufCMessage *msg, const struct tw_where *at, struct tw_error *err)
{
	const Tw__Snapshot *s = (const Tw__Snapshot *)msg;
	size_t most = s->n_ports + s->n_remotes + s->n_mirrors + s->n_exporters; /* at least each list's own */
	struct entry *e;
	bool ok;

	if (!most)
		return true;
	for (size_t i = 0; i < s->n_ports; i++)
		most += s->ports[i]->n_static_macs;
	for (size_t i = 0; i < s->n_remotes; i++)
		most += s->remotes[i]->n_static_macs;
	e = malloc(most * sizeof(*e));
	if (!e)
		return tw_where_fail(at, TW_E_INTERNAL, err, "no memory to check it");
	ok = numbers_unique(s, e, at, err) && macs_unique(s, e, at, err) && ports_names_unique(s, e, at, err) &&
	     ports_sockets_unique(s, e, at, err) && mirrors_names_unique(s, e, at, err) &&
	     mirrors_paths_unique(s, e, at, err) && exporters_names_unique(s, e, at, err);
	free(e);
	return ok;
}
