/* SPDX-License-Identifier: Apache-2.0 */
/* capture_lines.h - captured frames as lines: of text for a person, of JSON for a program. Threads: twctl has one. */
#ifndef TW_TWCTL_CAPTURE_LINES_H
#define TW_TWCTL_CAPTURE_LINES_H

#include <stdio.h>

#include "proto/capture.pb-c.h"

/** "12:34:56.123456 web/eth0 > 02:..:01 > 02:..:02, ..." where ">" is from the guest and "<" to it. */
void tw_capture_line_text(FILE *out, const Tw__CaptureBatch *batch, size_t at);
/** {"at_ns", "host", "port", "vm_name", "egress", "vlan", "len", "drop_reason", "text"} */
void tw_capture_line_json(FILE *out, const Tw__CaptureBatch *batch, size_t at);

#endif
