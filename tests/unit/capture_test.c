/* SPDX-License-Identifier: Apache-2.0 */
/* capture_test.c - a mirror's files: what is in them, when the next begins, which go, and what happens when there is no room. */
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <pcap/pcap.h>
#include <rte_mbuf.h>

#include "common/clock.h"
#include "dataplane/capture_file.h"
#include "dataplane/drop.h"
#include "dataplane/mirror_sink.h"

enum { FRAME = 1000, PACKET_BLOCK = 28 + FRAME + 16 };

static const uint64_t SECOND = 1000000000, START = UINT64_C(1795257000) * 1000000000; /* 2026-11-21 10:30:00 UTC */
static const struct tw_capture_about about = { .mirror = "m1", .host = "a" };
static char folder[64], path[96];
static uint64_t now;
static struct tw_sink *sink;

static int make_folder(void **state)
{
	setenv("TZ", "UTC", 1);
	now = START;
	snprintf(folder, sizeof(folder), "/tmp/tw-capture.XXXXXX");
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/web.pcapng", folder);
	return 0;
}

static void close_sink(void)
{
	if (!sink)
		return;
	sink->ops->close(sink, now);
	tw_sink_put(sink);
	tw_sink_put(sink);
	sink = NULL;
}

static int remove_folder(void **state)
{
	char command[96];

	close_sink();
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static void tell_ports(const char *vm, const char *filter)
{
	struct tw_capture_ports *ports = calloc(1, sizeof(*ports) + 2 * sizeof(ports->a[0]));

	assert_non_null(ports);
	ports->n = 2;
	snprintf(ports->filter, sizeof(ports->filter), "%s", filter);
	ports->a[0].number = 7;
	snprintf(ports->a[0].name, sizeof(ports->a[0].name), "%s/eth0", vm);
	snprintf(ports->a[0].vm_name, sizeof(ports->a[0].vm_name), "%s", vm);
	memcpy(ports->a[0].mac, (const uint8_t[6]){ 2, 0, 0, 0, 0, 7 }, 6);
	ports->a[1].number = TW_TAP_UPLINK + 1;
	snprintf(ports->a[1].name, sizeof(ports->a[1].name), "up0");
	sink->ops->set_ports(sink, ports, now);
	free(ports);
}

static void open_files(uint64_t max_bytes, uint32_t files, uint32_t seconds)
{
	const struct tw_capture_limits limits = { .max_bytes = max_bytes, .files = files, .seconds = seconds };
	char error[128] = "";

	tw_clock_set_virtual(1, now);
	sink = tw_capture_open(path, folder, &about, &limits, error);
	tw_clock_set_virtual(0, 0);
	assert_string_equal(error, "");
	assert_non_null(sink);
	tell_ports("web", "");
}

static void send_frame(uint32_t number, uint8_t drop)
{
	static uint8_t bytes[FRAME];
	struct rte_mbuf m = { .buf_addr = bytes, .data_len = FRAME, .pkt_len = FRAME, .nb_segs = 1 };
	struct tw_mirror_tag tag = { .number = number, .original_len = FRAME, .drop = drop };

	sink->ops->write(sink, &m, &tag, now);
}

static void send_frames(unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		send_frame(7, 0);
	sink->ops->flush(sink, now);
}

static void wait_s(unsigned seconds)
{
	now += seconds * SECOND;
	sink->ops->flush(sink, now);
}

static struct tw_sink_stats stats(void)
{
	struct tw_sink_stats s;

	tw_sink_get_stats(sink, &s);
	return s;
}

static unsigned frames_in(const char *file)
{
	char where[PATH_MAX], error[PCAP_ERRBUF_SIZE];
	struct pcap_pkthdr *h;
	const uint8_t *data;
	unsigned n = 0;
	pcap_t *p;
	int rc;

	snprintf(where, sizeof(where), "%s/%s", folder, file);
	p = pcap_open_offline(where, error);
	if (!p)
		fail_msg("%s: %s", file, error);
	while ((rc = pcap_next_ex(p, &h, &data)) == 1)
		n++;
	assert_int_equal(rc, PCAP_ERROR_BREAK); /* and not in the middle of a block */
	pcap_close(p);
	return n;
}

/* The names in the folder, in their order, must be these. */
static void expect_files(const char *names)
{
	char pattern[PATH_MAX], found[4096] = "";
	glob_t g;

	snprintf(pattern, sizeof(pattern), "%s/*", folder);
	assert_int_equal(glob(pattern, 0, NULL, &g), 0);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		strcat(found, i ? " " : "");
		strcat(found, strrchr(g.gl_pathv[i], '/') + 1);
	}
	globfree(&g);
	assert_string_equal(found, names);
}

