/* SPDX-License-Identifier: Apache-2.0 */
/* capture_read.h - a live capture from its opening to its end. Threads: twctl has one; it is ended by signals, too. */
#ifndef TW_TWCTL_CAPTURE_READ_H
#define TW_TWCTL_CAPTURE_READ_H

#include "controlplane/twctl/command.h"

/** Opens what run->request asks for, and reads it to run->file, or as lines to its output. @return exit status */
int tw_capture_run(struct tw_run *run);

#endif
