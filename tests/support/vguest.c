/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vguest.c - guests without a VM: net_virtio_user ports that send just the frames they are told and check what arrives.
 *
 * Takes commands on standard input, a line each, and answers each with one line that begins with "ok" or "not":
 *   open NAME DEVARGS       a port; DEVARGS as net_virtio_user has them, "offload=1," in front: with checksum and TSO
 *   close NAME
 *   link NAME up|down MS    wait for it; says how many ms that took
 *   send NAME N FRAME       N frames whose seq goes up
 *   expect NAME N FRAME     the next N frames there are these, octet for octet; 5 s
 *   silence MS              no port gets anything
 *   flood NAME FRAME        as many as the ring takes, until
 *   halt                    says how many were sent
 *   received NAME           says how many came in there while there was a flood, and forgets them
 *   apply FILE              ask the switch for this configuration under the flood; says how many frames NAME… got after the
 *                           reply, over 200 ms
 * FRAME is words of frame.h's description: 1>2 udp tcp ip6 port=1000>2000 len=22 tag=10 seq=7 flags=24 id=5; and csum, tso=1448:
 * leave that to the other side.
 * Usage: vguest RUN_DIR EAL-ARGUMENTS. One thread.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>

#include "common/clock.h"
#include "common/log.h"
#include "proto/link/link.h"
#include "tests/support/frame.h"
#include "tests/support/snapshot_json.h"

enum { PORTS = 8, BURST = 32, RING = 1024, PATIENCE_MS = 5000, AFTER_MS = 200 };

struct port {
	char name[16];
	uint16_t id;
	bool open;
	uint64_t received;
};

struct spec {
	struct test_frame f;
	bool csum;
	uint16_t mss;
};

static struct port ports[PORTS];
static struct rte_mempool *pool;
static struct {
	struct port *port; /* NULL: none */
	struct spec spec;
	uint64_t sent;
} flood;
static const char *run_dir;
static uint8_t bytes[TF_MAX], got[TF_MAX];

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

/* --- frames --- */

static bool read_word(const char *word, struct spec *s)
{
	unsigned a, b;

	if (sscanf(word, "%u>%u", &a, &b) == 2) {
		s->f.from = (uint8_t)a;
		s->f.to = (uint8_t)b;
	} else if (sscanf(word, "port=%u>%u", &a, &b) == 2) {
		s->f.sport = (uint16_t)a;
		s->f.dport = (uint16_t)b;
	} else if (sscanf(word, "tag=%u", &a) == 1) {
		s->f.tagged = true;
		s->f.tci = (uint16_t)a;
	} else if (sscanf(word, "len=%u", &a) == 1) {
		s->f.payload = a;
	} else if (sscanf(word, "seq=%u", &a) == 1) {
		s->f.seq = a;
	} else if (sscanf(word, "flags=%u", &a) == 1) {
		s->f.tcp_flags = (uint8_t)a;
	} else if (sscanf(word, "id=%u", &a) == 1) {
		s->f.ip_id = (uint16_t)a;
	} else if (sscanf(word, "tso=%u", &a) == 1) {
		s->csum = true;
		s->mss = (uint16_t)a;
	} else if (strcmp(word, "csum") == 0) {
		s->csum = true;
	} else if (strcmp(word, "ip6") == 0) {
		s->f.ip6 = true;
	} else if (strcmp(word, "udp") == 0 || strcmp(word, "tcp") == 0) {
		s->f.protocol = *word == 'u' ? 17 : 6;
	} else {
		return false;
	}
	return true;
}

static bool read_spec(struct spec *s)
{
	memset(s, 0, sizeof(*s));
	for (const char *word; (word = strtok(NULL, " "));)
		if (!read_word(word, s)) {
			not_so("understood: %s", word);
			return false;
		}
	return true;
}

static struct rte_mbuf *make(const struct spec *s)
{
	size_t len = test_frame_write(&s->f, bytes), done = 0;
	struct rte_mbuf *head = rte_pktmbuf_alloc(pool), *last = head;

	while (last) {
		uint16_t n = (uint16_t)RTE_MIN(len - done, (size_t)rte_pktmbuf_tailroom(last));

		memcpy(rte_pktmbuf_mtod(last, void *), bytes + done, n);
		last->data_len = n;
		done += n;
		if (done == len)
			break;
		last = last->next = rte_pktmbuf_alloc(pool);
		head->nb_segs++;
	}
	if (!last) {
		rte_pktmbuf_free(head);
		return NULL;
	}
	head->pkt_len = (uint32_t)len;
	if (!s->csum)
		return head;
	head->l2_len = test_frame_l3(&s->f) & 0x7f;
	head->l3_len = (test_frame_l4(&s->f) - test_frame_l3(&s->f)) & 0x1ff;
	head->l4_len = (test_frame_payload(&s->f) - test_frame_l4(&s->f)) & 0xff;
	head->ol_flags = (s->f.ip6 ? RTE_MBUF_F_TX_IPV6 : RTE_MBUF_F_TX_IPV4) |
			 (s->f.protocol == 6 ? RTE_MBUF_F_TX_TCP_CKSUM : RTE_MBUF_F_TX_UDP_CKSUM);
	if (s->mss)
		head->ol_flags |= RTE_MBUF_F_TX_TCP_SEG;
	head->tso_segsz = s->mss;
	return head;
}

