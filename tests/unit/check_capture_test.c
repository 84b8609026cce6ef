/* SPDX-License-Identifier: Apache-2.0 */
/* check_capture_test.c - what a batch of captured frames may say, and what a capture may be asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/link/check.h"

static char host[] = "a", name[] = "web/eth0";
static uint8_t octets[64];
static Tw__CapturedPort port, *ports[] = { &port };
static Tw__CapturedFrame frame, *frames[] = { &frame };
static Tw__CaptureBatch batch;
static Tw__Envelope env;

static int make(void **state)
{
	tw__captured_port__init(&port);
	port.name = name;
	tw__captured_frame__init(&frame);
	frame.len = 1500;
	frame.octets = (ProtobufCBinaryData){ sizeof(octets), octets };
	tw__capture_batch__init(&batch);
	batch.capture = batch.number = 1;
	batch.host = host;
	batch.ports = ports;
	batch.n_ports = 1;
	batch.frames = frames;
	batch.n_frames = 1;
	tw__envelope__init(&env);
	env.version = 1;
	env.body_case = TW__ENVELOPE__BODY_CAPTURE_BATCH;
	env.capture_batch = &batch;
	return 0;
}

static void refused(const char *field)
{
	struct tw_error err = { 0 };

	assert_false(tw_check_envelope(&env, &err));
	assert_string_equal(err.field, field);
}

static void a_batch_with_its_frames_passes(void **state)
{
	struct tw_error err = { 0 };

	assert_true(tw_check_envelope(&env, &err));
	batch.n_frames = batch.n_ports = 0; /* only its numbers */
	assert_true(tw_check_envelope(&env, &err));
}

static void a_frame_is_of_a_port_of_its_batch(void **state)
{
	frame.port = 1;
	refused("capture_batch.frames[0].port");
	frame.port = 0;
	batch.n_ports = 0;
	refused("capture_batch.frames[0].port");
}

static void a_frame_has_no_more_octets_than_it_had(void **state)
{
	frame.len = sizeof(octets) - 1;
	refused("capture_batch.frames[0].octets");
}

static void a_frame_has_a_length(void **state)
{
	frame.len = 0;
	refused("capture_batch.frames[0].len");
}

static void a_mac_is_six_octets(void **state)
{
	port.mac = (ProtobufCBinaryData){ 5, octets };
	refused("capture_batch.ports[0].mac");
}

static void a_batch_has_a_number_and_a_capture(void **state)
{
	batch.number = 0;
	refused("capture_batch.number");
	batch.number = 1;
	batch.capture = 0;
	refused("capture_batch.capture");
}

static void a_capture_has_a_source_and_goes_to_who_reads_it(void **state)
{
	char *list[] = { name }, who[] = "me";
	struct tw_error err = { 0 };
	Tw__OpenCapture open;
	Tw__Mirror what;

	tw__mirror__init(&what);
	tw__open_capture__init(&open);
	open.what = &what;
	open.who = who;
	env.body_case = TW__ENVELOPE__BODY_OPEN_CAPTURE;
	env.open_capture = &open;
	what.name = host;
	what.stream = 1;
	refused("open_capture.what.ports");
	what.ports = list;
	what.n_ports = 1;
	assert_true(tw_check_envelope(&env, &err));
	what.stream = 0;
	what.file = who;
	refused("open_capture.what.stream");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_batch_with_its_frames_passes, make),
		cmocka_unit_test_setup(a_frame_is_of_a_port_of_its_batch, make),
		cmocka_unit_test_setup(a_frame_has_no_more_octets_than_it_had, make),
		cmocka_unit_test_setup(a_frame_has_a_length, make),
		cmocka_unit_test_setup(a_mac_is_six_octets, make),
		cmocka_unit_test_setup(a_batch_has_a_number_and_a_capture, make),
		cmocka_unit_test_setup(a_capture_has_a_source_and_goes_to_who_reads_it, make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
