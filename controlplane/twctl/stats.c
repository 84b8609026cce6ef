/* SPDX-License-Identifier: Apache-2.0 */
/* stats.c - what is counted, how fast it grows, who is at fault; see stats.h. One thread. */
#include "controlplane/twctl/stats.h"

#include <string.h>
#include <time.h>

#include "controlplane/twctl/nouns.h"
#include "controlplane/twctl/parse.h"
#include "controlplane/twctl/uplink.h"

static const struct tw_column stats_columns[] = {
	{ "PORT", "name", NULL },
	{ "HOST", "host", NULL },
	{ "LINK", "link", NULL },
	{ "RX-PACKETS", "counters.rx_packets", NULL },
	{ "RX-OCTETS", "counters.rx_octets", NULL },
	{ "TX-PACKETS", "counters.tx_packets", NULL },
	{ "TX-OCTETS", "counters.tx_octets", NULL },
	{ "DROPPED", "dropped", NULL },
	{ 0 },
};

static const struct tw_column all_drop_columns[] = {
	{ "PORT", "name", NULL },
	{ "DROPPED", "packets", NULL },
	{ "REASON", "reason", NULL },
	{ "THAT IS", "text", NULL },
	{ 0 },
};

/* Where the port is served, the switch's status of it with the host's name in it. New reference; NULL if nowhere. */
json_t *tw_stats_of_port(const json_t *status, const json_t *port)
{
	const char *host = tw_json_string_at(port, "binding.host");
	json_t *part = tw_status_part(tw_status_host(status, host), "ports", tw_json_string_at(port, "name"));

	if (!part)
		return NULL;
	part = json_copy(part);
	json_object_set_new(part, "host", json_string(host));
	return part;
}

/* One row of `port stats`: the switch's status, and the sum of its drops. Consumes part. */
static json_t *stats_row(json_t *part)
{
	const json_t *drop;
	json_int_t dropped = 0;
	size_t i;

	json_array_foreach(tw_json_at(part, "counters.drops"), i, drop) dropped += tw_json_number_at(drop, "packets");
	json_object_set_new(part, "dropped", json_integer(dropped));
	return part;
}

static const struct tw_column fault_columns[] = {
	{ "PORT", "name", NULL },
	{ "AT FAULT", "fault", NULL },
	{ "WHY", "fault_text", NULL },
	{ 0 },
};

static const struct tw_column ring_columns[] = {
	{ "PORT", "name", NULL },
	{ "QUEUE", "queue", NULL },
	{ "SIZE", "size", NULL },
	{ "TO-GUEST", "to_used", NULL },
	{ "MOST", "to_used_max", NULL },
	{ "FULL-MS", "to_full_ms", NULL },
	{ "FROM-GUEST", "from_waiting", NULL },
	{ "MOST", "from_waiting_max", NULL },
	{ "BACKLOG-MS", "from_backlog_ms", NULL },
	{ "RX-PACKETS", "from_packets", NULL },
	{ 0 },
};

static const struct tw_column shape_columns[] = {
	{ "PORT", "name", NULL },
	{ "WAITING", "shape.packets", NULL },
	{ "OCTETS", "shape.octets", NULL },
	{ "MOST", "shape.octets_max", NULL },
	{ "LIMIT", "shape.octets_limit", NULL },
	{ 0 },
};

/* Of the ports that are shaped. */
static void print_shaped(FILE *out, const json_t *rows)
{
	json_t *shaped = json_array(), *row;
	size_t i;

	json_array_foreach(rows, i, row) if (tw_json_at(row, "shape")) json_array_append(shaped, row);
	if (json_array_size(shaped)) {
		fputc('\n', out);
		tw_out_table(out, shape_columns, shaped);
	}
	json_decref(shaped);
}

/* Elements of a list that each row has, with the row's name in each. New reference. */
static json_t *gather(const json_t *rows, const char *key)
{
	json_t *all = json_array(), *row, *one;
	size_t i, k;

	json_array_foreach(rows, i, row) json_array_foreach(tw_json_at(row, key), k, one)
	{
		json_t *copy = json_pack("{s:O}", "name", json_object_get(row, "name"));

		json_object_update(copy, one);
		json_array_append_new(all, copy);
	}
	return all;
}

static void print_gathered(FILE *out, const struct tw_column *columns, const json_t *rows, const char *key)
{
	json_t *all = gather(rows, key);

	if (json_array_size(all)) {
		fputc('\n', out);
		tw_out_table(out, columns, all);
	}
	json_decref(all);
}

static void print_stats(struct tw_run *run, const json_t *rows)
{
	FILE *out = run->io->out;
	const json_t *row;
	bool judged = false;
	size_t i;

	if (!json_array_size(rows))
		fputs("no port is served by a host\n", run->io->err);
	tw_out_table(out, stats_columns, rows);
	print_gathered(out, all_drop_columns, rows, "counters.drops");
	print_shaped(out, rows);
	json_array_foreach(rows, i, row) judged = judged || *tw_json_string_at(row, "fault_text");
	if (judged) {
		fputc('\n', out);
		tw_out_table(out, fault_columns, rows);
	}
	if (run->operand)
		print_gathered(out, ring_columns, rows, "rings");
}

