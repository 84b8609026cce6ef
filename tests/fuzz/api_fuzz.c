/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_fuzz.c - any requests in any order, from operators and from hosts that lie: the controller answers each at most
 * once, and its model stays sound.
 *
 * The input is a program: one octet says which request, the next its arguments; one of the requests is any octets as an
 * Envelope. Time passes on request.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/log.h"
#include "controlplane/mem.h"
#include "controlplane/refs.h"
#include "proto/link/link.h"
#include "tests/unit/ctl_fixture.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_REQUESTS = 128, N_TASKS = 8 };

static const char *const hosts[] = { "a", "b", "c", "no" };
static const char *const networks[] = { "blue", "red", "green", "no" };
static const char *const ports[] = { "db/eth0", "db/eth1", "web/eth0", "no/eth0" };
static const char *const things[] = { "m1", "m2", "nf", "a", "blue", "db/eth0", "web/eth0", "1" };

/* What a run holds: the controller, its answers (some come late), and tasks that hosts were given. */
struct run {
	struct tw_controller *ctl;
	struct answer answers[MAX_REQUESTS];
	size_t n_answers;
	struct {
		char host[4];
		uint64_t id;
		Tw__Task__WhatCase what;
	} tasks[N_TASKS];
	size_t n_tasks; /* ever; the last N_TASKS are kept */
};

static void note_tasks(struct run *run, const char *host, const struct answer *answer)
{
	if (!answer->reply || answer->reply->body_case != TW__ENVELOPE__BODY_WATCH_REPLY)
		return;
	for (size_t i = 0; i < answer->reply->watch_reply->n_tasks; i++) {
		const Tw__Task *task = answer->reply->watch_reply->tasks[i];

		snprintf(run->tasks[run->n_tasks % N_TASKS].host, sizeof(run->tasks[0].host), "%s", host);
		run->tasks[run->n_tasks % N_TASKS].id = task->id;
		run->tasks[run->n_tasks++ % N_TASKS].what = task->what_case;
	}
}

/* Answers one of the tasks that were given: rightly, with something else, or with an error. */
static void answer_task(struct run *run, uint8_t arg, struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__MigrateResult migrated = TW__MIGRATE_RESULT__INIT;
	Tw__Flows flows = TW__FLOWS__INIT;
	Tw__LaunchResult launched;
	Tw__TaskResult result;
	Tw__VmSpec spec;
	Tw__Error error;
	char uri[] = "tcp:192.0.2.2:4444", name[] = "db";
	size_t i = run->n_tasks ? (run->n_tasks - 1 - arg % N_TASKS) % N_TASKS : 0;
	Tw__Task__WhatCase what = arg & 0x40 ? TW__TASK__WHAT_STOP : run->tasks[i].what;

	tw__task_result__init(&result);
	tw__error__init(&error);
	tw__vm_spec__init(&spec);
	tw__launch_result__init(&launched);
	spec.name = name;
	launched.uri = uri;
	error.code = arg;
	result.host = run->tasks[i].host;
	result.id = run->tasks[i].id;
	if (arg & 0x80) {
		result.error = &error;
	} else if (what == TW__TASK__WHAT_VM_SPEC) {
		result.what_case = TW__TASK_RESULT__WHAT_VM_SPEC;
		result.vm_spec = &spec;
	} else if (what == TW__TASK__WHAT_LAUNCH) {
		result.what_case = TW__TASK_RESULT__WHAT_LAUNCH;
		result.launch = &launched;
	} else if (what == TW__TASK__WHAT_MIGRATE) {
		result.what_case = TW__TASK_RESULT__WHAT_MIGRATE;
		result.migrate = &migrated;
	} else if (what == TW__TASK__WHAT_FLOWS) {
		result.what_case = TW__TASK_RESULT__WHAT_FLOWS;
		result.flows = &flows;
	}
	env.body_case = TW__ENVELOPE__BODY_TASK_RESULT;
	env.task_result = &result;
	ask(run->ctl, &env, answer);
}

/* A report with the links of ports 1 and 2, and perhaps news that they run here. */
static void report(struct run *run, uint8_t arg, struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__PortActivated ran[2], *news[] = { &ran[0], &ran[1] };
	Tw__PortStatus links[2], *list[] = { &links[0], &links[1] };
	Tw__SwitchStatus status;
	Tw__Report body;
	char name[4];

	snprintf(name, sizeof(name), "%s", hosts[arg % 4]);
	tw__report__init(&body);
	tw__switch_status__init(&status);
	for (uint32_t i = 0; i < 2; i++) {
		tw__port_status__init(&links[i]);
		links[i].number = i + 1;
		tw__port_activated__init(&ran[i]);
		ran[i].number = i + 1;
		ran[i].migration = run->ctl->model.next_migration - 1;
		links[i].link = (Tw__LinkState)(arg >> 2 & 3);
	}
	status.ports = list;
	status.n_ports = 2;
	body.host = name;
	body.status = arg & 0x80 ? NULL : &status;
	body.switch_alive = !(arg & 0x40);
	body.realised = arg & 0x20 ? 1 : run->ctl->model.revision;
	body.activated = news;
	body.n_activated = arg & 0x10 ? 1 + (arg >> 2 & 1) : 0;
	env.body_case = TW__ENVELOPE__BODY_REPORT;
	env.report = &body;
	ask(run->ctl, &env, answer);
}

