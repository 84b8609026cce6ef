/* SPDX-License-Identifier: Apache-2.0 */
/* central.c - what twctl shows of flow records that go by the controller (exporter --way central). One thread. */
#include <string.h>

#include "controlplane/twctl/nouns.h"

/* What each host has sent to the controller: WAITING is with the host, KEPT with the controller; LOST is what it could not write down, and is missing, too. */
static const struct tw_column columns[] = {
	{ "HOST", "host", NULL },
	{ "TAKEN", "records", NULL },
	{ "MISSING", "missing_records", NULL },
	{ "WAITING", "waiting_octets", NULL },
	{ "KEPT", "kept_octets", NULL },
	{ "PUT OFF", "put_off_batches", NULL },
	{ "AGAIN", "duplicate_batches", NULL },
	{ "SEEN TWICE", "second_sightings", NULL },
	{ "JOINED", "joined_records", NULL },
	{ "REFUSED", "refused_batches", NULL },
	{ "UNWANTED", "unwanted_records", NULL },
	{ "ERROR", "error", NULL },
	{ 0 },
};

static const json_t *find(const json_t *list, const char *key, const char *name)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one) if (strcmp(tw_json_string_at(one, key), name) == 0) return one;
	return NULL;
}

/* What a host's switch says of the same exporter: why it cannot write records down. */
static json_t *add_errors(const json_t *status, const json_t *hosts, const char *exporter)
{
	json_t *all = json_array(), *host;
	size_t i;

	json_array_foreach(hosts, i, host)
	{
		const json_t *state = tw_status_host(status, tw_json_string_at(host, "host"));
		const json_t *part = tw_status_part(state, "exporters", exporter);
		json_t *copy = json_copy(host);

		json_object_set_new(copy, "error", json_string(tw_json_string_at(part, "error")));
		json_array_append_new(all, copy);
	}
	return all;
}

bool tw_central_add(struct tw_run *run, json_t *object)
{
	json_t *status = tw_ask_status(run), *central;
	const json_t *all = json_object_get(status, "central");
	const char *name = tw_json_string_at(object, "name");
	const json_t *one = find(json_object_get(all, "exporters"), "name", name);

	if (one) {
		central = json_copy((json_t *)(uintptr_t)one);
		if (!*tw_json_string_at(central, "error")) /* no trouble of its own: perhaps one of all of them */
			json_object_set(central, "error", json_object_get(all, "error"));
		json_object_set(central, "held_records", json_object_get(all, "held_records"));
		json_object_set_new(central, "hosts", add_errors(status, json_object_get(all, "hosts"), name));
		json_object_set_new(object, "central", central);
	}
	json_decref(status);
	return status != NULL;
}

static void print_error(FILE *out, const json_t *central)
{
	if (!*tw_json_string_at(central, "error"))
		return;
	fputs("error: ", out);
	tw_out_text(out, tw_json_string_at(central, "error"));
	fputc('\n', out);
}

void tw_central_print(FILE *out, const json_t *object)
{
	const json_t *central = json_object_get(object, "central");

	if (!central)
		return;
	fprintf(out,
		"\nby the controller: lost %" JSON_INTEGER_FORMAT " records, waiting %" JSON_INTEGER_FORMAT
		" octets, held %" JSON_INTEGER_FORMAT " records\n",
		tw_json_number_at(central, "lost_records"), tw_json_number_at(central, "waiting_octets"),
		tw_json_number_at(central, "held_records"));
	print_error(out, central);
	if (json_array_size(json_object_get(central, "hosts"))) {
		fputc('\n', out);
		tw_out_table(out, columns, json_object_get(central, "hosts"));
	}
}

void tw_central_print_status(FILE *out, const json_t *status)
{
	const json_t *central = json_object_get(status, "central");
	json_int_t missing = 0;
	json_t *host;
	size_t i;

	if (!central)
		return;
	json_array_foreach(json_object_get(central, "hosts"), i, host) missing +=
		tw_json_number_at(host, "missing_records");
	fprintf(out,
		"flow records by the controller: waiting %" JSON_INTEGER_FORMAT " octets, missing %" JSON_INTEGER_FORMAT
		" records, given up %" JSON_INTEGER_FORMAT " records\n",
		tw_json_number_at(central, "waiting_octets"), missing, tw_json_number_at(central, "given_up_records"));
	print_error(out, central);
}
