/* SPDX-License-Identifier: Apache-2.0 */
/* watch_test.c - hosts hear of what concerns them at once, and a wait for a revision waits for just those. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "controlplane/tasks.h"
#include "tests/unit/ctl_fixture.h"

/* web on a (VLAN 10), db on b (VLAN 20): what changes one does not concern the other. Both hosts run. */
static int start(void **state)
{
	struct tw_controller *ctl = ctl_start(":memory:");

	assert_int_equal(ask_host(ctl, "a", NULL), 0);
	assert_int_equal(ask_host(ctl, "b", NULL), 0);
	assert_int_equal(ask_network(ctl, "blue", 10, NULL), 0);
	assert_int_equal(ask_network(ctl, "red", 20, NULL), 0);
	assert_int_equal(ask_port(ctl, "web/eth0", "blue", NULL), 0);
	assert_int_equal(ask_port(ctl, "db/eth0", "red", NULL), 0);
	assert_int_equal(ask_bind(ctl, "web/eth0", "a", NULL), 0);
	assert_int_equal(ask_bind(ctl, "db/eth0", "b", NULL), 0);
	host_comes(ctl, "a");
	host_comes(ctl, "b");
	host_realises(ctl, "a");
	*state = ctl;
	return 0;
}

static int stop(void **state)
{
	ctl_stop(*state);
	return 0;
}

static uint64_t set_vlan(struct tw_controller *ctl, const char *port, uint32_t vlan)
{
	assert_int_equal(ask_port_vlan(ctl, port, vlan, NULL), 0);
	return ctl->model.revision;
}

/* ---- Watch ---- */

static void a_host_that_has_nothing_is_told_everything(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer w;

	ask_watch(ctl, "a", 0, 60000, &w);
	assert_int_equal(w.n, 1);
	assert_true(w.reply->watch_reply->full);
	assert_int_equal(w.reply->watch_reply->revision, ctl->model.revision);
	assert_int_equal(w.reply->watch_reply->epoch, ctl->model.epoch);
	assert_int_equal(w.reply->watch_reply->n_ports, 1);
	assert_string_equal(w.reply->watch_reply->host->name, "a");
	answer_clear(&w);
}

static void a_host_of_another_store_is_told_everything(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer w;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__Watch watch;
	char name[] = "a";

	tw__watch__init(&watch);
	watch.host = name;
	watch.since = ctl->model.revision;
	watch.epoch = ctl->model.epoch + 1;
	env.body_case = TW__ENVELOPE__BODY_WATCH;
	env.watch = &watch;
	ask(ctl, &env, &w);
	assert_true(w.reply->watch_reply->full);
	answer_clear(&w);
}

static void a_watch_is_held_until_its_slice_changes(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer w;
	uint64_t revision;

	ask_watch(ctl, "a", ctl->model.revision, 60000, &w);
	assert_int_equal(w.n, 0);
	set_vlan(ctl, "db/eth0", 30); /* concerns b alone */
	assert_int_equal(w.n, 0);
	revision = set_vlan(ctl, "web/eth0", 11);
	assert_int_equal(w.n, 1);
	assert_true(w.reply->watch_reply->full);
	assert_int_equal(w.reply->watch_reply->revision, revision);
	answer_clear(&w);
}

static void a_watch_ends_when_its_time_is_over(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t since = ctl->model.revision;
	struct answer w;

	ask_watch(ctl, "a", since, 10000, &w);
	set_vlan(ctl, "db/eth0", 30);
	ctl_warp(ctl, 9999);
	assert_int_equal(w.n, 0);
	ctl_warp(ctl, 1);
	assert_int_equal(w.n, 1);
	assert_true(w.reply->watch_reply->unchanged);
	assert_false(w.reply->watch_reply->full);
	assert_int_equal(w.reply->watch_reply->revision, since + 1);
	answer_clear(&w);
}

static void a_newer_watch_ends_an_older_one(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer older, newer;

	ask_watch(ctl, "a", ctl->model.revision, 60000, &older);
	ask_watch(ctl, "a", ctl->model.revision, 60000, &newer);
	assert_int_equal(older.n, 1);
	assert_true(older.reply->watch_reply->unchanged);
	assert_int_equal(newer.n, 0);
	set_vlan(ctl, "web/eth0", 11);
	assert_int_equal(newer.n, 1);
	answer_clear(&older);
	answer_clear(&newer);
}

