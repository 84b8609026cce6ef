/* SPDX-License-Identifier: Apache-2.0 */
/* uplink.c - ethdevs opened and closed by devargs; see uplink.h. Main. */
#include "dataplane/uplink.h"

#include <errno.h>
#include <ifaddrs.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <rte_dev.h>
#include <rte_ethdev.h>
#include <rte_mbuf.h>

#include "dataplane/af_packet.h"
#include "dataplane/worker.h"

#define TW_LOG_AREA "uplink"
#include "common/log.h"

enum {
	DESCRIPTORS = 1024,
	MTU_DEFAULT = 1500,
	BURST = 32,
	LAYER_2 = 14 + 2 * 4, /* octets, with two tags */
	LARGE_PER_QUEUE = 64, /* buffers: two bursts */
};

static int __attribute__((format(printf, 3, 4))) fail(struct tw_uplink *u, int rc, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(u->error, sizeof(u->error), fmt, args);
	va_end(args);
	return rc ? rc : -EIO;
}

/* One of the SIOCGIF… questions. @return false: there is no such link */
static bool ask_kernel(const char *netdev, unsigned long question, struct ifreq *ifr)
{
	static int fd = -1; /* main's, for the life of the program */

	if (fd < 0)
		fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	snprintf(ifr->ifr_name, sizeof(ifr->ifr_name), "%s", netdev);
	return fd >= 0 && ioctl(fd, question, ifr) == 0;
}

/* What the devargs call it; its own name goes before. */
static void find_netdev(struct tw_uplink *u)
{
	const char *iface = strstr(u->devargs, "iface=");
	size_t n = iface ? strcspn(iface + 6, ",") : 0;

	if (!u->netdev[0] && n < sizeof(u->netdev))
		snprintf(u->netdev, n + 1, "%s", iface ? iface + 6 : "");
}

static bool find_device(struct tw_uplink *u)
{
	char name[sizeof(u->devargs)];

	snprintf(name, sizeof(name), "%s", u->devargs);
	name[strcspn(name, ",")] = '\0';
	return rte_eth_dev_get_port_by_name(name, &u->device) == 0;
}

/* What is most often wrong with the devices of this machine, in words DPDK does not have. */
static const char *explain(const struct tw_uplink *u, int rc)
{
	if (strchr(u->devargs, ':') && !strchr(u->devargs, ','))
		return "a PCI device must be named by --pci when tw-switch starts";
	if (u->netdev[0] && if_nametoindex(u->netdev) == 0)
		return "there is no such network interface";
	return rc == -EPERM ? "the log says why" : strerror(-rc); /* drivers return -1 for anything */
}

/* The MTU it may use of its kernel link's. */
static uint16_t kernel_mtu(const struct tw_uplink *u)
{
	struct ifreq ifr = { 0 };

	if (!ask_kernel(u->netdev, SIOCGIFMTU, &ifr) || ifr.ifr_mtu <= 0)
		return MTU_DEFAULT;
	return (uint16_t)RTE_MIN(ifr.ifr_mtu, (int)TW_UPLINK_MTU_MAX);
}

static void follow_mtu(struct tw_uplink *u)
{
	uint16_t mtu = kernel_mtu(u);

	u->mtu = mtu < u->mtu_room ? mtu : u->mtu_room;
}

static int probe_kernel_link(struct tw_uplink *u)
{
	const struct tw_af_packet_ring ring = tw_af_packet_ring(u->devargs, kernel_mtu(u));

	u->mtu_room = ring.mtu;
	return tw_af_packet_probe(u->devargs, &ring);
}

/* A PCI device that was allowed at the start is there already. */
static int probe(struct tw_uplink *u)
{
	int rc;

	if (find_device(u))
		return 0;
	rc = tw_af_packet_is(u->devargs) ? probe_kernel_link(u) : rte_dev_probe(u->devargs);
	if (rc && rc != -EEXIST) {
		const char *why = explain(u, rc);

		return fail(u, rc, "DPDK does not open it: %s%s%s", u->netdev, u->netdev[0] ? ": " : "", why);
	}
	return find_device(u) ? 0 : fail(u, -ENODEV, "no such device appeared");
}

/* Octets that the device may put into one buffer. */
static uint32_t largest_frame(const struct tw_uplink *u)
{
	return u->mtu_room ? tw_af_packet_ring(u->devargs, u->mtu_room).frame : u->mtu + (uint32_t)LAYER_2;
}

