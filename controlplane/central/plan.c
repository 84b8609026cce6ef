/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c - the model's part of the way by the controller; see plan.h. The controller's thread. */
#include "controlplane/central/plan.h"

#include <string.h>

#include "controlplane/central/central.h"
#include "controlplane/mem.h"
#include "controlplane/model.h"
#include "dataplane/drop.h" /* the list of reasons: nothing is linked */

#define TW_LOG_AREA "records"
#include "common/log.h"

enum { MTU_DEFAULT = 1400 };

static bool is_central(const Tw__Exporter *exporter)
{
	return exporter->way == TW__EXPORTER__WAY__CENTRAL && !exporter->disabled;
}

bool tw_central_plan_wants(const struct tw_model *model)
{
	for (size_t i = 0; i < model->tables[TW__KIND__EXPORTER].n; i++)
		if (is_central(tw_model_exporter_at(model, i)))
			return true;
	return false;
}

static void copy_octets(uint8_t *to, size_t size, ProtobufCBinaryData from)
{
	if (from.len == size)
		memcpy(to, from.data, size);
}

static void identify(struct tw_flow_identity *who, const struct tw_model *model, const Tw__Port *port)
{
	const Tw__Network *network = tw_model_network(model, port->network);
	const char *slash = strchr(port->name, '/');

	who->number = port->number;
	snprintf(who->name, sizeof(who->name), "%s", port->name);
	snprintf(who->vm_name, sizeof(who->vm_name), "%.*s", slash ? (int)(slash - port->name) : 0, port->name);
	snprintf(who->network, sizeof(who->network), "%s", port->network);
	who->network_number = network ? network->number : 0;
	copy_octets(who->uuid, sizeof(who->uuid), port->uuid);
	copy_octets(who->vm_uuid, sizeof(who->vm_uuid), port->vm_uuid);
	copy_octets(who->mac, sizeof(who->mac), port->mac);
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = ((const struct tw_flow_identity *)a)->number, y = ((const struct tw_flow_identity *)b)->number;

	return x < y ? -1 : x > y;
}

static void add_identities(struct tw_central_plan *plan, const struct tw_model *model)
{
	size_t n = model->tables[TW__KIND__PORT].n;

	plan->identities = tw_need(calloc(n + 1, sizeof(*plan->identities)));
	for (size_t i = 0; i < n; i++)
		identify(&plan->identities[i], model, tw_model_port_at(model, i));
	plan->n_identities = n;
	if (n)
		qsort(plan->identities, n, sizeof(*plan->identities), by_number);
}

static int by_network(const void *a, const void *b)
{
	uint32_t x = ((const struct tw_flow_network *)a)->number, y = ((const struct tw_flow_network *)b)->number;

	return x < y ? -1 : x > y;
}

static void add_networks(struct tw_central_plan *plan, const struct tw_model *model)
{
	size_t n = model->tables[TW__KIND__NETWORK].n;

	plan->networks = tw_need(calloc(n + 1, sizeof(*plan->networks)));
	for (size_t i = 0; i < n; i++) {
		const Tw__Network *network = tw_model_network_at(model, i);

		if (!network->number)
			continue;
		plan->networks[plan->n_networks].number = network->number;
		snprintf(plan->networks[plan->n_networks++].name, sizeof(plan->networks->name), "%s", network->name);
	}
	if (plan->n_networks)
		qsort(plan->networks, plan->n_networks, sizeof(*plan->networks), by_network);
}

static void read_scope(struct tw_flow_scope *scope, const struct tw_model *model, const Tw__Exporter *e)
{
	scope->limited = e->n_networks || e->n_ports;
	scope->east_west = e->east_west;
	scope->both_sides = e->both_sides;
	for (size_t i = 0; i < e->n_networks && scope->n_networks < TW_SCOPE_MAX; i++) {
		const Tw__Network *network = tw_model_network(model, e->networks[i]);

		if (network)
			scope->networks[scope->n_networks++] = network->number;
	}
	for (size_t i = 0; i < e->n_ports && scope->n_ports < TW_SCOPE_MAX; i++) {
		const Tw__Port *port = tw_model_port(model, e->ports[i]);

		if (port)
			scope->ports[scope->n_ports++] = port->number;
	}
}

