/* SPDX-License-Identifier: Apache-2.0 */
/* twctl_capture_test.c - `twctl capture` asks for what its words say, counts what came, and writes what others can read. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <pcap/pcap.h>

#include "tests/support/twctl_fake.h"

#define OPENED "{'capture_opened': {'id': 5}}"
#define FRAME(text)                                                                                             \
	"{'port': 0, 'at_ns': 1700000000123456789, 'len': 1500, 'octets': 'sixteen octets..', 'egress': true, " \
	"'text': '" text "'}"
#define BATCH(sent, shed, frames)                                                                                  \
	"{'capture_read': {'batches': [{'capture': 5, 'source': 9, 'number': 1, 'host': 'a', 'sent': " #sent       \
	", 'shed': " #shed ", 'last': true, 'ports': [{'name': 'web/eth0', 'vm_name': 'web'}], 'frames': [" frames \
	"]}]}}"
#define DONE "{'ack': {}}"

static void words_are_sources_and_then_the_filter(void **state)
{
	struct fake fake = { .tty = true };

	fake_run(&fake, "capture web/eth0,db --direction ingress tcp port 80");
	assert_non_null(strstr(fake.asked[0], "'ports':['web/eth0']"));
	assert_non_null(strstr(fake.asked[0], "'vms':['db']"));
	assert_non_null(strstr(fake.asked[0], "'filter':'tcp port 80'"));
	assert_non_null(strstr(fake.asked[0], "'direction':'ingress'"));
	assert_non_null(strstr(fake.asked[0], "'stream_text':true"));
	fake_reset(&fake);
	fake_run(&fake, "capture --network blue tcp port 80");
	assert_non_null(strstr(fake.asked[0], "'networks':['blue']"));
	assert_non_null(strstr(fake.asked[0], "'filter':'tcp port 80'"));
	assert_null(strstr(fake.asked[0], "'vms'"));
	fake_reset(&fake);
}

static void without_a_terminal_it_asks_where_to_write(void **state)
{
	struct fake fake = { 0 };

	fake_run(&fake, "capture web/eth0");
	assert_int_equal(fake.n_asked, 0);
	assert_int_equal(fake.rc, TW_EXIT_FAILED);
	assert_non_null(strstr(fake.err, "-w - writes pcapng to it"));
	fake_reset(&fake);
}

static void lines_say_when_where_and_what(void **state)
{
	struct fake fake = { .tty = true, .answers = { OPENED, BATCH(1, 0, FRAME("a > b, 1500 octets")), DONE } };

	fake_run(&fake, "capture web/eth0 --count 1");
	assert_int_equal(fake.rc, TW_EXIT_DONE);
	assert_non_null(strstr(fake.out, ".123456 web/eth0 < a > b, 1500 octets\n"));
	assert_non_null(strstr(fake.asked[2], "stop_capture"));
	fake_reset(&fake);
}

static void what_did_not_come_is_told(void **state)
{
	struct fake fake = { .tty = true, .answers = { OPENED, BATCH(4, 3, FRAME("x")), DONE } };

	fake_run(&fake, "capture web/eth0 --count 1");
	assert_non_null(strstr(fake.err, "1 frames captured, 3 shed by the switch, 3 lost on the way"));
	fake_reset(&fake);
}

static void json_is_a_line_a_frame(void **state)
{
	struct fake fake = { .answers = { OPENED, BATCH(2, 0, FRAME("x") ", " FRAME("y")), DONE } };
	char *newline;
	json_t *line;

	fake_run(&fake, "capture web/eth0 --count 2 --json");
	newline = strchr(fake.out, '\n');
	assert_non_null(newline);
	line = json_loadb(fake.out, (size_t)(newline - fake.out), 0, NULL);
	assert_string_equal(json_string_value(json_object_get(line, "port")), "web/eth0");
	assert_true(json_integer_value(json_object_get(line, "at_ns")) == 1700000000123456789);
	assert_string_equal(newline + strlen(newline) - 1, "\n");
	json_decref(line);
	fake_reset(&fake);
}

static void a_file_is_read_by_libpcap(void **state)
{
	char path[] = "/tmp/tw-capture-test.XXXXXX", line[96], error[PCAP_ERRBUF_SIZE];
	struct fake fake = { .answers = { OPENED, BATCH(2, 0, FRAME("") ", " FRAME("")), DONE } };
	int fd = mkstemp(path), n = 0;
	const struct pcap_pkthdr *head;
	struct pcap_pkthdr *h;
	const uint8_t *data;
	pcap_t *pcap;

	assert_true(fd >= 0);
	close(fd);
	snprintf(line, sizeof(line), "capture web/eth0 --count 2 -w %s", path);
	fake_run(&fake, line);
	assert_int_equal(fake.rc, TW_EXIT_DONE);
	pcap = pcap_open_offline_with_tstamp_precision(path, PCAP_TSTAMP_PRECISION_NANO, error);
	assert_non_null(pcap);
	while (pcap_next_ex(pcap, &h, &data) == 1) {
		head = h;
		assert_int_equal(head->caplen, 16);
		assert_int_equal(head->len, 1500);
		assert_memory_equal(data, "sixteen octets..", 16);
		assert_int_equal(head->ts.tv_sec, 1700000000);
		assert_int_equal(head->ts.tv_usec, 123456789);
		n++;
	}
	assert_int_equal(n, 2);
	pcap_close(pcap);
	unlink(path);
	fake_reset(&fake);
}

/* A frame of more than a pipe takes. */
static const char *large_batch(void)
{
	enum { SIZE = 9000 };
	static char octets[SIZE + 1], text[SIZE + 512];

	memset(octets, 'x', SIZE);
	snprintf(
		text, sizeof(text),
		"{'capture_read': {'batches': [{'capture': 5, 'source': 9, 'number': 1, 'host': 'a', 'sent': 1, 'last': true, "
		"'ports': [{'name': 'web/eth0', 'vm_name': 'web'}], 'frames': [{'port': 0, 'len': %d, 'octets': '%s'}]}]}}",
		SIZE, octets);
	return text;
}

