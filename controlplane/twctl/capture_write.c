/* SPDX-License-Identifier: Apache-2.0 */
/* capture_write.c - captured frames as pcapng; see capture_write.h. */
#include "controlplane/twctl/capture_write.h"

#include <endian.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "common/clock.h"
#include "common/pcapng.h"
#include "controlplane/twctl/message.h"
#include "dataplane/drop.h" /* the list of reasons: nothing is linked */

struct interface {
	char *name;
	uint64_t packets;
};

struct tw_capture_writer {
	const Tw__Mirror *what;
	struct tw_capture_octets out;
	struct interface *interfaces;
	uint32_t n_interfaces;
	uint64_t began_ns;
};

static uint8_t *room(struct tw_capture_writer *w, size_t n)
{
	struct tw_capture_octets *out = &w->out;

	if (out->used + n > out->size) {
		size_t size = 2 * (out->used + n);
		uint8_t *data = tw_alloc(size);

		if (out->used)
			memcpy(data, out->data, out->used);
		free(out->data);
		out->data = data;
		out->size = size;
	}
	return out->data + out->used;
}

static void add_section(struct tw_capture_writer *w)
{
	struct utsname u = { 0 };
	char os[160];
	const struct tw_pcapng_section section = { .os = os,
						   .hardware = u.machine,
						   .application = "Tradewind twctl " TW_VERSION };

	uname(&u);
	snprintf(os, sizeof(os), "%s %s", u.sysname, u.release);
	w->out.used += tw_pcapng_section(room(w, TW_PCAPNG_BLOCK_MAX), TW_PCAPNG_BLOCK_MAX, &section);
}

struct tw_capture_writer *tw_capture_writer_create(const Tw__Mirror *what)
{
	struct tw_capture_writer *w = tw_alloc(sizeof(*w));

	w->what = what;
	w->began_ns = tw_clock_real_ns();
	add_section(w);
	return w;
}

void tw_capture_writer_destroy(struct tw_capture_writer *w)
{
	if (!w)
		return;
	for (uint32_t i = 0; i < w->n_interfaces; i++)
		free(w->interfaces[i].name);
	free(w->interfaces);
	free(w->out.data);
	free(w);
}

struct tw_capture_octets *tw_capture_writer_octets(struct tw_capture_writer *w)
{
	return &w->out;
}

static uint32_t add_interface(struct tw_capture_writer *w, const Tw__CapturedPort *port, const char *host)
{
	struct interface *more = tw_alloc((w->n_interfaces + 1) * sizeof(*more));
	char description[160];
	const struct tw_pcapng_interface interface = { .name = port->name,
						       .description = description,
						       .filter = w->what->filter,
						       .mac = port->mac.len == 6 ? port->mac.data : NULL,
						       .snaplen = w->what->snaplen };

	if (w->n_interfaces)
		memcpy(more, w->interfaces, w->n_interfaces * sizeof(*more));
	free(w->interfaces);
	w->interfaces = more;
	more[w->n_interfaces] = (struct interface){ .name = tw_strdup(port->name) };
	if (*port->vm_name)
		snprintf(description, sizeof(description), "VM %s", port->vm_name);
	else
		snprintf(description, sizeof(description), "uplink of host %s", host);
	w->out.used += tw_pcapng_interface(room(w, TW_PCAPNG_BLOCK_MAX), TW_PCAPNG_BLOCK_MAX, &interface);
	return w->n_interfaces++;
}

static uint32_t interface_of(struct tw_capture_writer *w, const Tw__CapturedPort *port, const char *host)
{
	for (uint32_t i = 0; i < w->n_interfaces; i++)
		if (strcmp(w->interfaces[i].name, port->name) == 0)
			return i;
	return add_interface(w, port, host);
}

#define DROP_COMMENT(symbol, name, side, text) { #name, "dropped: " text " (" #name ")" },
static const struct {
	const char *name, *comment;
} drops[] = { TW_DROP_REASONS(DROP_COMMENT) };
#undef DROP_COMMENT

/* @return NULL: it was not dropped */
static const char *comment_of(const Tw__CapturedFrame *f)
{
	for (size_t i = 0; *f->drop_reason && i < sizeof(drops) / sizeof(*drops); i++)
		if (strcmp(drops[i].name, f->drop_reason) == 0)
			return drops[i].comment;
	return *f->drop_reason ? f->drop_reason : NULL; /* of a newer switch */
}

void tw_capture_writer_add(struct tw_capture_writer *w, const Tw__CaptureBatch *batch, size_t at)
{
	const Tw__CapturedFrame *f = batch->frames[at];
	uint32_t interface = interface_of(w, batch->ports[f->port], batch->host);
	const struct tw_pcapng_packet packet = { .interface = interface,
						 .ns = f->at_ns,
						 .captured = (uint32_t)f->octets.len,
						 .original = f->len,
						 .direction = f->egress ? TW_PCAPNG_OUTBOUND : TW_PCAPNG_INBOUND,
						 .comment = comment_of(f) };
	size_t size = tw_pcapng_packet_size(&packet);
	uint8_t *data = tw_pcapng_packet(room(w, size), &packet);

	if (f->octets.len)
		memcpy(data, f->octets.data, f->octets.len);
	w->out.used += size;
	w->interfaces[interface].packets++;
}

uint64_t tw_capture_writer_unwritten(const struct tw_capture_writer *w)
{
	uint64_t n = 0;
	uint32_t head[2]; /* type and length of a block */

	for (size_t at = 0; at < w->out.used; at += le32toh(head[1])) {
		memcpy(head, w->out.data + at, sizeof(head));
		n += le32toh(head[0]) == TW_PCAPNG_PACKET && at + le32toh(head[1]) > w->out.done;
	}
	return n;
}

void tw_capture_writer_end(struct tw_capture_writer *w, uint64_t lost)
{
	uint64_t now = tw_clock_real_ns();

	for (uint32_t i = 0; i < w->n_interfaces; i++) {
		uint64_t dropped = i == 0 ? lost : 0;
		const struct tw_pcapng_statistics statistics = {
			.interface = i,
			.ns = now,
			.start_ns = w->began_ns,
			.end_ns = now,
			.received = w->interfaces[i].packets + dropped,
			.dropped = dropped,
			.comment = dropped ? "frames given up are of any interface" : NULL
		};

		w->out.used += tw_pcapng_statistics(room(w, TW_PCAPNG_BLOCK_MAX), TW_PCAPNG_BLOCK_MAX, &statistics);
	}
}
