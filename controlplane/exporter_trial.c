/* SPDX-License-Identifier: Apache-2.0 */
/* exporter_trial.c - the controller's own trial of an exporter; see exporter_trial.h. The controller's thread. */
#include "controlplane/exporter_trial.h"

#include <errno.h>

#include "common/clock.h"
#include "controlplane/central/central.h"
#include "flowexport/tried.h"

enum { LOOK_MS = 50 };

static void fail(struct tw_call call, uint32_t code, const char *exporter, const char *why)
{
	struct tw_error err = { 0 };

	tw_error_set(&err, code, "exporter.name", "exporter '%.63s' %s", exporter, why);
	tw_call_fail(call, &err);
}

void tw_exporter_trial_begin(struct tw_controller *ctl, const char *exporter, struct tw_call call)
{
	int rc = tw_central_try(ctl->central, exporter);

	if (rc) {
		fail(call, rc == -EBUSY ? TW_E_BUSY : TW_E_UNREACHABLE, exporter,
		     rc == -EBUSY ? "cannot be tried while another one is"
				  : "does not run: this controller takes no flow records");
		return;
	}
	ctl->trial = call;
	ctl->trial_is_open = true;
	tw_controller_wake_at(ctl, tw_clock_mono_ms() + LOOK_MS);
}

static void answer(struct tw_call call, struct tw_tried *tried)
{
	Tw__Envelope reply = TW__ENVELOPE__INIT;
	Tw__TryHostExporterReply body;

	if (!tried->trial.n_collectors) {
		fail(call, TW_E_UNREACHABLE, tried->trial.name,
		     "does not run (yet), or has just been changed: try again; see `twctl exporter show`");
		return;
	}
	tw__try_host_exporter_reply__init(&body);
	body.tried = tw_tried_tell(tried);
	reply.body_case = TW__ENVELOPE__BODY_TRY_HOST_EXPORTER_REPLY;
	reply.try_host_exporter_reply = &body;
	tw_call_reply(call, &reply);
}

void tw_exporter_trial_tick(struct tw_controller *ctl)
{
	struct tw_tried tried = { 0 };

	if (!ctl->trial_is_open)
		return;
	if (!tw_central_tried(ctl->central, &tried.trial)) {
		tw_controller_wake_at(ctl, tw_clock_mono_ms() + LOOK_MS);
		return;
	}
	ctl->trial_is_open = false;
	answer(ctl->trial, &tried);
}

void tw_exporter_trial_drop(struct tw_controller *ctl)
{
	if (!ctl->trial_is_open)
		return;
	ctl->trial_is_open = false;
	tw_call_end(ctl->trial);
}
