/* SPDX-License-Identifier: Apache-2.0 */
/* rebalance.c - `twctl host rebalance`: queues of a host's switch go to workers with time to spare. One thread. */
#include "controlplane/twctl/rebalance.h"

#include "controlplane/twctl/message.h"
#include "controlplane/twctl/output.h"

enum { HOST_ANSWERS_MS = 4000 /* the controller waits for the host 3 s at most */ };

bool tw_rebalance_begin(struct tw_run *run)
{
	Tw__RebalanceHost *body;

	run->request = tw_ask_new("rebalance_host", &body);
	tw_message_set_string(&body->base, "host", run->operand);
	run->target = tw_message_put(&body->base, "what");
	return true;
}

const struct tw_option tw_rebalance_options[] = {
	{ .name = "port",
	  .arg = "NAME",
	  .help = "not by load: have a queue of this port or uplink polled by --worker",
	  .field = "port",
	  .needs = "worker",
	  .complete = TW_COMPLETE_PORT,
	  .apply = tw_apply_string },
	{ .name = "queue",
	  .arg = "N",
	  .help = "which of its queues (default 0)",
	  .field = "queue",
	  .needs = "port",
	  .min = 0,
	  .max = 63,
	  .apply = tw_apply_number },
	{ .name = "worker",
	  .arg = "ID",
	  .help = "the worker, as in `twctl host stats`",
	  .field = "worker",
	  .needs = "port",
	  .min = 0,
	  .max = 63,
	  .apply = tw_apply_number },
	{ 0 },
};

int tw_rebalance_run(struct tw_run *run)
{
	Tw__Envelope *reply = tw_ask(run, run->request, HOST_ANSWERS_MS, "rebalance_host_reply");
	json_t *json;

	if (!reply)
		return tw_run_fail(run);
	if (run->json) {
		json = tw_message_json(&reply->rebalance_host_reply->base);
		tw_out_json(run->io->out, json);
		json_decref(json);
	} else if (reply->rebalance_host_reply->rebalanced->moves) {
		fprintf(run->io->out, "queues that go to another worker: %u\n",
			reply->rebalance_host_reply->rebalanced->moves);
	} else {
		fputs("every queue stays where it is: no move would help\n", run->io->out);
	}
	tw__envelope__free_unpacked(reply, NULL);
	return TW_EXIT_DONE;
}
