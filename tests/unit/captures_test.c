/* SPDX-License-Identifier: Apache-2.0 */
/* captures_test.c - a capture lives as long as it is read, hosts hear of it at once, and what there is no room for is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "controlplane/capture_queue.h"
#include "controlplane/captures.h"
#include "tests/unit/ctl_fixture.h"

/* web (port 1) on a, which runs. */
static int start(void **state)
{
	struct tw_controller *ctl = ctl_start(":memory:");

	assert_int_equal(ask_host(ctl, "a", NULL), 0);
	assert_int_equal(ask_network(ctl, "blue", 10, NULL), 0);
	assert_int_equal(ask_port(ctl, "web/eth0", "blue", NULL), 0);
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

static uint32_t ask_open_mirror(struct tw_controller *ctl, Tw__Mirror *what, uint64_t *id, struct tw_error *err)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	char who[] = "test";
	Tw__OpenCapture open;
	struct answer answer;
	uint32_t code;

	tw__open_capture__init(&open);
	open.what = what;
	open.who = who;
	env.body_case = TW__ENVELOPE__BODY_OPEN_CAPTURE;
	env.open_capture = &open;
	code = ask(ctl, &env, &answer);
	if (id)
		*id = code ? 0 : answer.reply->capture_opened->id;
	if (err)
		*err = answer.err;
	answer_clear(&answer);
	return code;
}

static uint32_t ask_open(struct tw_controller *ctl, const char *port, const char *filter, uint64_t *id,
			 struct tw_error *err)
{
	char name[] = "capture", *ports[1], *copy = strdup(filter);
	Tw__Mirror what;
	uint32_t code;

	tw__mirror__init(&what);
	ports[0] = strdup(port);
	what.name = name;
	what.ports = ports;
	what.n_ports = 1;
	what.stream = 1;
	what.filter = copy;
	code = ask_open_mirror(ctl, &what, id, err);
	free(ports[0]);
	free(copy);
	return code;
}

static uint64_t opened(struct tw_controller *ctl)
{
	uint64_t id;

	assert_int_equal(ask_open(ctl, "web/eth0", "", &id, NULL), 0);
	return id;
}

static uint32_t ask_read(struct tw_controller *ctl, uint64_t id, uint32_t wait_ms, uint32_t octets,
			 struct answer *answer)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__ReadCapture read = TW__READ_CAPTURE__INIT;

	read.id = id;
	read.wait_ms = wait_ms;
	read.max_octets = octets;
	env.body_case = TW__ENVELOPE__BODY_READ_CAPTURE;
	env.read_capture = &read;
	return ask(ctl, &env, answer);
}

static uint32_t ask_stop(struct tw_controller *ctl, uint64_t id)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__StopCapture body = TW__STOP_CAPTURE__INIT;
	struct answer answer;
	uint32_t code;

	body.id = id;
	env.body_case = TW__ENVELOPE__BODY_STOP_CAPTURE;
	env.stop_capture = &body;
	code = ask(ctl, &env, &answer);
	answer_clear(&answer);
	return code;
}

/* One batch of a source on host a, with one frame of `octets`. */
static void push_of(struct tw_controller *ctl, uint64_t id, uint64_t source, uint64_t number, size_t octets)
{
	char host[] = "a", name[] = "web/eth0";
	Tw__CaptureBatch batch, *batches[] = { &batch };
	Tw__CapturedFrame frame, *frames[] = { &frame };
	Tw__CapturedPort port, *ports[] = { &port };
	Tw__Envelope env = TW__ENVELOPE__INIT;
	struct answer answer;
	Tw__PushCaptures body;

	tw__push_captures__init(&body);
	tw__capture_batch__init(&batch);
	tw__captured_frame__init(&frame);
	tw__captured_port__init(&port);
	port.name = name;
	frame.len = (uint32_t)octets;
	frame.octets = (ProtobufCBinaryData){ octets, calloc(1, octets) };
	batch.capture = id;
	batch.source = source;
	batch.number = batch.sent = number;
	batch.host = host;
	batch.ports = ports;
	batch.n_ports = 1;
	batch.frames = frames;
	batch.n_frames = 1;
	body.host = host;
	body.batches = batches;
	body.n_batches = 1;
	env.body_case = TW__ENVELOPE__BODY_PUSH_CAPTURES;
	env.push_captures = &body;
	assert_int_equal(ask(ctl, &env, &answer), 0);
	answer_clear(&answer);
	free(frame.octets.data);
}

