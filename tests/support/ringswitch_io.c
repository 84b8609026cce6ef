/* SPDX-License-Identifier: Apache-2.0 */
/* ringswitch_io.c - frames in and out of the switch on the bench, and what it counted; see ringswitch.h. One thread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <rte_cycles.h>
#include <rte_ethdev.h>

#include "dataplane/tsc.h"
#include "tests/support/ringswitch.h"

static struct rte_ring *rx_ring(unsigned who)
{
	char name[32];

	snprintf(name, sizeof(name), "rs_rx%u", who);
	return rte_ring_lookup(name);
}

static struct rte_ring *tx_ring(unsigned who)
{
	char name[32];

	snprintf(name, sizeof(name), "rs_tx%u", who);
	return rte_ring_lookup(name);
}

/* --- in --- */

struct rte_mbuf *rs_mbuf(const void *bytes, size_t len)
{
	struct rte_mbuf *head = rte_pktmbuf_alloc(rs.worker.pool), *last = head;
	const uint8_t *p = bytes;
	size_t left = len;

	assert_non_null(head);
	while (left > 0) {
		uint16_t n = (uint16_t)RTE_MIN(left, (size_t)rte_pktmbuf_tailroom(last));

		memcpy(rte_pktmbuf_mtod_offset(last, void *, last->data_len), p, n);
		last->data_len = (uint16_t)(last->data_len + n);
		p += n;
		left -= n;
		if (left == 0)
			break;
		last = last->next = rte_pktmbuf_alloc(rs.worker.pool);
		assert_non_null(last);
		last->data_off = 0; /* as rte_vhost has it: only the first has headroom */
		head->nb_segs++;
	}
	head->pkt_len = (uint32_t)len;
	return head;
}

void rs_send_mbuf(unsigned who, struct rte_mbuf *m)
{
	assert_int_equal(rte_ring_enqueue(rx_ring(who), m), 0);
}

void rs_send_bytes(unsigned who, const void *bytes, size_t len)
{
	rs_send_mbuf(who, rs_mbuf(bytes, len));
}

void rs_send(unsigned who, const struct test_frame *f)
{
	static uint8_t bytes[TF_MAX];

	rs_send_bytes(who, bytes, test_frame_write(f, bytes));
}

/* --- rounds and time --- */

void rs_run(void)
{
	while (tw_worker_poll(&rs.worker) > 0)
		;
	tw_worker_poll(&rs.worker);
}

void rs_still(void)
{
	rs.worker.tsc_still = rte_rdtsc();
}

void rs_warp(uint32_t ms)
{
	uint64_t cycles = ms * tw_tsc_hz() / 1000 + 2; /* at least: what is due in that time is due then */

	if (rs.worker.tsc_still)
		rs.worker.tsc_still += cycles;
	else
		rs.worker.tsc_base -= cycles;
}

void rs_sweep(void)
{
	for (uint32_t i = 0; i < rs.worker.cache.capacity / 128 + 2; i++)
		tw_worker_poll(&rs.worker);
}

/* --- out --- */

struct rte_mbuf *rs_take(unsigned who)
{
	void *m;

	return rte_ring_dequeue(tx_ring(who), &m) ? NULL : m;
}

void rs_expect_mbuf(struct rte_mbuf *m, const void *bytes, size_t len)
{
	static uint8_t copy[TF_MAX];

	assert_int_equal(m->pkt_len, len);
	rte_mbuf_sanity_check(m, 1);
	assert_memory_equal(rte_pktmbuf_read(m, 0, (uint32_t)len, copy), bytes, len);
	rte_pktmbuf_free(m);
}

void rs_expect_bytes(unsigned who, const void *bytes, size_t len)
{
	struct rte_mbuf *m = rs_take(who);

	if (!m)
		fail_msg("nothing came out of %u", who);
	rs_expect_mbuf(m, bytes, len);
}

void rs_expect(unsigned who, const struct test_frame *f)
{
	static uint8_t bytes[TF_MAX];

	rs_expect_bytes(who, bytes, test_frame_write(f, bytes));
}

void rs_expect_silence(void)
{
	for (unsigned who = 1; who < RS_DEVICES; who++)
		if (rte_ring_count(tx_ring(who)))
			fail_msg("%u frames more came out of %u", rte_ring_count(tx_ring(who)), who);
}

/* --- counters --- */

static const char *name_of(uint16_t slot, char *text, size_t size)
{
	snprintf(text, size, slot == rs_slot(RS_UP) ? "up" : slot == rs_slot(RS_UP2) ? "up2" : "%u", slot + 1u);
	return text;
}

void rs_expect_drops(const char *drops)
{
	char text[1024] = "", name[16];
	size_t used = 0;

	for (uint16_t slot = 0; slot < TW_SLOTS_MAX; slot++)
		for (unsigned r = 0; r < TW_DROPS; r++) {
			uint64_t n = rs.worker.counters[slot].drops[r];

			if (n && used < sizeof(text))
				used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s.%s=%lu",
							 used ? " " : "", name_of(slot, name, sizeof(name)),
							 tw_drop_name(r), n);
		}
	assert_string_equal(text, drops);
}

void rs_expect_counters(unsigned who, uint64_t rx, uint64_t rx_octets, uint64_t tx, uint64_t tx_octets)
{
	const struct tw_counters *c = &rs.worker.counters[rs_slot(who)];

	assert_int_equal(c->rx_packets, rx);
	assert_int_equal(c->rx_octets, rx_octets);
	assert_int_equal(c->tx_packets, tx);
	assert_int_equal(c->tx_octets, tx_octets);
}

bool rs_record(struct tw_flow_record *record)
{
	return rte_ring_dequeue_elem(rs.worker.records, record, sizeof(*record)) == 0;
}

unsigned rs_job(struct tw_job *job)
{
	unsigned rounds = 0;

	assert_int_equal(rte_ring_enqueue(rs.worker.jobs, job), 0);
	do {
		tw_worker_poll(&rs.worker);
		assert_true(++rounds < 1000);
	} while (!atomic_load(&job->done));
	return rounds;
}
