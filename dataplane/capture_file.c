/* SPDX-License-Identifier: Apache-2.0 */
/* capture_file.c - one mirror's pcapng files; see capture_file.h for threads. */
#include "dataplane/capture_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_mbuf.h>

#include "common/clock.h"
#include "dataplane/capture_ring.h"
#include "dataplane/mirror_sink.h"

enum { BUFFER = 512 << 10 };
static const uint64_t MAX_BYTES_DEFAULT = UINT64_C(1) << 30, SECOND = 1000000000;

/* What has happened to a file, or to the attempt to have one. */
enum state {
	WRITING,
	FULL,    /* the only file is as large as it may be */
	FAILING, /* it could not be opened or written: tried again at retry_ns */
};

struct capture {
	struct tw_sink sink; /* first */
	/* --- set when opened --- */
	struct tw_capture_ring ring;
	uint64_t max_bytes, age_ns; /* age_ns 0 = any */
	/* --- the writer's --- */
	struct tw_capture_section *section;
	enum state state;
	int fd; /* -1: none is open */
	uint64_t began_ns, retry_ns, looked_ns;
	uint64_t size;    /* of the file: whole blocks */
	uint64_t packets; /* in the file, or the buffer */
	uint64_t lost;    /* copies given up since the file began, or the one before ended */
	uint8_t *buffer;
	size_t used;
	uint64_t buffered, buffered_octets; /* copies in the buffer */
};

static struct capture *capture_of(struct tw_sink *sink)
{
	return (struct capture *)sink;
}

/* --- what does not work --- */

static void shed(struct capture *c, uint64_t n)
{
	tw_sink_count_shed(&c->sink, n);
	c->lost += n;
}

static void fail(struct capture *c, uint64_t n)
{
	tw_sink_count_failed(&c->sink, n);
	c->lost += n;
}

static void try_later(struct capture *c, const char *why, uint64_t now_ns)
{
	char text[128];

	c->state = FAILING;
	c->retry_ns = now_ns + SECOND;
	snprintf(text, sizeof(text), "%.90s; tried again each second", why);
	tw_sink_set_error(&c->sink, text);
}

static void works(struct capture *c)
{
	if (c->state == FAILING)
		tw_sink_set_error(&c->sink, "");
	c->state = WRITING;
}

/* --- the buffer --- */

