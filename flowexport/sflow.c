/* SPDX-License-Identifier: Apache-2.0 */
/* sflow.c - one sFlow datagram; see sflow.h. XDR (RFC 4506): everything is a multiple of four octets. */
#include "flowexport/sflow.h"

#include <assert.h>
#include <netinet/in.h>
#include <string.h>

#include "flowexport/wire.h"

enum { VERSION = 5, IP_UNKNOWN = 0, IP_V4 = 1, IP_V6 = 2 };
enum { FLOW_SAMPLE_EXPANDED = 3, COUNTERS_SAMPLE_EXPANDED = 4 };
enum { SAMPLED_HEADER = 1, EXTENDED_SWITCH = 1001 };
enum {
	IF_COUNTERS = 1,
	PORT_NAME = 1005,
	HOST_DESCR = 2000,
	HOST_ADAPTERS = 2001,
	HOST_PARENT = 2002,
	VIRT_NET_IO = 2104,
};
enum { SOURCE_INTERFACE = 0, SOURCE_PHYSICAL_ENTITY = 2, SOURCE_LOGICAL_ENTITY = 3, THE_HOST = 1 };
enum { ETHERNET = 1, IF_TYPE_ETHERNET = 6, FULL_DUPLEX = 1, IF_ENABLED = 1, IF_UP = 2, MIB_TRUE = 1, MIB_FALSE = 2 };
enum { UUID_SIZE = 16, MAC_SIZE = 6 };
#define UNKNOWN_COUNTER UINT32_MAX

/* Where the datagram's next octet goes. What does not fit is not written, and `full` says so. */
struct cursor {
	uint8_t *at, *end;
	bool full;
};

static uint8_t *take(struct cursor *c, size_t size)
{
	uint8_t *at = c->at;

	if (c->full || size > (size_t)(c->end - c->at)) {
		c->full = true;
		return NULL;
	}
	c->at += size;
	return at;
}

static void put32(struct cursor *c, uint64_t value)
{
	uint8_t *at = take(c, 4);

	if (at)
		tw_put_uint(at, (uint32_t)value, 4);
}

static void put64(struct cursor *c, uint64_t value)
{
	uint8_t *at = take(c, 8);

	if (at)
		tw_put_uint(at, value, 8);
}

/* opaque[size] */
static void put_octets(struct cursor *c, const void *octets, size_t size)
{
	size_t padded = (size + 3) & ~(size_t)3;
	uint8_t *at = take(c, padded);

	if (!at)
		return;
	memset(at + size, 0, padded - size);
	if (size)
		memcpy(at, octets, size);
}

/* string<> */
static void put_text(struct cursor *c, const char *text)
{
	size_t size = strlen(text);

	put32(c, size);
	put_octets(c, text, size);
}

/* A record or sample: its format, and its length, which close_block() knows. @return where the length goes */
static uint8_t *open_block(struct cursor *c, uint32_t format)
{
	put32(c, format);
	return take(c, 4);
}

static void close_block(const struct cursor *c, uint8_t *length)
{
	if (!c->full)
		tw_put_uint(length, (uint64_t)(c->at - length) - 4, 4);
}

/* --- datagram --- */

static struct cursor end_of(struct tw_sflow_datagram *d)
{
	return (struct cursor){ .at = d->octets + d->size, .end = d->octets + d->limit };
}

static bool keep(struct tw_sflow_datagram *d, const struct cursor *c)
{
	if (c->full)
		return false;
	d->size = (size_t)(c->at - d->octets);
	d->n_samples++;
	return true;
}

static void put_address(struct cursor *c, const struct sockaddr_storage *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;

	switch (address->ss_family) {
	case AF_INET:
		put32(c, IP_V4);
		put_octets(c, &v4->sin_addr, sizeof(v4->sin_addr));
		break;
	case AF_INET6:
		put32(c, IP_V6);
		put_octets(c, &v6->sin6_addr, sizeof(v6->sin6_addr));
		break;
	default:
		put32(c, IP_UNKNOWN);
	}
}

void tw_sflow_begin(struct tw_sflow_datagram *d, size_t limit, const struct sockaddr_storage *agent, uint32_t sub_agent)
{
	struct cursor c;

	assert(limit >= TW_SFLOW_DATAGRAM_MIN && limit <= TW_SFLOW_DATAGRAM_MAX);
	d->size = 0;
	d->limit = limit;
	d->n_samples = 0;
	c = end_of(d);
	put32(&c, VERSION);
	put_address(&c, agent);
	put32(&c, sub_agent);
	d->rest = (size_t)(c.at - d->octets);
	put32(&c, 0); /* sequence */
	put32(&c, 0); /* uptime */
	put32(&c, 0); /* number of samples */
	d->size = (size_t)(c.at - d->octets);
}

size_t tw_sflow_finish(struct tw_sflow_datagram *d, uint32_t sequence, uint64_t uptime_ms)
{
	uint8_t *at = d->octets + d->rest;

	at = tw_put_uint(at, sequence, 4);
	at = tw_put_uint(at, (uint32_t)uptime_ms, 4);
	tw_put_uint(at, d->n_samples, 4);
	return d->size;
}

/* --- packets --- */

static void put_header(struct cursor *c, const struct tw_sflow_packet *p)
{
	uint8_t *length = open_block(c, SAMPLED_HEADER);

	put32(c, ETHERNET);
	put32(c, p->length + TW_SFLOW_FCS);
	put32(c, TW_SFLOW_FCS); /* stripped */
	put32(c, p->header_size);
	put_octets(c, p->header, p->header_size);
	close_block(c, length);
}

