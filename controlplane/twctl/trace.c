/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace.c - `twctl trace`: what would happen to a frame, stage by stage, from the port it comes from to the port it reaches.
 *
 * Each host judges its own part: what would leave a host by its uplink is asked of the hosts it would come to. One thread.
 */
#include <stdlib.h>
#include <string.h>

#include "controlplane/twctl/frame.h"
#include "controlplane/twctl/nouns.h"

enum { HOST_ANSWERS_MS = 4000 /* the controller waits for the host 3 s at most */, HOPS_MAX = 64 };

/* The host that serves a port by number; "" = none. */
static const json_t *port_by_number(const json_t *ports, json_int_t number)
{
	const json_t *port;
	size_t i;

	json_array_foreach(json_object_get(ports, "objects"), i, port)
	{
		if (number && tw_json_number_at(port, "number") == number)
			return port;
	}
	return NULL;
}

/* Ask one host; what it says goes into hops. @return the hop, borrowed; NULL with run->error filled */
static json_t *ask(struct tw_run *run, const char *port, const char *host, const uint8_t *frame, uint32_t len,
		   json_t *hops)
{
	Tw__TracePort *body;
	Tw__Envelope *request = tw_ask_new("trace_port", &body), *reply;
	json_t *hop;

	tw_message_set_string(&body->base, "port", port);
	tw_message_set_string(&body->base, "host", host);
	tw_message_set_bytes(&body->base, "frame", frame, len);
	reply = tw_ask(run, request, HOST_ANSWERS_MS, "trace_port_reply");
	tw__envelope__free_unpacked(request, NULL);
	if (!reply)
		return NULL;
	hop = tw_message_json(&reply->trace_port_reply->base);
	tw__envelope__free_unpacked(reply, NULL);
	json_array_append_new(hops, hop);
	return hop;
}

/* Octets of the hop's frame on the wire. @return how many */
static uint32_t wire_of(const json_t *hop, uint8_t frame[static TW_FRAME_MAX])
{
	const char *text = tw_json_string_at(hop, "traced.uplink_frame");
	struct tw_error err;
	struct tw_frame *f = tw_alloc(sizeof(*f));
	uint32_t len = 0;

	if (*text && tw_frame_parse("frame", text, NULL, NULL, f, &err))
		len = tw_frame_build(f, frame);
	free(f);
	return len;
}

/* The hosts that hear what the first one put on the wire: the one that serves the destination, or, nobody being named, all. */
static bool follow(struct tw_run *run, const json_t *ports, const char *first, const uint8_t *frame, uint32_t len,
		   json_int_t egress, json_t *hops)
{
	const json_t *port = port_by_number(ports, egress), *host;
	const char *home = port ? tw_json_string_at(port, "binding.host") : "";
	json_t *status, *states;
	size_t i;

	if (*home)
		return strcmp(home, first) == 0 || ask(run, "", home, frame, len, hops);
	status = tw_ask_status(run);
	if (!status)
		return false;
	states = json_object_get(status, "hosts");
	json_array_foreach(states, i, host)
	{
		const char *name = tw_json_string_at(host, "name");
		json_t *hop;

		if (i >= HOPS_MAX || strcmp(name, first) == 0 || !json_is_true(json_object_get(host, "connected")))
			continue;
		/* A host that cannot say (no uplink there) is no reason to hide what the others say. */
		if (!ask(run, "", name, frame, len, hops)) {
			hop = json_pack("{s:s, s:s}", "host", name, "error", run->error.text);
			json_array_append_new(hops, hop);
			run->error = (struct tw_error){ 0 };
		}
	}
	json_decref(status);
	return true;
}

static void stage_cell(FILE *cell, const json_t *text, const json_t *stage)
{
	if (json_is_true(json_object_get(stage, "dropped")))
		fputs("DROPPED: ", cell);
	tw_out_text(cell, json_string_value(text) ? json_string_value(text) : "");
}

static const struct tw_column columns[] = {
	{ "STAGE", "stage", NULL },
	{ "WHAT HAPPENS", "text", stage_cell },
	{ 0 },
};