/* --- rates --- */

static const char *const counters[] = { "counters.rx_packets", "counters.rx_octets", "counters.tx_packets",
					"counters.tx_octets", "dropped" };

static const struct tw_column rate_columns[] = {
	{ "PORT", "name", NULL },
	{ "HOST", "host", NULL },
	{ "RX-PACKETS/S", "rate.rx_packets", NULL },
	{ "RX-OCTETS/S", "rate.rx_octets", NULL },
	{ "TX-PACKETS/S", "rate.tx_packets", NULL },
	{ "TX-OCTETS/S", "rate.tx_octets", NULL },
	{ "DROPPED/S", "rate.dropped", NULL },
	{ "AT FAULT", "fault", NULL },
	{ 0 },
};

static const json_t *row_of(const json_t *rows, const char *key, const char *name)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		if (strcmp(tw_json_string_at(row, key), name) == 0)
			return row;
	}
	return NULL;
}

static json_t *rate(json_int_t now, json_int_t then, double seconds)
{
	/* a port that moved or began anew counts from zero */
	return json_integer((json_int_t)((double)(now >= then ? now - then : now) / seconds + 0.5));
}

void tw_stats_add_rates(json_t *rows, const json_t *before, const char *key, const char *const *names, size_t n,
			double seconds)
{
	json_t *row;
	size_t i;

	json_array_foreach(rows, i, row)
	{
		const json_t *then = row_of(before, key, tw_json_string_at(row, key));
		json_t *rates = json_object();

		for (size_t k = 0; k < n; k++) {
			const char *dot = strrchr(names[k], '.');

			json_object_set_new(rates, dot ? dot + 1 : names[k],
					    rate(tw_json_number_at(row, names[k]),
						 tw_json_number_at(then ? then : row, names[k]), seconds));
		}
		json_object_set_new(row, "rate", rates);
	}
}

/* --- asking --- */

/* Rows of the ports that were asked for. New reference; NULL with run->error filled. */
static json_t *ask_rows(struct tw_run *run)
{
	json_t *ports = tw_ask_objects(run, TW__KIND__PORT, run->operand), *status = ports ? tw_ask_status(run) : NULL;
	json_t *rows = status ? json_array() : NULL, *port, *part;
	size_t i;

	if (status) {
		json_array_foreach(json_object_get(ports, "objects"), i, port)
		{
			part = tw_stats_of_port(status, port);
			if (part)
				json_array_append_new(rows, stats_row(part));
		}
	}
	json_decref(status);
	json_decref(ports);
	return rows;
}

static void show_json(struct tw_run *run, json_t *rows)
{
	json_t *all = json_pack("{s:O}", "ports", rows);

	tw_out_json(run->io->out, all);
	json_decref(all);
}

static void show_rates(struct tw_run *run, json_t *rows, const json_t *before, double seconds)
{
	tw_stats_add_rates(rows, before, "name", counters, sizeof(counters) / sizeof(*counters), seconds);
	if (run->json)
		show_json(run, rows);
	else
		tw_out_table(run->io->out, rate_columns, rows);
}

/* --- watching --- */

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int tw_stats_watch(struct tw_run *run, json_t *(*ask)(struct tw_run *run),
		   void (*show)(struct tw_run *run, json_t *rows, const json_t *before, double seconds))
{
	json_t *before = ask(run), *rows;
	double then = now_s(), now;

	for (uint64_t n = 0; before && (run->count == 0 || n < run->count) && !ferror(run->io->out); n++) {
		const struct timespec nap = { .tv_sec = run->watch_ms / 1000,
					      .tv_nsec = run->watch_ms % 1000 * 1000000L };

		nanosleep(&nap, NULL);
		rows = ask(run);
		now = now_s();
		if (rows) {
			show(run, rows, before, now - then);
			fflush(run->io->out);
		}
		json_decref(before);
		before = rows;
		then = now;
	}
	if (!before)
		return tw_run_fail(run);
	json_decref(before);
	return TW_EXIT_DONE;
}

int tw_stats_port(struct tw_run *run)
{
	json_t *rows;

	if (run->watch_ms)
		return tw_stats_watch(run, ask_rows, show_rates);
	rows = ask_rows(run);
	if (!rows)
		return tw_run_fail(run);
	if (run->json)
		show_json(run, rows);
	else
		print_stats(run, rows);
	json_decref(rows);
	return TW_EXIT_DONE;
}

static bool apply_watch(struct tw_run *run, const struct tw_option *option, const char *value)
{
	uint64_t ms = 1000;

	if (value && !tw_parse_duration("--watch", value, 100, 3600000, &ms, &run->error))
		return false;
	run->watch_ms = (int)ms;
	return true;
}

static bool apply_count(struct tw_run *run, const struct tw_option *option, const char *value)
{
	return tw_parse_number("--count", value, 1, 1000000, &run->count, &run->error);
}

