/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flows.c - `twctl flows`: who talks with whom just now, with the ports at both ends by name; see talk.h for what is one
 * conversation. One thread.
 */
#include "controlplane/twctl/flows.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/clock.h"
#include "controlplane/twctl/lookup.h"
#include "controlplane/twctl/nouns.h"
#include "controlplane/twctl/parse.h"

enum {
	LIMIT_DEFAULT = 1000,
	TOP_DEFAULT = 20,
	LIMIT_MAX = 10000,
	TOP_SPARE = 10,
	TOP_LEAST = 2000,
	SCREEN_DEFAULT = 500
};

static void rate_cell(FILE *cell, const json_t *value, const json_t *row)
{
	char text[TW_SCALED];

	fputs(tw_scaled((double)json_integer_value(value), text), cell);
}

static const struct tw_column columns[] = {
	{ "VLAN", "vlan", NULL },         { "FROM", "from", NULL },           { "TO", "to", NULL },
	{ "PROTOCOL", "protocol", NULL }, { "SOURCE", "source", NULL },       { "DESTINATION", "destination", NULL },
	{ "PACKETS", "packets", NULL },   { "BACK", "packets_back", NULL },   { "OCTETS", "octets", NULL },
	{ "BACK", "octets_back", NULL },  { "AGE", "first_ms", tw_cell_age }, { "IDLE", "last_ms", tw_cell_age },
	{ "HOSTS", "hosts", NULL },       { "DROPPED", "drop_reason", NULL }, { 0 },
};

static const struct tw_column rate_columns[] = {
	{ "VLAN", "vlan", NULL },
	{ "FROM", "from", NULL },
	{ "TO", "to", NULL },
	{ "PROTOCOL", "protocol", NULL },
	{ "SOURCE", "source", NULL },
	{ "DESTINATION", "destination", NULL },
	{ "PACKETS/S", "packets_per_s", rate_cell },
	{ "BACK", "packets_back_per_s", rate_cell },
	{ "BIT/S", "bits_per_s", rate_cell },
	{ "BACK", "bits_back_per_s", rate_cell },
	{ "AGE", "first_ms", tw_cell_age },
	{ "HOSTS", "hosts", NULL },
	{ "DROPPED", "drop_reason", NULL },
	{ 0 },
};

/* --- what is shown --- */

static bool is_top(const struct tw_run *run)
{
	return run->request->list_flows->order != TW__FLOW_ORDER__FLOWS_ANY;
}

static size_t limit_of(const struct tw_run *run)
{
	return run->limit ? run->limit : is_top(run) ? TOP_DEFAULT : LIMIT_DEFAULT;
}

/*
 * The ways of a conversation are chosen by themselves, each at its host: more are asked for than are shown, so that the
 * lesser way is among them, too.
 */
static void set_limit(const struct tw_run *run)
{
	size_t n = limit_of(run);

	if (is_top(run))
		n = TOP_SPARE * n > TOP_LEAST ? TOP_SPARE * n : TOP_LEAST;
	if (run->limit || is_top(run))
		run->request->list_flows->limit = (uint32_t)(n < LIMIT_MAX ? n : LIMIT_MAX);
}

static enum tw_talk_order order_of(const struct tw_run *run, bool rates)
{
	switch (run->request->list_flows->order) {
	case TW__FLOW_ORDER__FLOWS_PACKETS:
		return rates ? TW_TALK_PACKET_RATE : TW_TALK_PACKETS;
	case TW__FLOW_ORDER__FLOWS_NEW:
		return TW_TALK_NEW;
	default:
		return rates ? TW_TALK_RATE : TW_TALK_OCTETS;
	}
}

/* Once shown, the talks are no longer by key: those that are compared with the next answer stay as they are. */
static json_t *rows_of(const struct tw_run *run, const struct tw_talks *talks, bool rates)
{
	struct tw_talks shown = *talks;
	size_t limit = limit_of(run);
	json_t *rows = json_array();

	shown.talk = tw_alloc((talks->n + 1) * sizeof(*shown.talk));
	memcpy(shown.talk, talks->talk, talks->n * sizeof(*shown.talk));
	if (is_top(run) || rates)
		tw_talks_sort(&shown, order_of(run, rates));
	for (size_t i = 0; i < shown.n && i < limit; i++)
		json_array_append_new(rows, tw_talk_json(&shown.talk[i], rates));
	free(shown.talk);
	return rows;
}

static void print(struct tw_run *run, const struct tw_talks *talks, const json_t *missing, bool rates)
{
	json_t *rows = rows_of(run, talks, rates), *all;

	if (run->json) {
		all = json_pack("{s:O, s:I, s:I, s:b, s:O}", "conversations", rows, "total", (json_int_t)talks->n,
				"flows", (json_int_t)talks->flows, "cut", talks->cut, "missing", missing);
		tw_out_json(run->io->out, all);
		json_decref(all);
	} else {
		if (!json_array_size(rows))
			fputs("no flows\n", run->io->err);
		tw_out_table(run->io->out, rates ? rate_columns : columns, rows);
		if (json_array_size(rows) < talks->n || talks->cut)
			fprintf(run->io->err, "%zu of %zu conversations shown%s\n", json_array_size(rows), talks->n,
				talks->cut ? ", of a choice of the flows: --limit allows more" : "");
		if (talks->sampled)
			fputs("not every packet is counted: a host has --flow-sample\n", run->io->err);
		tw_out_missing(run, missing);
	}
	json_decref(rows);
	fflush(run->io->out);
}