static void an_unknown_host_is_told_how_to_become_known(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer h;

	assert_int_equal(ask_hello(ctl, "z", 1, &h), TW_E_NOT_FOUND);
	assert_non_null(strstr(h.err.text, "twctl host create z"));
	assert_int_equal(ask_watch(ctl, "z", 0, 0, NULL), TW_E_NOT_FOUND);
	assert_int_equal(ask_report(ctl, "z", 1, NULL), TW_E_NOT_FOUND);
}

static void a_deleted_host_is_told_so(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer w;

	assert_int_equal(ask_unbind(ctl, "web/eth0", "", NULL), 0);
	ask_watch(ctl, "a", ctl->model.revision, 60000, &w);
	assert_int_equal(w.n, 0);
	assert_int_equal(ask_delete(ctl, TW__KIND__HOST, "a", NULL), 0);
	assert_int_equal(w.n, 1);
	assert_int_equal(w.err.code, TW_E_NOT_FOUND);
}

static void hello_stores_where_the_agent_is_reached_and_writes_only_news(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t before = ctl->model.revision;

	assert_string_equal(tw_model_host(&ctl->model, "a")->peer_url, "tcp://192.0.2.1:5500");
	assert_int_equal(ask_hello(ctl, "a", 2, NULL), 0);
	assert_int_equal(ctl->model.revision, before);
}

/* ---- tasks ---- */

enum { TASK_MS = 8000 };

static int ended;
static uint32_t ended_with;

static void note_end(struct tw_controller *ctl, void *arg, const Tw__TaskResult *result, const struct tw_error *err)
{
	ended++;
	ended_with = err->code;
}

static uint64_t post_task(struct tw_controller *ctl, const char *host, bool once)
{
	Tw__Task task = TW__TASK__INIT;
	Tw__GetSwitchStatus what = TW__GET_SWITCH_STATUS__INIT;

	ended = 0;
	task.id = tw_task_new_id(ctl);
	task.what_case = TW__TASK__WHAT_STATUS;
	task.status = &what;
	tw_task_post(ctl, tw_host_find(ctl, host), &task, TASK_MS, once, note_end, NULL);
	tw_controller_tick(ctl);
	return task.id;
}

static uint32_t ask_result(struct tw_controller *ctl, const char *host, uint64_t id, uint32_t error)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__TaskResult result;
	Tw__Error e;
	char name[] = "?";

	tw__task_result__init(&result);
	tw__error__init(&e);
	name[0] = *host;
	result.host = name;
	result.id = id;
	e.code = error;
	result.error = error ? &e : NULL;
	env.body_case = TW__ENVELOPE__BODY_TASK_RESULT;
	env.task_result = &result;
	return ask(ctl, &env, NULL);
}

static void a_task_rides_on_a_held_watch_until_it_is_answered(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer w;
	uint64_t id;

	ask_watch(ctl, "a", ctl->model.revision, 60000, &w);
	id = post_task(ctl, "a", false);
	assert_int_equal(w.n, 1);
	assert_true(w.reply->watch_reply->unchanged);
	assert_int_equal(w.reply->watch_reply->n_tasks, 1);
	assert_int_equal(w.reply->watch_reply->tasks[0]->id, id);
	answer_clear(&w);
	ask_watch(ctl, "a", ctl->model.revision, 60000, &w);
	assert_int_equal(w.n, 0);
	assert_int_equal(ask_result(ctl, "b", id, 0), 0); /* another host's word does not count */
	assert_int_equal(ended, 0);
	assert_int_equal(ask_result(ctl, "a", id, TW_E_SWITCH), 0);
	assert_int_equal(ended, 1);
	assert_int_equal(ended_with, TW_E_SWITCH);
	assert_int_equal(ask_result(ctl, "a", id, 0), 0); /* said twice */
	assert_int_equal(ended, 1);
	assert_int_equal(w.n, 0);
	ctl_warp(ctl, 60000);
	assert_int_equal(w.reply->watch_reply->n_tasks, 0);
	answer_clear(&w);
}

