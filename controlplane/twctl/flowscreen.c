/* SPDX-License-Identifier: Apache-2.0 */
/* flowscreen.c - `twctl flows top`: flowtop.h's lines on a terminal, by ncurses. One thread; owns the terminal while it runs. */
#include <curses.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "controlplane/twctl/flows.h"
#include "controlplane/twctl/flowtop.h"

enum { KEY_WAIT_MS = 100, INTERVAL_MS = 1000, LINES_MAX = 300, REDRAW = 'L' & 0x1f };

struct screen {
	struct tw_run *run;
	struct tw_flows_asking asking;
	struct tw_flowtop top;
	struct tw_talks *talks; /* compared with those before; NULL = no answer yet */
	uint64_t asked_ms;
	tw_flowtop_line *lines;
};

/* The last answer stays on the screen until there is another. */
static void ask(struct screen *s)
{
	struct tw_talks *now = tw_flows_ask(s->run, &s->asking);
	uint64_t at = tw_clock_mono_ms();

	s->top.said[0] = '\0';
	if (now) {
		tw_talks_compare(now, s->talks, at - s->asked_ms, tw_clock_real_ms());
		tw_talks_destroy(s->talks);
		s->talks = now;
	} else {
		snprintf(s->top.said, sizeof(s->top.said), "%.100s", s->run->error.text);
	}
	if (now && json_array_size(s->asking.missing))
		snprintf(s->top.said, sizeof(s->top.said), "nothing from %.60s%s",
			 json_string_value(json_array_get(s->asking.missing, 0)),
			 json_array_size(s->asking.missing) > 1 ? " and others" : "");
	s->asked_ms = at;
}

static void draw(struct screen *s)
{
	int height = LINES < LINES_MAX ? LINES : LINES_MAX;
	size_t n = tw_flowtop_lines(&s->top, s->talks, (size_t)height, (size_t)COLS, s->lines);

	erase();
	for (size_t i = 0; i < n; i++) {
		bool last = i + 1 == n;

		if (i == 1 || last)
			attron(A_REVERSE);
		/* The sums are at the bottom. addnstr() fails at the last column of the last line, where it has written. */
		mvaddnstr(last ? height - 1 : (int)i, 0, s->lines[i], COLS);
		if (i == 1 || last)
			attroff(A_REVERSE);
	}
	refresh();
}

static void press(struct screen *s, int key)
{
	if (key == REDRAW)
		clearok(curscr, TRUE);
	else if (key == KEY_DOWN || key == KEY_UP)
		tw_flowtop_key(&s->top, key == KEY_DOWN ? 'j' : 'k');
	else if (key == KEY_BACKSPACE || key == '\b')
		tw_flowtop_key(&s->top, TW_FLOWTOP_KEY_BACK);
	else if (key == KEY_ENTER || key == '\r')
		tw_flowtop_key(&s->top, TW_FLOWTOP_KEY_ENTER);
	else if (key < 256)
		tw_flowtop_key(&s->top, key);
}

static bool is_gone(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&in, 1, 0) > 0 && in.revents & (POLLHUP | POLLERR | POLLNVAL);
}

static void look_on(struct screen *s)
{
	uint64_t interval = s->run->watch_ms ? (uint64_t)s->run->watch_ms : INTERVAL_MS;
	int key;

	while (!s->top.quit) {
		draw(s);
		key = getch();
		if (key != ERR)
			press(s, key);
		else if (is_gone())
			return;
		if (!s->top.paused && tw_clock_mono_ms() - s->asked_ms >= interval)
			ask(s);
	}
}

static bool take_terminal(const struct tw_run *run, SCREEN **terminal)
{
	*terminal = newterm(NULL, run->io->out, stdin);
	if (!*terminal)
		return false;
	cbreak();
	noecho();
	curs_set(0);
	keypad(stdscr, TRUE);
	set_escdelay(25);
	timeout(KEY_WAIT_MS);
	return true;
}

int tw_flows_top(struct tw_run *run)
{
	struct screen s = { .run = run };
	SCREEN *terminal;
	bool taken;

	if (!run->io->out_is_tty || !isatty(STDIN_FILENO)) {
		tw_error_set(&run->error, TW_E_INVALID, "flows", "top needs a terminal");
		snprintf(run->hint, sizeof(run->hint), "without one: twctl flows --follow");
		return tw_run_fail(run);
	}
	ask(&s);
	if (!s.talks) {
		tw_flows_asked(&s.asking);
		return tw_run_fail(run);
	}
	s.lines = tw_alloc(LINES_MAX * sizeof(*s.lines));
	taken = take_terminal(run, &terminal);
	if (taken) {
		look_on(&s);
		endwin();
		delscreen(terminal);
	} else {
		tw_error_set(&run->error, TW_E_INVALID, "flows", "the terminal cannot show a screen: TERM is %.40s",
			     getenv("TERM") ? getenv("TERM") : "not set");
	}
	tw_talks_destroy(s.talks);
	tw_flows_asked(&s.asking);
	free(s.lines);
	return taken ? TW_EXIT_DONE : tw_run_fail(run);
}
