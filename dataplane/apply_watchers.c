/* SPDX-License-Identifier: Apache-2.0 */
/* apply_watchers.c - a new configuration's mirrors and exporters. Main; see apply.h. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/path.h"
#include "dataplane/apply.h"
#include "flowexport/sampling.h"

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

/* Uplinks by the slots they have. */
static size_t describe_uplinks(const struct tw_change *c, const Tw__LocalMirror *m, struct tw_capture_port *ports)
{
	size_t n = 0;

	for (size_t i = 0; i < m->n_uplinks; i++)
		for (size_t k = 0; k < c->config->n_uplinks; k++)
			if (strcmp(m->uplinks[i], c->config->uplinks[k]->name) == 0 &&
			    c->uplink_slots[k] != TW_SLOT_NONE) {
				ports[n].number = TW_TAP_UPLINK + c->uplink_slots[k];
				snprintf(ports[n].name, sizeof(ports[n].name), "%s", m->uplinks[i]);
				n++;
			}
	return n;
}

static struct tw_mirror_place open_mirror(struct tw_switch *sw, const struct tw_change *c, const Tw__LocalMirror *m)
{
	struct tw_capture_port *ports = calloc(m->n_ports + m->n_uplinks + 1, sizeof(*ports));
	char folder[PATH_MAX];
	struct tw_mirror_config mirror = { .mirror = m, .host = c->config->host, .folder = folder, .ports = ports };
	struct tw_mirror_place place = { .bit = TW_MIRROR_NO_BIT };

	if (ports && tw_path(folder, sizeof(folder), "%s/capture", sw->options.run_dir) == 0) {
		mirror.n_ports = describe_ports(c->config, m, ports);
		mirror.n_ports += describe_uplinks(c, m, ports + mirror.n_ports);
		place = tw_mirrors_open(sw->mirrors, &mirror);
	}
	free(ports);
	return place;
}

void tw_apply_open_mirrors(struct tw_switch *sw, struct tw_change *c)
{
	for (size_t i = 0; i < c->config->n_mirrors; i++)
		c->mirrors[i] = open_mirror(sw, c, c->config->mirrors[i]);
}

/* Copies from other hosts for ports of this one. */
static void configure_arrivals(struct tw_switch *sw, const struct tw_change *c)
{
	const Tw__Tunnel *tunnel = c->config->tunnel;
	uint16_t slots[TW_MIRRORS_MAX];

	for (size_t i = 0; tunnel && i < tunnel->n_ends; i++) {
		slots[i] = TW_SLOT_NONE;
		for (size_t k = 0; k < c->config->n_ports; k++)
			if (c->config->ports[k]->number == tunnel->ends[i]->to_port)
				slots[i] = c->port_slots[k];
	}
	tw_arrivals_configure(sw->arrivals, tunnel, slots);
}

/* --- exporters --- */

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

static enum tw_flow_transport transport_of(Tw__Exporter__Transport transport)
{
	switch (transport) {
	case TW__EXPORTER__TRANSPORT__TCP:
		return TW_TRANSPORT_TCP;
	case TW__EXPORTER__TRANSPORT__TLS:
		return TW_TRANSPORT_TLS;
	default:
		return TW_TRANSPORT_UDP;
	}
}

/* check_rules has seen to it that they fit. */
static void read_tls(struct tw_tls_config *tls, const Tw__LocalExporter *e)
{
	snprintf(tls->ca, sizeof(tls->ca), "%s", e->tls_ca);
	snprintf(tls->certificate, sizeof(tls->certificate), "%s", e->tls_certificate);
	snprintf(tls->key, sizeof(tls->key), "%s", e->tls_key);
	snprintf(tls->name, sizeof(tls->name), "%s", e->tls_name);
}

static void read_scope(struct tw_flow_scope *scope, const Tw__LocalExporter *e)
{
	scope->limited = e->scoped;
	scope->east_west = e->east_west;
	scope->both_sides = e->both_sides;
	for (size_t i = 0; i < e->n_networks && i < TW_SCOPE_MAX; i++)
		scope->networks[scope->n_networks++] = e->networks[i];
	for (size_t i = 0; i < e->n_ports && i < TW_SCOPE_MAX; i++)
		scope->ports[scope->n_ports++] = e->ports[i];
}

