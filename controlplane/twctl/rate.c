/* SPDX-License-Identifier: Apache-2.0 */
/* rate.c - the limits of a network or a port; see rate.h. One thread. */
#include "controlplane/twctl/rate.h"

#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "controlplane/twctl/parse.h"
#include "proto/link/check.h"

/* --- options --- */

/* The rate that options apply to, made when first needed. */
static ProtobufCMessage *rate_of(struct tw_run *run, const char *field)
{
	ProtobufCMessage *rate = tw_message_get(run->target, field);

	return rate ? rate : tw_message_put(run->target, field);
}

static char *path_of(const struct tw_run *run, const struct tw_option *option, const char *part, char path[static 96])
{
	snprintf(path, 96, "%s.%s.%s", run->noun->name, option->field, part);
	return path;
}

static bool apply(struct tw_run *run, const struct tw_option *option, const char *value, const char *unit)
{
	char path[96];
	uint64_t n = 0;

	if (run->noun->kind == TW__KIND__PORT && strcasecmp(value, "inherit") == 0)
		return true; /* the field is named and not there */
	if (strcasecmp(value, "none") != 0 && !tw_parse_rate(path_of(run, option, "per_second", path), value, unit,
							     option->min, option->max, &n, &run->error))
		return false;
	tw_message_set_number(rate_of(run, option->field), "per_second", n);
	return true;
}

static bool apply_bits(struct tw_run *run, const struct tw_option *option, const char *value)
{
	return apply(run, option, value, "bit");
}

static bool apply_frames(struct tw_run *run, const struct tw_option *option, const char *value)
{
	return apply(run, option, value, "pps");
}

/* What goes with a rate, in octets. */
static bool apply_octets(struct tw_run *run, const struct tw_option *option, const char *value, const char *part)
{
	char path[96];
	uint64_t n;

	if (!tw_parse_size(path_of(run, option, part, path), value, option->min, option->max, &n, &run->error))
		return false;
	tw_message_set_number(rate_of(run, option->field), part, n);
	return true;
}

static bool apply_burst(struct tw_run *run, const struct tw_option *option, const char *value)
{
	return apply_octets(run, option, value, "burst");
}

static bool apply_queue(struct tw_run *run, const struct tw_option *option, const char *value)
{
	return apply_octets(run, option, value, "queue");
}

static bool apply_delay(struct tw_run *run, const struct tw_option *option, const char *value)
{
	char path[96];
	uint64_t ms;

	if (!tw_parse_duration(path_of(run, option, "delay_ms", path), value, option->min, option->max, &ms,
			       &run->error))
		return false;
	tw_message_set_number(rate_of(run, option->field), "delay_ms", ms);
	return true;
}

enum { RATE_LEAST = 1000, BURST_LEAST = 1514 /* a frame of an MTU of 1,500 */ };

#define BITS(option, of, text)                                                                                 \
	{                                                                                                      \
		.name = (option), .arg = "RATE", .help = (text), .field = (of), .complete = TW_COMPLETE_WORDS, \
		.words = "none inherit", .min = RATE_LEAST, .max = TW_RATE_MAX, .apply = apply_bits            \
	}
#define FRAMES(option, of, text)                                                                               \
	{                                                                                                      \
		.name = (option), .arg = "RATE", .help = (text), .field = (of), .complete = TW_COMPLETE_WORDS, \
		.words = "none inherit", .min = 1, .max = TW_RATE_MAX, .apply = apply_frames                   \
	}
#define BURST(option, of, rate, text)                                                                                \
	{                                                                                                            \
		.name = (option), .arg = "SIZE", .help = (text), .field = (of), .needs = (rate), .min = BURST_LEAST, \
		.max = TW_RATE_BURST_MAX, .apply = apply_burst                                                       \
	}

