/* SPDX-License-Identifier: Apache-2.0 */
/* capture_file.c - one mirror's pcapng file; see capture_file.h for threads. */
#include "dataplane/capture_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_mbuf.h>

#include "common/path.h"
#include "dataplane/mirror_sink.h"
#include "dataplane/pcapng.h"

enum { BUFFER = 512 << 10, BLOCK_MAX = 1024, NO_INTERFACE = -1 };
static const uint64_t MAX_BYTES_DEFAULT = UINT64_C(1) << 30;

struct interface {
	uint32_t number;
	uint64_t packets;
};

struct capture {
	struct tw_sink sink; /* first */
	/* --- set when opened --- */
	uint32_t snaplen;
	uint64_t max_bytes;
	char host[64];
	/* --- the writer's --- */
	int fd;
	uint8_t *buffer;
	size_t used;
	uint64_t size;                /* of the file, with what is in the buffer */
	uint64_t buffered, opened_ns; /* packets in the buffer */
	struct interface *interfaces;
	uint32_t n_interfaces;
};

static struct capture *capture_of(struct tw_sink *sink)
{
	return (struct capture *)sink;
}

/* --- writer --- */

static void free_capture(struct tw_sink *sink)
{
	struct capture *c = capture_of(sink);

	if (c->fd >= 0)
		close(c->fd);
	free(c->interfaces);
	free(c->buffer);
	free(c);
}

static void give_up(struct capture *c, const char *why)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->used = 0;
	tw_sink_count_shed(&c->sink, c->buffered);
	atomic_fetch_sub(&c->sink.packets, c->buffered);
	c->buffered = 0;
	tw_sink_set_error(&c->sink, why);
}

static void flush(struct capture *c)
{
	size_t done = 0;

	while (c->fd >= 0 && done < c->used) {
		ssize_t n = write(c->fd, c->buffer + done, c->used - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			give_up(c, strerror(errno));
			return;
		}
		done += (size_t)n;
	}
	c->used = 0;
	c->buffered = 0;
}

/* Make room for n octets in the buffer. @return NULL: the file takes no more */
static uint8_t *room(struct capture *c, size_t n)
{
	if (c->fd < 0)
		return NULL;
	if (c->size + n > c->max_bytes) {
		flush(c);
		give_up(c, "the file has reached its size limit");
		return NULL;
	}
	if (c->used + n > BUFFER)
		flush(c);
	return c->fd < 0 ? NULL : c->buffer + c->used;
}

static void took(struct capture *c, size_t n)
{
	c->used += n;
	c->size += n;
}

static int find_interface(const struct capture *c, uint32_t number)
{
	for (uint32_t i = 0; i < c->n_interfaces; i++)
		if (c->interfaces[i].number == number)
			return (int)i;
	return NO_INTERFACE;
}

/* @return its index or NO_INTERFACE */
static int add_interface(struct capture *c, const struct tw_capture_port *port)
{
	struct interface *more = realloc(c->interfaces, (c->n_interfaces + 1) * sizeof(*more));
	char description[160];
	struct tw_pcapng_interface i = {
		.name = port->name, .description = description, .mac = port->mac, .snaplen = c->snaplen
	};
	uint8_t *at = more ? room(c, BLOCK_MAX) : NULL;

	if (more)
		c->interfaces = more;
	if (!at)
		return NO_INTERFACE;
	snprintf(description, sizeof(description), "port %u, VM %s on host %s", port->number,
		 port->vm_name[0] ? port->vm_name : "-", c->host);
	took(c, tw_pcapng_interface(at, BLOCK_MAX, &i));
	c->interfaces[c->n_interfaces] = (struct interface){ .number = port->number };
	return (int)c->n_interfaces++;
}

