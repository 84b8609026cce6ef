/* SPDX-License-Identifier: Apache-2.0 */
/* slice.c - cuts a host's slice out of the model; see slice.h. The controller's thread; reads only. */
#include "controlplane/slice.h"

#include <string.h>

#include "controlplane/mem.h"
#include "controlplane/port_vlans.h"

struct bound_port {
	const Tw__Port *port;
	const char *host;
	const Tw__Vlan *vlan; /* its own, else its network's; NULL if neither can be told */
};

struct tw_slicer {
	const struct tw_model *model;
	struct bound_port *ports;
	size_t n_ports;
};

struct tw_slicer *tw_slicer_create(const struct tw_model *model)
{
	size_t n = model->tables[TW__KIND__PORT].n;
	struct tw_slicer *slicer = tw_need(calloc(1, sizeof(*slicer)));

	slicer->model = model;
	slicer->ports = tw_need(calloc(n + 1, sizeof(*slicer->ports)));
	for (size_t i = 0; i < n; i++) {
		const Tw__Port *port = tw_model_port_at(model, i);
		const char *host = tw_port_host(port);

		if (host)
			slicer->ports[slicer->n_ports++] = (struct bound_port){ port, host, tw_port_vlan(model, port) };
	}
	return slicer;
}

void tw_slicer_destroy(struct tw_slicer *slicer)
{
	free(slicer->ports);
	free(slicer);
}

/* The arrays of a reply are made as long as they can become; tw_slice_release() frees them. */
static void *array_for(size_t n)
{
	return tw_need(calloc(n ? n : 1, sizeof(void *)));
}

/* The slice is only read and packed: the const that a message's members lack is kept by everyone who is given it. */
static void *unconst(const void *msg)
{
	void *out;

	memcpy(&out, &msg, sizeof(out));
	return out;
}

static bool is_end(const Tw__Migration *m, const char *host)
{
	return tw_migration_active(m) && (strcmp(m->from, host) == 0 || strcmp(m->to, host) == 0);
}

static void add_peer(Tw__WatchReply *slice, const Tw__Host *peer)
{
	for (size_t i = 0; i < slice->n_peers; i++)
		if (slice->peers[i] == peer)
			return;
	slice->peers[slice->n_peers++] = unconst(peer);
}

static void add_migrations(const struct tw_model *model, const char *host, Tw__WatchReply *slice)
{
	size_t n = model->tables[TW__KIND__MIGRATION].n;

	slice->migrations = array_for(n);
	slice->peers = array_for(model->tables[TW__KIND__HOST].n);
	for (size_t i = 0; i < n; i++) {
		const Tw__Migration *m = tw_model_migration_at(model, i);
		const Tw__Host *peer;

		if (!is_end(m, host))
			continue;
		slice->migrations[slice->n_migrations++] = unconst(m);
		peer = tw_model_host(model, strcmp(m->from, host) == 0 ? m->to : m->from);
		if (peer)
			add_peer(slice, peer);
	}
}

/* Does the host serve the port, or will it, or did it a moment ago? */
static bool is_local(const Tw__WatchReply *slice, const struct bound_port *bound, const char *host)
{
	if (strcmp(bound->host, host) == 0)
		return true;
	for (size_t i = 0; i < slice->n_migrations; i++)
		if (tw_port_of_vm(bound->port, slice->migrations[i]->vm) &&
		    (strcmp(bound->host, slice->migrations[i]->from) == 0 ||
		     strcmp(bound->host, slice->migrations[i]->to) == 0))
			return true;
	return false;
}

static int compare_pointers(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t) * (void *const *)a, y = (uintptr_t) * (void *const *)b;

	return x < y ? -1 : x > y;
}

/* Networks of all ports in the slice, in the model's order. */
static void add_networks(const struct tw_model *model, Tw__WatchReply *slice)
{
	const struct tw_table *table = &model->tables[TW__KIND__NETWORK];
	const void **used = array_for(slice->n_ports);

	for (size_t i = 0; i < slice->n_ports; i++)
		used[i] = tw_model_network(model, slice->ports[i]->network);
	qsort(used, slice->n_ports, sizeof(*used), compare_pointers);
	slice->networks = array_for(table->n);
	for (size_t i = 0; i < table->n; i++) {
		const void *network = table->items[i].msg;

		if (bsearch(&network, used, slice->n_ports, sizeof(*used), compare_pointers))
			slice->networks[slice->n_networks++] = unconst(network);
	}
	free(used);
}

/* Local ports first (n_local of them), then identities. @return n_local */
static size_t add_ports(const struct tw_slicer *slicer, const char *host, Tw__WatchReply *slice)
{
	struct tw_port_vlans vlans = { 0 };
	size_t n_local;

	slice->ports = array_for(slicer->n_ports + slicer->model->tables[TW__KIND__MIRROR].n);
	for (size_t i = 0; i < slicer->n_ports; i++) {
		const struct bound_port *bound = &slicer->ports[i];

		if (is_local(slice, bound, host)) {
			slice->ports[slice->n_ports++] = unconst(bound->port);
			tw_port_vlans_add(&vlans, bound->vlan);
		}
	}
	n_local = slice->n_ports;
	for (size_t i = 0; i < slicer->n_ports && n_local; i++) {
		const struct bound_port *bound = &slicer->ports[i];

		if (tw_port_vlans_meet(&vlans, bound->vlan) && !is_local(slice, bound, host))
			slice->ports[slice->n_ports++] = unconst(bound->port);
	}
	return n_local;
}

