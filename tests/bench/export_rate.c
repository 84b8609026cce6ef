/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_rate.c - flow records through the exporter thread to a local collector by UDP, as fast as asked or as it goes.
 *
 * The thread is the switch's own, with its ring and its pacing; main stands for a worker and never waits: what finds the ring
 * full it tries again, as a worker does whose flow stays in its table. A thread is the collector and counts messages.
 * With --spool the records go into a spool for the controller instead, as an agent finds it.
 * Prints one line of JSON: records a second from the first to the last, records that the exporter says were lost, messages that
 * did not reach the collector, times that a record had to wait, processor time of the exporter thread.
 *
 * Usage: tw-export-rate [--format ipfix|v9|v5] [--rate RECORDS-A-SECOND (0 = all it takes)] [--seconds N] [--cpus MAIN,THREADS]
 *                       [--spool FOLDER]
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <getopt.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_ring_elem.h>

#include "common/clock.h"
#include "common/log.h"
#include "dataplane/export_thread.h"

enum { BATCH = 64, MESSAGES = 64, BUFFER = 64 << 20, ENDED_MS = 3000 };

static struct {
	enum tw_flow_format format;
	uint64_t rate;
	double seconds;
	int main_cpu, thread_cpu;
	const char *spool;
} options = { .rate = 200000, .seconds = 3, .main_cpu = -1, .thread_cpu = -1 };

static struct tw_worker worker;
static _Atomic uint64_t received;
static _Atomic bool ended;

static void __attribute__((noreturn)) fail(const char *what)
{
	fprintf(stderr, "tw-export-rate: %s\n", what);
	exit(1);
}