static void push(struct tw_controller *ctl, uint64_t id, uint64_t number, size_t octets)
{
	push_of(ctl, id, 7, number, octets);
}

/* Everything that waits. */
struct waited {
	size_t batches, frames;
	uint64_t sent; /* of the last batch */
};

static struct waited read_all(struct tw_controller *ctl, uint64_t id)
{
	struct waited all = { 0 };
	struct answer answer;
	size_t n;

	do {
		assert_int_equal(ask_read(ctl, id, 0, 1 << 20, &answer), 0);
		n = answer.reply->capture_read->n_batches;
		all.batches += n;
		for (size_t i = 0; i < n; i++) {
			all.frames += answer.reply->capture_read->batches[i]->n_frames;
			all.sent = answer.reply->capture_read->batches[i]->sent;
		}
		answer_clear(&answer);
	} while (n);
	return all;
}

/* What the host hears: how many captures there are. */
static size_t heard(struct tw_controller *ctl)
{
	struct answer answer;
	size_t n;

	assert_int_equal(ask_watch(ctl, "a", ctl->model.revision, 0, &answer), 0);
	n = answer.reply->watch_reply->n_captures;
	if (n)
		assert_true(answer.reply->watch_reply->captures_as_of != 0);
	answer_clear(&answer);
	return n;
}

static void a_held_watch_is_answered_when_a_capture_begins(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer answer;
	uint64_t id;

	ask_watch(ctl, "a", ctl->model.revision, 10000, &answer);
	assert_int_equal(answer.n, 0);
	id = opened(ctl);
	ctl_warp(ctl, 0);
	assert_int_equal(answer.n, 1);
	assert_true(answer.reply->watch_reply->unchanged);
	assert_int_equal(answer.reply->watch_reply->n_captures, 1);
	assert_true(answer.reply->watch_reply->captures[0]->stream == id);
	assert_string_equal(answer.reply->watch_reply->captures[0]->ports[0], "web/eth0");
	answer_clear(&answer);
}

static void a_capture_that_nobody_reads_ends(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t id = opened(ctl);
	struct answer answer;

	ctl_warp(ctl, TW_CAPTURE_LEASE_MS - 1);
	assert_int_equal(ask_read(ctl, id, 0, 1, &answer), 0);
	answer_clear(&answer);
	ctl_warp(ctl, TW_CAPTURE_LEASE_MS - 1);
	assert_int_equal(heard(ctl), 1);
	ctl_warp(ctl, 1);
	assert_int_equal(heard(ctl), 0);
	assert_int_equal(ask_read(ctl, id, 0, 1, &answer), TW_E_NOT_FOUND);
	answer_clear(&answer);
}

static void a_reader_waits_for_frames_and_gets_them(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t id = opened(ctl);
	struct answer answer;

	ask_read(ctl, id, 1000, 1 << 20, &answer);
	assert_int_equal(answer.n, 0);
	push(ctl, id, 1, 60);
	assert_int_equal(answer.n, 1);
	assert_int_equal(answer.reply->capture_read->n_batches, 1);
	assert_string_equal(answer.reply->capture_read->batches[0]->host, "a");
	assert_int_equal(answer.reply->capture_read->batches[0]->frames[0]->octets.len, 60);
	answer_clear(&answer);
	ask_read(ctl, id, 1000, 1 << 20, &answer);
	ctl_warp(ctl, 1000);
	assert_int_equal(answer.reply->capture_read->n_batches, 0);
	answer_clear(&answer);
}

static void a_batch_that_comes_twice_is_read_once(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t id = opened(ctl);
	struct answer answer;

	push(ctl, id, 1, 60);
	push(ctl, id, 1, 60);
	push(ctl, id, 2, 60);
	assert_int_equal(ask_read(ctl, id, 0, 1 << 20, &answer), 0);
	assert_int_equal(answer.reply->capture_read->n_batches, 2);
	answer_clear(&answer);
}

