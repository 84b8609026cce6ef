/* SPDX-License-Identifier: Apache-2.0 */
/* mirror_stream.c - copies to who reads them live; see mirror_stream.h. */
#include "dataplane/mirror_stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "dataplane/capture_section.h"
#include "dataplane/recorder.h"
#include "dataplane/why.h"
#include "proto/envelope.pb-c.h"
#include "proto/link/link.h"

enum {
	FRAMES_MAX = 1024,
	PORTS_MAX = 256,
	BATCH_OCTETS = 64 << 10,
	FRAME_MOST = 65536 + 256, /* a guest's super-frame and its tags */
	WAITING_MOST = 4 << 20,
	SEND_BUFFER = 4 << 20, /* the kernel gives less */
	ROOM_MOST = 1 << 20,   /* of a message, and until it is known what the socket takes */
	KERNELS_SHARE = 64,    /* of the send buffer: unix(7)'s sockets take 32 octets less than it */
	/* In a message, beyond its octets and text: fields' tags and lengths, a name of drop.h; a port's names. */
	BATCH_FIELDS = 256,
	FRAME_FIELDS = 128,
	PORT_FIELDS = 256,
	NO_PORT = -1,
};

/* A batch that the agent has not taken yet. */
struct message {
	STAILQ_ENTRY(message) link;
	uint64_t frames, captured; /* and their octets */
	size_t size;
	uint8_t octets[];
};

struct stream {
	struct tw_sink sink; /* first */
	/* --- set when opened --- */
	struct sockaddr_un to;
	char host[64];
	uint64_t capture, source;
	uint32_t keep;
	char (*text)[TW_WHY_TEXT]; /* of FRAMES_MAX; NULL: nobody wants it */
	/* --- the writer's --- */
	int fd;
	size_t room; /* octets that one message may have */
	STAILQ_HEAD(, message) waiting;
	size_t waiting_octets;
	struct tw_capture_ports *ports; /* by number, ascending */
	uint64_t number, sent, shed, told_shed;
	/* the batch being made */
	uint32_t n_frames, n_ports;
	size_t used, message; /* octets of the frames, and about how many the message will have */
	uint32_t port_number[PORTS_MAX];
	Tw__CapturedPort port[PORTS_MAX], *port_list[PORTS_MAX];
	Tw__CapturedFrame frame[FRAMES_MAX], *frame_list[FRAMES_MAX];
	uint8_t octets[BATCH_OCTETS + FRAME_MOST];
	char uplink_name[PORTS_MAX][128]; /* "host/uplink" */
};

static struct stream *stream_of(struct tw_sink *sink)
{
	return (struct stream *)sink;
}

/* --- to the agent --- */

static void hang_up(struct stream *s, const char *why)
{
	tw_sink_set_error(&s->sink, why);
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* A message goes whole or not at all. */
static void measure_room(struct stream *s)
{
	socklen_t size = sizeof(int);
	int octets;

	if (getsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &octets, &size) == 0 && octets > KERNELS_SHARE)
		s->room = octets - KERNELS_SHARE < ROOM_MOST ? (size_t)(octets - KERNELS_SHARE) : ROOM_MOST;
}

static void dial(struct stream *s)
{
	const int octets = SEND_BUFFER;

	s->fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (s->fd >= 0 && connect(s->fd, (const struct sockaddr *)&s->to, sizeof(s->to)) == 0) {
		(void)setsockopt(s->fd, SOL_SOCKET, SO_SNDBUF, &octets, sizeof(octets)); /* the default will do */
		measure_room(s);
		tw_sink_set_error(&s->sink, "");
		return;
	}
	hang_up(s, strerror(errno));
}

static void drop_first(struct stream *s)
{
	struct message *m = STAILQ_FIRST(&s->waiting);

	STAILQ_REMOVE_HEAD(&s->waiting, link);
	s->waiting_octets -= m->size;
	free(m);
}

static void shed(struct stream *s, uint64_t n)
{
	s->shed += n;
	tw_sink_count_shed(&s->sink, n);
}

/* The first is larger than the socket will ever take. */
static void give_up_first(struct stream *s)
{
	const struct message *m = STAILQ_FIRST(&s->waiting);

	s->sent -= m->frames;
	tw_sink_count_sent(&s->sink, -m->frames, -m->captured);
	shed(s, m->frames);
	drop_first(s);
}

