/* SPDX-License-Identifier: Apache-2.0 */
/*
 * twctl_top_test.c - the screen of `twctl flows top`: its lines, its keys, and the whole of it on a terminal.
 *
 * The terminal is a pseudo one: a child runs the command against a controller that always answers the same; the test types,
 * and has the screen drawn whole (Ctrl-L) before it looks for a word, for curses sends only what is new.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "controlplane/twctl/flowtop.h"
#include "controlplane/twctl/lookup.h"
#include "tests/support/twctl_fake.h"

enum { PATIENCE_MS = 20000, LINES = 10, WIDTH = 120, HEARD = 1 << 20 };

#define PORTS                                                                                 \
	"{'objects':{'objects':["                                                             \
	"{'port':{'name':'web/eth0','number':1,'mac':'02:00:00:00:00:01','network':'blue'}}," \
	"{'port':{'name':'db/eth0','number':2,'mac':'02:00:00:00:00:02','network':'blue'}}]}}"
#define FLOW(from, to, sport, dport, more)                                              \
	"{'vlan':10,'ethertype':2048,'src_ip':'10.0.0." #from "','dst_ip':'10.0.0." #to \
	"','protocol':6,'src_port':" #sport ",'dst_port':" #dport "," more "}"
#define FLOWS                                                                                                                                                                           \
	"{'flow_list':{'hosts':[{'host':'a','flows':{'flows':[" FLOW(1, 2, 40000, 80, "'ingress':1,'egress':2,'packets':10,'l3_octets':1000,'first_ms':1000") "," FLOW(                 \
		2, 1, 80, 40000,                                                                                                                                                        \
		"'ingress':2,'egress':1,'packets':20,'l3_octets':30000,'first_ms':1001") "," FLOW(1, 2, 40001, 80,                                                                      \
												  "'ingress':1,'egress':2,'packets':5,'l3_octets':500,'first_ms':1000") "," FLOW(9,     \
																						 1,     \
																						 50000, \
																						 22,    \
																						 "'ingress':0,'egress':1,'packets':1,'l3_octets':60000,'first_ms':1000") "]}}]}}"

static Tw__Envelope *message(const char *text)
{
	Tw__Envelope *env = tw_message_new(&tw__envelope__descriptor);
	json_t *json = fake_json(text);

	fake_fill(&env->base, json);
	json_decref(json);
	return env;
}

static json_t *ports(void)
{
	Tw__Envelope *env = message(PORTS);
	json_t *list = json_array(), *by_number;

	for (size_t i = 0; i < env->objects->n_objects; i++)
		json_array_append_new(list, tw_message_json(&env->objects->objects[i]->port->base));
	by_number = tw_ports_by_number(list);
	json_decref(list);
	tw__envelope__free_unpacked(env, NULL);
	return by_number;
}

static struct tw_talks *talks(void)
{
	json_t *by_number = ports();
	struct tw_talks *t = tw_talks_create(message(FLOWS), by_number);

	json_decref(by_number);
	tw_talks_compare(t, NULL, 1000, 11000); /* 10 s old: a tenth of the octets a second */
	return t;
}

static tw_flowtop_line lines[LINES];

static void type(struct tw_flowtop *top, const char *keys)
{
	for (; *keys; keys++)
		tw_flowtop_key(top, *keys);
}

/* Words of a line. */
static const char *line(size_t i)
{
	static char text[TW_FLOWTOP_WIDTH];
	size_t n = 0;

	for (const char *c = lines[i]; *c; c++)
		if (*c != ' ' || (n && text[n - 1] != ' '))
			text[n++] = *c;
	text[n - (n && text[n - 1] == ' ')] = '\0';
	return text;
}

static void what_two_vms_say_is_one_line_and_strangers_go_by_address(void **state)
{
	struct tw_flowtop top = { 0 };
	struct tw_talks *t = talks();

	assert_int_equal(tw_flowtop_lines(&top, t, LINES, WIDTH, lines), 5);
	assert_string_equal(line(0), "Tradewind 2 pairs by rate");
	assert_string_equal(line(1), "FROM TO OUT IN TOTAL");
	assert_string_equal(line(2), "10.0.0.9 web 48.0kbit/s 0bit/s 60.0kB");
	assert_string_equal(line(3), "db web 24.0kbit/s 1.2kbit/s 31.5kB");
	assert_non_null(strstr(line(4), "72.0kbit/s 1.2kbit/s 91.5kB"));
	for (size_t i = 0; i < 5; i++)
		assert_true(strlen(lines[i]) <= WIDTH);
	tw_talks_destroy(t);
}

