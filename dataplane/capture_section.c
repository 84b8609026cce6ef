/* SPDX-License-Identifier: Apache-2.0 */
/* capture_section.c - what a mirror sees as a section of pcapng; see capture_section.h. */
#include "dataplane/capture_section.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <rte_mbuf.h>

#include "dataplane/drop.h"
#include "dataplane/mirror_tap.h"

enum { NO_INTERFACE = -1 };

struct interface {
	struct tw_capture_port port;
	uint64_t packets, kept; /* since the section began; of these, safe */
};

/* The interface that a port has now; sorted by number. */
struct place {
	uint32_t number, interface;
};

struct tw_capture_section {
	char mirror[64], host[64], machine[68], hardware[128], os[160];
	char filter[TW_CAPTURE_FILTER_SIZE];
	uint32_t snaplen;
	struct interface *interfaces;
	uint32_t n_interfaces;
	struct place *places;
	uint32_t n_places;
	uint32_t told, kept; /* blocks of the head: the section header, and interfaces */
	uint64_t began_ns;
};

/* --- what it is about --- */

/* The processor's name, as other programs that capture give it. */
static void read_hardware(char *hardware, size_t size, const char *machine)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(hardware, size, "%s", machine);
	while (f && fgets(line, sizeof(line), f)) {
		const char *colon = strchr(line, ':');

		if (strncmp(line, "model name", 10) != 0 || !colon)
			continue;
		snprintf(hardware, size, "%s, %.*s", machine, (int)strcspn(colon + 2, "\n"), colon + 2);
		break;
	}
	if (f)
		fclose(f);
}

struct tw_capture_section *tw_capture_section_create(const struct tw_capture_about *about)
{
	struct tw_capture_section *s = calloc(1, sizeof(*s));
	struct utsname u = { 0 };

	if (!s)
		return NULL;
	uname(&u);
	snprintf(s->mirror, sizeof(s->mirror), "%s", about->mirror);
	snprintf(s->host, sizeof(s->host), "%s", about->host);
	snprintf(s->machine, sizeof(s->machine), "%s", u.nodename);
	snprintf(s->os, sizeof(s->os), "%s %s", u.sysname, u.release);
	read_hardware(s->hardware, sizeof(s->hardware), u.machine);
	s->snaplen = about->snaplen;
	return s;
}

void tw_capture_section_destroy(struct tw_capture_section *s)
{
	if (!s)
		return;
	free(s->interfaces);
	free(s->places);
	free(s);
}

/* --- interfaces --- */

