/* SPDX-License-Identifier: Apache-2.0 */
/* question_test.c - an operator's question goes to the one host that can answer it, and each is answered once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "controlplane/question.h"
#include "tests/unit/ctl_fixture.h"

/* web (port 1) on a, db (port 2) nowhere; a runs, b does not. */
static int start(void **state)
{
	struct tw_controller *ctl = ctl_start(":memory:");

	assert_int_equal(ask_host(ctl, "a", NULL), 0);
	assert_int_equal(ask_host(ctl, "b", NULL), 0);
	assert_int_equal(ask_network(ctl, "blue", 10, NULL), 0);
	assert_int_equal(ask_port(ctl, "web/eth0", "blue", NULL), 0);
	assert_int_equal(ask_port(ctl, "db/eth0", "blue", NULL), 0);
	assert_int_equal(ask_bind(ctl, "web/eth0", "a", NULL), 0);
	host_comes(ctl, "a");
	*state = ctl;
	return 0;
}

static int stop(void **state)
{
	ctl_stop(*state);
	return 0;
}

static uint32_t ask_trace(struct tw_controller *ctl, const char *port, const char *host, struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__TracePort body;
	char p[64], h[64];

	snprintf(p, sizeof(p), "%s", port);
	snprintf(h, sizeof(h), "%s", host);
	tw__trace_port__init(&body);
	body.port = p;
	body.host = h;
	body.frame.data = (uint8_t *)h;
	body.frame.len = 20;
	env.body_case = TW__ENVELOPE__BODY_TRACE_PORT;
	env.trace_port = &body;
	return ask(ctl, &env, answer);
}

static uint64_t take(struct tw_controller *ctl, const char *host, uint32_t port)
{
	struct answer w;
	uint64_t id;

	assert_int_equal(ask_watch(ctl, host, ctl->model.revision, 0, &w), 0);
	assert_int_equal(w.reply->watch_reply->n_tasks, 1);
	assert_int_equal(w.reply->watch_reply->tasks[0]->what_case, TW__TASK__WHAT_TRACE);
	assert_int_equal(w.reply->watch_reply->tasks[0]->trace->port, port);
	assert_int_equal(w.reply->watch_reply->tasks[0]->trace->frame.len, 20);
	id = w.reply->watch_reply->tasks[0]->id;
	answer_clear(&w);
	return id;
}

static void the_host_that_serves_the_port_is_asked_and_its_answer_is_the_answer(void **state)
{
	struct tw_controller *ctl = *state;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__TaskResult result;
	Tw__Traced traced;
	char action[] = "drop", host[] = "a";
	struct answer answer;

	ask_trace(ctl, "web/eth0", "", &answer);
	assert_null(answer.reply);
	tw__task_result__init(&result);
	tw__traced__init(&traced);
	traced.action = action;
	result.host = host;
	result.id = take(ctl, "a", 1);
	result.what_case = TW__TASK_RESULT__WHAT_TRACED;
	result.traced = &traced;
	env.body_case = TW__ENVELOPE__BODY_TASK_RESULT;
	env.task_result = &result;
	assert_int_equal(ask(ctl, &env, NULL), 0);
	assert_string_equal(answer.reply->trace_port_reply->host, "a");
	assert_string_equal(answer.reply->trace_port_reply->traced->action, "drop");
	answer_clear(&answer);
}

static uint32_t ask_rebalance(struct tw_controller *ctl, char *host, Tw__Rebalance *what, struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__RebalanceHost body;

	tw__rebalance_host__init(&body);
	body.host = host;
	body.what = what;
	env.body_case = TW__ENVELOPE__BODY_REBALANCE_HOST;
	env.rebalance_host = &body;
	return ask(ctl, &env, answer);
}

static void a_host_is_asked_to_share_out_its_queues(void **state)
{
	struct tw_controller *ctl = *state;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__TaskResult result;
	Tw__Rebalanced done;
	Tw__Rebalance what;
	struct answer answer, w;
	char host[] = "a", other[] = "b", port[] = "web/eth0";

	tw__rebalance__init(&what);
	what.port = port;
	what.queue = 3;
	what.worker = 1;
	ask_rebalance(ctl, host, &what, &answer);
	assert_int_equal(ask_watch(ctl, "a", ctl->model.revision, 0, &w), 0);
	assert_int_equal(w.reply->watch_reply->tasks[0]->what_case, TW__TASK__WHAT_REBALANCE);
	assert_string_equal(w.reply->watch_reply->tasks[0]->rebalance->port, "web/eth0");
	assert_int_equal(w.reply->watch_reply->tasks[0]->rebalance->queue, 3);
	assert_int_equal(w.reply->watch_reply->tasks[0]->rebalance->worker, 1);
	tw__task_result__init(&result);
	tw__rebalanced__init(&done);
	done.moves = 1;
	result.host = host;
	result.id = w.reply->watch_reply->tasks[0]->id;
	result.what_case = TW__TASK_RESULT__WHAT_REBALANCED;
	result.rebalanced = &done;
	env.body_case = TW__ENVELOPE__BODY_TASK_RESULT;
	env.task_result = &result;
	assert_int_equal(ask(ctl, &env, NULL), 0);
	assert_string_equal(answer.reply->rebalance_host_reply->host, "a");
	assert_int_equal(answer.reply->rebalance_host_reply->rebalanced->moves, 1);
	answer_clear(&w);
	answer_clear(&answer);
	assert_int_equal(ask_rebalance(ctl, other, NULL, &answer), TW_E_UNREACHABLE);
	answer_clear(&answer);
}

