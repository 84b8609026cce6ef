/* SPDX-License-Identifier: Apache-2.0 */
/* vguest_port.c - frames on net_virtio_user ports; see vguest_port.h. */
#include "tests/support/vguest_port.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_dev.h>
#include <rte_ethdev.h>

enum { BURST = 32 };

struct vg_port vg_ports[VG_PORTS];
static struct rte_mempool *pool;
static struct rte_mempool *large[VG_PORTS]; /* for ports that asked for larger buffers; kept */
static uint8_t bytes[TF_MAX], got[TF_MAX];

bool vg_init(void)
{
	pool = rte_pktmbuf_pool_create("vguest", 24575, 128, 0, RTE_MBUF_DEFAULT_BUF_SIZE, SOCKET_ID_ANY);
	return pool != NULL;
}

/* --- frames --- */

bool vg_read_word(const char *word, struct vg_spec *s)
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
	} else if (sscanf(word, "queue=%u", &a) == 1) {
		s->queue = (uint16_t)a;
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

struct rte_mbuf *vg_wrap(const uint8_t *octets, size_t len)
{
	struct rte_mbuf *head = rte_pktmbuf_alloc(pool), *last = head;
	size_t done = 0;

	while (last) {
		uint16_t n = (uint16_t)RTE_MIN(len - done, (size_t)rte_pktmbuf_tailroom(last));

		memcpy(rte_pktmbuf_mtod(last, void *), octets + done, n);
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
	return head;
}

struct rte_mbuf *vg_make(const struct vg_spec *s)
{
	struct rte_mbuf *head = vg_wrap(bytes, test_frame_write(&s->f, bytes));

	if (!head)
		return NULL;
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
bool vg_same(struct rte_mbuf *m, const struct vg_spec *s)
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

/* --- vg_ports --- */

/* What an option in front of a port's arguments says; *args then stands behind it. */
static unsigned take_option(const char **args, const char *name)
{
	size_t len = strlen(name);
	unsigned value;

	if (strncmp(*args, name, len) != 0 || !strchr(*args, ','))
		return 0;
	value = (unsigned)atoi(*args + len);
	*args = strchr(*args, ',') + 1;
	return value;
}

static struct rte_mempool *pool_of(int i, unsigned buffers)
{
	char name[16];

	if (!buffers)
		return pool;
	snprintf(name, sizeof(name), "large%d", i);
	if (!large[i])
		large[i] = rte_pktmbuf_pool_create(name, 1279, 0, 0, (uint16_t)(buffers + RTE_PKTMBUF_HEADROOM),
						   SOCKET_ID_ANY);
	return large[i];
}

static int start(struct vg_port *p, bool offload, struct rte_mempool *buffers)
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
	if (rte_eth_dev_configure(p->id, p->n_queues, p->n_queues, &conf))
		return -1;
	for (uint16_t q = 0; q < p->n_queues; q++)
		if (rte_eth_rx_queue_setup(p->id, q, VG_RING, 0, NULL, buffers) ||
		    rte_eth_tx_queue_setup(p->id, q, VG_RING, 0, NULL))
			return -1;
	return rte_eth_dev_start(p->id);
}

struct vg_port *vg_find(const char *name)
{
	for (int i = 0; i < VG_PORTS && name; i++)
		if (vg_ports[i].open && strcmp(vg_ports[i].name, name) == 0)
			return &vg_ports[i];
	return NULL;
}

struct vg_port *vg_open(const char *name, const char *args)
{
	bool offload = take_option(&args, "offload=");
	unsigned buffers = take_option(&args, "buffers=");
	const char *queues = strstr(args, "queues=");
	struct vg_port *p = vg_ports;
	char device[32];

	while (p < vg_ports + VG_PORTS && p->open)
		p++;
	if (p == vg_ports + VG_PORTS)
		return NULL;
	snprintf(p->name, sizeof(p->name), "%s", name);
	snprintf(device, sizeof(device), "net_virtio_user%d", (int)(p - vg_ports));
	if (rte_eal_hotplug_add("vdev", device, args) || rte_eth_dev_get_port_by_name(device, &p->id))
		return NULL;
	p->open = true;
	p->received = 0;
	p->record = NULL;
	p->n_queues = queues ? (uint16_t)atoi(queues + 7) : 1;
	return start(p, offload, pool_of((int)(p - vg_ports), buffers)) ? NULL : p;
}

void vg_close(struct vg_port *p)
{
	char device[32];

	p->open = false;
	if (p->record)
		vg_record_end(p);
	rte_eth_dev_stop(p->id);
	rte_eth_dev_close(p->id);
	snprintf(device, sizeof(device), "net_virtio_user%d", (int)(p - vg_ports));
	rte_eal_hotplug_remove("vdev", device);
}

bool vg_is_up(const struct vg_port *p)
{
	struct rte_eth_link link = { 0 };

	return rte_eth_link_get_nowait(p->id, &link) == 0 && link.link_status == RTE_ETH_LINK_UP;
}

/* What has come in there, freed. */
unsigned vg_drain(struct vg_port *p)
{
	struct rte_mbuf *m[BURST];
	unsigned n = 0;

	for (uint16_t q = 0; q < p->n_queues; q++) {
		unsigned came = rte_eth_rx_burst(p->id, q, m, BURST);

		if (p->record)
			vg_record(p->record, m, came);
		rte_pktmbuf_free_bulk(m, came);
		n += came;
	}
	p->received += n;
	return n;
}

struct rte_mbuf *vg_receive(struct vg_port *p, uint16_t *queue)
{
	struct rte_mbuf *m;

	for (uint16_t q = 0; q < p->n_queues; q++)
		if (rte_eth_rx_burst(p->id, q, &m, 1) == 1) {
			*queue = q;
			return m;
		}
	return NULL;
}

unsigned vg_drain_all(void)
{
	unsigned n = 0;

	for (int i = 0; i < VG_PORTS; i++)
		if (vg_ports[i].open)
			n += vg_drain(&vg_ports[i]);
	return n;
}