static void keys_sort_group_and_choose(void **state)
{
	struct tw_flowtop top = { 0 };
	struct tw_talks *t = talks();

	type(&top, "ss"); /* out, in */
	tw_flowtop_lines(&top, t, LINES, WIDTH, lines);
	assert_string_equal(line(0), "Tradewind 2 pairs by in");
	assert_non_null(strstr(line(2), "db web"));
	type(&top, "g");
	assert_int_equal(tw_flowtop_lines(&top, t, LINES, WIDTH, lines), 6);
	assert_non_null(strstr(line(2), "web/eth0 10.0.0.1:40000 db/eth0 10.0.0.2:80 tcp"));
	type(&top, "/40001");
	assert_int_equal(tw_flowtop_lines(&top, t, LINES, WIDTH, lines), 4);
	assert_string_equal(line(0), "Tradewind 1 conversations by in filter: 40001_");
	type(&top, "\n");
	assert_false(top.typing);
	type(&top, "/x\n");
	tw_flowtop_lines(&top, t, LINES, WIDTH, lines);
	assert_string_equal(line(2), "nothing fits the filter");
	type(&top, "/\033p");
	assert_string_equal(top.filter, "");
	assert_true(top.paused);
	tw_flowtop_lines(&top, t, LINES, WIDTH, lines);
	assert_string_equal(line(0), "Tradewind 3 conversations by in paused");
	type(&top, "q");
	assert_true(top.quit);
	tw_talks_destroy(t);
}

static void a_screen_too_small_shows_what_it_can_and_scrolls(void **state)
{
	struct tw_flowtop top = { .talks = true };
	struct tw_talks *t = talks();

	assert_int_equal(tw_flowtop_lines(&top, t, 2, WIDTH, lines), 0);
	assert_int_equal(tw_flowtop_lines(&top, t, 4, 20, lines), 4);
	for (size_t i = 0; i < 4; i++)
		assert_true(strlen(lines[i]) <= 20);
	type(&top, "jjjjjjjjj");
	tw_flowtop_lines(&top, t, 4, WIDTH, lines);
	assert_int_equal(top.skipped, 2); /* the last of three */
	type(&top, "k");
	assert_int_equal(top.skipped, 1);
	assert_int_equal(tw_flowtop_lines(&top, NULL, LINES, WIDTH, lines), 3); /* nobody has answered yet */
	tw_talks_destroy(t);
}

static void no_name_steers_the_terminal(void **state)
{
	struct tw_flowtop top = { 0 };
	json_t *by_number = ports();
	struct tw_talks *t;

	json_object_set_new(tw_port_of(by_number, 1), "name", json_string("we\033[2Jb\u20ac/eth0"));
	t = tw_talks_create(message(FLOWS), by_number);
	json_decref(by_number);
	tw_flowtop_lines(&top, t, LINES, WIDTH, lines);
	for (size_t i = 0; i < 5; i++)
		for (const char *c = lines[i]; *c; c++)
			assert_true(*c >= ' ' && *c < 127);
	assert_non_null(strstr(lines[2], "we?[2Jb"));
	tw_talks_destroy(t);
}

/* --- on a terminal --- */

static int always(void *arg, const char *url, Tw__Envelope *request, int timeout_ms, Tw__Envelope **reply,
		  struct tw_error *err)
{
	*reply = message(request->body_case == TW__ENVELOPE__BODY_LIST_FLOWS ? FLOWS : PORTS);
	return 0;
}

static int run_on(const char *word)
{
	const struct tw_io io = { .out = stdout, .err = stderr, .out_is_tty = true, .ask = always };
	char program[] = "twctl", noun[] = "flows", copy[16];
	char *args[] = { program, noun, copy };

	snprintf(copy, sizeof(copy), "%s", word);
	return tw_twctl_run(3, args, &io);
}

