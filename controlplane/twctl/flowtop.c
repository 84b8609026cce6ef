/* SPDX-License-Identifier: Apache-2.0 */
/* flowtop.c - what `twctl flows top` shows; see flowtop.h. */
#include "controlplane/twctl/flowtop.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/twctl/message.h"

enum { FRAME_LINES = 3 /* title, head, sums */, LABEL = 160, FIGURES = 42, PROTOCOL = 14, NAME_LEAST = 12 };

struct row {
	char from[LABEL], to[LABEL], protocol[TW_TALK_PROTOCOL];
	double out, in; /* octets a second */
	uint64_t total;
};

struct rows {
	size_t n;
	struct row *row;
};

/* --- keys --- */

static void type(struct tw_flowtop *top, int key)
{
	size_t len = strlen(top->filter);

	if (key == TW_FLOWTOP_KEY_ESCAPE)
		top->filter[0] = '\0';
	if (key == TW_FLOWTOP_KEY_ENTER || key == TW_FLOWTOP_KEY_ESCAPE)
		top->typing = false;
	else if (key == TW_FLOWTOP_KEY_BACK && len)
		top->filter[len - 1] = '\0';
	else if (key > ' ' && key < 127 && len + 1 < sizeof(top->filter)) {
		top->filter[len] = (char)key;
		top->filter[len + 1] = '\0';
	}
	top->skipped = 0;
}

void tw_flowtop_key(struct tw_flowtop *top, int key)
{
	if (top->typing) {
		type(top, key);
		return;
	}
	switch (key) {
	case 'q':
		top->quit = true;
		break;
	case ' ':
	case 'p':
		top->paused = !top->paused;
		break;
	case 's':
		top->sort = (top->sort + 1) % TW_FLOWTOP_SORTS;
		break;
	case 'g':
		top->talks = !top->talks;
		top->skipped = 0;
		break;
	case '/':
		top->typing = true;
		break;
	case 'j':
		top->skipped++;
		break;
	case 'k':
		top->skipped -= top->skipped > 0;
		break;
	default:
		break;
	}
}

/* --- lines of a table --- */

/* A VM's name, or the address of what is no VM. */
static void vm_label(const struct tw_talk *t, unsigned end, char out[LABEL])
{
	const char *name = t->end[end].name;
	char text[TW_TALK_ADDRESS], *port;

	snprintf(out, LABEL, "%s", name ? name : tw_talk_address(t, end, text));
	port = name ? strchr(out, '/') : t->key.port[0] || t->key.port[1] ? strrchr(out, ':') : NULL;
	if (port)
		*port = '\0';
}

static void talk_label(const struct tw_talk *t, unsigned end, char out[LABEL])
{
	const char *name = t->end[end].name;
	char text[TW_TALK_ADDRESS];

	snprintf(out, LABEL, "%s%s%s", name ? name : "", name ? " " : "", tw_talk_address(t, end, text));
}

static int compare_names(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int order = strcmp(x->from, y->from);

	order = order ? order : strcmp(x->to, y->to);
	return order ? order : strcmp(x->protocol, y->protocol);
}

static struct row row_of(const struct tw_flowtop *top, const struct tw_talk *t)
{
	unsigned a = t->first, b = !t->first;
	struct row r = { .total = t->end[0].total + t->end[1].total };

	if (top->talks) {
		talk_label(t, a, r.from);
		talk_label(t, b, r.to);
		tw_talk_protocol(t, r.protocol);
	} else {
		vm_label(t, a, r.from);
		vm_label(t, b, r.to);
		if (strcmp(r.from, r.to) > 0) { /* two VMs are one line, whoever began */
			vm_label(t, b, r.from);
			vm_label(t, a, r.to);
			a = b;
		}
	}
	r.out = t->end[a].octets_s;
	r.in = t->end[!a].octets_s;
	return r;
}

static bool contains(const char *text, const char *what)
{
	return strcasestr(text, what) != NULL;
}

static void join(struct rows *rows)
{
	size_t n = 0;

	qsort(rows->row, rows->n, sizeof(*rows->row), compare_names);
	for (size_t i = 0; i < rows->n; i++) {
		struct row *r = n ? &rows->row[n - 1] : NULL;

		if (!r || compare_names(r, &rows->row[i]) != 0) {
			rows->row[n++] = rows->row[i];
			continue;
		}
		r->out += rows->row[i].out;
		r->in += rows->row[i].in;
		r->total += rows->row[i].total;
	}
	rows->n = n;
}

static double worth(const struct row *r, enum tw_flowtop_sort sort)
{
	return sort == TW_FLOWTOP_OUT     ? r->out
	       : sort == TW_FLOWTOP_IN    ? r->in
	       : sort == TW_FLOWTOP_TOTAL ? (double)r->total
					  : r->out + r->in;
}

static enum tw_flowtop_sort sorting_by; /* qsort() has no room for an argument */

static int compare_rows(const void *a, const void *b)
{
	double x = worth(a, sorting_by), y = worth(b, sorting_by);

	return x < y ? 1 : x > y ? -1 : compare_names(a, b);
}

static struct rows rows_of(const struct tw_flowtop *top, const struct tw_talks *talks)
{
	struct rows rows = { 0, tw_alloc((talks->n + 1) * sizeof(struct row)) };

