/* SPDX-License-Identifier: Apache-2.0 */
/* flows.h - what `twctl flows` and its screen have in common: whose flows, and asking for them. One thread. */
#ifndef TW_TWCTL_FLOWS_H
#define TW_TWCTL_FLOWS_H

#include "controlplane/twctl/command.h"
#include "controlplane/twctl/talk.h"

/* --vm, --network, --port, --host, --address, --protocol, --vlan */
extern const struct tw_option tw_flows_options[];

/** run->request is a ListFlows: where the options put what is asked. */
bool tw_flows_begin(struct tw_run *run);

/* What is asked again and again. Zeroed to begin with. */
struct tw_flows_asking {
	json_t *ports;    /* tw_ports_by_number() */
	unsigned answers; /* so far; names are asked for anew now and then */
	json_t *missing;  /* hosts that the last answer lacks */
};
/** @return the conversations, by key; NULL with run->error filled. Release with tw_talks_destroy() */
struct tw_talks *tw_flows_ask(struct tw_run *run, struct tw_flows_asking *asking);
void tw_flows_asked(struct tw_flows_asking *asking);

/** `twctl flows top` */
int tw_flows_top(struct tw_run *run);

#endif
