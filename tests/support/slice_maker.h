/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slice_maker.h - makes WatchReplies for tests: hosts a and b, networks, ports, a migration, in one line each.
 *
 * What is made is released with tw__watch_reply__free_unpacked(reply, NULL).
 */
#ifndef TW_TESTS_SUPPORT_SLICE_MAKER_H
#define TW_TESTS_SUPPORT_SLICE_MAKER_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/envelope.pb-c.h"

#define MAKE(type, init)                              \
	({                                            \
		type *made_ = malloc(sizeof(*made_)); \
		if (!made_)                           \
			abort();                      \
		init(made_);                          \
		made_;                                \
	})

#define ADD(reply, list, item)                                                                              \
	do {                                                                                                \
		(reply)->list = reallocarray((reply)->list, (reply)->n_##list + 1, sizeof(*(reply)->list)); \
		if (!(reply)->list)                                                                         \
			abort();                                                                            \
		(reply)->list[(reply)->n_##list++] = (item);                                                \
	} while (0)

static inline ProtobufCBinaryData make_octets(size_t len, uint8_t first, uint32_t rest)
{
	ProtobufCBinaryData octets = { .len = len, .data = calloc(1, len) };

	if (!octets.data)
		abort();
	octets.data[0] = first;
	memcpy(octets.data + len - sizeof(rest), &rest, sizeof(rest));
	return octets;
}

static inline Tw__Vlan *make_vlan(Tw__Vlan__Mode mode, uint32_t id)
{
	Tw__Vlan *vlan = MAKE(Tw__Vlan, tw__vlan__init);

	vlan->mode = mode;
	if (mode == TW__VLAN__MODE__TRUNK)
		vlan->native = id;
	else
		vlan->access = id;
	return vlan;
}

static inline Tw__Host *make_host(const char *name)
{
	Tw__Host *host = MAKE(Tw__Host, tw__host__init);

	host->name = strdup(name);
	return host;
}

/* An empty slice for host "a". */
static inline Tw__WatchReply *make_reply(uint64_t revision)
{
	Tw__WatchReply *reply = MAKE(Tw__WatchReply, tw__watch_reply__init);

	reply->revision = revision;
	reply->epoch = 7;
	reply->full = true;
	reply->observation_domain = 11;
	reply->host = make_host("a");
	return reply;
}

static inline Tw__Network *add_network(Tw__WatchReply *reply, const char *name, uint32_t vlan)
{
	Tw__Network *network = MAKE(Tw__Network, tw__network__init);

	network->name = strdup(name);
	network->vlan = make_vlan(TW__VLAN__MODE__ACCESS, vlan);
	ADD(reply, networks, network);
	return network;
}

/* host NULL: bound nowhere */
static inline Tw__Port *add_port(Tw__WatchReply *reply, const char *name, uint32_t number, const char *network,
				 const char *host)
{
	Tw__Port *port = MAKE(Tw__Port, tw__port__init);

	port->name = strdup(name);
	port->number = number;
	port->network = strdup(network);
	port->uuid = make_octets(16, 1, number);
	port->vm_uuid = make_octets(16, 2, 1);
	port->mac = make_octets(6, 2, number);
	if (host) {
		port->binding = MAKE(Tw__Binding, tw__binding__init);
		port->binding->host = strdup(host);
	}
	ADD(reply, ports, port);
	return port;
}

static inline Tw__Migration *add_migration(Tw__WatchReply *reply, uint64_t id, const char *vm, const char *from,
					   const char *to)
{
	Tw__Migration *migration = MAKE(Tw__Migration, tw__migration__init);

	migration->id = id;
	migration->vm = strdup(vm);
	migration->from = strdup(from);
	migration->to = strdup(to);
	ADD(reply, migrations, migration);
	return migration;
}

static inline Tw__Mirror *add_mirror(Tw__WatchReply *reply, const char *name, const char *port)
{
	Tw__Mirror *mirror = MAKE(Tw__Mirror, tw__mirror__init);

	mirror->name = strdup(name);
	mirror->file = strdup("m.pcapng");
	ADD(mirror, ports, strdup(port));
	ADD(reply, mirrors, mirror);
	return mirror;
}

static inline Tw__Exporter *add_exporter(Tw__WatchReply *reply, const char *name)
{
	Tw__Exporter *exporter = MAKE(Tw__Exporter, tw__exporter__init);

	exporter->name = strdup(name);
	exporter->collectors = calloc(1, sizeof(char *));
	exporter->collectors[0] = strdup("192.0.2.9:4739");
	exporter->n_collectors = 1;
	ADD(reply, exporters, exporter);
	return exporter;
}

#endif