static int make_large(struct tw_uplink *u, bool scatters)
{
	char name[RTE_MEMPOOL_NAMESIZE];

	if (scatters || largest_frame(u) <= TW_MBUF_ROOM)
		return 0;
	snprintf(name, sizeof(name), "large-%u", u->device);
	u->large = rte_pktmbuf_pool_create(name, u->n_rx * LARGE_PER_QUEUE, 0, 0,
					   (uint16_t)(largest_frame(u) + RTE_PKTMBUF_HEADROOM), SOCKET_ID_ANY);
	return u->large ? 0 : fail(u, -ENOMEM, "no memory for buffers of %u octets", largest_frame(u));
}

static int configure(struct tw_uplink *u, unsigned n_workers)
{
	struct rte_eth_conf conf = { 0 };
	struct rte_eth_dev_info info;
	int rc = rte_eth_dev_info_get(u->device, &info);

	if (rc)
		return fail(u, rc, "it does not describe itself: %s", strerror(-rc));
	if (rte_eth_dev_get_mtu(u->device, &u->mtu) || u->mtu == 0)
		u->mtu = MTU_DEFAULT;
	u->n_rx = (uint16_t)RTE_MIN(n_workers, info.max_rx_queues);
	if (u->mtu_room) /* the kernel shares frames out among all of its queues, asked for or not */
		u->n_rx = info.max_rx_queues;
	if (u->n_rx > TW_QUEUES_MAX)
		return fail(u, -E2BIG, "it has %u queues, and there can be %d", u->n_rx, TW_QUEUES_MAX);
	u->n_tx = (uint16_t)RTE_MIN(n_workers, info.max_tx_queues);
	u->shared_tx = u->n_tx < n_workers;
	conf.rxmode.mtu = u->mtu;
	conf.rxmode.mq_mode = u->n_rx > 1 && info.flow_type_rss_offloads ? RTE_ETH_MQ_RX_RSS : RTE_ETH_MQ_RX_NONE;
	conf.rx_adv_conf.rss_conf.rss_hf =
		(RTE_ETH_RSS_IP | RTE_ETH_RSS_TCP | RTE_ETH_RSS_UDP) & info.flow_type_rss_offloads;
	conf.rxmode.offloads = info.rx_offload_capa & RTE_ETH_RX_OFFLOAD_SCATTER;
	conf.txmode.offloads = info.tx_offload_capa & RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
	rc = rte_eth_dev_configure(u->device, u->n_rx, u->n_tx, &conf);
	if (rc)
		return fail(u, rc, "it cannot be configured: %s", strerror(-rc));
	if (u->mtu_room)
		follow_mtu(u);
	return make_large(u, conf.rxmode.offloads & RTE_ETH_RX_OFFLOAD_SCATTER);
}

static int set_up_queues(struct tw_uplink *u, struct rte_mempool *pool)
{
	uint16_t n_rx = DESCRIPTORS, n_tx = DESCRIPTORS;
	unsigned socket = (unsigned)rte_eth_dev_socket_id(u->device);
	int rc = rte_eth_dev_adjust_nb_rx_tx_desc(u->device, &n_rx, &n_tx);

	for (uint16_t q = 0; q < u->n_rx && rc == 0; q++)
		rc = rte_eth_rx_queue_setup(u->device, q, n_rx, socket, NULL, u->large ? u->large : pool);
	for (uint16_t q = 0; q < u->n_tx && rc == 0; q++)
		rc = rte_eth_tx_queue_setup(u->device, q, n_tx, socket, NULL);
	return rc ? fail(u, rc, "its queues cannot be set up: %s", strerror(-rc)) : 0;
}

static int start(struct tw_uplink *u)
{
	int rc = rte_eth_dev_start(u->device);

	if (rc)
		return fail(u, rc, "it does not start: %s", strerror(-rc));
	rc = rte_eth_promiscuous_enable(u->device);
	if (rc && rc != -ENOTSUP)
		tw_log_warning("not promiscuous uplink=%s error=\"%s\"", u->name, strerror(-rc));
	return 0;
}

/* net_af_packet's socket hears every interface of the host until it is bound to its own: that must not be forwarded. */
static void discard_early(const struct tw_uplink *u)
{
	struct rte_mbuf *m[BURST];
	uint16_t n;

	for (uint16_t q = 0; q < u->n_rx; q++)
		for (unsigned seen = 0; seen < DESCRIPTORS; seen += n) {
			n = rte_eth_rx_burst(u->device, q, m, BURST);
			rte_pktmbuf_free_bulk(m, n);
			if (n == 0)
				break;
		}
}

