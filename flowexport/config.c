/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - is a configuration one; see config.h. Pure. */
#include "flowexport/config.h"

#include <string.h>

static bool is_target(const struct tw_exporter_target *t)
{
	return t->collector_size && t->collector_size <= sizeof(t->collector) && t->format < TW_FLOW_FORMATS &&
	       t->transport < TW_FLOW_TRANSPORTS &&
	       ((t->transport == TW_TRANSPORT_UDP && !t->names && !t->biflow) || t->format == TW_FORMAT_IPFIX);
}

static bool is_same_exporter(const struct tw_exporter_target *a, const struct tw_exporter_target *b)
{
	return strncmp(a->name, b->name, sizeof(a->name)) == 0;
}

size_t tw_config_count_alike(const struct tw_exporter_target *targets, size_t first, size_t n)
{
	size_t end = first + 1;

	while (end < n && is_same_exporter(&targets[first], &targets[end]))
		end++;
	return end - first;
}

static bool are_exporters(const struct tw_exporter_target *targets, size_t n)
{
	size_t exporters = 0;

	for (size_t first = 0, alike; first < n; first += alike) {
		alike = tw_config_count_alike(targets, first, n);
		if (alike > TW_COLLECTORS_MAX || ++exporters > TW_EXPORTERS_MAX)
			return false;
		for (size_t i = first + alike; i < n; i++)
			if (is_same_exporter(&targets[first], &targets[i]))
				return false;
	}
	return true;
}

bool tw_config_is_valid(const struct tw_exporter_config *config)
{
	if (!config->observation_domain || config->n_targets > TW_TARGETS_MAX)
		return false;
	for (size_t i = 0; i < config->n_targets; i++)
		if (!is_target(&config->targets[i]))
			return false;
	for (size_t i = 1; i < config->n_identities; i++)
		if (config->identities[i - 1].number >= config->identities[i].number)
			return false;
	return are_exporters(config->targets, config->n_targets);
}