#define SHAPE_DELAY                                                                                                               \
	{                                                                                                                         \
		.name = "shape-delay", .arg = "TIME",                                                                             \
		.help = "longest that a frame may wait, as 20ms: no more may wait than leaves meanwhile (default: by the queue)", \
		.field = "shape", .needs = "shape", .min = 1, .max = TW_SHAPE_DELAY_MAX, .apply = apply_delay                     \
	}

#define BURST_TEXT "octets that may come at once (default: 10 ms of the rate, 128K at least)"

const struct tw_option tw_network_rate_options[] = {
	BITS("ingress-rate", "ingress_rate", "bit/s that each guest may send, as 100M or 2.5G; or none (default)"),
	BURST("ingress-burst", "ingress_rate", "ingress-rate", BURST_TEXT),
	FRAMES("ingress-pps", "ingress_pps", "frames a second that each guest may send, as 100k; or none (default)"),
	BITS("egress-rate", "egress_rate", "bit/s that each guest may get; or none (default)"),
	BURST("egress-burst", "egress_rate", "egress-rate", BURST_TEXT),
	FRAMES("egress-pps", "egress_pps", "frames a second that each guest may get; or none (default)"),
	FRAMES("storm-broadcast", "storm_broadcast",
	       "broadcasts a second that each guest may send, as 1000pps; or none (default)"),
	FRAMES("storm-multicast", "storm_multicast", "multicasts a second that each guest may send; or none (default)"),
	FRAMES("storm-unknown", "storm_unknown",
	       "frames a second that each guest may send to MACs nobody is known to have; or none (default)"),
	BITS("shape", "shape",
	     "bit/s at which frames leave for each guest, in order; beyond it they wait; or none (default)"),
	{ .name = "shape-queue",
	  .arg = "SIZE",
	  .help = "octets that may wait for it (default: 50 ms of the rate, 128K at least)",
	  .field = "shape",
	  .needs = "shape",
	  .min = BURST_LEAST,
	  .max = TW_SHAPE_QUEUE_MAX,
	  .apply = apply_queue },
	SHAPE_DELAY,
	{ 0 },
};

#define OWN "; none, or inherit for the network's (default)"

const struct tw_option tw_port_rate_options[] = {
	BITS("ingress-rate", "ingress_rate", "bit/s that the guest may send, as 100M or 2.5G" OWN),
	BURST("ingress-burst", "ingress_rate", "ingress-rate", BURST_TEXT),
	FRAMES("ingress-pps", "ingress_pps", "frames a second that the guest may send, as 100k" OWN),
	BITS("egress-rate", "egress_rate", "bit/s that the guest may get" OWN),
	BURST("egress-burst", "egress_rate", "egress-rate", BURST_TEXT),
	FRAMES("egress-pps", "egress_pps", "frames a second that the guest may get" OWN),
	FRAMES("storm-broadcast", "storm_broadcast", "broadcasts a second that the guest may send" OWN),
	FRAMES("storm-multicast", "storm_multicast", "multicasts a second that the guest may send" OWN),
	FRAMES("storm-unknown", "storm_unknown",
	       "frames a second that the guest may send to MACs nobody is known to have" OWN),
	BITS("shape", "shape", "bit/s at which frames leave for the guest, in order; beyond it they wait" OWN),
	{ .name = "shape-queue",
	  .arg = "SIZE",
	  .help = "octets that may wait for it (default: 50 ms of the rate, 128K at least)",
	  .field = "shape",
	  .needs = "shape",
	  .min = BURST_LEAST,
	  .max = TW_SHAPE_QUEUE_MAX,
	  .apply = apply_queue },
	SHAPE_DELAY,
	{ 0 },
};

/* --- cells --- */