/* Until --count is reached, nobody answers any more, or the operator has seen enough. */
static bool follow(struct tw_run *run, struct tw_flows_asking *asking)
{
	struct tw_talks *before = tw_flows_ask(run, asking), *now;
	uint64_t then = tw_clock_mono_ms(), at;

	if (before)
		tw_talks_compare(before, NULL, (uint64_t)run->watch_ms, tw_clock_real_ms());
	for (uint64_t n = 0; before && (run->count == 0 || n < run->count) && !ferror(run->io->out); n++) {
		const struct timespec nap = { .tv_sec = run->watch_ms / 1000,
					      .tv_nsec = run->watch_ms % 1000 * 1000000L };

		nanosleep(&nap, NULL);
		now = tw_flows_ask(run, asking);
		at = tw_clock_mono_ms();
		if (now) {
			tw_talks_compare(now, before, at - then, tw_clock_real_ms());
			print(run, now, asking->missing, true);
		}
		tw_talks_destroy(before);
		before = now;
		then = at;
	}
	tw_talks_destroy(before);
	return before != NULL;
}

/* The screen sorts by itself: it is given what is greatest. */
static int show_top(struct tw_run *run)
{
	if (run->json || run->count)
		return tw_run_usage(run, "%s does not go with top", run->json ? "--json" : "--count");
	if (!is_top(run))
		run->request->list_flows->order = TW__FLOW_ORDER__FLOWS_BYTES;
	run->limit = run->limit ? run->limit : SCREEN_DEFAULT;
	set_limit(run);
	return tw_flows_top(run);
}

static int run_flows(struct tw_run *run)
{
	struct tw_flows_asking asking = { 0 };
	struct tw_talks *talks;
	bool done;

	if (run->operand) {
		if (strcmp(run->operand, "top") != 0)
			return tw_run_usage(run, "what is \"%.60s\"? flows has top", run->operand);
		return show_top(run);
	}
	set_limit(run);
	if (run->watch_ms) {
		done = follow(run, &asking);
	} else {
		talks = tw_flows_ask(run, &asking);
		done = talks != NULL;
		if (talks)
			print(run, talks, asking.missing, false);
		tw_talks_destroy(talks);
	}
	tw_flows_asked(&asking);
	return done ? TW_EXIT_DONE : tw_run_fail(run);
}

/* --- options --- */

static bool apply_limit(struct tw_run *run, const struct tw_option *option, const char *value)
{
	char path[96];

	return tw_parse_number(tw_option_path(run, option, path), value, option->min, option->max, &run->limit,
			       &run->error);
}

static bool apply_follow(struct tw_run *run, const struct tw_option *option, const char *value)
{
	uint64_t ms = 1000;

	if (value && !tw_parse_duration("--follow", value, 200, 3600000, &ms, &run->error))
		return false;
	run->watch_ms = (int)ms;
	return true;
}

static bool apply_count(struct tw_run *run, const struct tw_option *option, const char *value)
{
	return tw_parse_number("--count", value, option->min, option->max, &run->count, &run->error);
}

static const struct tw_option options[] = {
	{ .name = "top",
	  .arg = "WHAT",
	  .help = "the greatest or newest of all: bytes, packets, or new",
	  .field = "order",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "bytes packets new",
	  .apply = tw_apply_enum },
	{ .name = "limit",
	  .arg = "N",
	  .help = "show at most this many (default 1000; with --top 20)",
	  .field = "limit",
	  .min = 1,
	  .max = LIMIT_MAX,
	  .apply = apply_limit },
	{ .name = "follow",
	  .arg = "[SECONDS]",
	  .help = "show what is sent a second, again and again (default: each second); with top: how often",
	  .apply = apply_follow },
	{ .name = "count",
	  .arg = "N",
	  .help = "end after so many times",
	  .needs = "follow",
	  .min = 1,
	  .max = 1000000,
	  .apply = apply_count },
	{ 0 },
};

static const struct tw_command commands[] = {
	{ .operand = "[top]",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "top",
	  .summary = "show who talks with whom, with the ports at both ends; top: as a screen that goes on",
	  .text = "Each conversation is shown once, both ways together, seen from the end that began; BACK is what the other end "
		  "sent. Packets and octets (of layer 3) are those since the flow was last exported; --follow shows rates. With "
		  "--top the switches choose among all their flows. On the screen of top a line is all between two VMs, or (g) a "
		  "conversation; OUT is what the left end sends. Keys: q quit, p pause, s sort, g group, / filter, j and k scroll.",
	  .example = "flows --vm web --protocol tcp/443 --top bytes --limit 10",
	  .options = (const struct tw_option *const[]){ tw_flows_options, options, NULL },
	  .begin = tw_flows_begin,
	  .run = run_flows },
	{ 0 },
};

const struct tw_noun tw_noun_flows = {
	.name = "flows",
	.summary = "who talks with whom just now",
	.commands = commands,
};
