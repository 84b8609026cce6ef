/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tso_taps.c - plays the user-space virtio of two guests on taps: the first guest sends 64 KB TCP super-frames to the second.
 *
 * A thread for each guest, as QEMU has them, each on the CPU it is told. Their work on a frame is what QEMU's virtio does to its
 * octets, and no more: it writes a frame from where it lies in the guest's memory, and reads one into a buffer of its own, from
 * where it is copied into the guest's. No descriptor is read, no guest is notified, nobody sleeps and has to be woken: all that
 * flatters the kernel. The frames, the window and the memory that they go round in are those of tw-tso-guests.
 *
 * Usage: tw-tso-taps TAP CPU TAP CPU SECONDS. The taps exist; the first one sends.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>

#include "tests/bench/superframe.h"

enum {
	RECEIVE_SLOTS = 64, /* 1,024 buffers of 4 KB, as tw-tso-guests posts them */
	SLOT = 65536 + 4096,
};

struct packet {
	struct virtio_net_hdr_mrg_rxbuf virtio;
	struct superframe_headers headers;
	uint8_t payload[SUPERFRAME_OCTETS - SUPERFRAME_HEADERS];
} __attribute__((packed, aligned(64)));

enum { PACKET_OCTETS = sizeof(struct virtio_net_hdr_mrg_rxbuf) + SUPERFRAME_OCTETS };

struct guest {
	int fd, cpu;
	uint8_t *memory;
};

static atomic_ulong sent, received, wrong; /* each written by one thread */
static atomic_int phase;                   /* enum phase */
enum phase { SEND, DRAIN, END };

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void stay_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	pthread_setaffinity_np(pthread_self(), sizeof(set), &set);
}

static void fill(struct packet *p)
{
	superframe_headers(&p->headers);
	p->virtio.hdr.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM;
	p->virtio.hdr.gso_type = VIRTIO_NET_HDR_GSO_TCPV4;
	p->virtio.hdr.hdr_len = SUPERFRAME_HEADERS;
	p->virtio.hdr.gso_size = SUPERFRAME_MSS;
	p->virtio.hdr.csum_start = sizeof(p->headers.eth) + sizeof(p->headers.ip);
	p->virtio.hdr.csum_offset = offsetof(struct rte_tcp_hdr, cksum);
}

static void *play_sender(void *arg)
{
	const struct guest *g = arg;
	struct packet *packets = (struct packet *)g->memory;
	unsigned long n = 0;

	stay_on(g->cpu);
	for (int i = 0; i < SUPERFRAME_WINDOW; i++)
		fill(&packets[i]);
	while (atomic_load_explicit(&phase, memory_order_relaxed) == SEND) {
		struct packet *p = &packets[n % SUPERFRAME_WINDOW];

		if (n - atomic_load_explicit(&received, memory_order_acquire) >= SUPERFRAME_WINDOW) {
			sched_yield();
			continue;
		}
		superframe_number(&p->headers, p->payload + sizeof(p->payload) - 4, (uint32_t)n);
		if (write(g->fd, p, PACKET_OCTETS) == PACKET_OCTETS)
			atomic_store_explicit(&sent, ++n, memory_order_relaxed);
	}
	return NULL;
}

static bool is_right(const struct packet *p, ssize_t octets, uint32_t *expected)
{
	return octets == PACKET_OCTETS && p->virtio.hdr.gso_type == VIRTIO_NET_HDR_GSO_TCPV4 &&
	       p->virtio.hdr.gso_size == SUPERFRAME_MSS && (p->virtio.hdr.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM) &&
	       superframe_is_next(&p->headers, p->payload + sizeof(p->payload) - 4, expected);
}

static void *play_receiver(void *arg)
{
	static union {
		struct packet packet;
		uint8_t octets[SLOT];
	} own;
	const struct guest *g = arg;
	uint32_t expected = 0;
	unsigned long n = 0;

	stay_on(g->cpu);
	while (atomic_load_explicit(&phase, memory_order_relaxed) != END) {
		uint8_t *slot = g->memory + n % RECEIVE_SLOTS * SLOT;
		const ssize_t octets = read(g->fd, &own, sizeof(own));

		/* What the kernel says to all of its own accord is none of ours. */
		if (octets <= 0 || (own.packet.headers.eth.dst_addr.addr_bytes[0] & 1)) {
			sched_yield();
			continue;
		}
		memcpy(slot, &own, (size_t)octets);
		if (!is_right((struct packet *)slot, octets, &expected))
			atomic_fetch_add_explicit(&wrong, 1, memory_order_relaxed);
		atomic_store_explicit(&received, ++n, memory_order_release);
	}
	return NULL;
}

/* A queue of the tap with what QEMU asks of one whose guest has checksum and TSO. */
static int open_tap(const char *name)
{
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR };
	int header = sizeof(struct virtio_net_hdr_mrg_rxbuf),
	    fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request) || ioctl(fd, TUNSETVNETHDRSZ, &header) ||
	    ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)) {
		fprintf(stderr, "tw-tso-taps: %s: %s\n", name, strerror(errno));
		return -1;
	}
	return fd;
}

static void pause_s(double seconds)
{
	const struct timespec t = { (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9) };

	nanosleep(&t, NULL);
}

static void measure(double seconds)
{
	struct superframe_count counted;
	double start;

	pause_s(2); /* warm up */
	counted = (struct superframe_count){ .sent = sent, .received = received };
	start = now();
	pause_s(seconds);
	counted = (struct superframe_count){ sent - counted.sent, received - counted.received, wrong };
	start = now() - start;
	phase = DRAIN;
	pause_s(0.2); /* what was on its way arrives */
	superframe_report(&counted, start, sent - received);
	phase = END;
}

int main(int argc, char **argv)
{
	const double seconds = argc == 6 ? atof(argv[5]) : 0;
	pthread_t threads[2];
	struct guest guests[2];

	if (seconds <= 0) {
		fprintf(stderr, "usage: tw-tso-taps TAP CPU TAP CPU SECONDS\n");
		return 2;
	}
	for (int i = 0; i < 2; i++) {
		guests[i] = (struct guest){ open_tap(argv[1 + 2 * i]), atoi(argv[2 + 2 * i]), NULL };
		guests[i].memory = aligned_alloc(4096, (size_t)RECEIVE_SLOTS * SLOT);
		if (guests[i].fd < 0 || !guests[i].memory)
			return 1;
		memset(guests[i].memory, 0, (size_t)RECEIVE_SLOTS * SLOT); /* there, before it is used */
	}
	if (pthread_create(&threads[1], NULL, play_receiver, &guests[1]) ||
	    pthread_create(&threads[0], NULL, play_sender, &guests[0]))
		return 1;
	measure(seconds);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
