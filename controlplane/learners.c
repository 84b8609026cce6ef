/* SPDX-License-Identifier: Apache-2.0 */
/* learners.c - which ports may have learned MACs; see learners.h. The controller's thread. */
#include "controlplane/learners.h"

#include <string.h>

#include "common/mac.h"
#include "controlplane/mem.h"

struct host {
	char *name;
	struct tw_port_vlans vlans;
};

struct tw_learners {
	struct tw_learner *ports; /* by number */
	size_t n_ports;
	uint64_t *macs; /* in order */
	size_t n_macs;
	struct host *hosts; /* in the order of their names */
	size_t n_hosts;
};

static int by_number(const void *a, const void *b)
{
	uint32_t x = ((const struct tw_learner *)a)->number, y = ((const struct tw_learner *)b)->number;

	return x < y ? -1 : x > y;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct host *)a)->name, ((const struct host *)b)->name);
}

static struct host *find_host(const struct tw_learners *l, const char *name)
{
	char *key;

	memcpy(&key, &name, sizeof(key));
	return l->n_hosts
		       ? bsearch(&(const struct host){ .name = key }, l->hosts, l->n_hosts, sizeof(*l->hosts), by_name)
		       : NULL;
}

static void add_hosts(struct tw_learners *l, const struct tw_table *table)
{
	l->n_hosts = table->n;
	l->hosts = tw_need(calloc(table->n + 1, sizeof(*l->hosts)));
	for (size_t i = 0; i < table->n; i++)
		l->hosts[i].name = tw_need(strdup(table->items[i].name));
	qsort(l->hosts, l->n_hosts, sizeof(*l->hosts), by_name);
}

/* Where the port is, or is about to be, as names that are ours. */
static void find_places(const struct tw_learners *l, const struct tw_model *model, const Tw__Port *port,
			const struct host *places[2])
{
	const Tw__Migration *m = tw_model_migration(model, tw_port_migration(port));
	const char *names[2] = { tw_port_host(port), NULL };

	if (m && tw_migration_active(m) && names[0])
		names[1] = strcmp(names[0], m->to) == 0 ? m->from : m->to;
	for (int i = 0; i < 2; i++)
		places[i] = names[i] ? find_host(l, names[i]) : NULL;
}

/* 0: it learns nothing. */
static uint32_t limit_of(const Tw__Port *port, const Tw__Network *network)
{
	Tw__Learn learn = port->learn ? port->learn : network->learn;
	uint32_t limit = port->learn_limit ? port->learn_limit : network->learn_limit;
	Tw__Policy change = port->mac_change ? port->mac_change : network->mac_change;

	if (learn == TW__LEARN__LEARN_ACCEPT || learn == TW__LEARN__LEARN_STRICT)
		return limit ? limit : TW_LEARN_LIMIT_DEFAULT;
	return change == TW__POLICY__POLICY_ACCEPT;
}

static void add_port(struct tw_learners *l, const struct tw_model *model, const Tw__Port *port)
{
	const Tw__Network *network = tw_model_network(model, port->network);
	const Tw__Vlan *vlan = tw_port_vlan(model, port);
	uint32_t limit = network ? limit_of(port, network) : 0;
	const struct host *places[2];

	l->macs[l->n_macs++] = tw_mac_word(port->mac.data);
	for (size_t k = 0; k < port->n_static_macs; k++)
		l->macs[l->n_macs++] = tw_mac_word(port->static_macs[k].data);
	find_places(l, model, port, places);
	for (int i = 0; i < 2; i++)
		if (places[i])
			tw_port_vlans_add(&l->hosts[places[i] - l->hosts].vlans, vlan);
	if (limit && vlan && places[0])
		l->ports[l->n_ports++] = (struct tw_learner){
			.number = port->number,
			.limit = limit,
			.hosts = { places[0]->name, places[1] ? places[1]->name : NULL },
			.vlan = (Tw__Vlan *)tw_message_clone(&vlan->base),
		};
}

struct tw_learners *tw_learners_create(const struct tw_model *model)
{
	struct tw_learners *l = tw_need(calloc(1, sizeof(*l)));
	size_t n = model->tables[TW__KIND__PORT].n, n_macs = n;

	add_hosts(l, &model->tables[TW__KIND__HOST]);
	for (size_t i = 0; i < n; i++)
		n_macs += tw_model_port_at(model, i)->n_static_macs;
	l->ports = tw_need(calloc(n + 1, sizeof(*l->ports)));
	l->macs = tw_need(calloc(n_macs + 1, sizeof(*l->macs)));
	for (size_t i = 0; i < n; i++)
		add_port(l, model, tw_model_port_at(model, i));
	qsort(l->ports, l->n_ports, sizeof(*l->ports), by_number);
	qsort(l->macs, l->n_macs, sizeof(*l->macs), by_value);
	return l;
}

void tw_learners_destroy(struct tw_learners *l)
{
	if (!l)
		return;
	for (size_t i = 0; i < l->n_ports; i++)
		tw_message_free(&l->ports[i].vlan->base);
	for (size_t i = 0; i < l->n_hosts; i++)
		free(l->hosts[i].name);
	free(l->hosts);
	free(l->ports);
	free(l->macs);
	free(l);
}

struct tw_learner *tw_learners_find(const struct tw_learners *l, uint32_t number)
{
	const struct tw_learner key = { .number = number };

	return bsearch(&key, l->ports, l->n_ports, sizeof(key), by_number);
}

bool tw_learner_is_at(const struct tw_learner *learner, const char *host)
{
	return strcmp(learner->hosts[0], host) == 0 || (learner->hosts[1] && strcmp(learner->hosts[1], host) == 0);
}

bool tw_learners_own(const struct tw_learners *l, uint64_t mac)
{
	return bsearch(&mac, l->macs, l->n_macs, sizeof(mac), by_value) != NULL;
}

const struct tw_port_vlans *tw_learners_vlans(const struct tw_learners *l, const char *host)
{
	const struct host *found = find_host(l, host);

	return found ? &found->vlans : NULL;
}
