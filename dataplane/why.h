/* SPDX-License-Identifier: Apache-2.0 */
/*
 * why.h - recorded headers as an operator reads them: a line for the frame, a sentence for what became of it.
 *
 * Threads  main. Pure: every octet of a head was a guest's and is parsed as such (tw_parse()).
 */
#ifndef TW_DATAPLANE_WHY_H
#define TW_DATAPLANE_WHY_H

#include "dataplane/recorder.h"
#include "proto/trace.pb-c.h"

enum { TW_WHY_TEXT = 256 };

/** "02:..:01 > 02:..:02, VLAN 10, IPv4 10.0.0.1.1234 > 10.0.0.2.80 tcp syn, 60 octets". Returns text. */
const char *tw_why_frame(const struct tw_recorded *r, char text[static TW_WHY_TEXT]);

/** What happened to it. @param other name of the other end, "" = none. Returns text. */
const char *tw_why_sentence(const struct tw_recorded *r, const char *other, char text[static TW_WHY_TEXT]);

/** Is it one that is looked for, or of the other direction of such a flow? @param filter checked; NULL = any */
bool tw_why_fits(const struct tw_recorded *r, const Tw__FrameFilter *filter);

/** Is this MAC one of its two? */
bool tw_why_has_mac(const struct tw_recorded *r, const uint8_t mac[static 6]);

#endif