static void set_ports(struct tw_sink *sink, const struct tw_capture_ports *ports, uint64_t now_ns)
{
	struct capture *c = capture_of(sink);

	if (c->opened_ns == 0) {
		uint8_t *at = room(c, BLOCK_MAX);

		c->opened_ns = now_ns;
		if (at)
			took(c, tw_pcapng_section(at, BLOCK_MAX, "tw-switch " TW_VERSION));
	}
	for (size_t i = 0; i < ports->n; i++)
		if (find_interface(c, ports->a[i].number) == NO_INTERFACE)
			add_interface(c, &ports->a[i]);
}

static void write_copy(struct tw_sink *sink, const struct rte_mbuf *m, const struct tw_mirror_tag *tag, uint64_t ns)
{
	struct capture *c = capture_of(sink);
	uint32_t captured = c->snaplen && m->pkt_len > c->snaplen ? c->snaplen : m->pkt_len;
	struct tw_pcapng_packet packet = { .ns = ns,
					   .captured = captured,
					   .original = tag->original_len > captured ? tag->original_len : captured,
					   .direction = tag->egress ? TW_PCAPNG_OUTBOUND : TW_PCAPNG_INBOUND };
	size_t size = tw_pcapng_packet_size(captured);
	int interface = find_interface(c, tag->number);
	uint8_t *at = interface == NO_INTERFACE || size > BUFFER ? NULL : room(c, size);
	const void *data;
	uint8_t *to;

	if (!at) {
		tw_sink_count_shed(sink, 1);
		return;
	}
	packet.interface = (uint32_t)interface;
	to = tw_pcapng_packet(at, &packet);
	data = rte_pktmbuf_read(m, 0, captured, to);
	if (data != to)
		memcpy(to, data, captured);
	took(c, size);
	c->interfaces[interface].packets++;
	c->buffered++;
	tw_sink_count_sent(sink, captured);
}

static void flush_sink(struct tw_sink *sink, uint64_t now_ns)
{
	flush(capture_of(sink));
}

static void close_capture(struct tw_sink *sink, uint64_t now_ns)
{
	struct capture *c = capture_of(sink);

	for (uint32_t i = 0; i < c->n_interfaces; i++) {
		struct tw_pcapng_statistics s = { .interface = i,
						  .ns = now_ns,
						  .start_ns = c->opened_ns,
						  .end_ns = now_ns,
						  .received = c->interfaces[i].packets,
						  .dropped = i == 0 ? sink->shed : 0 };
		uint8_t *at = room(c, BLOCK_MAX);

		if (at)
			took(c, tw_pcapng_statistics(at, BLOCK_MAX, &s));
	}
	flush(c);
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
}

static const struct tw_sink_ops ops = {
	.write = write_copy,
	.set_ports = set_ports,
	.flush = flush_sink,
	.close = close_capture,
	.free = free_capture,
};

/* --- main --- */

static bool set_aside(const char *path, char error[128])
{
	char old[PATH_MAX];
	struct stat st;

	if (lstat(path, &st))
		return true; /* open() says what is wrong, if anything is */
	if (!S_ISREG(st.st_mode)) {
		snprintf(error, 128, "something that is not a file is in the way");
		return false;
	}
	if (tw_path(old, sizeof(old), "%s.1", path) || rename(path, old)) {
		snprintf(error, 128, "cannot rename the former file: %s", strerror(errno));
		return false;
	}
	return true;
}

struct tw_sink *tw_capture_open(const char *path, uint32_t snaplen, uint64_t max_bytes, const char *host,
				char error[static 128])
{
	struct capture *c;
	int fd;

	if (!set_aside(path, error))
		return NULL;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0) {
		snprintf(error, 128, "cannot create the file: %s", strerror(errno));
		return NULL;
	}
	c = calloc(1, sizeof(*c));
	if (!c || !(c->buffer = malloc(BUFFER))) {
		free(c);
		close(fd);
		snprintf(error, 128, "out of memory");
		return NULL;
	}
	c->fd = fd;
	c->snaplen = snaplen;
	c->max_bytes = max_bytes ? max_bytes : MAX_BYTES_DEFAULT;
	snprintf(c->host, sizeof(c->host), "%s", host);
	tw_sink_init(&c->sink, &ops);
	return &c->sink;
}
