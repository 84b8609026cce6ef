/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - what the flight recorder keeps; see record.h. One thread. */
#include "controlplane/twctl/record.h"

#include <strings.h>

#include "controlplane/twctl/parse.h"

enum { FRAMES_DEFAULT = 512, FRAMES_MIN = 16, FRAMES_MAX = 16384 /* model.proto, Recorder */ };

static bool apply_record(struct tw_run *run, const struct tw_option *option, const char *value)
{
	uint64_t frames = FRAMES_DEFAULT;
	char path[96];

	if (value && run->noun->kind == TW__KIND__PORT && strcasecmp(value, "inherit") == 0)
		return true; /* the field is named and not there */
	if (value && strcasecmp(value, "drops") == 0)
		frames = 0;
	else if (value && !tw_parse_number(tw_option_path(run, option, path), value, FRAMES_MIN, FRAMES_MAX, &frames,
					   &run->error))
		return false;
	tw_message_set_number(tw_message_put(run->target, "record"), "frames", frames);
	return true;
}

const struct tw_option tw_network_record_options[] = {
	{ .name = "record",
	  .arg = "[N]",
	  .help = "keep the headers of the last N frames of each port for `twctl why` (16..16384, default 512), or drops: of "
		  "its dropped frames only, which are always kept (default)",
	  .field = "record",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "drops",
	  .apply = apply_record },
	{ 0 },
};

const struct tw_option tw_port_record_options[] = {
	{ .name = "record",
	  .arg = "[N]",
	  .help = "keep the headers of the port's last N frames for `twctl why` (16..16384, default 512); drops: of its "
		  "dropped frames only, which are always kept; or inherit (default)",
	  .field = "record",
	  .complete = TW_COMPLETE_WORDS,
	  .words = "drops inherit",
	  .apply = apply_record },
	{ 0 },
};

void tw_cell_record(FILE *cell, const json_t *record, const json_t *object)
{
	json_int_t frames = tw_json_number_at(record, "frames");

	if (!record && json_object_get(object, "network"))
		fputs("inherit", cell);
	else if (frames)
		fprintf(cell, "the last %" JSON_INTEGER_FORMAT " frames", frames);
	else
		fputs("dropped frames", cell);
}
