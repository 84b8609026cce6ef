/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output.h - what twctl shows: JSON, or the same JSON seen as a table (libsmartcols) or as a card of one object.
 *
 * There is one source for both: a reply becomes JSON (message.h), a command adds what it knows besides, and tables are
 * views of it by a list of columns. So --json has everything that a table has, with its proper type.
 *
 * Text comes from other machines: octets that would steer a terminal are shown as \xNN.
 */
#ifndef TW_TWCTL_OUTPUT_H
#define TW_TWCTL_OUTPUT_H

#include <jansson.h>
#include <stdint.h>
#include <stdio.h>

enum { TW_DURATION_SIZE = 32 };

/* A column of a table, a line of a card. A list of them ends with a NULL title. */
struct tw_column {
	const char *title;
	const char *key; /* member of the object; "counters.rx_packets" goes down */
	/* Writes the cell; value may be NULL (absent). NULL = text and numbers as they are, lists joined by commas, absent
	 * and empty as "-", true and false as "yes" and "no". */
	void (*cell)(FILE *cell, const json_t *value, const json_t *object);
};

/** The member at a dotted path, or NULL. Borrowed. */
json_t *tw_json_at(const json_t *object, const char *path);
/** The same as text ("" when absent) or as a number (0 when absent). */
const char *tw_json_string_at(const json_t *object, const char *path);
json_int_t tw_json_number_at(const json_t *object, const char *path);

/** A table of an array of objects. Nothing at all for an empty one. */
void tw_out_table(FILE *out, const struct tw_column *columns, const json_t *objects);
/** One object, one line a column: title, value. */
void tw_out_card(FILE *out, const struct tw_column *columns, const json_t *object);
/** JSON, indented, with a newline at the end; the keys in the order they were put in. */
void tw_out_json(FILE *out, const json_t *json);
/** Text with what is no printable character of the locale as \xNN. */
void tw_out_text(FILE *out, const char *text);

/** "250ms", "12.3s", "3m12s", "5h03m", "2d04h". Returns out. */
char *tw_duration_format(uint64_t ms, char out[static TW_DURATION_SIZE]);

/* Cells that several nouns use. */
void tw_cell_age(FILE *cell, const json_t *value, const json_t *object);      /* Unix ms -> how long ago */
void tw_cell_duration(FILE *cell, const json_t *value, const json_t *object); /* ms */
void tw_cell_seconds(FILE *cell, const json_t *value, const json_t *object);  /* s */

#endif
