/* SPDX-License-Identifier: Apache-2.0 */
/* badguest.h - the threats of badguest.c: those that a guest's rings are, and those that a front-end says. One thread. */
#ifndef TW_TESTS_SUPPORT_BADGUEST_H
#define TW_TESTS_SUPPORT_BADGUEST_H

#include "tests/support/badguest_front.h"

enum { BG_EVERYBODY = 255 };

struct bg_threat {
	const char *name;
	void (*fn)(void);
};

extern const struct bg_threat bg_ring_threats[];    /* a turn, again and again, on a device that is set up */
extern const struct bg_threat bg_iommu_threats[];   /* the same, on one behind an IOMMU */
extern const struct bg_threat bg_iommu_messages[];  /* as the next ones, of an IOMMU */
extern const struct bg_threat bg_message_threats[]; /* once, from its connection on; ended by a name that is NULL */

extern struct bg bg_device;
extern const char *bg_path;
extern unsigned bg_turn;

/** Ends the program if it is not, in 10 s. */
void bg_must_be_shut_out(const char *what);

/** As bg_start(), behind an IOMMU. */
void bg_iommu_start(void);

#endif
