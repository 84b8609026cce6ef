/* SPDX-License-Identifier: Apache-2.0 */
/* lookup.c - which port a number stands for; see lookup.h. One thread. */
#include "controlplane/twctl/lookup.h"

#include <string.h>

static const char *key_of(json_int_t number, char text[static 32])
{
	snprintf(text, 32, "%" JSON_INTEGER_FORMAT, number);
	return text;
}

json_t *tw_ports_by_number(const json_t *ports)
{
	json_t *by_number = json_object(), *port;
	char text[32];
	size_t i;

	json_array_foreach(ports, i, port)
		json_object_set(by_number, key_of(tw_json_number_at(port, "number"), text), port);
	return by_number;
}

json_t *tw_port_of(const json_t *by_number, json_int_t number)
{
	char text[32];

	return number ? json_object_get(by_number, key_of(number, text)) : NULL;
}

json_t *tw_port_label(const json_t *by_number, json_int_t number)
{
	const json_t *port = tw_port_of(by_number, number);
	char text[32];

	if (port)
		return json_incref(json_object_get(port, "name"));
	return json_string(number ? key_of(number, text) : "uplink");
}

bool tw_network_has_vlan(const json_t *network, json_int_t vlan)
{
	const json_t *range;
	size_t i;

	if (!network)
		return true;
	if (strcmp(tw_json_string_at(network, "vlan.mode"), "trunk") != 0)
		return tw_json_number_at(network, "vlan.access") == vlan;
	if (json_array_size(tw_json_at(network, "vlan.trunk")) == 0 ||
	    tw_json_number_at(network, "vlan.native") == vlan)
		return true;
	json_array_foreach(tw_json_at(network, "vlan.trunk"), i, range)
	{
		if (vlan >= tw_json_number_at(range, "first") && vlan <= tw_json_number_at(range, "last"))
			return true;
	}
	return false;
}

void tw_out_missing(const struct tw_run *run, const json_t *missing)
{
	const json_t *host;
	size_t i;

	json_array_foreach(missing, i, host)
	{
		fputs("twctl: nothing from host ", run->io->err);
		tw_out_text(run->io->err, json_string_value(host));
		fputs(": it is not connected or did not answer in time\n", run->io->err);
	}
}