static void what_there_is_no_room_for_is_given_up_but_for_its_numbers(void **state)
{
	enum { FRAME = 60000, MOST = TW_CAPTURE_WAITING_MAX / FRAME };
	struct tw_controller *ctl = *state;
	uint64_t id = opened(ctl);
	struct waited all;

	for (uint64_t i = 1; i <= MOST + 10; i++)
		push(ctl, id, i, FRAME);
	all = read_all(ctl, id);
	assert_true(all.frames > MOST - 5 && all.frames <= MOST);
	assert_int_equal(all.batches, all.frames + 1);
	assert_int_equal(all.sent, MOST + 10);
}

static void small_frames_are_given_up_when_they_fill_the_memory(void **state)
{
	enum { BATCH = sizeof(Tw__CaptureBatch) + sizeof(Tw__CapturedFrame) + sizeof(Tw__CapturedPort) };
	struct tw_controller *ctl = *state;
	uint64_t id = opened(ctl), n = TW_CAPTURE_WAITING_MAX / BATCH + 1;
	struct waited all;

	for (uint64_t i = 1; i <= n; i++)
		push(ctl, id, i, 14);
	all = read_all(ctl, id);
	assert_true(all.frames > n / 4 && all.frames < n);
	assert_int_equal(all.batches, all.frames + 1);
	assert_int_equal(all.sent, n);
}

/* Of a source's numbers the newest wait, behind its frames, and after they were read others can. */
static void numbers_come_after_the_frames_that_they_are_about(void **state)
{
	enum { FRAME = 60000, MOST = TW_CAPTURE_WAITING_MAX / FRAME };
	struct tw_controller *ctl = *state;
	uint64_t id = opened(ctl), n = 0;

	for (int turn = 0; turn < 2; turn++) {
		for (uint64_t i = 0; i < MOST + 10; i++)
			push(ctl, id, ++n, FRAME);
		push(ctl, id, ++n, 14); /* for which there is room */
		push(ctl, id, ++n, FRAME);
		assert_int_equal(read_all(ctl, id).sent, n);
	}
}

static void a_host_has_so_many_sources_and_it_is_told_what_is_given_up(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t id = opened(ctl);
	struct answer answer;

	for (uint64_t i = 1; i <= TW_CAPTURE_SOURCES_MAX; i++)
		push_of(ctl, id, i, 1, 60);
	assert_int_equal(ask_read(ctl, id, 0, 0, &answer), 0);
	assert_int_equal(answer.reply->capture_read->n_troubles, 0);
	answer_clear(&answer);
	push_of(ctl, id, TW_CAPTURE_SOURCES_MAX + 1, 1, 60);
	push_of(ctl, id, 1, 2, 60);
	assert_int_equal(ask_read(ctl, id, 0, 0, &answer), 0);
	assert_int_equal(answer.reply->capture_read->n_troubles, 1);
	assert_non_null(strstr(answer.reply->capture_read->troubles[0], "host a: its switch has begun to copy more"));
	answer_clear(&answer);
	assert_int_equal(read_all(ctl, id).frames, TW_CAPTURE_SOURCES_MAX + 1);
}

static void one_that_is_stopped_is_no_more_on_hosts_and_can_still_be_read(void **state)
{
	struct tw_controller *ctl = *state;
	uint64_t id = opened(ctl);
	struct answer answer;

	assert_int_equal(ask_stop(ctl, id), 0);
	assert_int_equal(heard(ctl), 0);
	push(ctl, id, 1, 60);
	assert_int_equal(ask_read(ctl, id, 0, 1 << 20, &answer), 0);
	assert_int_equal(answer.reply->capture_read->n_batches, 1);
	answer_clear(&answer);
}

static void there_are_so_many_at_once_and_no_more(void **state)
{
	struct tw_controller *ctl = *state;
	struct tw_error err;

	for (int i = 0; i < TW_CAPTURES_MAX; i++)
		opened(ctl);
	assert_int_equal(ask_open(ctl, "web/eth0", "", NULL, &err), TW_E_BUSY);
	assert_non_null(strstr(err.text, "16 captures run already"));
	ctl_warp(ctl, TW_CAPTURE_LEASE_MS);
	opened(ctl);
}

