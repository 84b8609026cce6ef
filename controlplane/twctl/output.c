/* SPDX-License-Identifier: Apache-2.0 */
/* output.c - JSON, and tables and cards that are views of it; see output.h. One thread. */
#include "controlplane/twctl/output.h"

#include <inttypes.h>
#include <libsmartcols/libsmartcols.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "common/clock.h"
#include "controlplane/twctl/message.h"

json_t *tw_json_at(const json_t *object, const char *path)
{
	const char *dot;

	while ((dot = strchr(path, '.')) != NULL) {
		object = json_object_getn(object, path, (size_t)(dot - path));
		path = dot + 1;
	}
	return json_object_get(object, path);
}

const char *tw_json_string_at(const json_t *object, const char *path)
{
	const char *text = json_string_value(tw_json_at(object, path));

	return text ? text : "";
}

json_int_t tw_json_number_at(const json_t *object, const char *path)
{
	return json_integer_value(tw_json_at(object, path));
}

void tw_out_text(FILE *out, const char *text)
{
	mbstate_t state = { 0 };
	size_t left = strlen(text);

	while (left) {
		wchar_t c;
		size_t n = mbrtowc(&c, text, left, &state);

		if (n > left || !iswprint((wint_t)c)) {
			if (n > left) { /* no character of the locale: go on behind its first octet */
				memset(&state, 0, sizeof(state));
				n = 1;
			}
			for (size_t i = 0; i < n; i++)
				fprintf(out, "\\x%02x", (unsigned char)text[i]);
		} else {
			fwrite(text, 1, n, out);
		}
		text += n;
		left -= n;
	}
}

void tw_out_json(FILE *out, const json_t *json)
{
	json_dumpf(json, out, JSON_INDENT(2) | JSON_ENCODE_ANY);
	fputc('\n', out);
}

static void plain_cell(FILE *cell, const json_t *value)
{
	const json_t *element;
	size_t i;

	if (json_is_integer(value))
		fprintf(cell, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_boolean(value))
		fputs(json_is_true(value) ? "yes" : "no", cell);
	else if (json_is_string(value) && *json_string_value(value))
		fputs(json_string_value(value), cell);
	else if (!json_is_array(value) || !json_array_size(value))
		fputc('-', cell);
	json_array_foreach(value, i, element)
	{
		fputs(i ? "," : "", cell);
		plain_cell(cell, element);
	}
}

/* A column's cell for an object, malloc'ed. */
static char *cell_text(const struct tw_column *column, const json_t *object)
{
	const json_t *value = tw_json_at(object, column->key);
	char *text = NULL;
	size_t size;
	FILE *cell = open_memstream(&text, &size);

	if (!cell)
		return tw_strdup("");
	if (column->cell)
		column->cell(cell, value, object);
	else
		plain_cell(cell, value);
	fclose(cell);
	return text;
}

/* Columns of numbers are set flush right. */
static bool is_number_column(const struct tw_column *column, const json_t *objects)
{
	return !column->cell && json_is_integer(tw_json_at(json_array_get(objects, 0), column->key));
}

void tw_out_table(FILE *out, const struct tw_column *columns, const json_t *objects)
{
	struct libscols_table *table = scols_new_table();
	const json_t *object;
	size_t i;

	if (!table)
		return;
	scols_table_set_stream(table, out);
	/* Never cut a value to a terminal's width: a long line wraps. */
	scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
	for (const struct tw_column *c = columns; c->title; c++)
		scols_table_new_column(table, c->title, 0, is_number_column(c, objects) ? SCOLS_FL_RIGHT : 0);
	json_array_foreach(objects, i, object)
	{
		struct libscols_line *line = scols_table_new_line(table, NULL);

		for (size_t c = 0; line && columns[c].title; c++)
			if (scols_line_refer_data(line, c, cell_text(&columns[c], object)))
				break;
	}
	scols_print_table(table);
	scols_unref_table(table);
}

void tw_out_card(FILE *out, const struct tw_column *columns, const json_t *object)
{
	int width = 0;

	for (const struct tw_column *c = columns; c->title; c++)
		if ((int)strlen(c->title) > width)
			width = (int)strlen(c->title);
	for (const struct tw_column *c = columns; c->title; c++) {
		char *text = cell_text(c, object);

		fprintf(out, "%-*s  ", width, c->title);
		tw_out_text(out, text);
		fputc('\n', out);
		free(text);
	}
}

char *tw_duration_format(uint64_t ms, char out[static TW_DURATION_SIZE])
{
	uint64_t s = ms / 1000;

	if (ms < 1000)
		snprintf(out, TW_DURATION_SIZE, "%" PRIu64 "ms", ms);
	else if (s < 60)
		snprintf(out, TW_DURATION_SIZE, "%" PRIu64 ".%" PRIu64 "s", s, ms % 1000 / 100);
	else if (s < 60 * 60)
		snprintf(out, TW_DURATION_SIZE, "%" PRIu64 "m%02" PRIu64 "s", s / 60, s % 60);
	else if (s < 24 * 60 * 60)
		snprintf(out, TW_DURATION_SIZE, "%" PRIu64 "h%02" PRIu64 "m", s / 3600, s / 60 % 60);
	else
		snprintf(out, TW_DURATION_SIZE, "%" PRIu64 "d%02" PRIu64 "h", s / 86400, s / 3600 % 24);
	return out;
}

void tw_cell_age(FILE *cell, const json_t *value, const json_t *object)
{
	uint64_t then = (uint64_t)json_integer_value(value), now = tw_clock_real_ms();
	char text[TW_DURATION_SIZE];

	fputs(then ? tw_duration_format(now > then ? now - then : 0, text) : "-", cell);
}

void tw_cell_duration(FILE *cell, const json_t *value, const json_t *object)
{
	char text[TW_DURATION_SIZE];

	fputs(tw_duration_format((uint64_t)json_integer_value(value), text), cell);
}

void tw_cell_seconds(FILE *cell, const json_t *value, const json_t *object)
{
	fprintf(cell, "%" JSON_INTEGER_FORMAT "s", json_integer_value(value));
}
