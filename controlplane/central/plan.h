/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h - what the model says of the way by the controller, made on the controller's thread for that of the records. */
#ifndef TW_CONTROLPLANE_CENTRAL_PLAN_H
#define TW_CONTROLPLANE_CENTRAL_PLAN_H

#include "controlplane/central/directory.h"
#include "flowexport/exporter.h"

/* What gets each record once: a collector, or several of which one at a time does. */
struct tw_central_pump {
	char key[TW_EXPORTER_NAME_SIZE + TW_ENDPOINT_TEXT]; /* of its cursor */
	uint64_t since; /* revision of the model that the exporter is of: hosts kept records for it from this one on */
	size_t n_targets; /* of one scope */
	struct tw_exporter_target targets[TW_COLLECTORS_MAX];
};

struct tw_central_plan {
	uint64_t revision; /* of the model */
	struct tw_directory *directory;
	struct tw_flow_identity *identities; /* by number: the whole switch's */
	struct tw_flow_network *networks;    /* by number */
	size_t n_identities, n_networks, n_pumps;
	struct tw_central_pump pumps[TW_TARGETS_MAX];
	struct tw_exporter_config common; /* what all of them say alike; no targets */
};

/** Is there an exporter of way CENTRAL? */
bool tw_central_plan_wants(const struct tw_model *model);
/** Ends the program without memory. */
struct tw_central_plan *tw_central_plan_create(const struct tw_model *model);
void tw_central_plan_destroy(struct tw_central_plan *plan); /* accepts NULL */

#endif
