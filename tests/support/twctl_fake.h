/* SPDX-License-Identifier: Apache-2.0 */
/*
 * twctl_fake.h - runs a twctl command against a controller that is a list of answers, and keeps what it was asked.
 *
 * Messages are JSON as `twctl --json` has it, with ' for ": the tests read as the conversation they are. In what was asked,
 * fields that are zero or empty are left out.
 */
#ifndef TW_TESTS_SUPPORT_TWCTL_FAKE_H
#define TW_TESTS_SUPPORT_TWCTL_FAKE_H

#include <jansson.h>
#include <stdbool.h>

#include "controlplane/twctl/command.h"

enum { FAKE_ANSWERS_MAX = 12 };

struct fake {
	const char *answers[FAKE_ANSWERS_MAX]; /* in turn; beyond the last, nobody answers */
	bool tty;
	/* what came of it */
	int n_asked;
	char *asked[FAKE_ANSWERS_MAX]; /* compact JSON with ' for " */
	int timeout_ms;                /* of the last question */
	char *out, *err;
	int rc;
};

/** Run "twctl LINE", words separated by single spaces. */
void fake_run(struct fake *fake, const char *line);
/** Release what came of it; the answers stay, the fake can run again. */
void fake_reset(struct fake *fake);

/** Fill a message from JSON; ends the test program when the JSON does not fit it. */
void fake_fill(ProtobufCMessage *message, const json_t *json);
/** Parse JSON with ' for ". New reference. */
json_t *fake_json(const char *text);

#endif
