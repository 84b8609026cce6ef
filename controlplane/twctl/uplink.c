/* SPDX-License-Identifier: Apache-2.0 */
/* uplink.c - tables of a host's uplinks; see uplink.h. One thread. */
#include "controlplane/twctl/uplink.h"

#include <string.h>

/* "uplink_standby" as "standby" */
static void role_cell(FILE *cell, const json_t *role, const json_t *uplink)
{
	const char *text = json_string_value(role), *plain = text ? strchr(text, '_') : NULL;

	fputs(plain ? plain + 1 : text ? text : "down", cell);
}

static const struct tw_column columns[] = {
	{ "UPLINK", "name", NULL },
	{ "UP", "up", NULL },
	{ "ROLE", "role", role_cell },
	{ "FAILOVERS", "failovers", NULL },
	{ "MTU", "mtu", NULL },
	{ "RX-PACKETS", "counters.rx_packets", NULL },
	{ "RX-OCTETS", "counters.rx_octets", NULL },
	{ "TX-PACKETS", "counters.tx_packets", NULL },
	{ "TX-OCTETS", "counters.tx_octets", NULL },
	{ "DEVICE-ERRORS", "device_errors", NULL },
	{ "ERROR", "error", NULL },
	{ 0 },
};

static const struct tw_column drop_columns[] = {
	{ "UPLINK", "name", NULL },
	{ "DROPPED", "packets", NULL },
	{ "REASON", "reason", NULL },
	{ "THAT IS", "text", NULL },
	{ 0 },
};

/* Twelve hexadecimal digits as a MAC; nothing while no partner is known. */
static void system_cell(FILE *cell, const json_t *system, const json_t *uplink)
{
	const char *text = json_string_value(system);

	if (!text || strspn(text, "0") == strlen(text)) {
		fputc('-', cell);
		return;
	}
	for (size_t i = 0; text[i]; i++)
		fprintf(cell, "%s%c", i && i % 2 == 0 && strlen(text) == 12 ? ":" : "", text[i]);
}

static const struct tw_column lacp_columns[] = {
	{ "UPLINK", "name", NULL },
	{ "PARTNER", "lacp.partner_system", system_cell },
	{ "KEY", "lacp.partner_key", NULL },
	{ "PORT", "lacp.partner_port", NULL },
	{ "RECEIVE", "lacp.receive", NULL },
	{ "MUX", "lacp.mux", NULL },
	{ "COLLECTING", "lacp.collecting", NULL },
	{ "DISTRIBUTING", "lacp.distributing", NULL },
	{ "RX", "lacp.received", NULL },
	{ "TX", "lacp.sent", NULL },
	{ "BAD", "lacp.bad", NULL },
	{ "MARKERS", "lacp.markers", NULL },
	{ 0 },
};

static void show_lacp(FILE *out, const json_t *uplinks)
{
	json_t *all = json_array(), *uplink;
	size_t i;

	json_array_foreach(uplinks, i, uplink) if (json_object_get(uplink, "lacp")) json_array_append(all, uplink);
	if (json_array_size(all)) {
		fputc('\n', out);
		tw_out_table(out, lacp_columns, all);
	}
	json_decref(all);
}

static void show_drops(FILE *out, const json_t *uplinks)
{
	json_t *all = json_array(), *uplink, *drop;
	size_t i, k;

	json_array_foreach(uplinks, i, uplink)
	{
		json_array_foreach(tw_json_at(uplink, "counters.drops"), k, drop)
		{
			json_t *copy = json_pack("{s:O}", "name", json_object_get(uplink, "name"));

			json_object_update(copy, drop);
			json_array_append_new(all, copy);
		}
	}
	if (json_array_size(all)) {
		fputc('\n', out);
		tw_out_table(out, drop_columns, all);
	}
	json_decref(all);
}

void tw_uplinks_show(FILE *out, const json_t *uplinks)
{
	if (!json_array_size(uplinks))
		return;
	fputc('\n', out);
	tw_out_table(out, columns, uplinks);
	show_lacp(out, uplinks);
	show_drops(out, uplinks);
}
