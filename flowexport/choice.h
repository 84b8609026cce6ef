/* SPDX-License-Identifier: Apache-2.0 */
/*
 * choice.h - which one of an exporter's collectors gets the records, where one takes over from another.
 *
 * The first that is usable does. One that fails is left at once for the first that is usable; a better one (earlier in the
 * list) that is usable again has to stay so for a while before it gets the records back, so that a collector that comes and
 * goes does not take the records with it each time. If none is usable nothing changes: what is lost is then lost in one place.
 *
 * Threads  its owner's. Pure but for the caller's value.
 */
#ifndef TW_FLOWEXPORT_CHOICE_H
#define TW_FLOWEXPORT_CHOICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flowexport/exporter.h"

enum { TW_CHOICE_BACK_MS = 10 * 1000 /* usable for so long: it gets the records back */ };

/* All zero: the first of the list. */
struct tw_choice {
	size_t active;
	uint64_t usable_since_ms[TW_COLLECTORS_MAX]; /* 0 = it is not */
	uint64_t changes;
};

/** Look again. usable: bit n for collector n. @return true: the active one is another now */
bool tw_choice_update(struct tw_choice *choice, uint32_t usable, size_t n, uint64_t now_ms);

#endif
