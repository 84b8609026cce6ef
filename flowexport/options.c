/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - encodes options records from the field list; see options.h. */
#include "flowexport/options.h"

#include <stdio.h>

#include "flowexport/wire.h"

enum { ROW_MAX = 320, DESCRIPTION_SIZE = 320, N_ROWS_MAX = 4 };

static const struct type {
	uint16_t number;
	enum tw_element_type type;
	enum tw_element_semantics semantics;
	const char *name, *text;
} types[] = {
#define TYPE(number, name, type, semantics, text) { number, TW_TYPE_##type, TW_SEMANTICS_##semantics, #name, text },
	TW_PRIVATE_ELEMENTS(TYPE)
#undef TYPE
};

/* What the values of TW_OPTION_FIELDS are read from. */
struct tw_option_row {
	uint32_t domain;
	const char *host;
	const struct tw_flow_identity *who;
	const struct type *type;
	uint32_t number; /* of a network */
	uint32_t interval;
	bool random;
	uint8_t reason;
	const char *name;
	char description[DESCRIPTION_SIZE];
	struct tw_export_volume sent;
	uint64_t observed;
	struct tw_flow_tally ignored, not_sent;
};

static_assert(4 + 4 + 16 + 16 + 1 + sizeof(((struct tw_flow_identity *)0)->vm_name) + 1 +
			      sizeof(((struct tw_flow_identity *)0)->name) <=
		      TW_MESSAGE_MIN - 20 - TW_MESSAGE_SET_HEADER,
	      "a station record fits the smallest message");

#define PUT(layout, name, element, pen, width, put, value, records) \
	if ((records) & (1u << (layout)))                           \
		at = TW_PUT_##put(at, value, width);

static size_t encode_row(uint8_t *out, const struct tw_option_row *o, unsigned layout)
{
	uint8_t *at = out;

	TW_OPTION_FIELDS(PUT, layout)
	return (size_t)(at - out);
}

/* All of the tables that the format has, or none: what was reserved is given back if a later one finds no room. */
static bool add_rows(struct tw_message *message, const struct tw_option_row *o, const enum tw_option_table *tables,
		     size_t n_tables)
{
	uint8_t row[N_ROWS_MAX][ROW_MAX];
	size_t size[N_ROWS_MAX], need = message->size + 3; /* the open set's filling */

	for (size_t i = 0; i < n_tables; i++) {
		size[i] = encode_row(row[i], o, TW_LAYOUT(message->format, tables[i]));
		need += size[i] ? TW_MESSAGE_SET_HEADER + ((size[i] + 3) & ~(size_t)3) : 0;
	}
	if ((need & ~(size_t)3) > message->limit)
		return false;
	for (size_t i = 0; i < n_tables; i++) {
		unsigned id = TW_OPTION_TEMPLATE_FIRST + TW_LAYOUT(message->format, tables[i]);
		uint8_t *at = size[i] ? tw_message_reserve(message, (uint16_t)id, size[i], true) : NULL;

		if (at)
			memcpy(at, row[i], size[i]);
	}
	return true;
}

bool tw_options_add_sampling(struct tw_message *message, uint32_t domain, uint16_t sampling)
{
	const struct tw_option_row row = { .domain = domain,
					   .interval = tw_sampling_interval(sampling),
					   .random = tw_sampling_is_random(sampling) };
	const enum tw_option_table tables[] = { TW_TABLE_SAMPLING_A, row.random && message->format == TW_FORMAT_IPFIX
									     ? TW_TABLE_SAMPLING_RANDOM
									     : TW_TABLE_SAMPLING_B };

	return add_rows(message, &row, tables, 2);
}

bool tw_options_add_domain(struct tw_message *message, uint32_t domain, const char *host)
{
	static const enum tw_option_table tables[] = { TW_TABLE_DOMAIN };
	const struct tw_option_row row = { .domain = domain, .host = host };

	return add_rows(message, &row, tables, 1);
}

bool tw_options_add_type(struct tw_message *message, unsigned i)
{
	static const enum tw_option_table tables[] = { TW_TABLE_TYPES };
	const struct tw_option_row row = { .type = &types[i] };

	return add_rows(message, &row, tables, 1);
}

bool tw_options_add_network(struct tw_message *message, uint32_t domain, const struct tw_flow_network *network)
{
	static const enum tw_option_table tables[] = { TW_TABLE_NETWORK };
	const struct tw_option_row row = { .domain = domain, .number = network->number, .name = network->name };

	return add_rows(message, &row, tables, 1);
}

bool tw_options_add_drop_reason(struct tw_message *message, uint32_t domain, uint8_t reason, const char *name)
{
	static const enum tw_option_table tables[] = { TW_TABLE_DROP_REASON };
	const struct tw_option_row row = { .domain = domain, .reason = reason, .name = name };

	return add_rows(message, &row, tables, 1);
}

bool tw_options_add_statistics(struct tw_message *message, uint32_t domain,
			       const struct tw_export_statistics *statistics)
{
	static const enum tw_option_table tables[] = { TW_TABLE_METERING, TW_TABLE_OBSERVED,
						       TW_TABLE_METERING_RELIABILITY, TW_TABLE_EXPORT_RELIABILITY };
	const struct tw_option_row row = {
		.domain = domain,
		.sent = statistics->sent,
		.observed = statistics->observed,
		.ignored = statistics->ignored,
		.not_sent = statistics->not_sent,
	};

	return add_rows(message, &row, tables, 4);
}

bool tw_options_add_identity(struct tw_message *message, uint32_t domain, const struct tw_flow_identity *who)
{
	static const enum tw_option_table tables[] = { TW_TABLE_INTERFACE, TW_TABLE_STATION };
	struct tw_option_row row = { .domain = domain, .who = who };

	/* nfdump shows the description, not the name: so the name leads it. */
	snprintf(row.description, sizeof(row.description), "%s%s%s%s%s", who->name, *who->vm_name ? " vm " : "",
		 who->vm_name, *who->network ? " network " : "", who->network);
	return add_rows(message, &row, tables, 2);
}