/* @return where the number stands, or would */
static uint32_t search(const struct tw_capture_section *s, uint32_t number)
{
	uint32_t low = 0, high = s->n_places;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (s->places[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct place *find_place(const struct tw_capture_section *s, uint32_t number)
{
	uint32_t at = search(s, number);

	return at < s->n_places && s->places[at].number == number ? &s->places[at] : NULL;
}

static int find_interface(const struct tw_capture_section *s, uint32_t number)
{
	const struct place *p = find_place(s, number);

	return p ? (int)p->interface : NO_INTERFACE;
}

static bool is_called(const struct tw_capture_port *a, const struct tw_capture_port *b)
{
	return strcmp(a->name, b->name) == 0 && strcmp(a->vm_name, b->vm_name) == 0 &&
	       memcmp(a->mac, b->mac, sizeof(a->mac)) == 0;
}

/* @return false: out of memory */
static bool grow(struct tw_capture_section *s)
{
	struct interface *interfaces = reallocarray(s->interfaces, s->n_interfaces + 1, sizeof(*interfaces));
	struct place *places;

	if (!interfaces)
		return false;
	s->interfaces = interfaces;
	places = reallocarray(s->places, s->n_places + 1, sizeof(*places));
	if (!places)
		return false;
	s->places = places;
	return true;
}

static bool add_port(struct tw_capture_section *s, const struct tw_capture_port *port, bool anew)
{
	struct place *known = find_place(s, port->number);
	uint32_t at = search(s, port->number);

	if (known && !anew && is_called(&s->interfaces[known->interface].port, port))
		return true;
	if (!grow(s))
		return false;
	s->interfaces[s->n_interfaces] = (struct interface){ .port = *port };
	if (!known) {
		memmove(s->places + at + 1, s->places + at, (s->n_places - at) * sizeof(*s->places));
		s->n_places++;
	}
	s->places[at] = (struct place){ port->number, s->n_interfaces++ };
	return true;
}

bool tw_capture_section_add(struct tw_capture_section *s, const struct tw_capture_ports *ports)
{
	bool other = strcmp(s->filter, ports->filter) != 0, all = true;

	memcpy(s->filter, ports->filter, sizeof(s->filter));
	for (size_t i = 0; i < ports->n; i++)
		all = add_port(s, &ports->a[i], other) && all;
	return all;
}

/* Interfaces that have been replaced go; what is left keeps its order. */
static void forget_former(struct tw_capture_section *s)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->n_interfaces; i++) {
		struct place *place = find_place(s, s->interfaces[i].port.number);

		if (place->interface != i)
			continue;
		place->interface = n;
		s->interfaces[n++] = s->interfaces[i];
	}
	s->n_interfaces = n;
}

/* --- the head --- */

static size_t put_section(const struct tw_capture_section *s, uint8_t *buf, size_t size)
{
	char comment[256];
	struct tw_pcapng_section section = { .comment = comment,
					     .hardware = s->hardware,
					     .os = s->os,
					     .application = "Tradewind tw-switch " TW_VERSION };

	snprintf(comment, sizeof(comment), "mirror %s on host %s (%s)", s->mirror, s->host, s->machine);
	return tw_pcapng_section(buf, size, &section);
}

static size_t put_interface(const struct tw_capture_section *s, const struct tw_capture_port *port, uint8_t *buf,
			    size_t size)
{
	static const uint8_t no_mac[6];
	char description[160], comment[96] = "";
	struct tw_pcapng_interface i = { .name = port->name,
					 .description = description,
					 .comment = comment,
					 .filter = s->filter,
					 .mac = memcmp(port->mac, no_mac, sizeof(no_mac)) ? port->mac : NULL,
					 .snaplen = s->snaplen };

	if (port->number & TW_TAP_UPLINK) {
		snprintf(description, sizeof(description), "uplink of host %s", s->host);
		return tw_pcapng_interface(buf, size, &i);
	}
	if (port->vm_name[0])
		snprintf(comment, sizeof(comment), "VM %s", port->vm_name);
	snprintf(description, sizeof(description), "port %u, VM %s on host %s", port->number,
		 port->vm_name[0] ? port->vm_name : "-", s->host);
	return tw_pcapng_interface(buf, size, &i);
}

size_t tw_capture_section_head(struct tw_capture_section *s, uint8_t *buf, size_t size)
{
	size_t n = 0;

	if (s->told == 0)
		n = put_section(s, buf, size);
	else if (s->told <= s->n_interfaces)
		n = put_interface(s, &s->interfaces[s->told - 1].port, buf, size);
	s->told += n > 0;
	return n;
}

void tw_capture_section_keep(struct tw_capture_section *s)
{
	s->kept = s->told;
	for (uint32_t i = 0; i < s->n_interfaces; i++)
		s->interfaces[i].kept = s->interfaces[i].packets;
}

void tw_capture_section_rewind(struct tw_capture_section *s)
{
	s->told = s->kept;
	for (uint32_t i = 0; i < s->n_interfaces; i++)
		s->interfaces[i].packets = s->interfaces[i].kept;
}

void tw_capture_section_restart(struct tw_capture_section *s, uint64_t now_ns)
{
	s->told = s->kept = 0;
	s->began_ns = now_ns;
	forget_former(s);
	for (uint32_t i = 0; i < s->n_interfaces; i++)
		s->interfaces[i].packets = s->interfaces[i].kept = 0;
}

/* --- packets --- */

#define DROP_COMMENT(symbol, name, side, text) [TW_DROP_##symbol] = "dropped: " text " (" #name ")",
static const char *const drop_comments[TW_DROPS] = { TW_DROP_REASONS(DROP_COMMENT) };
#undef DROP_COMMENT

bool tw_capture_section_describe(const struct tw_capture_section *s, const struct rte_mbuf *m,
				 const struct tw_mirror_tag *tag, uint64_t ns, struct tw_pcapng_packet *p)
{
	uint32_t captured = s->snaplen && m->pkt_len > s->snaplen ? s->snaplen : m->pkt_len;
	int interface = find_interface(s, tag->number);

	*p = (struct tw_pcapng_packet){ .interface = (uint32_t)interface,
					.ns = ns,
					.captured = captured,
					.original = tag->original_len > captured ? tag->original_len : captured,
					.direction = tag->egress ? TW_PCAPNG_OUTBOUND : TW_PCAPNG_INBOUND,
					.comment = tag->drop && tag->drop <= TW_DROPS ? drop_comments[tag->drop - 1]
										      : NULL };
	return interface != NO_INTERFACE;
}

void tw_capture_section_put(struct tw_capture_section *s, uint8_t *buf, const struct tw_pcapng_packet *p,
			    const struct rte_mbuf *m)
{
	uint8_t *to = tw_pcapng_packet(buf, p);
	const void *data = rte_pktmbuf_read(m, 0, p->captured, to);

	if (data != to)
		memcpy(to, data, p->captured);
	s->interfaces[p->interface].packets++;
}

/* --- the end --- */

size_t tw_capture_section_statistics(const struct tw_capture_section *s, uint32_t interface, uint8_t *buf, size_t size,
				     uint64_t lost, uint64_t now_ns)
{
	uint64_t dropped = interface == 0 ? lost : 0;
	struct tw_pcapng_statistics statistics = { .interface = interface,
						   .ns = now_ns,
						   .start_ns = s->began_ns,
						   .end_ns = now_ns,
						   .dropped = dropped,
						   .comment = dropped ? "copies given up are of any interface" : NULL };

	if (interface >= s->n_interfaces || interface + 1 >= s->told)
		return 0;
	statistics.received = s->interfaces[interface].packets + dropped;
	return tw_pcapng_statistics(buf, size, &statistics);
}