/* The frame, but that a checksum left to do is anybody's; and it must be marked so. */
static bool same(struct rte_mbuf *m, const struct spec *s)
{
	size_t len = test_frame_write(&s->f, bytes), field = test_frame_l4(&s->f) + (s->f.protocol == 6 ? 16 : 6);
	const uint8_t *p = rte_pktmbuf_read(m, 0, m->pkt_len, got);
	bool left = (m->ol_flags & RTE_MBUF_F_RX_L4_CKSUM_MASK) == RTE_MBUF_F_RX_L4_CKSUM_NONE;

	if (m->pkt_len != len || !p || left != s->csum || ((m->ol_flags & RTE_MBUF_F_RX_LRO) != 0) != (s->mss != 0))
		return false;
	if (s->mss && m->tso_segsz != s->mss)
		return false;
	if (!s->csum)
		return memcmp(p, bytes, len) == 0;
	return memcmp(p, bytes, field) == 0 && memcmp(p + field + 2, bytes + field + 2, len - field - 2) == 0;
}

/* --- ports --- */

static struct port *find(const char *name)
{
	for (int i = 0; i < PORTS && name; i++)
		if (ports[i].open && strcmp(ports[i].name, name) == 0)
			return &ports[i];
	not_so("a port: %s", name ? name : "");
	return NULL;
}

static int start(struct port *p, bool offload)
{
	struct rte_eth_conf conf = { 0 };
	struct rte_eth_dev_info info;

	if (rte_eth_dev_info_get(p->id, &info))
		return -1;
	if (offload) {
		conf.rxmode.offloads =
			info.rx_offload_capa &
			(RTE_ETH_RX_OFFLOAD_TCP_LRO | RTE_ETH_RX_OFFLOAD_TCP_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM);
		conf.txmode.offloads =
			info.tx_offload_capa &
			(RTE_ETH_TX_OFFLOAD_TCP_TSO | RTE_ETH_TX_OFFLOAD_TCP_CKSUM | RTE_ETH_TX_OFFLOAD_UDP_CKSUM);
	}
	conf.rxmode.offloads |= info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
	conf.txmode.offloads |= info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	if (rte_eth_dev_configure(p->id, 1, 1, &conf) || rte_eth_rx_queue_setup(p->id, 0, RING, 0, NULL, pool) ||
	    rte_eth_tx_queue_setup(p->id, 0, RING, 0, NULL) || rte_eth_dev_start(p->id))
		return -1;
	return 0;
}

static int open_port(void)
{
	const char *name = strtok(NULL, " "), *args = strtok(NULL, " ");
	bool offload = args && strncmp(args, "offload=1,", 10) == 0;
	char device[32];
	int i = 0;

	while (i < PORTS - 1 && ports[i].open)
		i++;
	if (!args || ports[i].open)
		return not_so("opened");
	snprintf(ports[i].name, sizeof(ports[i].name), "%s", name);
	snprintf(device, sizeof(device), "net_virtio_user%d", i);
	if (rte_eal_hotplug_add("vdev", device, offload ? args + 10 : args) ||
	    rte_eth_dev_get_port_by_name(device, &ports[i].id))
		return not_so("opened: %s", args);
	ports[i].open = true;
	ports[i].received = 0;
	return start(&ports[i], offload) ? not_so("started") : 0;
}

static void close_port(struct port *p)
{
	char device[32];

	if (flood.port == p)
		flood.port = NULL;
	p->open = false;
	rte_eth_dev_stop(p->id);
	rte_eth_dev_close(p->id);
	snprintf(device, sizeof(device), "net_virtio_user%d", (int)(p - ports));
	rte_eal_hotplug_remove("vdev", device);
}

