/* SPDX-License-Identifier: Apache-2.0 */
/* directory.c - who is who; see directory.h. Owns nothing but the tables. */
#include "controlplane/central/directory.h"

#include <string.h>

#include "common/mac.h"
#include "controlplane/mem.h"
#include "controlplane/model.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct tw_directory_host *)a)->name, ((const struct tw_directory_host *)b)->name);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = ((const struct tw_directory_port *)a)->number, y = ((const struct tw_directory_port *)b)->number;

	return x < y ? -1 : x > y;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void add_hosts(struct tw_directory *directory, const struct tw_table *table)
{
	directory->hosts = tw_need(calloc(table->n + 1, sizeof(*directory->hosts)));
	for (size_t i = 0; i < table->n; i++) {
		struct tw_directory_host *host = &directory->hosts[directory->n_hosts++];

		snprintf(host->name, sizeof(host->name), "%s", table->items[i].name);
		host->domain = (uint32_t)table->items[i].row;
	}
	if (directory->n_hosts)
		qsort(directory->hosts, directory->n_hosts, sizeof(*directory->hosts), by_name);
}

static void add_mac(struct tw_directory *directory, ProtobufCBinaryData mac)
{
	if (mac.len == 6)
		directory->macs[directory->n_macs++] = tw_mac_word(mac.data);
}

static void add_ports(struct tw_directory *directory, const struct tw_model *model)
{
	size_t n = model->tables[TW__KIND__PORT].n, n_macs = n;

	for (size_t i = 0; i < n; i++)
		n_macs += tw_model_port_at(model, i)->n_static_macs;
	directory->ports = tw_need(calloc(n + 1, sizeof(*directory->ports)));
	directory->macs = tw_need(calloc(n_macs + 1, sizeof(*directory->macs)));
	for (size_t i = 0; i < n; i++) {
		const Tw__Port *port = tw_model_port_at(model, i);
		const char *host = tw_port_host(port);

		directory->ports[i].number = port->number;
		directory->ports[i].domain = host ? tw_directory_domain(directory, host) : 0;
		add_mac(directory, port->mac);
		for (size_t k = 0; k < port->n_static_macs; k++)
			add_mac(directory, port->static_macs[k]);
	}
	directory->n_ports = n;
	if (n)
		qsort(directory->ports, n, sizeof(*directory->ports), by_number);
	if (directory->n_macs)
		qsort(directory->macs, directory->n_macs, sizeof(*directory->macs), by_value);
}

static bool wants_both_sides(const struct tw_model *model)
{
	for (size_t i = 0; i < model->tables[TW__KIND__EXPORTER].n; i++) {
		const Tw__Exporter *e = tw_model_exporter_at(model, i);

		if (e->way == TW__EXPORTER__WAY__CENTRAL && !e->disabled && e->both_sides)
			return true;
	}
	return false;
}

struct tw_directory *tw_directory_create(const struct tw_model *model)
{
	struct tw_directory *directory = tw_need(calloc(1, sizeof(*directory)));

	add_hosts(directory, &model->tables[TW__KIND__HOST]);
	add_ports(directory, model);
	directory->both_sides = wants_both_sides(model);
	return directory;
}

void tw_directory_destroy(struct tw_directory *directory)
{
	if (!directory)
		return;
	free(directory->hosts);
	free(directory->ports);
	free(directory->macs);
	free(directory);
}

uint32_t tw_directory_domain(const struct tw_directory *directory, const char *name)
{
	struct tw_directory_host key;
	const struct tw_directory_host *host;

	snprintf(key.name, sizeof(key.name), "%s", name);
	host = directory->n_hosts ? bsearch(&key, directory->hosts, directory->n_hosts, sizeof(key), by_name) : NULL;
	return host ? host->domain : 0;
}

uint32_t tw_directory_place(const struct tw_directory *directory, uint32_t number)
{
	const struct tw_directory_port key = { .number = number }, *port;

	port = directory->n_ports ? bsearch(&key, directory->ports, directory->n_ports, sizeof(key), by_number) : NULL;
	return port ? port->domain : 0;
}

bool tw_directory_has_mac(const struct tw_directory *directory, const uint8_t mac[static 6])
{
	const uint64_t key = tw_mac_word(mac);

	return directory->n_macs && bsearch(&key, directory->macs, directory->n_macs, sizeof(key), by_value);
}
