/* SPDX-License-Identifier: Apache-2.0 */
/* nouns.c - the order in which help tells of the nouns. Constant; any thread. */
#include "controlplane/twctl/nouns.h"

const struct tw_noun *const tw_nouns[] = {
	&tw_noun_status, &tw_noun_host,    &tw_noun_network,   &tw_noun_port,       &tw_noun_mac,       &tw_noun_acl,
	&tw_noun_mirror, &tw_noun_capture, &tw_noun_exporter,  &tw_noun_flows,      &tw_noun_multicast, &tw_noun_trace,
	&tw_noun_why,    &tw_noun_migrate, &tw_noun_migration, &tw_noun_completion, &tw_noun_help,      NULL,
};