static bool read_target(struct tw_change *c, const Tw__LocalExporter *e, const char *collector, struct tw_error *err)
{
	struct tw_exporter_target *t;

	if (c->exporters.n_targets == TW_TARGETS_MAX)
		return tw_error_set(err, TW_E_INVALID, "snapshot.exporters", "at most %d collectors", TW_TARGETS_MAX);
	t = &c->exporters.targets[c->exporters.n_targets++];
	snprintf(t->name, sizeof(t->name), "%s", e->name);
	t->format = format_of(e->format);
	t->transport = transport_of(e->transport);
	read_tls(&t->tls, e);
	read_scope(&t->scope, e);
	t->names = e->names == TW__EXPORTER__NAMES__RECORD;
	t->biflow = e->biflow;
	t->failover = e->delivery == TW__EXPORTER__DELIVERY__FAILOVER;
	t->domain = e->observation_domain;
	t->template_refresh_s = e->template_refresh_s ? e->template_refresh_s : REFRESH_DEFAULT_S;
	t->template_refresh_messages = e->template_refresh_messages;
	t->options_refresh_s = e->options_refresh_s;
	t->mtu = (uint16_t)(e->mtu ? e->mtu : MTU_DEFAULT);
	if (tw_exporter_parse_collector(collector, &t->collector, &t->collector_size))
		return tw_error_set(err, TW_E_INVALID, "snapshot.exporters.collectors",
				    "exporter %s: \"%s\" is not ADDRESS:PORT", e->name, collector);
	if (*e->source && !tw_prefix_parse(e->source, &t->source))
		return tw_error_set(err, TW_E_INVALID, "snapshot.exporters.source",
				    "exporter %s: \"%s\" is neither an address nor a prefix", e->name, e->source);
	return true;
}

static bool read_exporter(struct tw_change *c, const Tw__LocalExporter *e, struct tw_error *err)
{
	if (e->way == TW__EXPORTER__WAY__CENTRAL) { /* check_rules knows how many there may be */
		snprintf(c->central.names[c->central.n], TW_EXPORTER_NAME_SIZE, "%s", e->name);
		read_scope(&c->central.scopes[c->central.n++], e);
		return true;
	}
	for (size_t i = 0; i < e->n_collectors; i++)
		if (!read_target(c, e, e->collectors[i], err))
			return false;
	return true;
}

bool tw_apply_read_exporters(struct tw_change *c, struct tw_error *err)
{
	c->exporters.observation_domain = c->config->observation_domain;
	c->exporters.sampling = tw_sampling(c->config->flow_sample, c->config->flow_sample_random);
	snprintf(c->exporters.host, sizeof(c->exporters.host), "%s", c->config->host);
	for (size_t i = 0; i < c->config->n_exporters; i++)
		if (!read_exporter(c, c->config->exporters[i], err))
			return false;
	if (c->exporters.n_targets && !c->exporters.observation_domain)
		return tw_error_set(err, TW_E_INVALID, "snapshot.observation_domain", "it must not be 0");
	return tw_apply_read_names(c) || tw_error_set(err, TW_E_INTERNAL, NULL, "out of memory");
}

/* --- when the workers have the new snapshot --- */

static struct tw_outlet_config outlet_of(struct tw_switch *sw, const struct tw_change *c)
{
	const Tw__RecordSpool *spool = c->config->spool;
	struct tw_outlet_config config = { 0 };

	sw->central = c->central;
	if (c->central.n && spool) {
		snprintf(config.folder, sizeof(config.folder), "%s", spool->folder);
		config.max_octets = spool->max_octets;
		config.max_age_ms = spool->max_age_ms;
		config.revision = c->config->revision;
		config.n_scopes = c->central.n;
		memcpy(config.scopes, c->central.scopes, sizeof(config.scopes));
	}
	return config;
}

void tw_apply_finish_watchers(struct tw_switch *sw, struct tw_change *c, bool left)
{
	const char *names[TW_MIRRORS_MAX];
	struct tw_outlet_config outlet;
	int rc;

	for (size_t i = 0; i < c->config->n_mirrors; i++)
		names[i] = c->config->mirrors[i]->name;
	tw_mirrors_keep(sw->mirrors, names, c->config->n_mirrors, left);
	configure_arrivals(sw, c);
	if (sw->ending)
		return;
	outlet = outlet_of(sw, c);
	if (c->exporters.observation_domain == 0)
		c->exporters.observation_domain = 1; /* nobody to tell it to */
	rc = tw_export_thread_configure(sw->exporter, &c->exporters, &outlet);
	if (rc)
		tw_log_error("exporters cannot be configured: %s", strerror(-rc));
}
