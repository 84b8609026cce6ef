/* SPDX-License-Identifier: Apache-2.0 */
/* twctl_capture_test.c - `twctl capture` asks for what its words say, counts what came, and writes what others can read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
		cmocka_unit_test(a_capture_that_is_gone_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
