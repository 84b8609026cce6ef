/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vguest.c - guests without a VM: net_virtio_user vg_ports that send just the frames they are told and check what arrives.
 *
 * Takes commands on standard input, a line each, and answers each with one line that begins with "ok" or "not":
 *   open NAME DEVARGS       a port; DEVARGS as net_virtio_user has them, "offload=1," in front: with checksum and TSO; "buffers=N,": of N octets
 *   close NAME
 *   link NAME up|down MS    wait for it; says how many ms that took
 *   send NAME N FRAME       N frames whose seq goes up
 *   replay NAME FILE [MSS]  the frames of a capture file, at their times; says how many. TCP of more than MSS octets is left to be cut
 *   record NAME FILE        what is drained there goes into a capture file, until
 *   recorded NAME           says how many frames that were, once nothing has come for 300 ms
 *   expect NAME N FRAME     the next N frames there are these, octet for octet, all in one queue; 5 s; says which queue
 *   silence MS              no port gets anything
 *   flood NAME FRAME        as many as the ring takes, until
 *   halt                    says how many were sent
 *   received NAME           says how many came in there while there was a flood, and forgets them
 *   apply FILE              ask the switch for this configuration under the flood; says how many frames NAME… got after the
 *                           reply, over 200 ms
 * FRAME is words of frame.h's description: 1>2 udp tcp ip6 port=1000>2000 len=22 tag=10 seq=7 flags=24 id=5; and csum, tso=1448:
 * leave that to the other side. queue=2: sent in that queue.
 * Usage: vguest RUN_DIR EAL-ARGUMENTS. One thread.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_ethdev.h>

#include "common/clock.h"
#include "common/log.h"
#include "proto/link/link.h"
#include "tests/support/snapshot_json.h"
#include "tests/support/vguest_port.h"

enum { BURST = 32, PATIENCE_MS = 5000, AFTER_MS = 200 };

static struct {
	struct vg_port *port; /* NULL: none */
	struct vg_spec spec;
	uint64_t sent;
} flood;
static const char *run_dir;

static int __attribute__((format(printf, 1, 2))) not_so(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("not ", stdout);
	vprintf(fmt, args);
	putchar('\n');
	va_end(args);
	return -1;
}

static bool read_spec(struct vg_spec *s)
{
	memset(s, 0, sizeof(*s));
	for (const char *word; (word = strtok(NULL, " "));)
		if (!vg_read_word(word, s)) {
			not_so("understood: %s", word);
			return false;
		}
	return true;
}

static struct vg_port *find(const char *name)
{
	struct vg_port *p = vg_find(name);

	if (!p)
		not_so("a port: %s", name ? name : "");
	return p;
}

static void flood_some(void)
{
	struct rte_mbuf *m[BURST];
	uint16_t n = 0, sent;

	if (flood.port) {
		while (n < BURST && (m[n] = vg_make(&flood.spec)))
			n++;
		sent = rte_eth_tx_burst(flood.port->id, 0, m, n);
		rte_pktmbuf_free_bulk(m + sent, (unsigned)(n - sent));
		flood.sent += sent;
	}
	vg_drain_all();
}

/* --- commands --- */

static int wait_link(void)
{
	struct vg_port *p = find(strtok(NULL, " "));
	const char *state = strtok(NULL, " "), *ms = strtok(NULL, " ");
	uint64_t start = tw_clock_mono_ms();

	if (!p || !ms)
		return p ? not_so("a time") : -1;
	while (vg_is_up(p) != (strcmp(state, "up") == 0)) {
		if (tw_clock_mono_ms() - start > (uint64_t)atoi(ms))
			return not_so("%s in %s ms", state, ms);
		usleep(2000);
	}
	printf("ok %lu\n", tw_clock_mono_ms() - start);
	return 1;
}