static void print_end(FILE *out, const json_t *traced, const json_t *ports)
{
	const char *action = tw_json_string_at(traced, "action");
	const json_t *port = port_by_number(ports, tw_json_number_at(traced, "egress")), *name;
	size_t i;

	if (strcmp(action, "drop") == 0) {
		fprintf(out, "=> dropped (%s): ", tw_json_string_at(traced, "drop_reason"));
		tw_out_text(out, tw_json_string_at(traced, "drop_text"));
	} else {
		fprintf(out, "=> %s in VLAN %" JSON_INTEGER_FORMAT ", by", action, tw_json_number_at(traced, "vlan"));
		json_array_foreach(json_object_get(traced, "outs"), i, name)
		{
			fputs(i ? ", " : " ", out);
			tw_out_text(out, json_string_value(name));
		}
		if (!json_array_size(json_object_get(traced, "outs")))
			fputs(" nothing yet", out);
		if (port) {
			fputs(", to ", out);
			tw_out_text(out, tw_json_string_at(port, "name"));
		}
	}
	fputc('\n', out);
}

static void print_hops(FILE *out, const json_t *hops, const json_t *ports)
{
	const json_t *hop;
	size_t i;

	json_array_foreach(hops, i, hop)
	{
		fputs(i ? "\nhost " : "host ", out);
		tw_out_text(out, tw_json_string_at(hop, "host"));
		fputs(i ? ", from the wire\n" : "\n", out);
		if (json_object_get(hop, "error")) {
			tw_out_text(out, tw_json_string_at(hop, "error"));
			fputc('\n', out);
			continue;
		}
		tw_out_table(out, columns, tw_json_at(hop, "traced.stages"));
		print_end(out, json_object_get(hop, "traced"), ports);
	}
}

/* The frame that is asked about; what was not said is the port's own. */
static uint32_t make_frame(struct tw_run *run, json_t *ports, uint8_t frame[static TW_FRAME_MAX])
{
	struct tw_frame *f = tw_alloc(sizeof(*f));
	uint32_t len = 0;

	if (!tw_ports_mac(ports, run->operand, f->src)) {
		tw_error_set(&run->error, TW_E_NOT_FOUND, "port.name", "there is no port '%.127s'", run->operand);
	} else if (tw_frame_parse("trace.frame", run->more, tw_ports_mac, ports, f, &run->error)) {
		if (!(f->given & TW_FRAME_SRC))
			tw_ports_mac(ports, run->operand, f->src);
		if (!(f->given & (TW_FRAME_DST | TW_FRAME_HEX)))
			tw_error_set(&run->error, TW_E_MISSING, "trace.frame",
				     "say where it goes: dst MAC, dst PORT or dst broadcast");
		else
			len = tw_frame_build(f, frame);
	}
	free(f);
	return len;
}

static int trace(struct tw_run *run)
{
	json_t *ports = tw_ask_objects(run, TW__KIND__PORT, NULL), *hops = json_array(), *hop = NULL, *all;
	uint8_t *frame = tw_alloc(TW_FRAME_MAX);
	uint32_t len = ports ? make_frame(run, ports, frame) : 0;
	bool whole = false;

	if (len)
		hop = ask(run, run->operand, "", frame, len, hops);
	if (hop) {
		len = wire_of(hop, frame);
		whole = !len || follow(run, ports, tw_json_string_at(hop, "host"), frame, len,
				       tw_json_number_at(hop, "traced.egress"), hops);
	}
	all = json_pack("{s:O}", "hops", hops);
	if (whole && run->json)
		tw_out_json(run->io->out, all);
	else if (hop)
		print_hops(run->io->out, hops, ports);
	json_decref(all);
	json_decref(hops);
	json_decref(ports);
	free(frame);
	return whole ? TW_EXIT_DONE : tw_run_fail(run);
}

static const struct tw_command commands[] = {
	{ .operand = "PORT",
	  .complete = TW_COMPLETE_PORT,
	  .more = "FRAME",
	  .summary = "say what would happen to a frame that a port sends, and why, stage by stage and host by host",
	  .text = "FRAME is hexadecimal, or fields: src MAC|PORT, dst MAC|PORT|broadcast, vlan N, priority N, type N, "
		  "ip FROM TO, proto N, tcp|udp [FROM TO], icmp [TYPE CODE], syn, ack, fin, rst, psh, urg, len N. Without "
		  "src it is the port's own MAC. Nothing is sent and nothing is counted: the host's switch judges the frame "
		  "by the very functions that judge real ones.",
	  .example = "trace web/eth0 dst db/eth0 ip 10.0.0.1 10.0.0.2 tcp 1234 80 syn",
	  .run = trace },
	{ 0 },
};

const struct tw_noun tw_noun_trace = {
	.name = "trace",
	.summary = "what would happen to a frame, and why",
	.commands = commands,
};