static bool has(const char *file, const char *text)
{
	static uint8_t content[1 << 20];
	char where[PATH_MAX];
	size_t n;
	FILE *f;

	snprintf(where, sizeof(where), "%s/%s", folder, file);
	f = fopen(where, "re");
	assert_non_null(f);
	n = fread(content, 1, sizeof(content), f);
	fclose(f);
	return memmem(content, n, text, strlen(text)) != NULL;
}

static void a_file_says_who_made_it_and_what_its_interfaces_are(void **state)
{
	open_files(0, 0, 0);
	send_frames(1);
	assert_true(has("web.pcapng", "mirror m1 on host a"));
	assert_true(has("web.pcapng", "Tradewind tw-switch"));
	assert_true(has("web.pcapng", "web/eth0"));
	assert_true(has("web.pcapng", "port 7, VM web on host a"));
	assert_true(has("web.pcapng", "uplink of host a"));
	assert_string_equal(stats().path, path);
}

static void what_was_dropped_has_the_reason_in_words(void **state)
{
	open_files(0, 0, 0);
	send_frame(7, TW_DROP_NOT_IN_VLAN + 1);
	send_frame(7, TW_DROPS + 1); /* which is none */
	send_frame(TW_TAP_UPLINK + 1, 0);
	close_sink();
	assert_int_equal(frames_in("web.pcapng"), 3);
	assert_true(has("web.pcapng", tw_drop_text(TW_DROP_NOT_IN_VLAN)));
	assert_true(has("web.pcapng", "(not_in_vlan)"));
}

static void a_port_of_another_name_and_another_filter_are_other_interfaces(void **state)
{
	open_files(0, 0, 0);
	send_frames(1);
	tell_ports("web", "");
	tell_ports("db", "");
	send_frames(1);
	tell_ports("db", "tcp port 443");
	send_frames(1);
	close_sink();
	assert_int_equal(frames_in("web.pcapng"), 3);
	assert_true(has("web.pcapng", "port 7, VM web on"));
	assert_true(has("web.pcapng", "port 7, VM db on"));
	assert_true(has("web.pcapng", "tcp port 443"));
}

static void interfaces_that_have_been_replaced_are_not_in_the_next_file(void **state)
{
	open_files(8 * PACKET_BLOCK, 3, 10);
	send_frames(1);
	tell_ports("db", "");
	tell_ports("db", "tcp port 443");
	send_frames(7); /* the last of them is the next file's first */
	wait_s(10);     /* and ends with it */
	tell_ports("db", "udp");
	send_frames(1);
	close_sink();
	expect_files("web_00001_20261121103000.pcapng web_00002_20261121103000.pcapng web_00003_20261121103010.pcapng");
	assert_int_equal(frames_in("web_00001_20261121103000.pcapng"), 7);
	assert_int_equal(frames_in("web_00002_20261121103000.pcapng"), 1);
	assert_int_equal(frames_in("web_00003_20261121103010.pcapng"), 1);
	assert_false(has("web_00002_20261121103000.pcapng", "VM web"));
}