static uint32_t ask_trial(struct tw_controller *ctl, const char *exporter, const char *host, struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__TryHostExporter body;
	char e[64], h[64];

	snprintf(e, sizeof(e), "%s", exporter);
	snprintf(h, sizeof(h), "%s", host);
	tw__try_host_exporter__init(&body);
	body.exporter = e;
	body.host = h;
	env.body_case = TW__ENVELOPE__BODY_TRY_HOST_EXPORTER;
	env.try_host_exporter = &body;
	return ask(ctl, &env, answer);
}

static void an_exporter_is_tried_by_the_host_that_is_named(void **state)
{
	struct tw_controller *ctl = *state;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__TaskResult result;
	Tw__ExporterTried tried;
	char name[] = "nf", host[] = "a";
	struct answer answer, w;

	assert_int_equal(ask_exporter(ctl, "nf", NULL), 0);
	assert_int_equal(ask_trial(ctl, "other", "a", NULL), TW_E_NOT_FOUND);
	assert_int_equal(ask_trial(ctl, "nf", "nowhere", NULL), TW_E_NOT_FOUND);
	assert_int_equal(ask_trial(ctl, "nf", "b", NULL), TW_E_UNREACHABLE);
	ask_trial(ctl, "nf", "a", &answer);
	assert_null(answer.reply);
	assert_int_equal(ask_watch(ctl, "a", ctl->model.revision, 0, &w), 0);
	assert_int_equal(w.reply->watch_reply->tasks[0]->what_case, TW__TASK__WHAT_TRY_EXPORTER);
	assert_string_equal(w.reply->watch_reply->tasks[0]->try_exporter->exporter, "nf");
	tw__task_result__init(&result);
	tw__exporter_tried__init(&tried);
	tried.exporter = name;
	tried.observation_domain = 9;
	result.host = host;
	result.id = w.reply->watch_reply->tasks[0]->id;
	result.what_case = TW__TASK_RESULT__WHAT_EXPORTER_TRIED;
	result.exporter_tried = &tried;
	env.body_case = TW__ENVELOPE__BODY_TASK_RESULT;
	env.task_result = &result;
	assert_int_equal(ask(ctl, &env, NULL), 0);
	assert_string_equal(answer.reply->try_host_exporter_reply->host, "a");
	assert_int_equal(answer.reply->try_host_exporter_reply->tried->observation_domain, 9);
	answer_clear(&answer);
	answer_clear(&w);
}

static uint32_t ask_why(struct tw_controller *ctl, const char *port, const char *host, struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__WhyPort body;
	char p[64], h[64];

	snprintf(p, sizeof(p), "%s", port);
	snprintf(h, sizeof(h), "%s", host);
	tw__why_port__init(&body);
	body.port = p;
	body.host = h;
	body.since_ms = 5000;
	body.limit = 7;
	env.body_case = TW__ENVELOPE__BODY_WHY_PORT;
	env.why_port = &body;
	return ask(ctl, &env, answer);
}

static void what_was_recorded_is_asked_of_the_host_that_serves_the_port_or_of_another(void **state)
{
	struct tw_controller *ctl = *state;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__TaskResult result;
	Tw__Recorded recorded;
	struct answer answer, w;
	char host[] = "a";

	ask_why(ctl, "web/eth0", "", &answer);
	assert_int_equal(ask_watch(ctl, "a", ctl->model.revision, 0, &w), 0);
	assert_int_equal(w.reply->watch_reply->tasks[0]->what_case, TW__TASK__WHAT_RECORDED);
	assert_int_equal(w.reply->watch_reply->tasks[0]->recorded->port, 1);
	assert_int_equal(w.reply->watch_reply->tasks[0]->recorded->since_ms, 5000);
	assert_int_equal(w.reply->watch_reply->tasks[0]->recorded->limit, 7);
	tw__task_result__init(&result);
	tw__recorded__init(&recorded);
	recorded.kept = 3;
	result.host = host;
	result.id = w.reply->watch_reply->tasks[0]->id;
	result.what_case = TW__TASK_RESULT__WHAT_RECORDED;
	result.recorded = &recorded;
	env.body_case = TW__ENVELOPE__BODY_TASK_RESULT;
	env.task_result = &result;
	assert_int_equal(ask(ctl, &env, NULL), 0);
	assert_string_equal(answer.reply->why_port_reply->host, "a");
	assert_int_equal(answer.reply->why_port_reply->recorded->kept, 3);
	answer_clear(&w);
	answer_clear(&answer);
	ask_why(ctl, "db/eth0", "a", &answer); /* bound nowhere now, but it was at a */
	assert_int_equal(ask_watch(ctl, "a", ctl->model.revision, 0, &w), 0);
	assert_int_equal(w.reply->watch_reply->tasks[0]->recorded->port, 2);
	answer_clear(&w);
	answer_clear(&answer);
	assert_int_equal(ask_why(ctl, "db/eth0", "", &answer), TW_E_NOT_BOUND);
	answer_clear(&answer);
}