static int write_all(int fd, const uint8_t *data, size_t n, uint64_t at)
{
	while (n > 0) {
		ssize_t done = pwrite(fd, data, n, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return done < 0 ? errno : EIO;
		data += done;
		at += (uint64_t)done;
		n -= (size_t)done;
	}
	return 0;
}

/* The file ends with its last whole block, as if what is in the buffer had never come. */
static void cut_back(struct capture *c, int error, uint64_t now_ns)
{
	char why[128];

	if (ftruncate(c->fd, (off_t)c->size))
		error = errno;
	snprintf(why, sizeof(why), "cannot write: %s", strerror(error));
	tw_capture_section_rewind(c->section);
	c->packets -= c->buffered;
	fail(c, c->buffered);
	try_later(c, why, now_ns);
}

static void flush(struct capture *c, uint64_t now_ns)
{
	int error;

	if (c->fd < 0 || c->used == 0)
		return;
	error = write_all(c->fd, c->buffer, c->used, c->size);
	if (error) {
		cut_back(c, error, now_ns);
	} else {
		c->size += c->used;
		tw_capture_section_keep(c->section);
		tw_sink_count_sent(&c->sink, c->buffered, c->buffered_octets);
		works(c);
	}
	c->used = 0;
	c->buffered = c->buffered_octets = 0;
}

/* @return room for n octets in the buffer; NULL: it could not be emptied */
static uint8_t *room(struct capture *c, size_t n, uint64_t now_ns)
{
	if (c->used + n > BUFFER)
		flush(c, now_ns);
	return c->used + n > BUFFER || (c->state == FAILING && now_ns < c->retry_ns) ? NULL : c->buffer + c->used;
}

static bool add_block(struct capture *c, const uint8_t *block, size_t n, uint64_t now_ns)
{
	uint8_t *at = room(c, n, now_ns);

	if (!at)
		return false;
	memcpy(at, block, n);
	c->used += n;
	return true;
}

/* Section header and interfaces, as far as they are not there. */
static void write_head(struct capture *c, uint64_t now_ns)
{
	uint8_t block[TW_PCAPNG_BLOCK_MAX];
	size_t n;

	while ((n = tw_capture_section_head(c->section, block, sizeof(block))) > 0)
		if (!add_block(c, block, n, now_ns))
			return;
}

/* --- one file after the other --- */

static void close_file(struct capture *c)
{
	if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->used = 0;
	c->size = c->packets = c->lost = 0;
}

static void end_file(struct capture *c, uint64_t now_ns)
{
	uint8_t block[TW_PCAPNG_BLOCK_MAX];
	size_t n;

	if (c->fd < 0)
		return;
	write_head(c, now_ns);
	for (uint32_t i = 0;
	     (n = tw_capture_section_statistics(c->section, i, block, sizeof(block), c->lost, now_ns)) > 0; i++)
		if (!add_block(c, block, n, now_ns))
			break;
	flush(c, now_ns);
	close_file(c);
}

static bool begin_file(struct capture *c, uint64_t now_ns, char error[128])
{
	char path[PATH_MAX];

	c->fd = tw_capture_ring_next(&c->ring, (time_t)(now_ns / SECOND), path, error);
	if (c->fd < 0)
		return false;
	tw_sink_set_path(&c->sink, path);
	tw_capture_section_restart(c->section, now_ns);
	c->began_ns = c->looked_ns = now_ns;
	c->size = c->packets = 0;
	return true;
}

static bool rotates(const struct capture *c)
{
	return c->ring.numbered;
}

static bool is_full(const struct capture *c, size_t n)
{
	return c->size + c->used + n > c->max_bytes && (c->packets > 0 || !rotates(c));
}

static bool is_old(const struct capture *c, uint64_t now_ns)
{
	return c->age_ns && c->packets > 0 && now_ns >= c->began_ns + c->age_ns;
}

static void fill_up(struct capture *c, uint64_t now_ns)
{
	flush(c, now_ns);
	if (c->state == FAILING)
		return;
	c->state = FULL;
	tw_sink_set_error(&c->sink, "the file has reached its size limit");
}

/* A file that takes n octets more. @return false: there is none now */
static bool have_file(struct capture *c, size_t n, uint64_t now_ns)
{
	char error[128];

	if (c->state == FULL || (c->state == FAILING && now_ns < c->retry_ns))
		return false;
	if (c->fd >= 0 && (is_old(c, now_ns) || is_full(c, n))) {
		if (!rotates(c)) {
			fill_up(c, now_ns);
			return false;
		}
		end_file(c, now_ns);
		if (c->state == FAILING)
			return false;
	}
	if (c->fd < 0 && !begin_file(c, now_ns, error)) {
		try_later(c, error, now_ns);
		return false;
	}
	write_head(c, now_ns);
	return true;
}

/* --- the sink --- */

static void set_ports(struct tw_sink *sink, const struct tw_capture_ports *ports, uint64_t now_ns)
{
	struct capture *c = capture_of(sink);

	if (!tw_capture_section_add(c->section, ports))
		tw_sink_set_error(sink, "out of memory: ports are missing");
	if (c->fd >= 0 && c->state == WRITING)
		write_head(c, now_ns);
}

static void write_copy(struct tw_sink *sink, const struct rte_mbuf *m, const struct tw_mirror_tag *tag, uint64_t ns)
{
	struct capture *c = capture_of(sink);
	struct tw_pcapng_packet packet;
	bool known = tw_capture_section_describe(c->section, m, tag, ns, &packet);
	size_t size = tw_pcapng_packet_size(&packet);
	uint8_t *at = known && size <= BUFFER && have_file(c, size, ns) ? room(c, size, ns) : NULL;

	if (!at && c->state == FAILING) {
		fail(c, 1);
		return;
	}
	if (!at) {
		shed(c, 1);
		return;
	}
	tw_capture_section_describe(c->section, m, tag, ns, &packet); /* the next file numbers its interfaces anew */
	tw_capture_section_put(c->section, at, &packet, m);
	c->used += size;
	c->packets++;
	c->buffered++;
	c->buffered_octets += packet.captured;
}

static void leave_out(struct tw_sink *sink, uint64_t n)
{
	capture_of(sink)->lost += n;
}

/* Somebody has removed the file: its room is free only when it is closed, and another is begun with the next packet. */
static void look_for_file(struct capture *c, uint64_t now_ns)
{
	struct stat st;

	if (c->fd < 0 || now_ns < c->looked_ns + SECOND)
		return;
	c->looked_ns = now_ns;
	if (fstat(c->fd, &st) || st.st_nlink > 0)
		return;
	close_file(c);
	if (c->state != FULL)
		return;
	c->state = WRITING;
	tw_sink_set_error(&c->sink, "");
}

static void flush_sink(struct tw_sink *sink, uint64_t now_ns)
{
	struct capture *c = capture_of(sink);

	flush(c, now_ns);
	if (is_old(c, now_ns) && c->state == WRITING)
		end_file(c, now_ns);
	look_for_file(c, now_ns);
}

static void close_capture(struct tw_sink *sink, uint64_t now_ns)
{
	struct capture *c = capture_of(sink);

	c->retry_ns = now_ns; /* now or never */
	end_file(c, now_ns);
}

static void free_capture(struct tw_sink *sink)
{
	struct capture *c = capture_of(sink);

	if (c->fd >= 0)
		close(c->fd);
	tw_capture_section_destroy(c->section);
	free(c->buffer);
	free(c);
}

static const struct tw_sink_ops ops = {
	.write = write_copy,
	.set_ports = set_ports,
	.leave_out = leave_out,
	.flush = flush_sink,
	.close = close_capture,
	.free = free_capture,
};

/* --- main --- */

static struct capture *allocate(const struct tw_capture_about *about)
{
	struct capture *c = calloc(1, sizeof(*c));

	if (c)
		c->fd = -1;
	if (c && (c->buffer = malloc(BUFFER)) && (c->section = tw_capture_section_create(about)))
		return c;
	free(c ? c->buffer : NULL);
	free(c);
	return NULL;
}

struct tw_sink *tw_capture_open(const char *path, const char *folder, const struct tw_capture_about *about,
				const struct tw_capture_limits *limits, char error[static 128])
{
	struct capture *c = allocate(about);

	if (!c) {
		snprintf(error, 128, "out of memory");
		return NULL;
	}
	c->ring.files = limits->files;
	c->ring.numbered = limits->files || limits->seconds;
	c->max_bytes = limits->max_bytes ? limits->max_bytes : MAX_BYTES_DEFAULT;
	c->age_ns = limits->seconds * SECOND;
	tw_sink_init(&c->sink, &ops);
	if (tw_capture_ring_init(&c->ring, path, folder, error) && begin_file(c, tw_clock_real_ns(), error))
		return &c->sink;
	free_capture(&c->sink);
	return NULL;
}
