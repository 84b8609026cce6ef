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

enum { BUFFER = 512 << 10 };
static const uint64_t MAX_BYTES_DEFAULT = UINT64_C(1) << 30;

struct capture {
	struct tw_sink sink; /* first */
	uint64_t max_bytes;  /* set when opened */
	/* --- the writer's --- */
	int fd;
	uint8_t *buffer;
	size_t used;
	uint64_t size;     /* of the file, with what is in the buffer */
	uint64_t buffered; /* packets in the buffer */
	struct tw_capture_section *section;
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
	tw_capture_section_destroy(c->section);
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

static bool add_block(struct capture *c, const uint8_t *block, size_t n)
{
	uint8_t *at = room(c, n);

	if (!at)
		return false;
	memcpy(at, block, n);
	took(c, n);
	return true;
}

/* Interfaces of ports that have come. */
static void write_head(struct capture *c)
{
	uint8_t block[TW_PCAPNG_BLOCK_MAX];
	size_t n;

	while ((n = tw_capture_section_head(c->section, block, sizeof(block))) > 0)
		if (!add_block(c, block, n))
			return;
}

static void set_ports(struct tw_sink *sink, const struct tw_capture_ports *ports, uint64_t now_ns)
{
	struct capture *c = capture_of(sink);

	if (tw_capture_section_told(c->section) == 0)
		tw_capture_section_restart(c->section, now_ns);
	if (!tw_capture_section_add(c->section, ports))
		tw_sink_set_error(sink, "out of memory: ports are missing");
	write_head(c);
}

static void write_copy(struct tw_sink *sink, const struct rte_mbuf *m, const struct tw_mirror_tag *tag, uint64_t ns)
{
	struct capture *c = capture_of(sink);
	struct tw_pcapng_packet packet;
	bool known = tw_capture_section_describe(c->section, m, tag, ns, &packet);
	size_t size = tw_pcapng_packet_size(&packet);
	uint8_t *at = known && size <= BUFFER ? room(c, size) : NULL;

	if (!at) {
		tw_sink_count_shed(sink, 1);
		return;
	}
	tw_capture_section_put(c->section, at, &packet, m);
	took(c, size);
	c->buffered++;
	tw_sink_count_sent(sink, packet.captured);
}

static void flush_sink(struct tw_sink *sink, uint64_t now_ns)
{
	flush(capture_of(sink));
}

static void close_capture(struct tw_sink *sink, uint64_t now_ns)
{
	struct capture *c = capture_of(sink);
	uint8_t block[TW_PCAPNG_BLOCK_MAX];

	for (uint32_t i = 0;; i++) {
		size_t n = tw_capture_section_statistics(c->section, i, block, sizeof(block), sink->shed, now_ns);

		if (n == 0 || !add_block(c, block, n))
			break;
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

struct tw_sink *tw_capture_open(const char *path, const struct tw_capture_about *about, uint64_t max_bytes,
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
	if (!c || !(c->buffer = malloc(BUFFER)) || !(c->section = tw_capture_section_create(about))) {
		free(c ? c->buffer : NULL);
		free(c);
		close(fd);
		snprintf(error, 128, "out of memory");
		return NULL;
	}
	c->fd = fd;
	c->max_bytes = max_bytes ? max_bytes : MAX_BYTES_DEFAULT;
	tw_sink_init(&c->sink, &ops);
	return &c->sink;
}