static void each_file_of_a_ring_is_whole_and_as_large_as_it_may_be(void **state)
{
	struct stat st;
	char where[PATH_MAX];

	open_files(8 * PACKET_BLOCK, 3, 0);
	for (unsigned i = 0; i < 4; i++) {
		send_frames(7);
		now += 60 * SECOND;
	}
	expect_files("web_00002_20261121103100.pcapng web_00003_20261121103200.pcapng web_00004_20261121103300.pcapng");
	assert_int_equal(frames_in("web_00002_20261121103100.pcapng"), 7);
	assert_int_equal(frames_in("web_00004_20261121103300.pcapng"), 7); /* readable while it is written */
	assert_true(has("web_00004_20261121103300.pcapng", "web/eth0"));
	snprintf(where, sizeof(where), "%s/web_00004_20261121103300.pcapng", folder);
	assert_string_equal(stats().path, where);
	assert_int_equal(stat(where, &st), 0);
	assert_true(st.st_size <= 8 * PACKET_BLOCK);
	assert_int_equal(stats().packets, 28);
	assert_int_equal(stats().shed + stats().failed, 0);
}

static void a_file_that_is_old_is_closed_and_the_next_begins_with_the_next_frame(void **state)
{
	open_files(0, 0, 10);
	send_frames(2);
	wait_s(9);
	send_frames(2);
	wait_s(1);
	expect_files("web_00001_20261121103000.pcapng");
	assert_int_equal(frames_in("web_00001_20261121103000.pcapng"), 4);
	wait_s(20);
	expect_files("web_00001_20261121103000.pcapng");
	send_frames(1);
	wait_s(10);
	expect_files("web_00001_20261121103000.pcapng web_00002_20261121103030.pcapng");
	assert_int_equal(frames_in("web_00002_20261121103030.pcapng"), 1);
}

static void a_ring_goes_on_after_a_restart_and_counts_what_is_there(void **state)
{
	open_files(0, 2, 10);
	send_frames(1);
	close_sink();
	now += 60 * SECOND;
	open_files(0, 2, 10);
	send_frames(2);
	close_sink();
	now += 60 * SECOND;
	open_files(0, 2, 10);
	send_frames(3);
	close_sink();
	expect_files("web_00002_20261121103100.pcapng web_00003_20261121103200.pcapng");
	assert_int_equal(frames_in("web_00002_20261121103100.pcapng"), 2);
	assert_int_equal(frames_in("web_00003_20261121103200.pcapng"), 3);
}