	for (size_t i = 0; i < talks->n; i++) {
		struct row r = row_of(top, &talks->talk[i]);

		if (contains(r.from, top->filter) || contains(r.to, top->filter) || contains(r.protocol, top->filter))
			rows.row[rows.n++] = r;
	}
	join(&rows);
	sorting_by = top->sort;
	if (top->sort != TW_FLOWTOP_NAME)
		qsort(rows.row, rows.n, sizeof(*rows.row), compare_rows);
	return rows;
}

/* --- lines of the screen --- */

/* What came from other machines must not steer the terminal. */
static void make_plain(char *line, size_t width)
{
	if (width < TW_FLOWTOP_WIDTH)
		line[width] = '\0';
	for (; *line; line++)
		if (!isprint((unsigned char)*line) || (unsigned char)*line > 126)
			*line = '?';
}

static void title(const struct tw_flowtop *top, const struct tw_talks *talks, const struct rows *rows, char *line)
{
	static const char *const sorts[] = { "rate", "out", "in", "total", "name" };
	int used = snprintf(line, TW_FLOWTOP_WIDTH, "Tradewind  %zu %s  by %s", rows->n,
			    top->talks ? "conversations" : "pairs", sorts[top->sort]);

	if (talks && talks->cut)
		used += snprintf(line + used, TW_FLOWTOP_WIDTH - (size_t)used, "  the greatest of %llu flows",
				 (unsigned long long)talks->flows);
	if (*top->filter || top->typing)
		used += snprintf(line + used, TW_FLOWTOP_WIDTH - (size_t)used, "  filter: %s%s", top->filter,
				 top->typing ? "_" : "");
	if (top->paused)
		used += snprintf(line + used, TW_FLOWTOP_WIDTH - (size_t)used, "  paused");
	if (*top->said)
		snprintf(line + used, TW_FLOWTOP_WIDTH - (size_t)used, "  %s", top->said);
}

/* The names share what the figures leave. */
static void write_row(const struct tw_flowtop *top, size_t width, const char *from, const char *to,
		      const char *protocol, const char *const figures[3], char *line)
{
	size_t rest = FIGURES + (top->talks ? PROTOCOL : 0);
	int name = width > rest + 2 * NAME_LEAST ? (int)(width - rest) / 2 - 1 : NAME_LEAST;

	snprintf(line, TW_FLOWTOP_WIDTH, "%-*.*s %-*.*s %-*.*s%13s %13s %12s", name, name, from, name, name, to,
		 top->talks ? PROTOCOL : 0, top->talks ? PROTOCOL : 0, protocol, figures[0], figures[1], figures[2]);
}

static void write_figures(const struct tw_flowtop *top, size_t width, const struct row *r, char *line)
{
	char out[TW_SCALED], in[TW_SCALED], total[TW_SCALED], bits[2][TW_SCALED + 8], octets[TW_SCALED + 8];
	const char *const figures[3] = { bits[0], bits[1], octets };

	snprintf(bits[0], sizeof(bits[0]), "%sbit/s", tw_scaled(8 * r->out, out));
	snprintf(bits[1], sizeof(bits[1]), "%sbit/s", tw_scaled(8 * r->in, in));
	snprintf(octets, sizeof(octets), "%sB", tw_scaled((double)r->total, total));
	write_row(top, width, r->from, r->to, r->protocol, figures, line);
}

static struct row sum_of(const struct rows *rows)
{
	struct row sum = { .from = "all  q quit  p pause  s sort  g group  / filter  j k scroll" };

	for (size_t i = 0; i < rows->n; i++) {
		sum.out += rows->row[i].out;
		sum.in += rows->row[i].in;
		sum.total += rows->row[i].total;
	}
	return sum;
}

/* Keys on the left as far as there is room, sums under their columns. */
static void write_sum(const struct rows *rows, size_t width, char *line)
{
	const struct tw_flowtop wide = { 0 };
	struct row sum = sum_of(rows);
	char figures[TW_FLOWTOP_WIDTH];
	size_t left = width > FIGURES ? width - FIGURES : 0;

	snprintf(sum.to, sizeof(sum.to), "%s", "");
	write_figures(&wide, width, &sum, figures);
	snprintf(line, TW_FLOWTOP_WIDTH, "%-*.*s%s", (int)left, (int)left, sum.from,
		 strlen(figures) > left ? figures + left : "");
}

size_t tw_flowtop_lines(struct tw_flowtop *top, const struct tw_talks *talks, size_t n, size_t width,
			tw_flowtop_line *lines)
{
	static const char *const heads[3] = { "OUT", "IN", "TOTAL" };
	struct rows rows = { 0, NULL };
	size_t used = 0, room = n > FRAME_LINES ? n - FRAME_LINES : 0;

	if (n < FRAME_LINES)
		return 0;
	if (width >= TW_FLOWTOP_WIDTH)
		width = TW_FLOWTOP_WIDTH - 1;
	if (talks)
		rows = rows_of(top, talks);
	if (top->skipped + room > rows.n)
		top->skipped = rows.n > room ? rows.n - room : 0;
	title(top, talks, &rows, lines[used++]);
	write_row(top, width, "FROM", "TO", top->talks ? "PROTOCOL" : "", heads, lines[used++]);
	for (size_t i = top->skipped; i < rows.n && used < n - 1; i++)
		write_figures(top, width, &rows.row[i], lines[used++]);
	if (talks && rows.n == 0 && used < n - 1)
		snprintf(lines[used++], TW_FLOWTOP_WIDTH, "%s", *top->filter ? "nothing fits the filter" : "no flows");
	write_sum(&rows, width, lines[used++]);
	for (size_t i = 0; i < used; i++)
		make_plain(lines[i], width);
	free(rows.row);
	return used;
}
