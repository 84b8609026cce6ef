/* SPDX-License-Identifier: Apache-2.0 */
/* apply_watchers.c - a new configuration's mirrors and exporters. Main; see apply.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dataplane/apply.h"

#define TW_LOG_AREA "apply"
#include "common/log.h"

enum { REFRESH_DEFAULT_S = 60, MTU_DEFAULT = 1400 };

/* --- mirrors --- */

static const Tw__LocalPort *find_port(const Tw__Snapshot *config, uint32_t number)
{
	for (size_t i = 0; i < config->n_ports; i++)
		if (config->ports[i]->number == number)
			return config->ports[i];
	return NULL;
}

static size_t describe_ports(const Tw__Snapshot *config, const Tw__LocalMirror *m, struct tw_capture_port *ports)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_ports; i++) {
		const Tw__LocalPort *p = find_port(config, m->ports[i]);

		if (!p)
			continue;
		ports[n].number = p->number;
		snprintf(ports[n].name, sizeof(ports[n].name), "%s", p->name);
		snprintf(ports[n].vm_name, sizeof(ports[n].vm_name), "%s", p->vm_name);
		memcpy(ports[n].mac, p->mac.data, sizeof(ports[n].mac));
		n++;
	}
	return n;
}

static uint8_t open_mirror(struct tw_switch *sw, const Tw__Snapshot *config, const Tw__LocalMirror *m)
{
	struct tw_capture_port *ports = calloc(m->n_ports + 1, sizeof(*ports));
	struct tw_mirror_config mirror = { .name = m->name,
					   .path = m->path,
					   .host = config->host,
					   .snaplen = m->snaplen,
					   .max_bytes = m->max_bytes,
					   .ports = ports };
	uint8_t bit = TW_MIRROR_NO_BIT;

	if (ports) {
		mirror.n_ports = describe_ports(config, m, ports);
		bit = tw_mirrors_open(sw->mirrors, &mirror);
	}
	free(ports);
	return bit;
}

void tw_apply_open_mirrors(struct tw_switch *sw, struct tw_change *c)
{
	for (size_t i = 0; i < c->config->n_mirrors; i++)
		c->mirror_bits[i] = open_mirror(sw, c->config, c->config->mirrors[i]);
}

/* --- exporters --- */

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
	copy_uuid(id->uuid, p->uuid);
	copy_uuid(id->vm_uuid, p->vm_uuid);
	memcpy(id->mac, p->mac.data, sizeof(id->mac));
}

static void identify_remote(struct tw_flow_identity *id, const Tw__RemotePort *p)
{
	id->number = p->number;
	snprintf(id->name, sizeof(id->name), "%s", p->name);
	snprintf(id->vm_name, sizeof(id->vm_name), "%s", p->vm_name);
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

static enum tw_flow_format format_of(Tw__Exporter__Format format)
{
	switch (format) {
	case TW__EXPORTER__FORMAT__NETFLOW_V9:
		return TW_FORMAT_V9;
	case TW__EXPORTER__FORMAT__NETFLOW_V5:
		return TW_FORMAT_V5;
	default: /* check_rules knows no other */
		return TW_FORMAT_IPFIX;
	}
}

static bool read_target(struct tw_change *c, const Tw__LocalExporter *e, struct tw_error *err)
{
	struct tw_exporter_target *t;

	if (c->exporters.n_targets == TW_EXPORTERS_MAX)
		return tw_error_set(err, TW_E_INVALID, "snapshot.exporters", "at most %d exporters", TW_EXPORTERS_MAX);
	t = &c->exporters.targets[c->exporters.n_targets++];
	snprintf(t->name, sizeof(t->name), "%s", e->name);
	t->format = format_of(e->format);
	t->transport = e->transport == TW__EXPORTER__TRANSPORT__TCP ? TW_TRANSPORT_TCP : TW_TRANSPORT_UDP;
	t->template_refresh_s = e->template_refresh_s ? e->template_refresh_s : REFRESH_DEFAULT_S;
	t->mtu = (uint16_t)(e->mtu ? e->mtu : MTU_DEFAULT);
	if (tw_exporter_parse_collector(e->collector, &t->collector, &t->collector_size))
		return tw_error_set(err, TW_E_INVALID, "snapshot.exporters.collector",
				    "exporter %s: \"%s\" is not ADDRESS:PORT", e->name, e->collector);
	return true;
}

bool tw_apply_read_exporters(struct tw_change *c, struct tw_error *err)
{
	c->exporters.observation_domain = c->config->observation_domain;
	snprintf(c->exporters.host, sizeof(c->exporters.host), "%s", c->config->host);
	for (size_t i = 0; i < c->config->n_exporters; i++)
		if (!read_target(c, c->config->exporters[i], err))
			return false;
	if (c->exporters.n_targets && !c->exporters.observation_domain)
		return tw_error_set(err, TW_E_INVALID, "snapshot.observation_domain", "it must not be 0");
	return read_identities(c) || tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
}

/* --- when the workers have the new snapshot --- */

void tw_apply_finish_watchers(struct tw_switch *sw, struct tw_change *c)
{
	const char *names[TW_MIRRORS_MAX];
	int rc;

	for (size_t i = 0; i < c->config->n_mirrors; i++)
		names[i] = c->config->mirrors[i]->name;
	tw_mirrors_keep(sw->mirrors, names, c->config->n_mirrors);
	if (sw->ending)
		return;
	if (c->exporters.observation_domain == 0)
		c->exporters.observation_domain = 1; /* nobody to tell it to */
	rc = tw_exporter_configure(tw_export_thread_exporter(sw->exporter), &c->exporters);
	if (rc)
		tw_log_error("exporters cannot be configured: %s", strerror(-rc));
}
