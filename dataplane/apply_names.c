/* SPDX-License-Identifier: Apache-2.0 */
/* apply_names.c - a new configuration's names, as exporters tell them: of ports, networks and drop reasons. Main; see apply.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/apply.h"

static void copy_uuid(uint8_t to[16], ProtobufCBinaryData from)
{
	if (from.len == 16)
		memcpy(to, from.data, 16);
}

static void identify_local(struct tw_flow_identity *id, const Tw__LocalPort *p)
{
	id->number = p->number;
	snprintf(id->name, sizeof(id->name), "%s", p->name);
	snprintf(id->vm_name, sizeof(id->vm_name), "%s", p->vm_name);
	snprintf(id->network, sizeof(id->network), "%s", p->network);
	id->network_number = p->network_number;
	copy_uuid(id->uuid, p->uuid);
	copy_uuid(id->vm_uuid, p->vm_uuid);
	memcpy(id->mac, p->mac.data, sizeof(id->mac));
}

static void identify_remote(struct tw_flow_identity *id, const Tw__RemotePort *p)
{
	id->number = p->number;
	snprintf(id->name, sizeof(id->name), "%s", p->name);
	snprintf(id->vm_name, sizeof(id->vm_name), "%s", p->vm_name);
	snprintf(id->network, sizeof(id->network), "%s", p->network);
	id->network_number = p->network_number;
	copy_uuid(id->uuid, p->uuid);
	copy_uuid(id->vm_uuid, p->vm_uuid);
	memcpy(id->mac, p->mac.data, sizeof(id->mac));
}

static int by_number(const void *a, const void *b)
{
	const struct tw_flow_identity *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* Sorted, each number once (a port that is told as local and remote is local: it came first, and the sort is stable enough
 * that either will do - they are the same port). */
static bool read_identities(struct tw_change *c)
{
	const Tw__Snapshot *config = c->config;
	size_t n = 0, kept = 0;

	c->identities = calloc(config->n_ports + config->n_remotes + 1, sizeof(*c->identities));
	if (!c->identities)
		return false;
	for (size_t i = 0; i < config->n_ports; i++)
		identify_local(&c->identities[n++], config->ports[i]);
	for (size_t i = 0; i < config->n_remotes; i++)
		identify_remote(&c->identities[n++], config->remotes[i]);
	qsort(c->identities, n, sizeof(*c->identities), by_number);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || c->identities[kept - 1].number != c->identities[i].number)
			c->identities[kept++] = c->identities[i];
	c->exporters.n_identities = kept;
	c->exporters.identities = c->identities;
	return true;
}

static int by_network(const void *a, const void *b)
{
	const struct tw_flow_network *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* Those that have a port. */
static bool read_networks(struct tw_change *c)
{
	struct tw_dictionary *d = &c->exporters.dictionary;
	size_t n = 0, kept = 0;

	c->networks = calloc(c->exporters.n_identities + 1, sizeof(*c->networks));
	if (!c->networks)
		return false;
	for (size_t i = 0; i < c->exporters.n_identities; i++) {
		const struct tw_flow_identity *who = &c->identities[i];

		if (!who->network_number || (n && c->networks[n - 1].number == who->network_number))
			continue;
		c->networks[n].number = who->network_number;
		memcpy(c->networks[n++].name, who->network, sizeof(who->network));
	}
	qsort(c->networks, n, sizeof(*c->networks), by_network);
	for (size_t i = 0; i < n; i++)
		if (kept == 0 || c->networks[kept - 1].number != c->networks[i].number)
			c->networks[kept++] = c->networks[i];
	d->n_networks = kept;
	d->networks = c->networks;
	return true;
}

bool tw_apply_read_names(struct tw_change *c)
{
	c->exporters.dictionary.n_drop_reasons = TW_DROPS;
	c->exporters.dictionary.drop_reasons = tw_drop_names;
	return read_identities(c) && read_networks(c);
}