static char fifo[48], copy[64];

static int make_fifo(void **state)
{
	snprintf(fifo, sizeof(fifo), "/tmp/tw-capture-fifo.%d", (int)getpid());
	snprintf(copy, sizeof(copy), "%s.pcapng", fifo);
	signal(SIGINT, SIG_IGN); /* should it come too early */
	return mkfifo(fifo, 0600);
}

static int remove_fifo(void **state)
{
	signal(SIGINT, SIG_DFL);
	unlink(copy);
	return unlink(fifo);
}

/* A reader with a small pipe that wakes after so long and then copies all there is. */
static pid_t start_reader(unsigned after_ms)
{
	char data[4096];
	pid_t pid = fork();
	int from, to;
	ssize_t n;

	if (pid)
		return pid;
	from = open(fifo, O_RDONLY);
	to = open(copy, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	fcntl(from, F_SETPIPE_SZ, sizeof(data));
	usleep(after_ms * 1000);
	while ((n = read(from, data, sizeof(data))) > 0 && write(to, data, (size_t)n) == n)
		;
	_exit(n != 0);
}

/* A signal to this process, so often. */
static timer_t send_signals(int number, unsigned after_ms, unsigned every_ms)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = number };
	const struct itimerspec when = { .it_value.tv_nsec = after_ms * 1000000L,
					 .it_interval.tv_sec = every_ms / 1000,
					 .it_interval.tv_nsec = every_ms % 1000 * 1000000L };
	timer_t timer;

	assert_int_equal(timer_create(CLOCK_MONOTONIC, &event, &timer), 0);
	assert_int_equal(timer_settime(timer, 0, &when, NULL), 0);
	return timer;
}

static void capture_into_fifo(struct fake *fake, unsigned reader_ms)
{
	char line[96];
	timer_t timer;
	pid_t reader;
	int status;

	snprintf(line, sizeof(line), "capture web/eth0 -w %s", fifo);
	reader = start_reader(reader_ms);
	assert_true(reader > 0);
	timer = send_signals(SIGINT, 300, 5000);
	fake_run(fake, line);
	timer_delete(timer);
	assert_int_equal(waitpid(reader, &status, 0), reader);
	assert_int_equal(status, 0);
}

