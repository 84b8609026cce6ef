/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flowtop.h - what `twctl flows top` shows: conversations, or what VMs say to each other, as lines of text; and what keys do.
 *
 * Threads  one. Pure: flowscreen.c puts the lines on a terminal and reads the keys.
 */
#ifndef TW_TWCTL_FLOWTOP_H
#define TW_TWCTL_FLOWTOP_H

#include "controlplane/twctl/talk.h"

enum { TW_FLOWTOP_WIDTH = 512, TW_FLOWTOP_KEY_BACK = 127, TW_FLOWTOP_KEY_ENTER = '\n', TW_FLOWTOP_KEY_ESCAPE = 27 };

enum tw_flowtop_sort {
	TW_FLOWTOP_RATE,
	TW_FLOWTOP_OUT,
	TW_FLOWTOP_IN,
	TW_FLOWTOP_TOTAL,
	TW_FLOWTOP_NAME,
	TW_FLOWTOP_SORTS
};

/* Zeroed to begin with. */
struct tw_flowtop {
	enum tw_flowtop_sort sort;
	bool paused, quit;
	bool talks;      /* each conversation; else all between two VMs in one line */
	bool typing;     /* keys go into the filter */
	char filter[32]; /* what a line must have in it, any case */
	char said[128];  /* what is wrong, for the first line; empty = nothing */
	size_t skipped;  /* lines above the first that is shown */
};

void tw_flowtop_key(struct tw_flowtop *top, int key);

typedef char tw_flowtop_line[TW_FLOWTOP_WIDTH];
/**
 * The screen as it is now: a title, a head, one line each, and what all of them are at the end. No octet that a terminal
 * would take for anything but a character.
 * @param talks  by key, compared; NULL = there is no answer yet
 * @param n      lines there is room for
 * @return lines filled, at most n
 */
size_t tw_flowtop_lines(struct tw_flowtop *top, const struct tw_talks *talks, size_t n, size_t width,
			tw_flowtop_line *lines);

#endif
