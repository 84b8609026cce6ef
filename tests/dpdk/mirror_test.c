/* SPDX-License-Identifier: Apache-2.0 */
/* mirror_test.c - copies go through the mirror thread into capture files that libpcap reads; limits and failures shed. EAL. */
#include <glob.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <pcap/pcap.h>
#include <rte_cycles.h>

#include "common/clock.h"
#include "dataplane/eal.h"
#include "dataplane/mirror.h"
#include "dataplane/mirror_filter.h"
#include "dataplane/worker.h"

enum { WAIT_MS = 3000, FRAME = 100 };

static char folder[] = "/tmp/tw-mirror.XXXXXX", path[64];
static struct rte_mempool *pool;
static struct rte_ring *ring;
static struct tw_mirrors *mirrors;
static struct tw_worker *worker;
static struct tw_tap_budget budgets[TW_MIRRORS_MAX];
static const struct tw_capture_port port = {
	.number = 7, .name = "web/eth0", .vm_name = "web", .mac = { 2, 0, 0, 0, 0, 7 }
};

static int start(void **state)
{
	struct tw_options options = { .run_dir = folder, .n_cpus = 1, .memory_mib = 64, .no_huge = true };

	if (!mkdtemp(folder) || tw_eal_start(&options))
		return -1;
	snprintf(path, sizeof(path), "%s/m.pcapng", folder);
	pool = rte_pktmbuf_pool_create("mbufs", 2047, 0, TW_MBUF_PRIV_SIZE, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	ring = rte_ring_create("mirrors-0", 1024, SOCKET_ID_ANY, 0);
	worker = calloc(1, sizeof(*worker));
	if (!pool || !ring || !worker)
		return -1;
	worker->pool = pool;
	worker->mirrors = ring;
	return 0;
}

static int stop(void **state)
{
	char command[64];

	free(worker);
	rte_ring_free(ring);
	rte_mempool_free(pool);
	tw_eal_stop();
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	return system(command);
}

static int create(void **state)
{
	unlink(path);
	mirrors = tw_mirrors_create((struct tw_worker *const[]){ worker }, 1, budgets);
	return mirrors ? 0 : -1;
}

static int destroy(void **state)
{
	tw_mirrors_destroy(mirrors);
	mirrors = NULL;
	assert_int_equal(rte_mempool_in_use_count(pool), 0);
	return 0;
}

static struct tw_mirror_place open_as(const char *name, const char *where, uint32_t snaplen, uint64_t max_bytes,
				      const char *filter)
{
	Tw__LocalMirror m;
	const struct tw_mirror_config config = {
		.mirror = &m, .host = "a", .folder = folder, .ports = &port, .n_ports = 1
	};

	tw__local_mirror__init(&m);
	m.name = (char *)(uintptr_t)name;
	m.path = (char *)(uintptr_t)where;
	m.filter = (char *)(uintptr_t)filter;
	m.snaplen = snaplen;
	m.max_bytes = max_bytes;
	return tw_mirrors_open(mirrors, &config);
}

static struct tw_mirror_place open_at(const char *where, uint32_t snaplen, uint64_t max_bytes, const char *filter)
{
	return open_as("m1", where, snaplen, max_bytes, filter);
}

static uint8_t open_mirror(uint32_t snaplen, uint64_t max_bytes)
{
	return open_at(path, snaplen, max_bytes, "").bit;
}

static void copy(uint64_t mask, uint32_t number, uint8_t first)
{
	struct rte_mbuf *m = rte_pktmbuf_alloc(pool);
	struct tw_mirror_tag *tag;

	assert_non_null(m);
	memset(rte_pktmbuf_append(m, FRAME), first, FRAME);
	tag = rte_mbuf_to_priv(m);
	*tag = (struct tw_mirror_tag){
		.mask = mask, .tsc = rte_rdtsc(), .number = number, .original_len = FRAME, .egress = first & 1
	};
	assert_int_equal(rte_ring_enqueue(ring, m), 0);
}

static struct tw_mirror_stats stats_of(void)
{
	struct tw_mirror_stats stats[TW_MIRRORS_MAX];

	assert_int_equal(tw_mirrors_get_stats(mirrors, stats), 1);
	return stats[0];
}

static void wait_for(uint64_t packets, uint64_t shed)
{
	const struct timespec nap = { .tv_nsec = 1000000 };
	uint64_t until = tw_clock_mono_ms() + WAIT_MS;
	struct tw_mirror_stats s = stats_of();

	while ((s.sink.packets != packets || s.sink.shed != shed) && tw_clock_mono_ms() < until) {
		nanosleep(&nap, NULL);
		s = stats_of();
	}
	assert_int_equal(s.sink.packets, packets);
	assert_int_equal(s.sink.shed, shed);
}

/* @return frames in the file; their lengths must be these */
static unsigned frames_in(const char *file, uint32_t captured)
{
	char error[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline(file, error);
	struct pcap_pkthdr *h;
	const uint8_t *data;
	unsigned n = 0;

	assert_non_null(p);
	for (; pcap_next_ex(p, &h, &data) == 1; n++) {
		assert_int_equal(h->caplen, captured);
		assert_int_equal(h->len, FRAME);
		assert_in_range(h->ts.tv_sec, time(NULL) - 60, time(NULL) + 1);
	}
	pcap_close(p);
	return n;
}

static void copies_are_written_and_readable_before_the_file_is_closed(void **state)
{
	const struct timespec nap = { .tv_nsec = 200000000 };
	uint8_t bit = open_mirror(0, 0);

	assert_true(bit < TW_MIRRORS_MAX);
	for (uint8_t i = 0; i < 10; i++)
		copy(UINT64_C(1) << bit, 7, i);
	wait_for(10, 0);
	nanosleep(&nap, NULL);
	assert_int_equal(frames_in(path, FRAME), 10);
}

static void frames_are_cut_to_the_snap_length(void **state)
{
	uint8_t bit = open_mirror(60, 0);

	copy(UINT64_C(1) << bit, 7, 1);
	wait_for(1, 0);
	assert_int_equal(stats_of().sink.octets, 60);
	destroy(state);
	assert_int_equal(frames_in(path, 60), 1);
	create(state);
}

static void a_full_file_stops_growing_and_says_so(void **state)
{
	uint8_t bit = open_mirror(0, 2048);
	struct stat st;

	for (uint8_t i = 0; i < 100; i++)
		copy(UINT64_C(1) << bit, 7, i);
	for (uint64_t until = tw_clock_mono_ms() + WAIT_MS; tw_clock_mono_ms() < until;)
		if (stats_of().sink.packets + stats_of().sink.shed == 100)
			break;
	assert_in_range(stats_of().sink.packets, 5, 20);
	assert_int_equal(stats_of().sink.packets + stats_of().sink.shed, 100);
	assert_non_null(strstr(stats_of().error, "size limit"));
	assert_int_equal(stat(path, &st), 0);
	assert_in_range(st.st_size, 1000, 2048);
}

/* The one that has a number. */
static const char *former(char kept[PATH_MAX])
{
	char pattern[64];
	glob_t found;

	snprintf(pattern, sizeof(pattern), "%s/m_00001_*.pcapng", folder);
	assert_int_equal(glob(pattern, 0, NULL, &found), 0);
	assert_int_equal(found.gl_pathc, 1);
	snprintf(kept, PATH_MAX, "%s", found.gl_pathv[0]);
	globfree(&found);
	return kept;
}

static void the_former_file_is_kept(void **state)
{
	char kept[PATH_MAX];
	uint8_t bit = open_mirror(0, 0);

	copy(UINT64_C(1) << bit, 7, 1);
	wait_for(1, 0);
	destroy(state);
	mirrors = tw_mirrors_create((struct tw_worker *const[]){ worker }, 1, budgets);
	open_mirror(0, 0);
	assert_int_equal(frames_in(former(kept), FRAME), 1);
	unlink(kept);
}

static void a_mirror_that_stays_goes_on_in_its_file(void **state)
{
	static const char *const names[] = { "m1" };
	uint8_t bit = open_mirror(0, 0);

	copy(UINT64_C(1) << bit, 7, 1);
	wait_for(1, 0);
	assert_int_equal(open_mirror(0, 0), bit);
	tw_mirrors_keep(mirrors, names, 1, true);
	copy(UINT64_C(1) << bit, 7, 2);
	wait_for(2, 0);
	tw_mirrors_keep(mirrors, NULL, 0, true);
	destroy(state);
	assert_int_equal(frames_in(path, FRAME), 2);
	create(state);
}

/* Another mirror is opened, when the thread has surely seen what was before. @return its bit */
static uint8_t other_bit(unsigned which)
{
	const struct timespec nap = { .tv_nsec = 50000000 };
	char name[16], where[96];

	nanosleep(&nap, NULL);
	snprintf(name, sizeof(name), "other%u", which);
	snprintf(where, sizeof(where), "%s/%s.pcapng", folder, name);
	return open_as(name, where, 0, 0, "").bit;
}

static void a_bit_is_another_mirrors_only_when_the_workers_have_left_it(void **state)
{
	static const char *const names[] = { "m1" };
	char elsewhere[96];
	uint8_t first = open_mirror(0, 0), second;

	tw_mirrors_keep(mirrors, names, 1, true);
	snprintf(elsewhere, sizeof(elsewhere), "%s/elsewhere.pcapng", folder);
	second = open_at(elsewhere, 0, 0, "").bit;
	assert_int_not_equal(second, first);
	assert_int_not_equal(other_bit(1), first); /* of the same change */
	tw_mirrors_keep(mirrors, names, 1, false); /* a worker has not come by */
	assert_int_not_equal(other_bit(2), first);
	tw_mirrors_keep(mirrors, names, 1, true);
	assert_int_equal(other_bit(3), first);
}

static void copies_of_unknown_ports_and_mirrors_are_not_written(void **state)
{
	uint8_t bit = open_mirror(0, 0);

	copy(UINT64_C(1) << bit, 99, 1);
	copy(UINT64_C(1) << 63, 7, 1);
	wait_for(0, 1);
}

static void a_file_that_cannot_be_opened_says_why(void **state)
{
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(open_mirror(0, 0), TW_MIRROR_NO_BIT);
	assert_non_null(strstr(stats_of().error, "not a file"));
	assert_int_equal(rmdir(path), 0);
}

static void a_filter_that_libpcap_does_not_know_says_what_is_wrong_with_it(void **state)
{
	assert_int_equal(open_at(path, 0, 0, "tcp prot 80").bit, TW_MIRROR_NO_BIT);
	assert_non_null(strstr(stats_of().error, "syntax error"));
	assert_int_equal(access(path, F_OK), -1);
}

static void a_filter_that_changes_leaves_the_file_as_it_is(void **state)
{
	struct tw_mirror_place first = open_at(path, 0, 0, "udp"), second;

	assert_int_not_equal(first.bit, TW_MIRROR_NO_BIT);
	assert_string_equal(first.filter->text, "udp");
	copy(UINT64_C(1) << first.bit, 7, 1);
	wait_for(1, 0);
	second = open_at(path, 0, 0, "tcp");
	assert_int_equal(second.bit, first.bit);
	assert_string_equal(second.filter->text, "tcp");
	copy(UINT64_C(1) << first.bit, 7, 1);
	wait_for(2, 0);
	assert_null(open_at(path, 0, 0, "").filter);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(copies_are_written_and_readable_before_the_file_is_closed, create,
						destroy),
		cmocka_unit_test_setup_teardown(frames_are_cut_to_the_snap_length, create, destroy),
		cmocka_unit_test_setup_teardown(a_full_file_stops_growing_and_says_so, create, destroy),
		cmocka_unit_test_setup_teardown(the_former_file_is_kept, create, destroy),
		cmocka_unit_test_setup_teardown(a_mirror_that_stays_goes_on_in_its_file, create, destroy),
		cmocka_unit_test_setup_teardown(a_bit_is_another_mirrors_only_when_the_workers_have_left_it, create,
						destroy),
		cmocka_unit_test_setup_teardown(copies_of_unknown_ports_and_mirrors_are_not_written, create, destroy),
		cmocka_unit_test_setup_teardown(a_file_that_cannot_be_opened_says_why, create, destroy),
		cmocka_unit_test_setup_teardown(a_filter_that_libpcap_does_not_know_says_what_is_wrong_with_it, create,
						destroy),
		cmocka_unit_test_setup_teardown(a_filter_that_changes_leaves_the_file_as_it_is, create, destroy),
	};

	return cmocka_run_group_tests(tests, start, stop);
}