static void a_task_whose_giving_was_lost_is_given_again(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t id = post_task(ctl, "a", true);
	struct answer w;

	ask_watch(ctl, "a", ctl->model.revision, 0, &w); /* this answer never arrives */
	answer_clear(&w);
	ask_watch(ctl, "a", ctl->model.revision, 60000, &w);
	ctl_warp(ctl, TW_TASK_AGAIN_MS - 1);
	assert_int_equal(w.n, 0);
	ctl_warp(ctl, 1);
	assert_int_equal(w.n, 1);
	assert_int_equal(w.reply->watch_reply->tasks[0]->id, id);
	answer_clear(&w);
}

static void a_task_is_given_again_to_a_new_agent_unless_once(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer w;
	uint64_t id = post_task(ctl, "a", false);

	post_task(ctl, "a", true);
	ask_watch(ctl, "a", ctl->model.revision, 0, &w);
	assert_int_equal(w.reply->watch_reply->n_tasks, 2);
	answer_clear(&w);
	assert_int_equal(ask_hello(ctl, "a", 77, NULL), 0);
	ask_watch(ctl, "a", ctl->model.revision, 0, &w);
	assert_int_equal(w.reply->watch_reply->n_tasks, 1);
	assert_int_equal(w.reply->watch_reply->tasks[0]->id, id);
	answer_clear(&w);
}

static void a_task_without_answer_ends_in_time(void **state)
{
	struct tw_controller *ctl = *state;

	post_task(ctl, "a", false);
	ctl_warp(ctl, TASK_MS - 1);
	assert_int_equal(ended, 0);
	ctl_warp(ctl, 1);
	assert_int_equal(ended, 1);
	assert_int_equal(ended_with, TW_E_TIMEOUT);
}

/* ---- WaitRealised ---- */

static void a_wait_ends_when_the_host_concerned_has_realised(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t revision = set_vlan(ctl, "web/eth0", 11);
	struct answer r;

	ask_wait(ctl, revision, 30000, &r);
	assert_int_equal(r.n, 0);
	ask_report(ctl, "b", revision, NULL); /* not concerned */
	ask_report(ctl, "a", revision - 1, NULL);
	assert_int_equal(r.n, 0);
	ask_report(ctl, "a", revision, NULL);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.reply->wait_realised_reply->n_hosts, 1);
	assert_string_equal(r.reply->wait_realised_reply->hosts[0], "a");
	answer_clear(&r);
}

static void a_wait_for_what_concerns_nobody_ends_at_once(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer r;

	assert_int_equal(ask_network(ctl, "green", 40, NULL), 0);
	ask_wait(ctl, ctl->model.revision, 30000, &r);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.reply->wait_realised_reply->n_hosts, 0);
	answer_clear(&r);
}

static void a_connected_host_that_is_behind_is_waited_for(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t older = set_vlan(ctl, "web/eth0", 11);
	struct answer r;

	assert_int_equal(ask_network(ctl, "green", 40, NULL), 0);
	ask_wait(ctl, ctl->model.revision, 30000, &r);
	assert_int_equal(r.n, 0);
	ask_report(ctl, "a", older, NULL);
	assert_int_equal(r.n, 1);
	answer_clear(&r);
}

static void a_newer_change_does_not_hold_up_the_wait_for_an_older(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t older = set_vlan(ctl, "web/eth0", 11);
	struct answer r;

	set_vlan(ctl, "web/eth0", 12);
	ask_wait(ctl, older, 30000, &r);
	assert_int_equal(r.n, 0);
	ask_report(ctl, "a", older, NULL);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.err.code, 0);
	answer_clear(&r);
}

static void a_wait_for_an_absent_host_ends_with_its_name(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer r;
	uint64_t revision;

	ctl_warp(ctl, TW_HOST_SILENT_MS);
	revision = set_vlan(ctl, "web/eth0", 11);
	ask_wait(ctl, revision, 2000, &r);
	ctl_warp(ctl, 1999);
	assert_int_equal(r.n, 0);
	ctl_warp(ctl, 1);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.err.code, TW_E_TIMEOUT);
	assert_non_null(strstr(r.err.text, ": a (not connected)"));
	assert_null(strstr(r.err.text, "b ("));
}

static void an_absent_host_that_is_not_concerned_is_not_waited_for(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t revision;
	struct answer r;

	set_vlan(ctl, "web/eth0", 11); /* a has not realised this, and goes away */
	ctl_warp(ctl, TW_HOST_SILENT_MS);
	revision = set_vlan(ctl, "db/eth0", 21);
	ask_report(ctl, "b", revision, NULL);
	ask_wait(ctl, revision, 30000, &r);
	assert_int_equal(r.n, 1);
	assert_int_equal(r.err.code, 0);
	answer_clear(&r);
}