const struct tw_option tw_stats_options[] = {
	{ .name = "watch",
	  .arg = "[SECONDS]",
	  .help = "show what the counters grew by a second, again and again (default: each second; hosts report once a "
		  "second)",
	  .apply = apply_watch },
	{ .name = "count",
	  .arg = "N",
	  .help = "end after so many times",
	  .needs = "watch",
	  .min = 1,
	  .max = 1000000,
	  .apply = apply_count },
	{ 0 },
};

/* --- hosts --- */

static void busy_cell(FILE *cell, const json_t *permille, const json_t *worker)
{
	json_int_t n = json_integer_value(permille);

	fprintf(cell, "%" JSON_INTEGER_FORMAT ".%" JSON_INTEGER_FORMAT " %%", n / 10, n % 10);
}

/* Since the switch started. */
static void busy_ever_cell(FILE *cell, const json_t *cycles, const json_t *worker)
{
	double all = (double)tw_json_number_at(worker, "cycles");

	fprintf(cell, "%.1f %%", all > 0 ? 100.0 * (double)json_integer_value(cycles) / all : 0.0);
}

static const struct tw_column worker_columns[] = {
	{ "WORKER", "id", NULL },
	{ "CPU", "cpu", NULL },
	{ "BUSY", "busy_permille", busy_cell },
	{ "EVER", "busy_cycles", busy_ever_cell },
	{ "PACKETS", "packets", NULL },
	{ "POLLS", "polls", NULL },
	{ "EMPTY", "empty_polls", NULL },
	{ "SLEEPS", "sleeps", NULL },
	{ "FLOWS", "flows", NULL },
	{ "OF", "flow_capacity", NULL },
	{ "DECISIONS", "flow_misses", NULL },
	{ "OVERFLOWS", "flow_overflows", NULL },
	{ 0 },
};

static const struct tw_column queue_columns[] = {
	{ "WORKER", "worker", NULL },         { "PORT", "name", NULL },
	{ "QUEUE", "queue", NULL },           { "BUSY", "busy_permille", busy_cell },
	{ "RX-PACKETS", "rx_packets", NULL }, { "EMPTY", "empty_polls", NULL },
	{ "MOVES", "moves", NULL },           { 0 },
};

/* What the switch does about a worker that is busier than the others; nothing to say where there is one. */
static void print_moves(FILE *out, const json_t *status)
{
	json_int_t every = tw_json_number_at(status, "rebalance_s");

	if (json_array_size(tw_json_at(status, "workers")) < 2)
		return;
	if (every)
		fprintf(out, "\nqueues are shared out by load every %" JSON_INTEGER_FORMAT " s", every);
	else
		fputs("\nqueues are shared out by load only when asked", out);
	fprintf(out, "; moved so far: %" JSON_INTEGER_FORMAT " queues, %" JSON_INTEGER_FORMAT " flows with them\n",
		tw_json_number_at(status, "queue_moves"), tw_json_number_at(status, "flows_moved"));
}

static void print_host(FILE *out, const json_t *workers)
{
	json_t *queues = json_array(), *worker, *queue;
	size_t i, k;

	tw_out_table(out, worker_columns, workers);
	json_array_foreach(workers, i, worker) json_array_foreach(json_object_get(worker, "queues"), k, queue)
	{
		json_t *copy = json_copy(queue);

		json_object_set(copy, "worker", json_object_get(worker, "id"));
		json_array_append_new(queues, copy);
	}
	if (json_array_size(queues)) {
		fputc('\n', out);
		tw_out_table(out, queue_columns, queues);
	}
	json_decref(queues);
}

int tw_stats_host(struct tw_run *run)
{
	json_t *status = tw_ask_status(run), *host, *workers, *all;
	int rc = TW_EXIT_DONE;

	if (!status)
		return tw_run_fail(run);
	host = tw_status_host(status, run->operand);
	workers = host ? tw_json_at(host, "status.workers") : NULL;
	if (!host || !workers) {
		tw_error_set(&run->error, host ? TW_E_UNREACHABLE : TW_E_NOT_FOUND, "host.name",
			     host ? "host '%.63s' has not told of its switch yet" : "there is no host '%.63s'",
			     run->operand);
		rc = tw_run_fail(run);
	} else if (run->json) {
		all = json_pack("{s:s, s:O, s:O*, s:O*, s:O*, s:O*}", "host", run->operand, "workers", workers,
				"uplinks", tw_json_at(host, "status.uplinks"), "rebalance_s",
				tw_json_at(host, "status.rebalance_s"), "queue_moves",
				tw_json_at(host, "status.queue_moves"), "flows_moved",
				tw_json_at(host, "status.flows_moved"));
		tw_out_json(run->io->out, all);
		json_decref(all);
	} else {
		print_host(run->io->out, workers);
		print_moves(run->io->out, tw_json_at(host, "status"));
		tw_uplinks_show(run->io->out, tw_json_at(host, "status.uplinks"));
	}
	json_decref(status);
	return rc;
}