static uint32_t ask_macs(struct tw_controller *ctl, const char *port, const char *host, struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__ListMacs body;
	char p[64], h[64];

	snprintf(p, sizeof(p), "%s", port);
	snprintf(h, sizeof(h), "%s", host);
	tw__list_macs__init(&body);
	body.port = p;
	body.host = h;
	body.limit = 7;
	body.from = 5;
	env.body_case = TW__ENVELOPE__BODY_LIST_MACS;
	env.list_macs = &body;
	return ask(ctl, &env, answer);
}

static void a_page_of_macs_is_asked_of_the_ports_host_or_of_the_one_that_is_named(void **state)
{
	struct tw_controller *ctl = *state;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__TaskResult result;
	Tw__Macs macs;
	struct answer answer, w;
	char host[] = "a";

	ask_macs(ctl, "web/eth0", "", &answer);
	assert_int_equal(ask_watch(ctl, "a", ctl->model.revision, 0, &w), 0);
	assert_int_equal(w.reply->watch_reply->tasks[0]->what_case, TW__TASK__WHAT_MACS);
	assert_int_equal(w.reply->watch_reply->tasks[0]->macs->port, 1);
	assert_int_equal(w.reply->watch_reply->tasks[0]->macs->limit, 7);
	assert_int_equal(w.reply->watch_reply->tasks[0]->macs->from, 5);
	tw__task_result__init(&result);
	tw__macs__init(&macs);
	macs.next = 12;
	result.host = host;
	result.id = w.reply->watch_reply->tasks[0]->id;
	result.what_case = TW__TASK_RESULT__WHAT_MACS;
	result.macs = &macs;
	env.body_case = TW__ENVELOPE__BODY_TASK_RESULT;
	env.task_result = &result;
	assert_int_equal(ask(ctl, &env, NULL), 0);
	assert_string_equal(answer.reply->mac_list->host, "a");
	assert_int_equal(answer.reply->mac_list->macs->next, 12);
	answer_clear(&w);
	answer_clear(&answer);
	ask_macs(ctl, "", "a", &answer);
	assert_int_equal(ask_watch(ctl, "a", ctl->model.revision, 0, &w), 0);
	assert_int_equal(w.reply->watch_reply->tasks[0]->macs->port, 0);
	answer_clear(&w);
	answer_clear(&answer);
	assert_int_equal(ask_macs(ctl, "", "b", &answer), TW_E_UNREACHABLE);
	answer_clear(&answer);
}

static void what_cannot_be_asked_is_refused_at_once(void **state)
{
	struct answer answer;

	assert_int_equal(ask_trace(*state, "none/eth0", "", &answer), TW_E_NOT_FOUND);
	answer_clear(&answer);
	assert_int_equal(ask_trace(*state, "db/eth0", "", &answer), TW_E_NOT_BOUND);
	answer_clear(&answer);
	assert_int_equal(ask_trace(*state, "", "b", &answer), TW_E_UNREACHABLE);
	answer_clear(&answer);
	assert_int_equal(ask_trace(*state, "", "", &answer), TW_E_NOT_FOUND);
	answer_clear(&answer);
}

static void a_question_that_nobody_answers_ends(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer answer;

	ask_trace(ctl, "", "a", &answer);
	ctl_warp(ctl, TW_QUESTION_WAIT_MS + 1);
	assert_int_equal(answer.err.code, TW_E_TIMEOUT);
	answer_clear(&answer);
	ask_trace(ctl, "", "a", &answer); /* is open when the controller ends */
	answer_clear(&answer);
}

static void at_the_end_who_asked_is_told(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer answer;

	ask_trace(ctl, "web/eth0", "", &answer);
	assert_int_equal(answer.n, 0);
	tw_controller_destroy(ctl);
	*state = NULL;
	assert_int_equal(answer.n, 1);
	assert_int_equal(answer.err.code, TW_E_UNREACHABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(at_the_end_who_asked_is_told, start, stop),
		cmocka_unit_test_setup_teardown(the_host_that_serves_the_port_is_asked_and_its_answer_is_the_answer,
						start, stop),
		cmocka_unit_test_setup_teardown(a_host_is_asked_to_share_out_its_queues, start, stop),
		cmocka_unit_test_setup_teardown(
			what_was_recorded_is_asked_of_the_host_that_serves_the_port_or_of_another, start, stop),
		cmocka_unit_test_setup_teardown(a_page_of_macs_is_asked_of_the_ports_host_or_of_the_one_that_is_named,
						start, stop),
		cmocka_unit_test_setup_teardown(an_exporter_is_tried_by_the_host_that_is_named, start, stop),
		cmocka_unit_test_setup_teardown(what_cannot_be_asked_is_refused_at_once, start, stop),
		cmocka_unit_test_setup_teardown(a_question_that_nobody_answers_ends, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
