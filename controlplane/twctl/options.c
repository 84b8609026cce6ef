/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - values that many options have, and the options that every command has; see command.h. One thread. */
#include <stdio.h>
#include <string.h>

#include "controlplane/twctl/command.h"
#include "controlplane/twctl/parse.h"

char *tw_option_path(const struct tw_run *run, const struct tw_option *option, char out[static 96])
{
	if (option->field && run->noun)
		snprintf(out, 96, "%s.%s", run->noun->name, option->field);
	else
		snprintf(out, 96, "--%s", option->name);
	return out;
}

bool tw_apply_string(struct tw_run *run, const struct tw_option *option, const char *value)
{
	tw_message_set_string(run->target, option->field, value);
	return true;
}

bool tw_apply_strings(struct tw_run *run, const struct tw_option *option, const char *value)
{
	tw_message_add_string(run->target, option->field, value);
	return true;
}

bool tw_apply_number(struct tw_run *run, const struct tw_option *option, const char *value)
{
	char path[96];
	uint64_t n;

	if (!tw_parse_number(tw_option_path(run, option, path), value, option->min, option->max, &n, &run->error))
		return false;
	tw_message_set_number(run->target, option->field, n);
	return true;
}

bool tw_apply_size(struct tw_run *run, const struct tw_option *option, const char *value)
{
	char path[96];
	uint64_t n;

	if (!tw_parse_size(tw_option_path(run, option, path), value, option->min, option->max, &n, &run->error))
		return false;
	tw_message_set_number(run->target, option->field, n);
	return true;
}

bool tw_apply_seconds(struct tw_run *run, const struct tw_option *option, const char *value)
{
	char path[96];
	uint64_t n;

	if (!tw_parse_seconds(tw_option_path(run, option, path), value, option->min, option->max, &n, &run->error))
		return false;
	tw_message_set_number(run->target, option->field, n);
	return true;
}

bool tw_apply_enum(struct tw_run *run, const struct tw_option *option, const char *value)
{
	const ProtobufCEnumDescriptor *type = tw_message_field(run->target, option->field)->descriptor;
	char path[96], names[160] = "", one[TW_ENUM_NAME_SIZE];
	int n;

	if (tw_enum_parse(type, value, &n)) {
		tw_message_set_number(run->target, option->field, (uint64_t)n);
		return true;
	}
	for (unsigned i = 0; i < type->n_values; i++) {
		size_t used = strlen(names);

		snprintf(names + used, sizeof(names) - used, "%s%s", used ? ", " : "",
			 tw_enum_name(type, type->values[i].value, one));
	}
	return tw_error_set(&run->error, TW_E_INVALID, tw_option_path(run, option, path), "%.60s is none of: %s", value,
			    names);
}

bool tw_apply_yes(struct tw_run *run, const struct tw_option *option, const char *value)
{
	tw_message_set_number(run->target, option->field, true);
	return true;
}

bool tw_apply_no(struct tw_run *run, const struct tw_option *option, const char *value)
{
	tw_message_set_number(run->target, option->field, false);
	return true;
}

bool tw_apply_mac(struct tw_run *run, const struct tw_option *option, const char *value)
{
	uint8_t mac[TW_MAC_LEN];
	char path[96];

	if (!tw_parse_mac(tw_option_path(run, option, path), value, mac, &run->error))
		return false;
	tw_message_set_bytes(run->target, option->field, mac, sizeof(mac));
	return true;
}

bool tw_apply_uuid(struct tw_run *run, const struct tw_option *option, const char *value)
{
	uint8_t uuid[TW_UUID_LEN];
	char path[96];

	if (!tw_parse_uuid(tw_option_path(run, option, path), value, uuid, &run->error))
		return false;
	tw_message_set_bytes(run->target, option->field, uuid, sizeof(uuid));
	return true;
}

static bool set_controller(struct tw_run *run, const struct tw_option *option, const char *value)
{
	run->controller = value;
	return true;
}

static bool set_run_dir(struct tw_run *run, const struct tw_option *option, const char *value)
{
	run->run_dir = value;
	return true;
}

static bool set_timeout(struct tw_run *run, const struct tw_option *option, const char *value)
{
	char path[96];
	uint64_t ms;

	if (!tw_parse_duration(tw_option_path(run, option, path), value, 1, 3600 * 1000, &ms, &run->error))
		return false;
	run->timeout_ms = (int)ms;
	return true;
}

static bool set_json(struct tw_run *run, const struct tw_option *option, const char *value)
{
	return run->json = true;
}

static bool set_names(struct tw_run *run, const struct tw_option *option, const char *value)
{
	return run->names = true;
}

static bool set_wait(struct tw_run *run, const struct tw_option *option, const char *value)
{
	char path[96];
	uint64_t ms = TW_WAIT_MS;

	if (value && !tw_parse_duration(tw_option_path(run, option, path), value, 1, TW_WAIT_MAX_MS, &ms, &run->error))
		return false;
	run->wait_ms = (int)ms;
	return true;
}

static bool no_op(struct tw_run *run, const struct tw_option *option, const char *value)
{
	return true; /* --help and --version: seen before options are applied */
}

const struct tw_option tw_global_options[] = {
	{ .name = "controller",
	  .letter = 'c',
	  .global = true,
	  .arg = "URL",
	  .help = "ask the controller at ipc:///PATH or tcp://ADDRESS:PORT (default: $TW_CONTROLLER, else "
		  "ipc://RUN_DIR/controller.ipc)",
	  .apply = set_controller },
	{ .name = "run-dir",
	  .global = true,
	  .arg = "DIR",
	  .help = "where Tradewind's sockets are on this host (default: $TW_RUN_DIR, else /run/tradewind)",
	  .complete = TW_COMPLETE_FILE,
	  .apply = set_run_dir },
	{ .name = "json", .letter = 'j', .global = true, .help = "show JSON instead of text", .apply = set_json },
	{ .name = "timeout",
	  .global = true,
	  .arg = "TIME",
	  .help = "how long the controller may take to answer (default 5s)",
	  .apply = set_timeout },
	{ .name = "help", .letter = 'h', .global = true, .help = "show this help", .apply = no_op },
	{ .name = "version", .letter = 'V', .global = true, .help = "show the version", .apply = no_op },
	{ 0 },
};

const struct tw_option tw_list_options[] = {
	{ .name = "names", .help = "show the names alone, one a line", .excludes = "json", .apply = set_names },
	{ 0 },
};

const struct tw_option tw_write_options[] = {
	{ .name = "wait",
	  .arg = "[TIME]",
	  .help = "return when every host concerned enforces the change, at most after TIME (default 30s), and say which "
		  "hosts those are",
	  .apply = set_wait },
	{ 0 },
};