static bool is_up(const struct port *p)
{
	struct rte_eth_link link = { 0 };

	return rte_eth_link_get_nowait(p->id, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

/* What has come in there, freed. */
static unsigned drain(struct port *p)
{
	struct rte_mbuf *m[BURST];
	unsigned n = rte_eth_rx_burst(p->id, 0, m, BURST);

	rte_pktmbuf_free_bulk(m, n);
	p->received += n;
	return n;
}

static unsigned drain_all(void)
{
	unsigned n = 0;

	for (int i = 0; i < PORTS; i++)
		if (ports[i].open)
			n += drain(&ports[i]);
	return n;
}

static void flood_some(void)
{
	struct rte_mbuf *m[BURST];
	uint16_t n = 0, sent;

	if (flood.port) {
		while (n < BURST && (m[n] = make(&flood.spec)))
			n++;
		sent = rte_eth_tx_burst(flood.port->id, 0, m, n);
		rte_pktmbuf_free_bulk(m + sent, (unsigned)(n - sent));
		flood.sent += sent;
	}
	drain_all();
}

/* --- commands --- */

static int wait_link(void)
{
	struct port *p = find(strtok(NULL, " "));
	const char *state = strtok(NULL, " "), *ms = strtok(NULL, " ");
	uint64_t start = tw_clock_mono_ms();

	if (!p || !ms)
		return p ? not_so("a time") : -1;
	while (is_up(p) != (strcmp(state, "up") == 0)) {
		if (tw_clock_mono_ms() - start > (uint64_t)atoi(ms))
			return not_so("%s in %s ms", state, ms);
		usleep(2000);
	}
	printf("ok %lu\n", tw_clock_mono_ms() - start);
	return 1;
}

static int send_frames(void)
{
	struct port *p = find(strtok(NULL, " "));
	const char *count = strtok(NULL, " ");
	uint64_t start = tw_clock_mono_ms();
	struct spec s;

	if (!p || !count || !read_spec(&s))
		return -1;
	for (int i = 0; i < atoi(count); i++, s.f.seq++) {
		struct rte_mbuf *m = make(&s), *one = m;

		if (!m || rte_eth_tx_prepare(p->id, 0, &one, 1) != 1)
			return not_so("prepared");
		while (rte_eth_tx_burst(p->id, 0, &m, 1) == 0)
			if (tw_clock_mono_ms() - start > PATIENCE_MS)
				return not_so("taken: %d", i);
	}
	return 0;
}

static int expect_frames(void)
{
	struct port *p = find(strtok(NULL, " "));
	const char *count = strtok(NULL, " ");
	uint64_t start = tw_clock_mono_ms();
	struct rte_mbuf *m;
	struct spec s;

	if (!p || !count || !read_spec(&s))
		return -1;
	for (int i = 0; i < atoi(count); i++, s.f.seq++) {
		bool right;

		while (rte_eth_rx_burst(p->id, 0, &m, 1) == 0)
			if (tw_clock_mono_ms() - start > PATIENCE_MS)
				return not_so("more than %d frames came", i);
		right = same(m, &s);
		if (!right)
			rte_pktmbuf_dump(stderr, m, 128);
		rte_pktmbuf_free(m);
		if (!right)
			return not_so("frame %d is another", i);
	}
	return 0;
}

static int silence(void)
{
	const char *ms = strtok(NULL, " ");
	uint64_t end = tw_clock_mono_ms() + (uint64_t)(ms ? atoi(ms) : 0);

	do {
		for (int i = 0; i < PORTS; i++)
			if (ports[i].open && drain(&ports[i]))
				return not_so("silent: %s got something", ports[i].name);
	} while (tw_clock_mono_ms() < end);
	return 0;
}

static int start_flood(void)
{
	struct port *p = find(strtok(NULL, " "));

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
	struct port *p = find(strtok(NULL, " "));

	if (!p)
		return -1;
	drain_all();
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
	for (int i = 0; i < 4 * RING / BURST && drain_all() > 0; i++) /* delivered before the reply */
		;
	for (int i = 0; i < PORTS; i++)
		ports[i].received = 0;
	for (end = tw_clock_mono_ms() + AFTER_MS; tw_clock_mono_ms() < end;)
		flood_some();
	for (int i = 0; i < PORTS; i++)
		after += ports[i].received;
	printf("ok %lu sent %lu\n", after, flood.sent - before);
	return 1;
}

static int close_named(void)
{
	struct port *p = find(strtok(NULL, " "));

	if (p)
		close_port(p);
	return p ? 0 : -1;
}

/* Handlers answer themselves unless they return 0: then it is "ok". */
static const struct {
	const char *name;
	int (*fn)(void);
} commands[] = {
	{ "open", open_port },         { "close", close_named },
	{ "link", wait_link },         { "send", send_frames },
	{ "expect", expect_frames },   { "silence", silence },
	{ "flood", start_flood },      { "halt", halt },
	{ "received", tell_received }, { "apply", apply_under_flood },
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
	pool = rte_pktmbuf_pool_create("vguest", 8191, 128, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	if (!pool)
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
			for (int i = 0; i < PORTS;
			     i++) /* a port that listens sees its other side come and go only when asked */
				if (ports[i].open)
					is_up(&ports[i]);
	}
	for (int i = 0; i < PORTS; i++)
		if (ports[i].open)
			close_port(&ports[i]);
	rte_eal_cleanup();
	return 0;
}
