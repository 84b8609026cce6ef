/* SPDX-License-Identifier: Apache-2.0 */
/* migration.c - `twctl migrate`: move a running VM and watch it go; `twctl migration`: what became of it. One thread. */
#include <inttypes.h>
#include <string.h>

#include "common/clock.h"
#include "controlplane/twctl/nouns.h"

enum { POLL_TTY_MS = 500 /* the clock of the bar moves on */, POLL_MS = 5000, BAR_WIDTH = 24 };

static const struct {
	const char *name; /* as JSON has it */
	const char *doing;
	int percent; /* of the bar when the phase begins; what is long in practice has more of it */
} phases[] = {
	{ "prepare", "both hosts get the ports ready", 5 },
	{ "launch", "the new host starts a VM monitor", 20 },
	{ "transfer", "the VM's memory is copied", 40 },
	{ "settle", "the VM runs at its new host; late frames are passed on", 85 },
	{ "done", "done", 100 },
};

static void handover_cell(FILE *cell, const json_t *us, const json_t *migration)
{
	json_int_t n = json_integer_value(us);

	fprintf(cell, "%" JSON_INTEGER_FORMAT ".%" JSON_INTEGER_FORMAT "ms", n / 1000, n % 1000 / 100);
}

static const struct tw_column list[] = {
	{ "ID", "id", NULL },
	{ "VM", "vm", NULL },
	{ "FROM", "from", NULL },
	{ "TO", "to", NULL },
	{ "PHASE", "phase", NULL },
	{ "STARTED", "started_ms", tw_cell_age },
	{ "DOWNTIME", "vm_downtime_ms", tw_cell_duration },
	{ "HANDOVER", "handover_us", handover_cell },
	{ "HELD", "frames_held", NULL },
	{ "LOST", "frames_lost", NULL },
	{ "FLOWS", "flows_moved", NULL },
	{ "ERROR", "error", NULL },
	{ 0 },
};

/* Also the receipt of `migrate`. */
static const struct tw_column card[] = {
	{ "migration", "id", NULL },
	{ "VM", "vm", NULL },
	{ "from host", "from", NULL },
	{ "to host", "to", NULL },
	{ "phase", "phase", NULL },
	{ "error", "error", NULL },
	{ "VM stood still", "vm_downtime_ms", tw_cell_duration },
	{ "ports handed over in", "handover_us", handover_cell },
	{ "frames held", "frames_held", NULL },
	{ "frames lost", "frames_lost", NULL },
	{ "flow records moved", "flows_moved", NULL },
	{ "memory copied in", "total_ms", tw_cell_duration },
	{ 0 },
};

static const char *describe(const char *phase, int *percent)
{
	for (size_t i = 0; i < sizeof(phases) / sizeof(*phases); i++)
		if (strcmp(phases[i].name, phase) == 0) {
			*percent = phases[i].percent;
			return phases[i].doing;
		}
	*percent = 0;
	return phase;
}

/* A line of the story: drawn over and over on a terminal, written once a phase elsewhere. */
static void show_progress(const struct tw_run *run, const json_t *migration, bool entered)
{
	const char *phase = tw_json_string_at(migration, "phase"), *doing;
	uint64_t now = tw_clock_real_ms(), start = (uint64_t)tw_json_number_at(migration, "started_ms");
	char elapsed[TW_DURATION_SIZE];
	FILE *out = run->io->out;
	int percent, full;

	doing = describe(phase, &percent);
	full = percent * BAR_WIDTH / 100;
	tw_duration_format(now > start ? now - start : 0, elapsed);
	if (run->json || (!run->io->out_is_tty && !entered))
		return;
	if (run->io->out_is_tty)
		fprintf(out, "\r[%.*s%*s] ", full, "########################", BAR_WIDTH - full, "");
	fprintf(out, "%6s  %-8s  %s", elapsed, phase, doing);
	fputs(run->io->out_is_tty ? "\033[K" : "\n", out); /* erase to the end of the line */
	fflush(out);
}

static bool is_over(const json_t *migration)
{
	const char *phase = tw_json_string_at(migration, "phase");

	return strcmp(phase, "done") == 0 || strcmp(phase, "failed") == 0;
}

/* Wait until it leaves the phase it is in. The migration as it is then; NULL with run->error filled. Consumes migration. */
static json_t *wait_phase(struct tw_run *run, json_t *migration)
{
	int wait_ms = run->io->out_is_tty && !run->json ? POLL_TTY_MS : POLL_MS, phase = 0;
	Tw__WaitMigration *body;
	Tw__Envelope *request = tw_ask_new("wait_migration", &body), *reply;
	json_t *answer;

	tw_enum_parse(&tw__migration__phase__descriptor, tw_json_string_at(migration, "phase"), &phase);
	body->id = (uint64_t)tw_json_number_at(migration, "id");
	body->phase = (Tw__Migration__Phase)phase;
	body->timeout_ms = (uint32_t)wait_ms;
	reply = tw_ask(run, request, wait_ms, "objects");
	tw__envelope__free_unpacked(request, NULL);
	json_decref(migration);
	if (!reply)
		return NULL;
	answer = tw_message_json(&reply->objects->base);
	tw__envelope__free_unpacked(reply, NULL);
	migration = json_incref(tw_object_json(json_array_get(json_object_get(answer, "objects"), 0)));
	json_decref(answer);
	if (!migration)
		tw_error_set(&run->error, TW_E_NOT_FOUND, "wait_migration.id",
			     "the controller knows the migration no more");
	return migration;
}