static bool read_target(const Tw__Exporter *e, const char *collector, struct tw_exporter_target *t)
{
	static const enum tw_flow_format formats[] = {
		[TW__EXPORTER__FORMAT__IPFIX] = TW_FORMAT_IPFIX,
		[TW__EXPORTER__FORMAT__NETFLOW_V9] = TW_FORMAT_V9,
		[TW__EXPORTER__FORMAT__NETFLOW_V5] = TW_FORMAT_V5,
	};

	*t = (struct tw_exporter_target){ 0 };
	snprintf(t->name, sizeof(t->name), "%s", e->name);
	t->format = e->format < sizeof(formats) / sizeof(*formats) ? formats[e->format] : TW_FORMAT_IPFIX;
	t->transport = e->transport == TW__EXPORTER__TRANSPORT__TLS   ? TW_TRANSPORT_TLS
		       : e->transport == TW__EXPORTER__TRANSPORT__TCP ? TW_TRANSPORT_TCP
								      : TW_TRANSPORT_UDP;
	snprintf(t->tls.ca, sizeof(t->tls.ca), "%s", e->tls_ca);
	snprintf(t->tls.certificate, sizeof(t->tls.certificate), "%s", e->tls_certificate);
	snprintf(t->tls.key, sizeof(t->tls.key), "%s", e->tls_key);
	snprintf(t->tls.name, sizeof(t->tls.name), "%s", e->tls_name);
	t->names = e->names == TW__EXPORTER__NAMES__RECORD;
	t->biflow = e->biflow;
	t->failover = e->delivery == TW__EXPORTER__DELIVERY__FAILOVER;
	t->resends = true;
	t->domain = e->observation_domain;
	t->template_refresh_s = e->template_refresh_s;
	t->template_refresh_messages = e->template_refresh_messages;
	t->options_refresh_s = e->options_refresh_s;
	t->mtu = (uint16_t)(e->mtu ? e->mtu : MTU_DEFAULT);
	if (!tw_exporter_parse_collector(collector, &t->collector, &t->collector_size) &&
	    (!*e->source || tw_prefix_parse(e->source, &t->source)))
		return true;
	tw_log_error("an exporter cannot be used exporter=%s collector=%s source=%s", e->name, collector, e->source);
	return false;
}

/* The first collector's cursor goes by the exporter's name alone, so that it stays when the address changes. */
static void add_exporter(struct tw_central_plan *plan, const struct tw_model *model, const Tw__Exporter *e)
{
	struct tw_central_pump *pump = NULL;
	struct tw_exporter_target target;
	struct tw_flow_scope scope = { 0 };

	read_scope(&scope, model, e);

	for (size_t i = 0; i < e->n_collectors; i++) {
		if (!read_target(e, e->collectors[i], &target))
			continue;
		if (!pump || !target.failover) {
			if (plan->n_pumps == TW_TARGETS_MAX)
				return;
			snprintf(plan->pumps[plan->n_pumps].key, sizeof(pump->key), pump ? "%s %s" : "%s", e->name,
				 e->collectors[i]);
			pump = &plan->pumps[plan->n_pumps++];
		}
		target.scope = scope;
		pump->since = e->revision;
		if (pump->n_targets < TW_COLLECTORS_MAX)
			pump->targets[pump->n_targets++] = target;
	}
}

static const char *const drop_reasons[] = {
#define NAME(symbol, name, side, text) #name,
	TW_DROP_REASONS(NAME)
#undef NAME
};

struct tw_central_plan *tw_central_plan_create(const struct tw_model *model)
{
	struct tw_central_plan *plan = tw_need(calloc(1, sizeof(*plan)));

	plan->revision = model->revision;
	plan->directory = tw_directory_create(model);
	add_identities(plan, model);
	add_networks(plan, model);
	for (size_t i = 0; i < model->tables[TW__KIND__EXPORTER].n; i++)
		if (is_central(tw_model_exporter_at(model, i)))
			add_exporter(plan, model, tw_model_exporter_at(model, i));
	plan->common.observation_domain = TW_CENTRAL_DOMAIN;
	plan->common.mediates = true;
	snprintf(plan->common.host, sizeof(plan->common.host), "tradewind");
	plan->common.identities = plan->identities;
	plan->common.n_identities = plan->n_identities;
	plan->common.dictionary =
		(struct tw_dictionary){ .networks = plan->networks,
					.n_networks = plan->n_networks,
					.drop_reasons = drop_reasons,
					.n_drop_reasons = sizeof(drop_reasons) / sizeof(*drop_reasons) };
	return plan;
}

void tw_central_plan_destroy(struct tw_central_plan *plan)
{
	if (!plan)
		return;
	tw_directory_destroy(plan->directory);
	free(plan->identities);
	free(plan->networks);
	free(plan);
}