static void what_a_host_says_of_another_store_does_not_count(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t revision = set_vlan(ctl, "web/eth0", 11);
	struct answer r;

	ask_report(ctl, "a", revision + 1000, NULL); /* a revision we have never had */
	ask_wait(ctl, revision, 1000, &r);
	ctl_warp(ctl, 1000);
	assert_int_equal(r.err.code, TW_E_TIMEOUT);
}

static void a_restarted_agent_counts_anew(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t revision = set_vlan(ctl, "web/eth0", 11);
	struct answer r;

	ask_report(ctl, "a", revision, NULL);
	assert_int_equal(ask_hello(ctl, "a", 9, NULL), 0);
	ask_wait(ctl, revision, 30000, &r);
	assert_int_equal(r.n, 0);
	ask_report(ctl, "a", revision, NULL);
	assert_int_equal(r.n, 1);
	answer_clear(&r);
}

static void old_history_is_waited_for_in_full(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t first = set_vlan(ctl, "web/eth0", 11);
	struct answer r;

	for (uint32_t i = 0; i < TW_HOST_HISTORY + 5; i++)
		set_vlan(ctl, "web/eth0", 100 + i);
	ask_wait(ctl, first, 30000, &r);
	assert_int_equal(r.n, 0);
	ask_report(ctl, "a", first, NULL);
	assert_int_equal(r.n, 1);
	answer_clear(&r);
}

static void a_revision_that_is_not_yet_is_refused(void **state)
{
	struct tw_controller *ctl = *state;

	assert_int_equal(ask_wait(ctl, ctl->model.revision + 1, 0, NULL), TW_E_INVALID);
	assert_int_equal(ask_wait(ctl, 0, 0, NULL), TW_E_INVALID);
}

static void at_the_end_who_waits_is_told(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t revision = set_vlan(ctl, "web/eth0", 11);
	struct answer watch, wait;

	ask_watch(ctl, "a", revision, 60000, &watch);
	ask_wait(ctl, revision, 30000, &wait);
	assert_int_equal(watch.n + wait.n, 0);
	tw_controller_destroy(ctl);
	*state = NULL;
	assert_int_equal(watch.n, 1);
	assert_int_equal(watch.err.code, TW_E_UNREACHABLE);
	assert_int_equal(wait.n, 1);
	assert_int_equal(wait.err.code, TW_E_UNREACHABLE);
}

#define ON_MODEL(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_MODEL(a_host_that_has_nothing_is_told_everything),
		ON_MODEL(a_host_of_another_store_is_told_everything),
		ON_MODEL(a_watch_is_held_until_its_slice_changes),
		ON_MODEL(a_watch_ends_when_its_time_is_over),
		ON_MODEL(a_newer_watch_ends_an_older_one),
		ON_MODEL(an_unknown_host_is_told_how_to_become_known),
		ON_MODEL(a_deleted_host_is_told_so),
		ON_MODEL(hello_stores_where_the_agent_is_reached_and_writes_only_news),
		ON_MODEL(a_task_rides_on_a_held_watch_until_it_is_answered),
		ON_MODEL(a_task_whose_giving_was_lost_is_given_again),
		ON_MODEL(a_task_is_given_again_to_a_new_agent_unless_once),
		ON_MODEL(a_task_without_answer_ends_in_time),
		ON_MODEL(a_wait_ends_when_the_host_concerned_has_realised),
		ON_MODEL(a_wait_for_what_concerns_nobody_ends_at_once),
		ON_MODEL(a_connected_host_that_is_behind_is_waited_for),
		ON_MODEL(a_newer_change_does_not_hold_up_the_wait_for_an_older),
		ON_MODEL(a_wait_for_an_absent_host_ends_with_its_name),
		ON_MODEL(an_absent_host_that_is_not_concerned_is_not_waited_for),
		ON_MODEL(what_a_host_says_of_another_store_does_not_count),
		ON_MODEL(a_restarted_agent_counts_anew),
		ON_MODEL(old_history_is_waited_for_in_full),
		ON_MODEL(a_revision_that_is_not_yet_is_refused),
		ON_MODEL(at_the_end_who_waits_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