/* From the first phase to the last, with the story. NULL with run->error filled. Consumes migration. */
static json_t *follow(struct tw_run *run, json_t *migration)
{
	char before[TW_ENUM_NAME_SIZE] = "";

	while (migration) {
		const char *phase = tw_json_string_at(migration, "phase");
		bool entered = strcmp(before, phase) != 0;

		if (strcmp(phase, "failed") != 0)
			show_progress(run, migration, entered);
		if (is_over(migration))
			break;
		snprintf(before, sizeof(before), "%s", phase);
		migration = wait_phase(run, migration);
	}
	if (run->io->out_is_tty && !run->json)
		fputc('\n', run->io->out);
	return migration;
}

static int show_result(struct tw_run *run, const json_t *migration)
{
	bool failed = strcmp(tw_json_string_at(migration, "phase"), "failed") == 0;

	if (run->json)
		tw_out_json(run->io->out, migration);
	else if (!failed)
		tw_out_card(run->io->out, card, migration);
	if (!failed)
		return TW_EXIT_DONE;
	fflush(run->io->out);
	tw_error_set(&run->error, TW_E_VMM, NULL, "%s was not migrated and stays at %s: %.150s",
		     tw_json_string_at(migration, "vm"), tw_json_string_at(migration, "from"),
		     tw_json_string_at(migration, "error"));
	return tw_run_fail(run);
}

static int run_migrate(struct tw_run *run)
{
	Tw__Envelope *reply = tw_ask(run, run->request, 0, "written");
	json_t *answer, *migration;
	json_int_t id;
	int rc = TW_EXIT_DONE;

	if (!reply)
		return tw_run_fail(run);
	answer = tw_message_json(&reply->written->base);
	tw__envelope__free_unpacked(reply, NULL);
	migration = json_incref(tw_json_at(answer, "object.migration"));
	json_decref(answer);
	if (!migration) {
		tw_error_set(&run->error, TW_E_UNEXPECTED, NULL, "the controller did not say which migration it began");
		return tw_run_fail(run);
	}
	id = tw_json_number_at(migration, "id");
	if (!run->no_wait)
		migration = follow(run, migration);
	if (run->no_wait && !run->json)
		fprintf(run->io->out,
			"migration %" JSON_INTEGER_FORMAT " has begun; see: twctl migration show %" JSON_INTEGER_FORMAT
			"\n",
			id, id);
	else if (run->no_wait)
		tw_out_json(run->io->out, migration);
	else if (migration)
		rc = show_result(run, migration);
	else
		rc = tw_run_fail(run);
	if (!migration)
		fprintf(run->io->err, "twctl: migration %" JSON_INTEGER_FORMAT " goes on without twctl\n", id);
	json_decref(migration);
	return rc;
}

static bool begin(struct tw_run *run)
{
	Tw__MigrateVm *body;

	run->request = tw_ask_new("migrate_vm", &body);
	run->target = &body->base;
	tw_message_set_string(run->target, "vm", run->operand);
	return true;
}

static bool apply_no_wait(struct tw_run *run, const struct tw_option *option, const char *value)
{
	return run->no_wait = true;
}

static const struct tw_option options[] = {
	{ .name = "to",
	  .arg = "HOST",
	  .help = "the host to move it to",
	  .field = "to",
	  .complete = TW_COMPLETE_HOST,
	  .apply = tw_apply_string },
	{ .name = "no-wait", .help = "return when the migration has begun", .apply = apply_no_wait },
	{ 0 },
};

static const struct tw_command migrate_commands[] = {
	{ .operand = "VM",
	  .complete = TW_COMPLETE_VM,
	  .summary = "move a running VM to another host, with its VLANs, mirrors, counters and flows",
	  .text = "VM is the first part of its ports' names. Ends with a receipt: how long the VM stood still, how long its "
		  "ports were between hosts, frames that were held or lost, flow records that went along. If it fails, "
		  "everything is as before and the exit status is 1.",
	  .example = "migrate db --to b",
	  .options = (const struct tw_option *const[]){ options, NULL },
	  .required = "to",
	  .begin = begin,
	  .run = run_migrate },
	{ 0 },
};

const struct tw_noun tw_noun_migrate = {
	.name = "migrate",
	.summary = "move a running VM to another host",
	.commands = migrate_commands,
};

static const struct tw_command commands[] = {
	TW_COMMAND_LIST("migrations"),
	{ .verb = "show",
	  .operand = "ID",
	  .complete = TW_COMPLETE_MIGRATION,
	  .summary = "show a migration and its receipt",
	  .run = tw_object_show },
	{ 0 },
};

const struct tw_noun tw_noun_migration = {
	.name = "migration",
	.plural = "migrations",
	.summary = "migrations under way and done",
	.commands = commands,
	.kind = TW__KIND__MIGRATION,
	.list = list,
	.card = card,
};
