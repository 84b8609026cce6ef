/* SPDX-License-Identifier: Apache-2.0 */
/* tell.h - what there is to tell of the way by the controller, as the message of a status. The thread of the records. */
#ifndef TW_CONTROLPLANE_CENTRAL_TELL_H
#define TW_CONTROLPLANE_CENTRAL_TELL_H

#include "controlplane/central/intake.h"
#include "controlplane/central/pumps.h"
#include "proto/link/link.h"

struct tw_central_news {
	const char *folder;
	const struct tw_intake *intake; /* NULL: there is none */
	const struct tw_directory *directory;
	const struct tw_pumps *pumps;
	const char *trouble; /* why records are not taken; empty = they are */
};

/** @return to be released with tw__central_status__free_unpacked() */
Tw__CentralStatus *tw_central_tell(const struct tw_central_news *news);

#endif