/* The VLAN is the one the switch has the packet in, tagged or not, and it leaves in the same. */
static void put_switch(struct cursor *c, const struct tw_sflow_packet *p)
{
	uint8_t *length = open_block(c, EXTENDED_SWITCH);

	put32(c, p->vlan);
	put32(c, p->priority_in);
	put32(c, p->vlan);
	put32(c, p->priority_out);
	close_block(c, length);
}

bool tw_sflow_add_packet(struct tw_sflow_datagram *d, const struct tw_sflow_packet *p)
{
	struct cursor c = end_of(d);
	uint8_t *length = open_block(&c, FLOW_SAMPLE_EXPANDED);

	assert(p->header_size <= TW_SFLOW_HEADER_MAX);
	put32(&c, p->sequence);
	put32(&c, SOURCE_INTERFACE);
	put32(&c, p->number);
	put32(&c, p->rate);
	put32(&c, p->pool);
	put32(&c, p->drops);
	put32(&c, TW_SFLOW_TO_ONE); /* input */
	put32(&c, p->number);
	put32(&c, p->output);
	put32(&c, p->value);
	put32(&c, 2); /* records */
	put_header(&c, p);
	put_switch(&c, p);
	close_block(&c, length);
	return keep(d, &c);
}

/* --- counters --- */

static void put_if_counters(struct cursor *c, const struct tw_sflow_interface *i)
{
	uint8_t *length = open_block(c, IF_COUNTERS);

	put32(c, i->number);
	put32(c, IF_TYPE_ETHERNET);
	put64(c, 0); /* speed: a vNIC has none */
	put32(c, FULL_DUPLEX);
	put32(c, (i->enabled ? IF_ENABLED : 0) | (i->up ? IF_UP : 0));
	put64(c, i->in_octets);
	put32(c, i->in_packets);   /* unicast, and with it what is not told apart: */
	put32(c, UNKNOWN_COUNTER); /* multicast */
	put32(c, UNKNOWN_COUNTER); /* broadcast */
	put32(c, i->in_discards);
	put32(c, i->in_errors);
	put32(c, UNKNOWN_COUNTER); /* unknown protocols */
	put64(c, i->out_octets);
	put32(c, i->out_packets);
	put32(c, UNKNOWN_COUNTER);
	put32(c, UNKNOWN_COUNTER);
	put32(c, i->out_discards);
	put32(c, UNKNOWN_COUNTER); /* errors */
	put32(c, i->promiscuous ? MIB_TRUE : MIB_FALSE);
	close_block(c, length);
}

bool tw_sflow_add_interface(struct tw_sflow_datagram *d, const struct tw_sflow_interface *i)
{
	struct cursor c = end_of(d);
	uint8_t *length = open_block(&c, COUNTERS_SAMPLE_EXPANDED), *name;

	put32(&c, i->sequence);
	put32(&c, SOURCE_INTERFACE);
	put32(&c, i->number);
	put32(&c, 2); /* records */
	put_if_counters(&c, i);
	name = open_block(&c, PORT_NAME);
	put_text(&c, i->name);
	close_block(&c, name);
	close_block(&c, length);
	return keep(d, &c);
}

static void put_host_descr(struct cursor *c, const struct tw_sflow_machine *m)
{
	uint8_t *length = open_block(c, HOST_DESCR);

	put_text(c, m->name);
	put_octets(c, m->uuid, UUID_SIZE);
	put32(c, 0); /* machine type */
	put32(c, 0); /* operating system */
	put32(c, 0); /* and its release, empty */
	close_block(c, length);
}

static void put_host_adapters(struct cursor *c, const struct tw_sflow_machine *m)
{
	uint8_t *length = open_block(c, HOST_ADAPTERS);

	put32(c, m->n_adapters);
	for (size_t i = 0; i < m->n_adapters; i++) {
		put32(c, m->adapters[i].number);
		put32(c, 1); /* MACs */
		put_octets(c, m->adapters[i].mac, MAC_SIZE);
	}
	close_block(c, length);
}

static void put_host_parent(struct cursor *c)
{
	uint8_t *length = open_block(c, HOST_PARENT);

	put32(c, SOURCE_PHYSICAL_ENTITY);
	put32(c, THE_HOST);
	close_block(c, length);
}

static void put_virt_net_io(struct cursor *c, const struct tw_sflow_machine *m)
{
	uint8_t *length = open_block(c, VIRT_NET_IO);

	put64(c, m->in_octets);
	put32(c, m->in_packets);
	put32(c, UNKNOWN_COUNTER); /* errors */
	put32(c, m->in_drops);
	put64(c, m->out_octets);
	put32(c, m->out_packets);
	put32(c, UNKNOWN_COUNTER);
	put32(c, m->out_drops);
	close_block(c, length);
}

bool tw_sflow_add_machine(struct tw_sflow_datagram *d, const struct tw_sflow_machine *m)
{
	struct cursor c = end_of(d);
	uint8_t *length = open_block(&c, COUNTERS_SAMPLE_EXPANDED);

	assert(m->n_adapters <= TW_SFLOW_ADAPTERS_MAX);
	put32(&c, m->sequence);
	put32(&c, SOURCE_LOGICAL_ENTITY);
	put32(&c, m->number);
	put32(&c, 4); /* records */
	put_host_descr(&c, m);
	put_host_adapters(&c, m);
	put_host_parent(&c);
	put_virt_net_io(&c, m);
	close_block(&c, length);
	return keep(d, &c);
}
