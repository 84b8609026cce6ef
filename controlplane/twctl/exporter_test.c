/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exporter_test.c - `twctl exporter test`: hosts, or the controller, send known records to collectors; what was sent, what came
 * back, and what to look for at the far end. One thread.
 */
#include <stdlib.h>
#include <string.h>

#include "controlplane/twctl/nouns.h"

enum { HOST_ANSWERS_MS = 4000 /* the controller asks it for 3 s at most */ };

static const struct tw_column sent_columns[] = {
	{ "HOST", "host", NULL },           { "DOMAIN", "observation_domain", NULL },
	{ "COLLECTOR", "collector", NULL }, { "STATE", "state", NULL },
	{ "FROM", "source", NULL },         { "MESSAGES", "messages", NULL },
	{ "OCTETS", "octets", NULL },       { "RECORDS", "records", NULL },
	{ "LOST", "lost_records", NULL },   { "UNSAID", "unsaid_records", NULL },
	{ "ERROR", "error", NULL },         { 0 },
};

static const struct tw_column flow_columns[] = {
	{ "SOURCE", "source", NULL },   { "DESTINATION", "destination", NULL }, { "PROTOCOL", "protocol", NULL },
	{ "PACKETS", "packets", NULL }, { "OCTETS", "octets", NULL },           { 0 },
};

bool tw_exporter_test_begin(struct tw_run *run)
{
	Tw__TryHostExporter *body;

	run->request = tw_ask_new("try_host_exporter", &body);
	run->target = &body->base;
	tw_message_set_string(run->target, "exporter", run->operand);
	return true;
}

/* host empty: the controller. {"host", "tried"} or {"host", "error"}. New reference. */
static json_t *try_host(struct tw_run *run, const char *host)
{
	Tw__Envelope *reply;
	json_t *answer;

	tw_message_set_string(run->target, "host", host);
	reply = tw_ask(run, run->request, HOST_ANSWERS_MS, "try_host_exporter_reply");
	if (!reply) {
		answer = json_pack("{s:s, s:s}", "host", host, "error", run->error.text);
		run->error = (struct tw_error){ 0 };
		return answer;
	}
	answer = tw_message_json(&reply->try_host_exporter_reply->base);
	tw__envelope__free_unpacked(reply, NULL);
	return answer;
}

/* @return 1 its records go by the controller, 0 they do not, -1 with run->error filled */
static int is_central(struct tw_run *run)
{
	json_t *objects = tw_ask_objects(run, TW__KIND__EXPORTER, run->operand);
	const json_t *exporter = json_array_get(json_object_get(objects, "objects"), 0);
	int central = objects ? strcmp(tw_json_string_at(exporter, "way"), "central") == 0 : -1;

	json_decref(objects);
	return central;
}

/* New reference; NULL with run->error filled. */
static json_t *try_controller(struct tw_run *run)
{
	json_t *answers = json_array();

	if (*((Tw__TryHostExporter *)run->target)->host)
		tw_error_set(&run->error, TW_E_INVALID, "host.name",
			     "exporter '%.63s' sends from the controller: leave --host out", run->operand);
	else
		json_array_append_new(answers, try_host(run, ""));
	if (!run->error.code)
		return answers;
	json_decref(answers);
	return NULL;
}

/* One host after the other. New reference; NULL with run->error filled. */
static json_t *try_hosts(struct tw_run *run)
{
	char *only = strdup(((Tw__TryHostExporter *)run->target)->host);
	json_t *status = tw_ask_status(run), *answers = json_array(), *host;
	size_t i;

	json_array_foreach(json_object_get(status, "hosts"), i, host)
	{
		const char *name = tw_json_string_at(host, "name");

		if (!*only || strcmp(only, name) == 0)
			json_array_append_new(answers, try_host(run, name));
	}
	if (status && *only && !json_array_size(answers))
		tw_error_set(&run->error, TW_E_NOT_FOUND, "host.name", "there is no host '%.63s'", only);
	free(only);
	json_decref(status);
	if (!run->error.code)
		return answers;
	json_decref(answers);
	return NULL;
}

/* A line for each collector of each host, or for a host that could not. New reference. */
static json_t *lines_of(const json_t *answers)
{
	json_t *lines = json_array(), *answer, *collector;
	size_t i, k;

	json_array_foreach(answers, i, answer)
	{
		const json_t *collectors = tw_json_at(answer, "tried.collectors");
		const char *host = tw_json_string_at(answer, "host");

		if (!json_array_size(collectors))
			json_array_append(lines, answer);
		json_array_foreach(collectors, k, collector)
		{
			json_t *line = json_copy(collector);

			json_object_set_new(line, "host", json_string(*host ? host : "(controller)"));
			json_object_set(line, "observation_domain", tw_json_at(answer, "tried.observation_domain"));
			json_array_append_new(lines, line);
		}
	}
	return lines;
}

static bool has_failed(const json_t *lines)
{
	const json_t *line;
	bool failed = !json_array_size(lines);
	size_t i;

	json_array_foreach(lines, i, line) failed =
		failed || *tw_json_string_at(line, "error") || tw_json_number_at(line, "lost_records");
	return failed;
}

static void print(struct tw_run *run, const json_t *answers, const json_t *lines)
{
	const json_t *answer, *flows = NULL;
	FILE *out = run->io->out;
	size_t i;

	tw_out_table(out, sent_columns, lines);
	json_array_foreach(answers, i, answer) flows = flows ? flows : tw_json_at(answer, "tried.flows");
	if (!json_array_size(flows))
		return;
	fprintf(out, "\nlook at each collector for these flows%s, from and to VM tradewind-test:\n",
		*tw_json_string_at(json_array_get(answers, 0), "host") ? " of each host" : "");
	tw_out_table(out, flow_columns, flows);
}

int tw_exporter_test(struct tw_run *run)
{
	int central = is_central(run);
	json_t *answers = central < 0 ? NULL : central ? try_controller(run) : try_hosts(run), *lines;
	bool failed;

	if (!answers)
		return tw_run_fail(run);
	lines = lines_of(answers);
	failed = has_failed(lines);
	if (run->json)
		tw_out_json(run->io->out, answers);
	else
		print(run, answers, lines);
	json_decref(lines);
	json_decref(answers);
	return failed ? TW_EXIT_FAILED : TW_EXIT_DONE;
}