static struct {
	int fd;
	pid_t child;
	char heard[HEARD];
	size_t n;
} tty;

static bool read_some(int ms)
{
	struct pollfd in = { .fd = tty.fd, .events = POLLIN };
	ssize_t n;

	if (poll(&in, 1, ms) <= 0)
		return false;
	if (tty.n > HEARD / 2)
		tty.n = 0;
	n = read(tty.fd, tty.heard + tty.n, HEARD - 1 - tty.n);
	if (n > 0)
		tty.n += (size_t)n;
	tty.heard[tty.n] = '\0';
	return n > 0;
}

/* Types, and waits until the screen shows it. Only a screen that is silent is asked to show itself: each time is a flood. */
static void typing(const char *keys, const char *shows)
{
	uint64_t deadline = tw_clock_mono_ms() + PATIENCE_MS;

	assert_int_equal(write(tty.fd, keys, strlen(keys)), strlen(keys));
	tty.n = 0;
	tty.heard[0] = '\0';
	while (!strstr(tty.heard, shows)) {
		if (tw_clock_mono_ms() >= deadline)
			fail_msg("no \"%s\" on the screen after \"%s\": %s", shows, keys, tty.heard);
		if (!read_some(200))
			assert_int_equal(write(tty.fd, "\f", 1), 1);
	}
}

static void the_screen_shows_vms_takes_keys_and_gives_the_terminal_back(void **state)
{
	const struct winsize size = { .ws_row = 24, .ws_col = 120 };
	int status = -1;

	tty.child = forkpty(&tty.fd, NULL, NULL, &size);
	assert_true(tty.child >= 0);
	if (tty.child == 0) {
		alarm(60);
		setenv("TERM", "vt100", 1);
		_exit(run_on("top"));
	}
	typing("", "10.0.0.9");
	typing("g", "10.0.0.1:40001");
	typing("/50000\n", "filter:");
	typing("p", "paused");
	typing("/\033", "db/eth0");
	assert_int_equal(write(tty.fd, "q", 1), 1);
	for (uint64_t end = tw_clock_mono_ms() + PATIENCE_MS; waitpid(tty.child, &status, WNOHANG) == 0;) {
		assert_true(tw_clock_mono_ms() < end);
		read_some(100);
	}
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), TW_EXIT_DONE);
	close(tty.fd);
}

static void the_screen_ends_with_its_terminal(void **state)
{
	int status = -1;

	tty.child = forkpty(&tty.fd, NULL, NULL, NULL);
	assert_true(tty.child >= 0);
	if (tty.child == 0) {
		signal(SIGHUP, SIG_IGN); /* as under nohup */
		alarm(60);
		setenv("TERM", "vt100", 1);
		_exit(run_on("top"));
	}
	typing("", "10.0.0.9");
	close(tty.fd);
	assert_int_equal(waitpid(tty.child, &status, 0), tty.child);
	assert_true(WIFEXITED(status));
}

static void without_a_terminal_it_says_so(void **state)
{
	struct fake fake = { 0 };

	fake_run(&fake, "flows top");
	assert_int_equal(fake.rc, TW_EXIT_FAILED);
	assert_int_equal(fake.n_asked, 0);
	assert_string_equal(fake.err, "twctl: flows: top needs a terminal  [105]\n"
				      "twctl: without one: twctl flows --follow\n");
	fake_run(&fake, "flows bottom");
	assert_int_equal(fake.rc, TW_EXIT_USAGE);
	fake_run(&fake, "flows top --json");
	assert_int_equal(fake.rc, TW_EXIT_USAGE);
	fake_reset(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_two_vms_say_is_one_line_and_strangers_go_by_address),
		cmocka_unit_test(keys_sort_group_and_choose),
		cmocka_unit_test(a_screen_too_small_shows_what_it_can_and_scrolls),
		cmocka_unit_test(no_name_steers_the_terminal),
		cmocka_unit_test(the_screen_shows_vms_takes_keys_and_gives_the_terminal_back),
		cmocka_unit_test(the_screen_ends_with_its_terminal),
		cmocka_unit_test(without_a_terminal_it_says_so),
	};

	unsetenv("TW_CONTROLLER");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