static int send_frames(void)
{
	struct vg_port *p = find(strtok(NULL, " "));
	const char *count = strtok(NULL, " ");
	uint64_t start = tw_clock_mono_ms();
	struct vg_spec s;

	if (!p || !count || !read_spec(&s))
		return -1;
	for (int i = 0; i < atoi(count); i++, s.f.seq++) {
		struct rte_mbuf *m = vg_make(&s), *one = m;

		if (!m || rte_eth_tx_prepare(p->id, s.queue, &one, 1) != 1)
			return not_so("prepared");
		while (rte_eth_tx_burst(p->id, s.queue, &m, 1) == 0)
			if (tw_clock_mono_ms() - start > PATIENCE_MS)
				return not_so("taken: %d", i);
	}
	return 0;
}

static int replay(void)
{
	struct vg_port *p = find(strtok(NULL, " "));
	const char *path = strtok(NULL, " "), *mss = strtok(NULL, " \n");
	int n = p && path ? vg_replay(p, path, (uint16_t)(mss ? atoi(mss) : 0)) : -1;

	if (n < 0)
		return not_so("replayed");
	printf("ok %d\n", n);
	return 1;
}

static int begin_record(void)
{
	struct vg_port *p = find(strtok(NULL, " "));
	const char *path = strtok(NULL, " ");

	if (!p || !path)
		return -1;
	return vg_record_begin(p, path) ? 0 : not_so("recorded");
}

static int end_record(void)
{
	struct vg_port *p = find(strtok(NULL, " "));
	int n = p && p->record ? vg_record_end(p) : -1;

	if (n < 0)
		return not_so("recorded whole");
	printf("ok %d\n", n);
	return 1;
}

static int expect_frames(void)
{
	struct vg_port *p = find(strtok(NULL, " "));
	const char *count = strtok(NULL, " ");
	uint64_t start = tw_clock_mono_ms();
	struct rte_mbuf *m;
	struct vg_spec s;
	uint16_t queue = 0;

	if (!p || !count || !read_spec(&s))
		return -1;
	for (int i = 0; i < atoi(count); i++, s.f.seq++) {
		uint16_t before = queue;
		bool right;

		while (!(m = vg_receive(p, &queue)))
			if (tw_clock_mono_ms() - start > PATIENCE_MS)
				return not_so("more than %d frames came", i);
		right = vg_same(m, &s);
		if (!right)
			rte_pktmbuf_dump(stderr, m, 128);
		rte_pktmbuf_free(m);
		if (!right)
			return not_so("frame %d is another", i);
		if (i > 0 && queue != before)
			return not_so("all in queue %u: frame %d came in %u", before, i, queue);
	}
	printf("ok %u\n", queue);
	return 1;
}

static int silence(void)
{
	const char *ms = strtok(NULL, " ");
	uint64_t end = tw_clock_mono_ms() + (uint64_t)(ms ? atoi(ms) : 0);

	do {
		for (int i = 0; i < VG_PORTS; i++)
			if (vg_ports[i].open && vg_drain(&vg_ports[i]))
				return not_so("silent: %s got something", vg_ports[i].name);
	} while (tw_clock_mono_ms() < end);
	return 0;
}

static int start_flood(void)
{
	struct vg_port *p = find(strtok(NULL, " "));

	if (!p || !read_spec(&flood.spec))
		return -1;
	flood.port = p;
	flood.sent = 0;
	return 0;
}

static int halt(void)
{
	flood.port = NULL;
	printf("ok %lu\n", flood.sent);
	return 1;
}

static int tell_received(void)
{
	struct vg_port *p = find(strtok(NULL, " "));

	if (!p)
		return -1;
	vg_drain_all();
	printf("ok %lu\n", p->received);
	p->received = 0;
	return 1;
}

static void applied(const Tw__Envelope *reply, const struct tw_error *err, void *arg)
{
	*(int *)arg = reply ? 1 : -1;
}

