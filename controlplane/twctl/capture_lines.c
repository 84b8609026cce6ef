/* SPDX-License-Identifier: Apache-2.0 */
/* capture_lines.c - captured frames as lines; see capture_lines.h. */
#include "controlplane/twctl/capture_lines.h"

#include <time.h>

#include "controlplane/twctl/message.h"
#include "controlplane/twctl/output.h"

void tw_capture_line_text(FILE *out, const Tw__CaptureBatch *batch, size_t at)
{
	const Tw__CapturedFrame *f = batch->frames[at];
	time_t seconds = (time_t)(f->at_ns / 1000000000);
	struct tm day;
	char time[16];

	localtime_r(&seconds, &day);
	strftime(time, sizeof(time), "%H:%M:%S", &day);
	fprintf(out, "%s.%06u ", time, (unsigned)(f->at_ns % 1000000000 / 1000));
	tw_out_text(out, batch->ports[f->port]->name);
	fputs(f->egress ? " < " : " > ", out);
	tw_out_text(out, f->text);
	if (*f->drop_reason) {
		fputs(" [dropped: ", out);
		tw_out_text(out, f->drop_reason);
		fputc(']', out);
	}
	fputc('\n', out);
}

void tw_capture_line_json(FILE *out, const Tw__CaptureBatch *batch, size_t at)
{
	const Tw__CapturedFrame *f = batch->frames[at];
	const Tw__CapturedPort *port = batch->ports[f->port];
	json_t *line =
		json_pack("{s:I, s:o, s:o, s:o, s:b, s:i, s:i, s:o, s:o}", "at_ns", (json_int_t)f->at_ns, "host",
			  tw_json_text(batch->host), "port", tw_json_text(port->name), "vm_name",
			  tw_json_text(port->vm_name), "egress", f->egress, "vlan", (int)f->vlan, "len", (int)f->len,
			  "drop_reason", tw_json_text(f->drop_reason), "text", tw_json_text(f->text));

	json_dumpf(line, out, JSON_COMPACT);
	fputc('\n', out);
	json_decref(line);
}