static void put_file(const char *name)
{
	char where[PATH_MAX];
	int fd;

	snprintf(where, sizeof(where), "%s/%s", folder, name);
	fd = open(where, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static void files_of_others_are_left_alone(void **state)
{
	put_file("web_1_20200101000000.pcapng");
	put_file("web_00001_20200101.pcapng");
	put_file("web_00001_20200101000000.pcap");
	put_file("other_00001_20200101000000.pcapng");
	put_file("web_00007_20200101000000.pcapng");
	open_files(0, 1, 0);
	send_frames(1);
	expect_files("other_00001_20200101000000.pcapng web_00001_20200101.pcapng web_00001_20200101000000.pcap "
		     "web_00008_20261121103000.pcapng web_1_20200101000000.pcapng");
}

static void the_only_file_is_never_written_over(void **state)
{
	for (unsigned i = 0; i < 3; i++) {
		open_files(0, 0, 0);
		send_frames(i + 1);
		close_sink();
	}
	assert_int_equal(frames_in("web.pcapng"), 3);
	{
		char pattern[PATH_MAX];
		glob_t g;

		snprintf(pattern, sizeof(pattern), "%s/web_0000?_*.pcapng", folder);
		assert_int_equal(glob(pattern, 0, NULL, &g), 0);
		assert_int_equal(g.gl_pathc, 2);
		assert_int_equal(frames_in(strrchr(g.gl_pathv[0], '/') + 1), 1);
		assert_int_equal(frames_in(strrchr(g.gl_pathv[1], '/') + 1), 2);
		globfree(&g);
	}
}

static void the_only_file_stops_growing_until_it_is_removed(void **state)
{
	open_files(4 * PACKET_BLOCK, 0, 0);
	send_frames(10);
	assert_int_equal(stats().packets, 3);
	assert_int_equal(stats().shed, 7);
	assert_string_equal(stats().error, "the file has reached its size limit");
	assert_int_equal(unlink(path), 0);
	wait_s(2);
	assert_string_equal(stats().error, "");
	send_frames(1);
	assert_int_equal(frames_in("web.pcapng"), 1);
}

/* No room on the disk is played by a limit of the process. */
static void limit_files_to(rlim_t octets)
{
	struct rlimit limit;

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = octets;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void without_room_copies_fail_and_the_file_ends_with_a_whole_block(void **state)
{
	open_files(0, 0, 0);
	send_frames(3);
	limit_files_to(5 * PACKET_BLOCK);
	send_frames(4);
	assert_int_equal(stats().packets, 3);
	assert_int_equal(stats().failed, 4);
	assert_non_null(strstr(stats().error, "cannot write: File too large; tried again"));
	assert_int_equal(frames_in("web.pcapng"), 3);
	send_frames(1); /* not tried so soon */
	assert_int_equal(stats().failed, 5);
	limit_files_to(RLIM_INFINITY);
	wait_s(2);
	send_frames(2);
	assert_string_equal(stats().error, "");
	assert_int_equal(stats().packets, 5);
	assert_int_equal(stats().failed, 5);
	close_sink();
	assert_int_equal(frames_in("web.pcapng"), 5);
}

static void interfaces_that_could_not_be_written_are_described_again(void **state)
{
	open_files(0, 0, 0);
	limit_files_to(10);
	send_frames(2);
	assert_int_equal(stats().failed, 2);
	limit_files_to(RLIM_INFINITY);
	wait_s(2);
	send_frames(2);
	assert_int_equal(frames_in("web.pcapng"), 2);
	assert_true(has("web.pcapng", "web/eth0"));
}

static void statistics_at_the_end_say_what_is_missing(void **state)
{
	static const uint8_t interface_0[] = { 4, 0, 8, 0, 8, 0, 0, 0, 0, 0, 0, 0, 5, 0, 8, 0, 5, 0, 0, 0, 0, 0, 0, 0 };
	static uint8_t content[1 << 16];
	FILE *f;
	size_t n;

	open_files(0, 0, 0);
	send_frames(3);
	sink->ops->leave_out(sink, 5);
	close_sink();
	f = fopen(path, "re");
	assert_non_null(f);
	n = fread(content, 1, sizeof(content), f);
	fclose(f);
	assert_non_null(memmem(content, n, interface_0, sizeof(interface_0))); /* 8 received, 5 of them lost */
	assert_true(has("web.pcapng", "copies given up are of any interface"));
}

static void nothing_outside_the_folder_is_opened(void **state)
{
	static const char *const bad[] = { "%s/../web.pcapng", "%s/..", "%s/", "/tmp/web.pcapng" };
	const struct tw_capture_limits limits = { 0 };
	char where[PATH_MAX], target[PATH_MAX], error[128];

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		if (strstr(bad[i], "%s"))
			snprintf(where, sizeof(where), "%s%s", folder, bad[i] + 2);
		else
			snprintf(where, sizeof(where), "%s", bad[i]);
		error[0] = '\0';
		assert_null(tw_capture_open(where, folder, &about, &limits, error));
		assert_string_not_equal(error, "");
	}
	snprintf(target, sizeof(target), "%s/victim", folder);
	put_file("victim");
	assert_int_equal(symlink(target, path), 0);
	assert_null(tw_capture_open(path, folder, &about, &limits, error));
	assert_non_null(strstr(error, "not a file is in the way"));
	expect_files("victim web.pcapng");
}

#define T(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_file_says_who_made_it_and_what_its_interfaces_are),
		T(what_was_dropped_has_the_reason_in_words),
		T(a_port_of_another_name_and_another_filter_are_other_interfaces),
		T(interfaces_that_have_been_replaced_are_not_in_the_next_file),
		T(each_file_of_a_ring_is_whole_and_as_large_as_it_may_be),
		T(a_file_that_is_old_is_closed_and_the_next_begins_with_the_next_frame),
		T(a_ring_goes_on_after_a_restart_and_counts_what_is_there),
		T(files_of_others_are_left_alone),
		T(the_only_file_is_never_written_over),
		T(the_only_file_stops_growing_until_it_is_removed),
		T(without_room_copies_fail_and_the_file_ends_with_a_whole_block),
		T(interfaces_that_could_not_be_written_are_described_again),
		T(statistics_at_the_end_say_what_is_missing),
		T(nothing_outside_the_folder_is_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