/* As much of what waits as the agent takes now. */
static void push(struct stream *s)
{
	const struct message *m;

	while (s->fd >= 0 && (m = STAILQ_FIRST(&s->waiting)) != NULL) {
		if (send(s->fd, m->octets, m->size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
			if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
				return;
			if (errno == EMSGSIZE) {
				give_up_first(s);
				continue;
			}
			hang_up(s, strerror(errno));
			return;
		}
		drop_first(s);
	}
}

/* --- batches --- */

static struct message *pack(struct stream *s, bool last)
{
	Tw__Envelope env = TW__ENVELOPE__INIT;
	Tw__CaptureBatch batch;
	struct message *m;
	size_t size;

	tw__capture_batch__init(&batch);
	env.version = TW_PROTO_VERSION;
	env.body_case = TW__ENVELOPE__BODY_CAPTURE_BATCH;
	env.capture_batch = &batch;
	batch.capture = s->capture;
	batch.source = s->source;
	batch.number = s->number + 1;
	batch.host = s->host;
	batch.ports = s->port_list;
	batch.n_ports = s->n_ports;
	batch.frames = s->frame_list;
	batch.n_frames = s->n_frames;
	batch.sent = s->sent + s->n_frames;
	batch.shed = s->shed;
	batch.last = last;
	size = tw__envelope__get_packed_size(&env);
	m = malloc(sizeof(*m) + size);
	if (!m)
		return NULL;
	m->frames = s->n_frames;
	m->captured = s->used;
	m->size = tw__envelope__pack(&env, m->octets);
	return m;
}

static void empty_batch(struct stream *s)
{
	s->n_frames = s->n_ports = 0;
	s->used = 0;
	s->message = BATCH_FIELDS;
}

/* The batch is on its way, or its frames are shed. */
static void finish_batch(struct stream *s, bool last)
{
	struct message *m = s->waiting_octets < WAITING_MOST || last ? pack(s, last) : NULL;

	if (!m) {
		shed(s, s->n_frames);
		empty_batch(s);
		return;
	}
	tw_sink_count_sent(&s->sink, s->n_frames, s->used);
	s->number++;
	s->sent += s->n_frames;
	s->told_shed = s->shed;
	STAILQ_INSERT_TAIL(&s->waiting, m, link);
	s->waiting_octets += m->size;
	empty_batch(s);
	push(s);
}

/* --- ports --- */

static int by_number(const void *a, const void *b)
{
	const struct tw_capture_port *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static void set_ports(struct tw_sink *sink, const struct tw_capture_ports *ports, uint64_t now_ns)
{
	struct stream *s = stream_of(sink);
	size_t size = sizeof(*ports) + ports->n * sizeof(ports->a[0]);
	struct tw_capture_ports *copy = malloc(size);

	if (!copy)
		return; /* new ports' frames are shed */
	memcpy(copy, ports, size);
	qsort(copy->a, copy->n, sizeof(copy->a[0]), by_number);
	finish_batch(s, false); /* it names the former ones */
	free(s->ports);
	s->ports = copy;
}

static void describe(struct stream *s, uint32_t at, const struct tw_capture_port *port)
{
	static const uint8_t no_mac[6];
	Tw__CapturedPort *p = &s->port[at];

	tw__captured_port__init(p);
	p->name = (char *)(uintptr_t)port->name; /* only read */
	p->vm_name = (char *)(uintptr_t)port->vm_name;
	if (memcmp(port->mac, no_mac, sizeof(no_mac)) != 0)
		p->mac = (ProtobufCBinaryData){ sizeof(port->mac), (uint8_t *)(uintptr_t)port->mac };
	if (!(port->number & TW_TAP_UPLINK))
		return;
	snprintf(s->uplink_name[at], sizeof(s->uplink_name[at]), "%s/%.63s", s->host, port->name);
	p->name = s->uplink_name[at];
}

/* @return its index in the batch; NO_PORT: it is not known, or there is no place */
static int port_of(struct stream *s, uint32_t number)
{
	const struct tw_capture_port key = { .number = number }, *found;

	for (uint32_t i = 0; i < s->n_ports; i++)
		if (s->port_number[i] == number)
			return (int)i;
	found = s->ports && s->ports->n ? bsearch(&key, s->ports->a, s->ports->n, sizeof(s->ports->a[0]), by_number)
					: NULL;
	if (!found)
		return NO_PORT;
	if (s->n_ports == PORTS_MAX)
		finish_batch(s, false);
	describe(s, s->n_ports, found);
	s->port_number[s->n_ports] = number;
	s->port_list[s->n_ports] = &s->port[s->n_ports];
	s->message += PORT_FIELDS;
	return (int)s->n_ports++;
}

/* --- frames --- */

static char *text_of(struct stream *s, const Tw__CapturedFrame *f)
{
	struct tw_recorded r = { .len = f->len };

	r.kept = (uint8_t)(f->octets.len < TW_RECORD_HEAD ? f->octets.len : TW_RECORD_HEAD);
	memcpy(r.head, f->octets.data, r.kept);
	tw_why_frame(&r, s->text[s->n_frames]);
	return s->text[s->n_frames];
}

static void write_copy(struct tw_sink *sink, const struct rte_mbuf *m, const struct tw_mirror_tag *tag, uint64_t ns)
{
	struct stream *s = stream_of(sink);
	uint32_t keep = s->keep < FRAME_MOST ? s->keep : FRAME_MOST;
	uint32_t captured = m->pkt_len < keep ? m->pkt_len : keep;
	Tw__CapturedFrame *f;
	const void *data;
	int port;

	if (s->n_frames == FRAMES_MAX || (s->n_frames && s->used + captured > BATCH_OCTETS) ||
	    (s->n_frames && s->message + captured + FRAME_FIELDS + PORT_FIELDS + TW_WHY_TEXT > s->room))
		finish_batch(s, false);
	port = port_of(s, tag->number);
	if (port == NO_PORT) {
		shed(s, 1);
		return;
	}
	f = &s->frame[s->n_frames];
	tw__captured_frame__init(f);
	data = rte_pktmbuf_read(m, 0, captured, s->octets + s->used);
	if (data != s->octets + s->used)
		memcpy(s->octets + s->used, data, captured);
	f->port = (uint32_t)port;
	f->at_ns = ns;
	f->len = tag->original_len > captured ? tag->original_len : captured;
	f->octets = (ProtobufCBinaryData){ captured, s->octets + s->used };
	f->egress = tag->egress;
	f->vlan = tag->vlan;
	if (tag->drop && tw_drop_name((enum tw_drop)(tag->drop - 1)))
		f->drop_reason = (char *)(uintptr_t)tw_drop_name((enum tw_drop)(tag->drop - 1)); /* only read */
	if (s->text)
		f->text = text_of(s, f);
	s->message += captured + FRAME_FIELDS + (s->text ? strlen(f->text) : 0);
	s->frame_list[s->n_frames++] = f;
	s->used += captured;
}

/* --- life --- */

static void leave_out(struct tw_sink *sink, uint64_t n)
{
	stream_of(sink)->shed += n;
}

static void flush(struct tw_sink *sink, uint64_t now_ns)
{
	struct stream *s = stream_of(sink);

	if (s->fd < 0)
		dial(s);
	if (s->n_frames || s->shed != s->told_shed || !s->number) /* the first, so that it is known who copies */
		finish_batch(s, false);
	else
		push(s);
}

static void close_stream(struct tw_sink *sink, uint64_t now_ns)
{
	struct stream *s = stream_of(sink);

	finish_batch(s, true);
	if (s->fd >= 0)
		close(s->fd); /* what the socket has the agent still reads */
	s->fd = -1;
}

static void free_stream(struct tw_sink *sink)
{
	struct stream *s = stream_of(sink);

	while (!STAILQ_EMPTY(&s->waiting))
		drop_first(s);
	free(s->ports);
	free(s->text);
	free(s);
}

static const struct tw_sink_ops ops = {
	.write = write_copy,
	.set_ports = set_ports,
	.leave_out = leave_out,
	.flush = flush,
	.close = close_stream,
	.free = free_stream,
};

struct tw_sink *tw_mirror_stream_open(const Tw__LocalMirror *m, const char *host, char error[static 128])
{
	struct stream *s = calloc(1, sizeof(*s));

	if (!s || (m->stream_text && !(s->text = calloc(FRAMES_MAX, sizeof(s->text[0]))))) {
		free(s);
		snprintf(error, 128, "out of memory");
		return NULL;
	}
	if (getrandom(&s->source, sizeof(s->source), 0) != sizeof(s->source)) {
		snprintf(error, 128, "no random number: %s", strerror(errno));
		free(s->text);
		free(s);
		return NULL;
	}
	s->to.sun_family = AF_UNIX;
	snprintf(s->to.sun_path, sizeof(s->to.sun_path), "%s", m->stream_socket);
	snprintf(s->host, sizeof(s->host), "%s", host);
	s->capture = m->stream;
	s->keep = m->snaplen ? m->snaplen : UINT32_MAX;
	s->fd = -1;
	s->room = ROOM_MOST;
	s->message = BATCH_FIELDS;
	STAILQ_INIT(&s->waiting);
	tw_sink_init(&s->sink, &ops);
	return &s->sink;
}
