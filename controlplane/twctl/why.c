/* SPDX-License-Identifier: Apache-2.0 */
/*
 * why.c - `twctl why`: what has happened to a port's frames, out of the flight recorder of the host that serves it.
 *
 * One thread. The switch that saw a frame writes the sentence; here it only gets its time.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "controlplane/twctl/frame.h"
#include "controlplane/twctl/nouns.h"
#include "controlplane/twctl/parse.h"

enum { HOST_ANSWERS_MS = 4000 /* the controller waits for the host 3 s at most */ };
enum { PROTO_ICMP = 1, PROTO_ICMPV6 = 58, ICMP_IS_GIVEN = 65536 /* trace.proto, FrameFilter.dst_port */ };

/* --- asking --- */

static void set_ports(ProtobufCMessage *filter, const struct tw_frame *f)
{
	if (f->proto == PROTO_ICMP || f->proto == PROTO_ICMPV6) {
		tw_message_set_number(filter, "dst_port", ICMP_IS_GIVEN + f->ports[0] * 256u + f->ports[1]);
		return;
	}
	tw_message_set_number(filter, "src_port", f->ports[0]);
	tw_message_set_number(filter, "dst_port", f->ports[1]);
}

static void fill_filter(ProtobufCMessage *filter, const struct tw_frame *f)
{
	if (f->given & TW_FRAME_SRC)
		tw_message_set_bytes(filter, "src_mac", f->src, TW_MAC_LEN);
	if (f->given & TW_FRAME_DST)
		tw_message_set_bytes(filter, "dst_mac", f->dst, TW_MAC_LEN);
	if (f->given & TW_FRAME_VLAN)
		tw_message_set_number(filter, "vlan", f->vlan);
	if (f->given & TW_FRAME_TYPE)
		tw_message_set_number(filter, "ethertype", f->type);
	if (f->given & TW_FRAME_IP) {
		tw_message_set_bytes(filter, "src_ip", f->src_ip, f->ip_len);
		tw_message_set_bytes(filter, "dst_ip", f->dst_ip, f->ip_len);
	}
	if (f->given & TW_FRAME_PROTO)
		tw_message_set_number(filter, "protocol", f->proto);
	if (f->given & TW_FRAME_PORTS)
		set_ports(filter, f);
}

static bool begin(struct tw_run *run)
{
	Tw__WhyPort *body;

	run->request = tw_ask_new("why_port", &body);
	run->target = &body->base;
	tw_message_set_string(run->target, "port", run->operand);
	return true;
}

/* The words of a flow become the filter; names of ports in them are asked for. */
static bool read_flow(struct tw_run *run)
{
	struct tw_frame *f;
	json_t *ports;
	bool ok;

	if (!run->more || !*run->more)
		return true;
	ports = tw_ask_objects(run, TW__KIND__PORT, NULL);
	if (!ports)
		return false;
	f = tw_alloc(sizeof(*f));
	ok = tw_frame_parse("why.flow", run->more, tw_ports_mac, ports, f, &run->error);
	if (ok && (f->given & TW_FRAME_HEX || f->tcp_flags || f->len))
		ok = tw_error_set(&run->error, TW_E_INVALID, "why.flow",
				  "a flow is told by src, dst, vlan, type, ip, proto, tcp, udp and icmp alone");
	if (ok)
		fill_filter(tw_message_put(run->target, "filter"), f);
	free(f);
	json_decref(ports);
	return ok;
}

static bool apply_since(struct tw_run *run, const struct tw_option *option, const char *value)
{
	char path[96];
	uint64_t ms;

	if (!tw_parse_duration(tw_option_path(run, option, path), value, 1, UINT32_MAX, &ms, &run->error))
		return false;
	tw_message_set_number(run->target, "since_ms", ms);
	return true;
}

/* --- showing --- */

/* Of today: the time; of another day with its date. */
static void time_cell(FILE *cell, const json_t *at_ns, const json_t *frame)
{
	json_int_t ns = json_integer_value(at_ns);
	time_t now = time(NULL), then = (time_t)(ns / 1000000000);
	struct tm today, day;
	char text[40];

	localtime_r(&now, &today);
	localtime_r(&then, &day);
	strftime(text, sizeof(text),
		 today.tm_yday == day.tm_yday && today.tm_year == day.tm_year ? "%H:%M:%S" : "%F %H:%M:%S", &day);
	fprintf(cell, "%s.%06d", text, (int)(ns % 1000000000 / 1000));
}

static void way_cell(FILE *cell, const json_t *to_port, const json_t *frame)
{
	fputs(json_is_true(to_port) ? "to" : "from", cell);
}