static void any_envelope(struct run *run, const uint8_t *data, size_t size, struct answer *answer)
{
	struct tw_error err = { 0 };
	Tw__Envelope *env;

	if (tw_link_decode(data, size, &env, &err))
		return;
	ask(run->ctl, env, answer);
	tw__envelope__free_unpacked(env, NULL);
}

static void list_flows(struct run *run, uint8_t arg, struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__ListFlows body;
	char name[16];

	tw__list_flows__init(&body);
	snprintf(name, sizeof(name), "%s", ports[arg % 4]);
	if (arg & 0x80)
		body.port = name;
	env.body_case = TW__ENVELOPE__BODY_LIST_FLOWS;
	env.list_flows = &body;
	ask(run->ctl, &env, answer);
}

/* @return how many octets of data the request took beyond its two */
static size_t request(struct run *run, uint8_t op, uint8_t arg, const uint8_t *data, size_t size)
{
	struct answer *answer = &run->answers[run->n_answers++];
	struct tw_controller *ctl = run->ctl;
	uint64_t revision = ctl->model.revision;
	size_t taken = 0;

	switch (op % 18) {
	case 0:
		ask_host(ctl, hosts[arg % 3], answer);
		break;
	case 1:
		ask_network(ctl, networks[arg % 3], arg * 20u, answer);
		break;
	case 2:
		ask_port(ctl, ports[arg % 3], networks[arg / 4 % 4], answer);
		break;
	case 3:
		ask_bind(ctl, ports[arg % 4], hosts[arg / 4 % 4], answer);
		break;
	case 4:
		ask_unbind(ctl, ports[arg % 4], arg & 4 ? hosts[arg / 8 % 4] : "", answer);
		break;
	case 5:
		ask_delete(ctl, (Tw__Kind)(arg % 8), things[arg / 8 % 8], answer);
		break;
	case 6:
		ask_mirror(ctl, things[arg % 2], ports[arg / 2 % 4], arg & 0x80 ? "x.pcapng" : things[arg % 2], answer);
		break;
	case 7:
		ask_exporter(ctl, things[arg % 8], answer);
		break;
	case 8:
		ask_port_vlan(ctl, ports[arg % 4], arg * 20u, answer);
		break;
	case 9:
		ask_hello(ctl, hosts[arg % 4], arg / 4, answer);
		break;
	case 10:
		ask_watch(ctl, hosts[arg % 4], revision > 3 ? revision - arg / 4 % 4 : arg / 4, arg * 100u, answer);
		note_tasks(run, hosts[arg % 4], answer);
		break;
	case 11:
		report(run, arg, answer);
		break;
	case 12:
		answer_task(run, arg, answer);
		break;
	case 13:
		ask_migrate(ctl, arg & 1 ? "db" : "web", hosts[arg / 2 % 4], answer);
		break;
	case 14:
		ask_wait(ctl, revision - arg % 4, arg * 1000u, answer);
		break;
	case 15:
		ctl_warp(ctl, arg * 500u);
		break;
	case 16:
		list_flows(run, arg, answer);
		break;
	default:
		taken = arg < size ? arg : size;
		any_envelope(run, data, taken, answer);
		break;
	}
	return taken;
}

static void require_sound(struct tw_controller *ctl)
{
	const struct tw_model *model = &ctl->model;
	struct tw_error err = { 0 };

	if (!tw_refs_verify(model, &err)) {
		fprintf(stderr, "%s: %s\n", err.field, err.text);
		abort();
	}
	/* A port that says it moves is of a migration that has not handed it over, and is where that began. */
	for (size_t i = 0; i < model->tables[TW__KIND__PORT].n; i++) {
		const Tw__Port *port = tw_model_port_at(model, i);
		const Tw__Migration *m = tw_model_migration(model, tw_port_migration(port));

		if (tw_port_migration(port) &&
		    (!m || m->phase >= TW__MIGRATION__PHASE__SETTLE || strcmp(m->from, tw_port_host(port)) != 0))
			abort();
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	tw_log_init("api_fuzz", TW_LOG_ERROR);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct run *run = tw_need(calloc(1, sizeof(*run)));
	size_t at = 0;

	run->ctl = ctl_start(":memory:");
	while (at + 2 <= size && run->n_answers < MAX_REQUESTS) {
		at += 2 + request(run, data[at], data[at + 1], data + at + 2, size - at - 2);
		require_sound(run->ctl);
	}
	tw_controller_destroy(run->ctl);
	for (size_t i = 0; i < run->n_answers; i++)
		answer_clear(&run->answers[i]);
	free(run);
	return 0;
}