static void run_on(int cpu)
{
	cpu_set_t set;

	if (cpu < 0)
		return;
	CPU_ZERO(&set);
	CPU_SET((unsigned)cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		fail("there is no such CPU");
}

/* The collector: reads at once, and all there is. */
static void *collect(void *arg)
{
	static uint8_t octets[MESSAGES][2048];
	struct mmsghdr messages[MESSAGES] = { 0 };
	struct iovec parts[MESSAGES];
	int fd = *(int *)arg;

	for (unsigned i = 0; i < MESSAGES; i++) {
		parts[i] = (struct iovec){ octets[i], sizeof(octets[i]) };
		messages[i].msg_hdr = (struct msghdr){ .msg_iov = &parts[i], .msg_iovlen = 1 };
	}
	while (!ended) {
		int n = recvmmsg(fd, messages, MESSAGES, MSG_WAITFORONE, NULL);

		if (n > 0)
			atomic_fetch_add(&received, (uint64_t)n);
	}
	return NULL;
}

static int open_collector(struct sockaddr_storage *address, socklen_t *size)
{
	const struct timeval patience = { .tv_usec = 100000 };
	const int buffer = BUFFER;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	*size = sizeof(struct sockaddr_in);
	*(struct sockaddr_in *)(void *)address =
		(struct sockaddr_in){ .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	if (fd < 0 || bind(fd, (struct sockaddr *)address, *size) ||
	    getsockname(fd, (struct sockaddr *)address, size) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
		fail("no socket for the collector");
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
	return fd;
}

static void fill(struct tw_flow_record *r, uint64_t n)
{
	*r = (struct tw_flow_record){
		.ingress = 1,
		.egress = 2,
		.ethertype = 0x0800,
		.vlan = 10,
		.post_vlan = 10,
		.key_flags = TW_FLOW_KEY_IPV4,
		.src_ip = { 10, (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n },
		.dst_ip = { 10, 0, 0, 1 },
		.src_port = 1024,
		.dst_port = 53,
		.protocol = 17,
		.forwarding = TW_FORWARDED,
		.end_reason = TW_FLOW_END_IDLE,
		.packets = 1,
		.l3_octets = 100,
		.l2_octets = 114,
		.first_ms = tw_clock_real_ms(),
		.last_ms = tw_clock_real_ms(),
	};
}

/* @return records given to the thread; *waited: times a batch found the ring full */
static uint64_t feed(uint64_t *waited)
{
	static struct tw_flow_record records[BATCH];
	uint64_t start = tw_clock_mono_ns(), fed = 0, until = (uint64_t)(options.seconds * 1e9);

	for (unsigned i = 0; i < BATCH; i++)
		fill(&records[i], i);
	for (uint64_t now = 0; now < until; now = tw_clock_mono_ns() - start) {
		if (options.rate && fed >= (uint64_t)((double)now * 1e-9 * (double)options.rate)) {
			usleep(100);
			continue;
		}
		if (rte_ring_enqueue_bulk_elem(worker.records, records, sizeof(*records), BATCH, NULL)) {
			fed += BATCH;
		} else {
			++*waited;
			usleep(100);
		}
	}
	return fed;
}

/* Of the one way out that is measured; messages: those that a collector should have. */
static struct tw_exporter_stats stats_of(struct tw_export_thread *thread)
{
	struct tw_exporter_stats stats[TW_TARGETS_MAX] = { 0 };
	struct tw_outlet_stats outlet;

	tw_exporter_get_stats(tw_export_thread_exporter(thread), stats);
	if (options.spool) {
		tw_outlet_get_stats(tw_export_thread_outlet(thread), &outlet);
		stats[0].records = outlet.records;
		stats[0].lost_records = outlet.lost_records;
	}
	return stats[0];
}

/* Until every record is sent or lost, or nothing happens any more. */
static struct tw_exporter_stats settle(struct tw_export_thread *thread, uint64_t fed, uint64_t *at_ns)
{
	struct tw_exporter_stats stats[1];
	uint64_t before = 0, changed = tw_clock_mono_ns();

	while (tw_clock_mono_ns() - changed < ENDED_MS * UINT64_C(1000000)) {
		stats[0] = stats_of(thread);
		if (stats[0].records + stats[0].lost_records != before)
			changed = tw_clock_mono_ns();
		before = stats[0].records + stats[0].lost_records;
		if (before == fed)
			break;
		usleep(1000);
	}
	*at_ns = changed;
	return stats[0];
}

/* Processor time of the exporter thread, in seconds. */
static double thread_seconds(void)
{
	unsigned long long ns = 0;
	char path[64], name[32];
	struct dirent *task;
	DIR *tasks = opendir("/proc/self/task");
	FILE *file;

	while (tasks && (task = readdir(tasks))) {
		snprintf(path, sizeof(path), "/proc/self/task/%.16s/comm", task->d_name);
		file = fopen(path, "r");
		if (!file)
			continue;
		if (!fgets(name, sizeof(name), file))
			name[0] = '\0';
		fclose(file);
		if (strcmp(name, "tw-export\n") != 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%.16s/schedstat", task->d_name);
		file = fopen(path, "r");
		if (file && fscanf(file, "%llu", &ns) != 1)
			ns = 0;
		if (file)
			fclose(file);
	}
	if (tasks)
		closedir(tasks);
	return (double)ns * 1e-9;
}

static void measure(struct tw_export_thread *thread)
{
	double seconds = thread_seconds();
	uint64_t start = tw_clock_mono_ns(), end, waited = 0, fed = feed(&waited);
	struct tw_exporter_stats stats = settle(thread, fed, &end);

	usleep(300000); /* what is on its way arrives */
	printf("{\"records_per_s\": %.0f, \"offered\": %lu, \"sent\": %lu, \"lost\": %lu, \"missed\": %ld, \"waited\": %lu, "
	       "\"thread_cpu_s\": %.3f}\n",
	       (double)stats.records * 1e9 / (double)(end - start), fed, stats.records, stats.lost_records,
	       (long)(stats.messages - received), waited, thread_seconds() - seconds);
}

static bool read_options(int argc, char **argv)
{
	static const char *const formats[] = { "ipfix", "v9", "v5" };
	static const struct option longs[] = {
		{ "format", required_argument, NULL, 'f' },  { "rate", required_argument, NULL, 'r' },
		{ "seconds", required_argument, NULL, 's' }, { "cpus", required_argument, NULL, 'c' },
		{ "spool", required_argument, NULL, 'p' },   { 0 }
	};
	int opt;

	while ((opt = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (opt == 'r')
			options.rate = strtoull(optarg, NULL, 10);
		else if (opt == 'p')
			options.spool = optarg;
		else if (opt == 's')
			options.seconds = strtod(optarg, NULL);
		else if (opt == 'c' && sscanf(optarg, "%d,%d", &options.main_cpu, &options.thread_cpu) == 2)
			continue;
		else if (opt != 'f')
			return false;
		for (unsigned i = 0; opt == 'f' && i < 3; i++)
			if (strcmp(optarg, formats[i]) == 0)
				options.format = (enum tw_flow_format)i;
	}
	return optind == argc;
}

int main(int argc, char **argv)
{
	static char eal[][16] = { "tw-export-rate", "--no-huge",     "-m",       "64", "--no-pci", "--no-shconf",
				  "--no-telemetry", "--log-level=4", "--lcores", "0@0" };
	char *words[sizeof(eal) / sizeof(*eal)];
	static struct tw_exporter_config config = {
		.observation_domain = 1, .host = "bench", .n_targets = 1, .targets = { { .name = "sink", .mtu = 1400 } }
	};
	static struct tw_outlet_config outlet = { .max_octets = UINT64_C(1) << 30, .n_scopes = 1 };
	struct tw_worker *one = &worker;
	struct tw_export_thread *thread;
	pthread_t collector;
	int fd;

	tw_log_init("tw-export-rate", TW_LOG_WARNING);
	for (size_t i = 0; i < sizeof(eal) / sizeof(*eal); i++)
		words[i] = eal[i];
	if (!read_options(argc, argv) || rte_eal_init((int)(sizeof(eal) / sizeof(*eal)), words) < 0)
		fail("cannot start");
	worker.records = rte_ring_create_elem("records", sizeof(struct tw_flow_record), TW_RECORD_RING, SOCKET_ID_ANY,
					      RING_F_SP_ENQ | RING_F_SC_DEQ);
	fd = open_collector(&config.targets[0].collector, &config.targets[0].collector_size);
	config.targets[0].format = options.format;
	run_on(options.thread_cpu);
	thread = worker.records ? tw_export_thread_create(&one, 1) : NULL;
	if (options.spool) {
		config.n_targets = 0;
		snprintf(outlet.folder, sizeof(outlet.folder), "%s", options.spool);
	}
	if (!thread || tw_export_thread_configure(thread, &config, &outlet))
		fail("no exporter");
	run_on(options.main_cpu);
	if (pthread_create(&collector, NULL, collect, &fd))
		fail("no thread for the collector");
	usleep(1500000); /* templates are out, or the spool is open */
	measure(thread);
	tw_export_thread_destroy(thread);
	ended = true;
	pthread_join(collector, NULL);
	return 0;
}
