/* SPDX-License-Identifier: Apache-2.0 */
/* check_rules_capture.c - the limits of live captures (capture.proto); see check_rules.h. Pure. */
#include "proto/link/check_rules_table.h"

enum {
	BATCHES_MAX = 256,
	FRAMES_MAX = 1024,
	PORTS_MAX = 256,
	FRAME_MAX = 65536 + 256 /* a guest's super-frame and its tags */
};

/* clang-format off */
#define CAPTURE_ID RANGE(1, INT64_MAX, "a capture's number")

static const struct tw_rule open_capture[] = {
	{ "what", TW_RULE_MESSAGE, .also = tw_also_capture_is_stream },
	{ "who", TW_RULE_TEXT, .max = 127 },
	{ 0 }
};
static const struct tw_rule read_capture[] = {
	{ "id", CAPTURE_ID },
	{ "wait_ms", RANGE(0, 2000, "a wait in milliseconds") },
	{ "max_octets", RANGE(0, 4 << 20, "a size of an answer in octets") },
	{ 0 }
};
static const struct tw_rule capture_read[] = {
	{ "batches", TW_RULE_MESSAGE, COUNT(0, BATCHES_MAX) },
	{ "troubles", TW_RULE_TEXT, .max = TEXT_MAX, COUNT(0, 64) },
	{ 0 }
};
static const struct tw_rule of_capture[] = { /* StopCapture, CaptureOpened */
	{ "id", CAPTURE_ID },
	{ 0 }
};
static const struct tw_rule captured_port[] = {
	{ "name", TW_RULE_PORT },
	{ "vm_name", TW_RULE_NAME, .optional = true },
	{ "mac", TW_RULE_ANY_MAC, .optional = true },
	{ 0 }
};
static const struct tw_rule captured_frame[] = {
	{ "len", RANGE(1, FRAME_MAX, "a frame's octets") },
	{ "octets", TW_RULE_OCTETS, .max = FRAME_MAX, .optional = true },
	{ "vlan", VLAN_ID_OR("none") },
	{ "drop_reason", TW_RULE_TEXT, .max = 63, .optional = true },
	{ "text", TW_RULE_TEXT, .max = 255, .optional = true },
	{ 0 }
};
static const struct tw_rule capture_batch[] = {
	{ "capture", CAPTURE_ID },
	{ "number", RANGE(1, INT64_MAX, "a batch's number") },
	{ "host", TW_RULE_NAME },
	{ "ports", TW_RULE_MESSAGE, COUNT(0, PORTS_MAX) },
	{ "frames", TW_RULE_MESSAGE, COUNT(0, FRAMES_MAX), .also = tw_also_capture_frames_fit },
	{ 0 }
};
static const struct tw_rule push_captures[] = {
	{ "host", TW_RULE_NAME },
	{ "batches", TW_RULE_MESSAGE, COUNT(1, BATCHES_MAX) },
	{ 0 }
};

const struct tw_rules tw_rules_capture[] = {
	{ &tw__captured_frame__descriptor, captured_frame },
	{ &tw__captured_port__descriptor, captured_port },
	{ &tw__capture_batch__descriptor, capture_batch },
	{ &tw__push_captures__descriptor, push_captures },
	{ &tw__capture_read__descriptor, capture_read },
	{ &tw__read_capture__descriptor, read_capture },
	{ &tw__open_capture__descriptor, open_capture },
	{ &tw__stop_capture__descriptor, of_capture },
	{ &tw__capture_opened__descriptor, of_capture },
	{ 0 }
};
/* clang-format on */