static void a_source_that_is_not_there_and_a_filter_that_is_none_are_refused(void **state)
{
	struct tw_controller *ctl = *state;
	struct tw_error err;

	assert_int_equal(ask_open(ctl, "web/eth9", "", NULL, &err), TW_E_NOT_FOUND);
	assert_int_equal(ask_open(ctl, "web/eth0", "tcp porrt 80", NULL, &err), TW_E_INVALID);
	assert_string_equal(err.field, "mirror.filter");
	assert_int_equal(heard(ctl), 0);
}

/* Whatever the capture is called: its name is the controller's to give. */
static void copies_are_not_copied_by_a_capture_named_as_their_mirror(void **state)
{
	char *ports[] = { strdup("web/eth0") }, name[] = "m1";
	uint32_t vlans[] = { 3000 };
	struct answer answer;
	struct tw_error err;
	Tw__Mirror mirror;

	tw__mirror__init(&mirror);
	mirror.name = name;
	mirror.ports = ports;
	mirror.n_ports = 1;
	mirror.rspan_vlan = vlans[0];
	assert_int_equal(ask_new_mirror(*state, &mirror, &answer), 0);
	answer_clear(&answer);
	mirror.rspan_vlan = 0;
	mirror.stream = 1;
	mirror.n_ports = 0;
	mirror.vlans = vlans;
	mirror.n_vlans = 1;
	assert_int_equal(ask_open_mirror(*state, &mirror, NULL, &err), TW_E_INVALID);
	assert_string_equal(err.field, "mirror.vlans");
	free(ports[0]);
}

static void a_mirror_of_the_model_is_no_capture(void **state)
{
	char *ports[] = { strdup("web/eth0") }, name[] = "m";
	struct answer answer;
	Tw__Mirror mirror;

	tw__mirror__init(&mirror);
	mirror.name = name;
	mirror.ports = ports;
	mirror.n_ports = 1;
	mirror.stream = 1;
	assert_int_equal(ask_new_mirror(*state, &mirror, &answer), TW_E_INVALID);
	assert_string_equal(answer.err.field, "mirror.stream");
	answer_clear(&answer);
	free(ports[0]);
}

static void at_the_end_who_reads_is_told(void **state)
{
	struct tw_controller *ctl = *state;
	struct answer answer;

	ask_read(ctl, opened(ctl), 2000, 1000, &answer);
	assert_int_equal(answer.n, 0);
	tw_controller_destroy(ctl);
	*state = NULL;
	assert_int_equal(answer.n, 1);
	assert_int_equal(answer.err.code, TW_E_UNREACHABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(at_the_end_who_reads_is_told, start, stop),
		cmocka_unit_test_setup_teardown(a_held_watch_is_answered_when_a_capture_begins, start, stop),
		cmocka_unit_test_setup_teardown(a_capture_that_nobody_reads_ends, start, stop),
		cmocka_unit_test_setup_teardown(a_reader_waits_for_frames_and_gets_them, start, stop),
		cmocka_unit_test_setup_teardown(a_batch_that_comes_twice_is_read_once, start, stop),
		cmocka_unit_test_setup_teardown(what_there_is_no_room_for_is_given_up_but_for_its_numbers, start, stop),
		cmocka_unit_test_setup_teardown(small_frames_are_given_up_when_they_fill_the_memory, start, stop),
		cmocka_unit_test_setup_teardown(numbers_come_after_the_frames_that_they_are_about, start, stop),
		cmocka_unit_test_setup_teardown(a_host_has_so_many_sources_and_it_is_told_what_is_given_up, start,
						stop),
		cmocka_unit_test_setup_teardown(copies_are_not_copied_by_a_capture_named_as_their_mirror, start, stop),
		cmocka_unit_test_setup_teardown(one_that_is_stopped_is_no_more_on_hosts_and_can_still_be_read, start,
						stop),
		cmocka_unit_test_setup_teardown(there_are_so_many_at_once_and_no_more, start, stop),
		cmocka_unit_test_setup_teardown(a_source_that_is_not_there_and_a_filter_that_is_none_are_refused, start,
						stop),
		cmocka_unit_test_setup_teardown(a_mirror_of_the_model_is_no_capture, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