static void remove_device(struct tw_uplink *u)
{
	struct rte_eth_dev_info info;
	int rc = rte_eth_dev_info_get(u->device, &info);

	rte_eth_dev_close(u->device);
	if (rc == 0 && info.device)
		rte_dev_remove(info.device);
	rte_mempool_free(u->large);
	u->large = NULL;
}

/* What the kernel could not send of what a driver over a kernel link gave it: the driver takes that for sent. */
static uint32_t kernel_losses(const struct tw_uplink *u)
{
	const struct rtnl_link_stats *stats;
	struct ifaddrs *all = NULL;
	uint32_t n = 0;

	if (!u->netdev[0] || getifaddrs(&all))
		return 0;
	for (const struct ifaddrs *a = all; a; a = a->ifa_next) {
		if (!a->ifa_addr || a->ifa_addr->sa_family != AF_PACKET || !a->ifa_data ||
		    strcmp(a->ifa_name, u->netdev) != 0)
			continue;
		stats = a->ifa_data;
		n = stats->tx_dropped + stats->tx_errors;
	}
	freeifaddrs(all);
	return n;
}

int tw_uplink_open(struct tw_uplink *u, struct rte_mempool *pool, unsigned n_workers)
{
	int rc;

	find_netdev(u);
	rc = probe(u);
	u->open = u->up = false;
	if (rc == 0 && ((rc = configure(u, n_workers)) || (rc = set_up_queues(u, pool)) || (rc = start(u))))
		remove_device(u);
	if (rc) {
		if (++u->failures == 1)
			tw_log_warning("uplink cannot be opened uplink=%s devargs=%s error=\"%s\"", u->name, u->devargs,
				       u->error);
		return rc;
	}
	u->error[0] = '\0';
	u->failures = 0;
	u->open = true;
	for (unsigned i = 0; i < TW_WORKERS_MAX; i++)
		rte_spinlock_init(&u->lock[i].lock);
	discard_early(u);
	u->losses_before = kernel_losses(u);
	tw_uplink_poll_link(u);
	tw_log_info("uplink opened uplink=%s devargs=%s rx_queues=%u tx_queues=%u mtu=%u up=%d", u->name, u->devargs,
		    u->n_rx, u->n_tx, u->mtu, u->up);
	return 0;
}

void tw_uplink_close(struct tw_uplink *u)
{
	int rc;

	if (!u->open)
		return;
	rc = rte_eth_dev_stop(u->device);
	if (rc)
		tw_log_warning("uplink does not stop uplink=%s error=\"%s\"", u->name, strerror(-rc));
	remove_device(u);
	u->open = u->up = false;
	tw_log_info("uplink closed uplink=%s", u->name);
}

/* Drivers over kernel links (af_packet, tap) say "up" whatever happens. RUNNING is a carrier, or a driver that knows none. */
static bool kernel_link_up(const struct tw_uplink *u)
{
	struct ifreq ifr = { 0 };

	return !u->netdev[0] || (ask_kernel(u->netdev, SIOCGIFFLAGS, &ifr) &&
				 (ifr.ifr_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING));
}

bool tw_uplink_poll_link(struct tw_uplink *u)
{
	struct rte_eth_link link = { 0 };
	bool was = u->up;
	uint16_t mtu_was = u->mtu;

	if (!u->open)
		return false;
	if (u->mtu_room)
		follow_mtu(u);
	if (rte_eth_link_get_nowait(u->device, &link) == 0)
		u->up = link.link_status == RTE_ETH_LINK_UP && kernel_link_up(u);
	return u->up != was || u->mtu != mtu_was;
}

/* Sizes that the devargs set are kept to. */
bool tw_uplink_outgrown(const struct tw_uplink *u)
{
	return u->mtu_room && kernel_mtu(u) > u->mtu_room && !strstr(u->devargs, ",framesz=");
}

uint64_t tw_uplink_errors(const struct tw_uplink *u)
{
	struct rte_eth_stats stats;

	if (!u->open || rte_eth_stats_get(u->device, &stats))
		return 0;
	return stats.imissed + stats.ierrors + stats.rx_nombuf + stats.oerrors + (kernel_losses(u) - u->losses_before);
}
