/* SPDX-License-Identifier: Apache-2.0 */
/* guest_text.h - what a guest and the switch have agreed upon, as a sentence for the log and for `twctl port show`. Pure. */
#ifndef TW_DATAPLANE_GUEST_TEXT_H
#define TW_DATAPLANE_GUEST_TEXT_H

#include "dataplane/vhost.h"

enum { TW_GUEST_TEXT = 320 };

/** @param guest running */
void tw_guest_text(const struct tw_vhost_state *guest, char text[static TW_GUEST_TEXT]);

#endif