/* "2.5G": in the largest unit that needs no more than three decimals. */
static void print_scaled(FILE *cell, uint64_t n, uint64_t base, const char *letters)
{
	uint64_t scale = 1, rest;
	int letter = -1;

	for (int i = 0; letters[i] && n >= scale * base && n * 1000 % (scale * base) == 0; i++, letter = i - 1)
		scale *= base;
	rest = n % scale * 1000 / scale;
	fprintf(cell, "%" PRIu64, n / scale);
	if (rest) {
		int digits = rest % 10 ? 3 : rest % 100 ? 2 : 1;

		fprintf(cell, ".%0*" PRIu64, digits, digits == 3 ? rest : digits == 2 ? rest / 10 : rest / 100);
	}
	if (letter >= 0)
		fputc(letters[letter], cell);
}

/* "none" or "inherit" of a rate that says nothing, else NULL. */
static const char *no_rate(const json_t *rate, const json_t *object)
{
	if (tw_json_number_at(rate, "per_second"))
		return NULL;
	return !rate && json_object_get(object, "network") ? "inherit" : "none";
}

static void print_bits(FILE *cell, const json_t *rate)
{
	uint64_t burst = (uint64_t)tw_json_number_at(rate, "burst");

	print_scaled(cell, (uint64_t)tw_json_number_at(rate, "per_second"), 1000, "kMGT");
	fputs("bit/s", cell);
	if (!burst)
		return;
	fputs(", burst ", cell);
	print_scaled(cell, burst, 1024, "KMG");
}

static void print_frames(FILE *cell, const json_t *rate)
{
	print_scaled(cell, (uint64_t)tw_json_number_at(rate, "per_second"), 1000, "kMGT");
	fputs("pps", cell);
}

static void print_limit(FILE *cell, const json_t *bits, const json_t *frames, const json_t *object)
{
	const char *no_bits = no_rate(bits, object), *no_frames = no_rate(frames, object);

	if (no_bits && no_frames && strcmp(no_bits, no_frames) == 0) {
		fputs(no_bits, cell);
		return;
	}
	if (no_bits)
		fprintf(cell, "bits %s", no_bits);
	else
		print_bits(cell, bits);
	fputs("; ", cell);
	if (no_frames)
		fprintf(cell, "frames %s", no_frames);
	else
		print_frames(cell, frames);
}

void tw_cell_ingress(FILE *cell, const json_t *rate, const json_t *object)
{
	print_limit(cell, rate, json_object_get(object, "ingress_pps"), object);
}

void tw_cell_egress(FILE *cell, const json_t *rate, const json_t *object)
{
	print_limit(cell, rate, json_object_get(object, "egress_pps"), object);
}

void tw_cell_storm(FILE *cell, const json_t *broadcast, const json_t *object)
{
	static const char *const fields[] = { "storm_broadcast", "storm_multicast", "storm_unknown" };
	const char *no = no_rate(broadcast, object);
	bool same = no;

	for (int i = 1; i < 3 && same; i++) {
		const char *other = no_rate(json_object_get(object, fields[i]), object);

		same = other && strcmp(no, other) == 0;
	}
	for (int i = 0; i < 3 && !same; i++) {
		const json_t *rate = json_object_get(object, fields[i]);

		fprintf(cell, "%s%s ", i ? ", " : "", fields[i] + strlen("storm_"));
		if (no_rate(rate, object))
			fputs(no_rate(rate, object), cell);
		else
			print_frames(cell, rate);
	}
	if (same)
		fputs(no, cell);
}

void tw_cell_shape(FILE *cell, const json_t *shape, const json_t *object)
{
	uint64_t queue = (uint64_t)tw_json_number_at(shape, "queue");

	if (no_rate(shape, object)) {
		fputs(no_rate(shape, object), cell);
		return;
	}
	print_bits(cell, shape);
	if (queue) {
		fputs(", queue ", cell);
		print_scaled(cell, queue, 1024, "KMG");
	}
	if (tw_json_number_at(shape, "delay_ms") > 0)
		fprintf(cell, ", delay %.0f ms", (double)tw_json_number_at(shape, "delay_ms"));
}