static void text_cell(FILE *cell, const json_t *text, const json_t *frame)
{
	json_int_t times = tw_json_number_at(frame, "times");

	tw_out_text(cell, json_string_value(text) ? json_string_value(text) : "");
	if (json_is_true(json_object_get(frame, "at_uplink")))
		fputs(" [by the uplink]", cell);
	if (times > 1)
		fprintf(cell, " [%" JSON_INTEGER_FORMAT " frames]", times);
}

static const struct tw_column columns[] = {
	{ "TIME", "last_ns", time_cell },
	{ "WAY", "to_port", way_cell },
	{ "FRAME", "frame", NULL },
	{ "WHAT HAPPENED", "text", text_cell },
	{ 0 },
};

/* What there can be to see, so that silence means something. */
static void print_kept(FILE *out, const json_t *answer, const char *port, bool none)
{
	json_int_t found = tw_json_number_at(answer, "recorded.found"),
		   every = tw_json_number_at(answer, "recorded.every");
	size_t shown = json_array_size(tw_json_at(answer, "recorded.frames"));

	if (none)
		fprintf(out, "no recorded frame fits; ");
	else if (found > (json_int_t)shown)
		fprintf(out, "the newest %zu of %" JSON_INTEGER_FORMAT "; ", shown, found);
	fputs("host ", out);
	tw_out_text(out, tw_json_string_at(answer, "host"));
	fprintf(out, " has %" JSON_INTEGER_FORMAT " of ", tw_json_number_at(answer, "recorded.kept"));
	tw_out_text(out, port);
	if (every)
		fprintf(out, ": each worker keeps the last %" JSON_INTEGER_FORMAT " frames", every);
	else
		fprintf(out, ": each worker keeps the last %" JSON_INTEGER_FORMAT " dropped flows",
			tw_json_number_at(answer, "recorded.drops"));
	if (every)
		fprintf(out, " and the last %" JSON_INTEGER_FORMAT " dropped flows\n",
			tw_json_number_at(answer, "recorded.drops"));
	else
		fputs("; --record of `twctl port set` has it keep all frames\n", out);
}

static int why(struct tw_run *run)
{
	Tw__Envelope *reply;
	const json_t *frames;
	json_t *answer;

	if (!read_flow(run))
		return tw_run_fail(run);
	reply = tw_ask(run, run->request, HOST_ANSWERS_MS, "why_port_reply");
	if (!reply)
		return tw_run_fail(run);
	answer = tw_message_json(&reply->why_port_reply->base);
	tw__envelope__free_unpacked(reply, NULL);
	frames = tw_json_at(answer, "recorded.frames");
	if (run->json) {
		tw_out_json(run->io->out, answer);
	} else {
		tw_out_table(run->io->out, columns, frames);
		print_kept(run->io->err, answer, run->operand, json_array_size(frames) == 0);
	}
	json_decref(answer);
	return TW_EXIT_DONE;
}

static const struct tw_option options[] = {
	{ .name = "since", .arg = "TIME", .help = "at most so long ago, as 30s, 5m, 2h", .apply = apply_since },
	{ .name = "limit",
	  .arg = "N",
	  .help = "the newest so many (default 50)",
	  .field = "limit",
	  .min = 1,
	  .max = 1000,
	  .apply = tw_apply_number },
	{ .name = "host",
	  .arg = "HOST",
	  .help = "ask this host, where the port was before it moved (default: the one that serves it)",
	  .field = "host",
	  .complete = TW_COMPLETE_HOST,
	  .apply = tw_apply_string },
	{ 0 },
};

static const struct tw_command commands[] = {
	{ .operand = "PORT",
	  .complete = TW_COMPLETE_PORT,
	  .more = "[FLOW]",
	  .summary = "say what has happened to a port's frames, and why",
	  .text = "Each port keeps the headers of the frames it lost, one line for all that a flow lost for one reason; with "
		  "--record of `twctl port set` those of all its frames. FLOW says which are meant, by the words of `twctl "
		  "trace`: src MAC|PORT, dst MAC|PORT, vlan N, type N, ip FROM TO, proto N, tcp|udp [FROM TO] (0 = any), "
		  "icmp [TYPE CODE]; frames of the other direction fit, too.",
	  .example = "why web/eth0 ip 10.0.0.1 10.0.0.2 tcp 0 80 --since 5m",
	  .options = (const struct tw_option *const[]){ options, NULL },
	  .begin = begin,
	  .run = why },
	{ 0 },
};

const struct tw_noun tw_noun_why = {
	.name = "why",
	.summary = "what has happened to frames, and why",
	.commands = commands,
};