static bool has_acl(const struct tw_model *model, const Tw__Port *port, const char *acl)
{
	const Tw__Network *network = tw_model_network(model, port->network);
	const char *in = *port->ingress_acl ? port->ingress_acl : network->ingress_acl;
	const char *out = *port->egress_acl ? port->egress_acl : network->egress_acl;

	return strcmp(in, acl) == 0 || strcmp(out, acl) == 0;
}

/* Access lists of the host's own ports. */
static void add_acls(const struct tw_model *model, Tw__WatchReply *slice, size_t n_local)
{
	const struct tw_table *table = &model->tables[TW__KIND__ACL];

	slice->acls = array_for(table->n);
	for (size_t i = 0; i < table->n; i++)
		for (size_t j = 0; j < n_local; j++)
			if (has_acl(model, slice->ports[j], table->items[i].name)) {
				slice->acls[slice->n_acls++] = unconst(table->items[i].msg);
				break;
			}
}

static bool has_port(const Tw__WatchReply *slice, const Tw__Port *port)
{
	for (size_t i = 0; i < slice->n_ports; i++)
		if (slice->ports[i] == port)
			return true;
	return false;
}

/* Hosts that copies may come from. */
static void add_all_peers(const struct tw_model *model, const char *host, Tw__WatchReply *slice)
{
	for (size_t i = 0; i < model->tables[TW__KIND__HOST].n; i++) {
		const Tw__Host *peer = tw_model_host_at(model, i);

		if (strcmp(peer->name, host) != 0)
			add_peer(slice, peer);
	}
}

/* The host that copies made here go to. */
static void add_peer_of(const struct tw_model *model, const char *host, const Tw__Port *to, Tw__WatchReply *slice)
{
	const char *at = tw_port_host(to);
	const Tw__Host *peer = at && strcmp(at, host) != 0 ? tw_model_host(model, at) : NULL;

	if (peer)
		add_peer(slice, peer);
}

/* With the ports that their copies are for, wherever those are, and the hosts that copies go to and come from. */
static void add_mirrors(const struct tw_model *model, const char *host, Tw__WatchReply *slice, size_t n_local)
{
	size_t n = model->tables[TW__KIND__MIRROR].n;
	bool comes_in = false;

	slice->mirrors = array_for(n);
	for (size_t i = 0; i < n; i++) {
		const Tw__Mirror *mirror = tw_model_mirror_at(model, i);
		const Tw__Port *to = *mirror->to_port ? tw_model_port(model, mirror->to_port) : NULL;

		if (!tw_slice_wants_mirror(mirror, host, slice->ports, n_local))
			continue;
		slice->mirrors[slice->n_mirrors++] = unconst(mirror);
		if (to && !has_port(slice, to))
			slice->ports[slice->n_ports++] = unconst(to);
		if (to)
			add_peer_of(model, host, to, slice);
		comes_in = comes_in || tw_slice_mirror_comes_in(mirror, slice->ports, n_local);
	}
	if (comes_in)
		add_all_peers(model, host, slice);
}

void tw_slice_build(const struct tw_slicer *slicer, const char *host, Tw__WatchReply *slice)
{
	const struct tw_model *model = slicer->model;
	const struct tw_entry *entry = tw_model_find(model, TW__KIND__HOST, host);
	size_t n_exporters = model->tables[TW__KIND__EXPORTER].n, n_local;

	if (entry) {
		slice->host = (Tw__Host *)entry->msg;
		slice->observation_domain = (uint32_t)entry->row;
	}
	add_migrations(model, host, slice);
	n_local = add_ports(slicer, host, slice);
	add_mirrors(model, host, slice, n_local);
	add_networks(model, slice);
	add_acls(model, slice, n_local);
	slice->exporters = array_for(n_exporters);
	for (size_t i = 0; i < n_exporters; i++)
		if (!tw_model_exporter_at(model, i)->disabled)
			slice->exporters[slice->n_exporters++] = unconst(tw_model_exporter_at(model, i));
}

void tw_slice_release(Tw__WatchReply *slice)
{
	free(slice->networks);
	free(slice->ports);
	free(slice->mirrors);
	free(slice->acls);
	free(slice->exporters);
	free(slice->migrations);
	free(slice->peers);
	tw__watch_reply__init(slice);
}

/* FNV-1a, 64 bit. */
static uint64_t hash_add(uint64_t hash, const void *data, size_t size)
{
	const uint8_t *octets = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ octets[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t hash_messages(uint64_t hash, void *array, size_t n)
{
	ProtobufCMessage *const *messages = array;
	char buffer[24];

	hash = hash_add(hash, &n, sizeof(n));
	for (size_t i = 0; i < n; i++) {
		const char *name = tw_message_name(messages[i], buffer);
		uint64_t revision = tw_message_revision(messages[i]);

		hash = hash_add(hash, name, strlen(name) + 1);
		hash = hash_add(hash, &revision, sizeof(revision));
	}
	return hash;
}

uint64_t tw_slice_hash(const Tw__WatchReply *slice)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	hash = hash_messages(hash, unconst(&slice->host), slice->host ? 1 : 0);
	hash = hash_messages(hash, slice->networks, slice->n_networks);
	hash = hash_messages(hash, slice->ports, slice->n_ports);
	hash = hash_messages(hash, slice->mirrors, slice->n_mirrors);
	hash = hash_messages(hash, slice->acls, slice->n_acls);
	hash = hash_messages(hash, slice->exporters, slice->n_exporters);
	hash = hash_messages(hash, slice->migrations, slice->n_migrations);
	return hash_messages(hash, slice->peers, slice->n_peers);
}