static int apply_under_flood(void)
{
	const char *path = strtok(NULL, " ");
	json_t *json = path ? json_load_file(path, 0, NULL) : NULL;
	struct event_base *base = event_base_new();
	Tw__ApplySnapshot body = TW__APPLY_SNAPSHOT__INIT;
	Tw__Envelope env = TW__ENVELOPE__INIT;
	struct tw_link_client *client;
	uint64_t before = flood.sent, after = 0, end;
	char url[512];
	int done = 0;

	if (!json || !base)
		return not_so("a file");
	snprintf(url, sizeof(url), "ipc://%s/switch.ipc", run_dir);
	client = tw_link_client_create(base, url);
	body.snapshot = snapshot_from_json(json);
	json_decref(json);
	env.body_case = TW__ENVELOPE__BODY_APPLY_SNAPSHOT;
	env.apply_snapshot = &body;
	if (!client || tw_link_call_async(client, &env, PATIENCE_MS, applied, &done))
		return not_so("asked");
	while (done == 0) {
		flood_some();
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	tw_link_client_destroy(client);
	event_base_free(base);
	tw__snapshot__free_unpacked(body.snapshot, NULL);
	if (done < 0)
		return not_so("applied");
	for (int i = 0; i < 4 * VG_RING / BURST && vg_drain_all() > 0; i++) /* delivered before the reply */
		;
	for (int i = 0; i < VG_PORTS; i++)
		vg_ports[i].received = 0;
	for (end = tw_clock_mono_ms() + AFTER_MS; tw_clock_mono_ms() < end;)
		flood_some();
	for (int i = 0; i < VG_PORTS; i++)
		after += vg_ports[i].received;
	printf("ok %lu sent %lu\n", after, flood.sent - before);
	return 1;
}

static int open_port(void)
{
	const char *name = strtok(NULL, " "), *args = strtok(NULL, " ");

	if (!args)
		return not_so("a name and devargs");
	return vg_open(name, args) ? 0 : not_so("opened: %s", args);
}

static int close_port(void)
{
	struct vg_port *p = find(strtok(NULL, " "));

	if (p && flood.port == p)
		flood.port = NULL;
	if (p)
		vg_close(p);
	return p ? 0 : -1;
}

/* Handlers answer themselves unless they return 0: then it is "ok". */
static const struct {
	const char *name;
	int (*fn)(void);
} commands[] = {
	{ "open", open_port },         { "close", close_port },
	{ "link", wait_link },         { "send", send_frames },
	{ "expect", expect_frames },   { "silence", silence },
	{ "flood", start_flood },      { "halt", halt },
	{ "received", tell_received }, { "apply", apply_under_flood },
	{ "replay", replay },          { "record", begin_record },
	{ "recorded", end_record },
};

static void obey(char *line)
{
	const char *word = strtok(line, " \n");

	for (size_t i = 0; word && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, word) == 0) {
			if (commands[i].fn() == 0)
				puts("ok");
			fflush(stdout);
			return;
		}
	not_so("a command");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };
	char line[1024];

	if (argc < 2)
		return fputs("Usage: vguest RUN_DIR EAL-ARGUMENTS\n", stderr), 2;
	run_dir = argv[1];
	argv[1] = argv[0];
	tw_log_init("vguest", TW_LOG_WARNING);
	if (rte_eal_init(argc - 1, argv + 1) < 0)
		return 1;
	if (!vg_init())
		return 1;
	puts("ok");
	fflush(stdout);
	setvbuf(stdin, NULL, _IONBF, 0); /* poll() and the stream must see the same */
	for (;;) {
		if (poll(&in, 1, flood.port ? 0 : 1) > 0) {
			if (!fgets(line, sizeof(line), stdin))
				break;
			line[strcspn(line, "\n")] = '\0';
			obey(line);
		}
		if (flood.port)
			flood_some();
		else
			for (int i = 0; i < VG_PORTS;
			     i++) /* a port that listens sees its other side come and go only when asked */
				if (vg_ports[i].open)
					vg_is_up(&vg_ports[i]);
	}
	for (int i = 0; i < VG_PORTS; i++)
		if (vg_ports[i].open)
			vg_close(&vg_ports[i]);
	rte_eal_cleanup();
	return 0;
}