static void a_signal_while_the_pipe_is_full_cuts_nothing(void **state)
{
	struct fake fake = { .answers = { OPENED, large_batch(), DONE } };
	char error[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const uint8_t *data;
	pcap_t *pcap;

	capture_into_fifo(&fake, 700);
	assert_int_equal(fake.rc, TW_EXIT_DONE);
	assert_non_null(strstr(fake.err, "1 frames captured, 0 shed by the switch, 0 lost on the way\n"));
	pcap = pcap_open_offline(copy, error);
	assert_non_null(pcap);
	assert_int_equal(pcap_next_ex(pcap, &h, &data), 1);
	assert_int_equal(h->caplen, 9000);
	assert_int_equal(pcap_next_ex(pcap, &h, &data), PCAP_ERROR_BREAK);
	pcap_close(pcap);
	fake_reset(&fake);
}

static void what_a_reader_that_sleeps_on_did_not_take_is_told(void **state)
{
	struct fake fake = { .answers = { OPENED, large_batch(), DONE } };

	capture_into_fifo(&fake, 2500);
	assert_int_equal(fake.rc, TW_EXIT_DONE);
	assert_non_null(
		strstr(fake.err, "0 frames captured, 0 shed by the switch, 0 lost on the way, 1 not written\n"));
	fake_reset(&fake);
}

static void on_alarm(int number)
{
}

static void no_capture_is_opened_before_a_fifo_has_its_reader(void **state)
{
	const struct sigaction alarm = { .sa_handler = on_alarm };
	struct fake fake = { .answers = { OPENED } };
	char line[96];
	timer_t timer;

	snprintf(line, sizeof(line), "capture web/eth0 -w %s", fifo);
	sigaction(SIGALRM, &alarm, NULL);
	timer = send_signals(SIGALRM, 200, 200);
	fake_run(&fake, line);
	timer_delete(timer);
	assert_int_equal(fake.rc, TW_EXIT_FAILED);
	assert_int_equal(fake.n_asked, 0);
	fake_reset(&fake);
}

static void a_file_that_was_there_is_its_owners_alone(void **state)
{
	char path[] = "/tmp/tw-capture-test.XXXXXX", line[96];
	struct fake fake = { .answers = { OPENED, BATCH(1, 0, FRAME("")), DONE } };
	int fd = mkstemp(path);
	struct stat st;

	assert_int_equal(fchmod(fd, 0644), 0);
	snprintf(line, sizeof(line), "capture web/eth0 --count 1 -w %s", path);
	fake_run(&fake, line);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_size > 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	close(fd);
	unlink(path);
	fake_reset(&fake);
}

static void a_capture_that_is_gone_is_an_error(void **state)
{
	struct fake fake = { .tty = true, .answers = { OPENED } };

	fake_run(&fake, "capture web/eth0");
	assert_int_equal(fake.rc, TW_EXIT_FAILED);
	assert_non_null(strstr(fake.err, "0 frames captured"));
	fake_reset(&fake);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_sources_and_then_the_filter),
		cmocka_unit_test(without_a_terminal_it_asks_where_to_write),
		cmocka_unit_test(lines_say_when_where_and_what),
		cmocka_unit_test(what_did_not_come_is_told),
		cmocka_unit_test(json_is_a_line_a_frame),
		cmocka_unit_test(a_file_is_read_by_libpcap),
		cmocka_unit_test_setup_teardown(a_signal_while_the_pipe_is_full_cuts_nothing, make_fifo, remove_fifo),
		cmocka_unit_test_setup_teardown(what_a_reader_that_sleeps_on_did_not_take_is_told, make_fifo,
						remove_fifo),
		cmocka_unit_test_setup_teardown(no_capture_is_opened_before_a_fifo_has_its_reader, make_fifo,
						remove_fifo),
		cmocka_unit_test(a_file_that_was_there_is_its_owners_alone),
		cmocka_unit_test(a_capture_that_is_gone_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
