/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capture_read.c - a live capture from its opening to its end; see capture_read.h.
 *
 * It ends with a signal, its number of frames, its time, or when nobody reads what it writes. While whoever reads is slow the
 * controller is told all the same that somebody is here; what there is no room for meanwhile is given up there, and counted.
 * One that is asleep when we are to end gets nothing more: what it has is a beginning of what others would have.
 */
#include "controlplane/twctl/capture_read.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "controlplane/twctl/capture_count.h"
#include "controlplane/twctl/capture_lines.h"
#include "controlplane/twctl/capture_write.h"

enum {
	READ_WAIT_MS = 500,
	READ_OCTETS = 1 << 20,
	KEEP_MS = 1000,   /* so often the controller hears from us, of 5 s that it waits */
	DRAIN_MS = 2000,  /* for what is under way at the end */
	SILENCE_MS = 3000 /* before we wonder whether anybody copies */
};

struct reading {
	struct tw_run *run;
	uint64_t id;
	const Tw__Mirror *what;
	int fd; /* of the pcapng; -1 = lines */
	struct tw_capture_writer *writer;
	struct tw_capture_count count;
	uint64_t frames;    /* shown or written */
	uint64_t unwritten; /* came, and nobody took them */
	uint64_t began_ms, asked_ms;
	json_t *told; /* troubles that have been shown */
	bool wondered, reader_gone;
	bool stuck; /* at the end nobody takes what is written: nothing more is */
};

static volatile sig_atomic_t signalled;

static void on_signal(int number)
{
	signalled = 1;
}

static const int ending[] = { SIGINT, SIGTERM, SIGHUP };
enum { N_ENDING = sizeof(ending) / sizeof(*ending) };

static void catch_signals(struct sigaction before[N_ENDING + 1])
{
	struct sigaction end = { .sa_handler = on_signal }, ignore = { .sa_handler = SIG_IGN };

	signalled = 0;
	for (int i = 0; i < N_ENDING; i++)
		sigaction(ending[i], &end, &before[i]);
	sigaction(SIGPIPE, &ignore, &before[N_ENDING]);
}

static void restore_signals(const struct sigaction before[N_ENDING + 1])
{
	for (int i = 0; i < N_ENDING; i++)
		sigaction(ending[i], &before[i], NULL);
	sigaction(SIGPIPE, &before[N_ENDING], NULL);
}

/* --- asking --- */

static Tw__CaptureRead *read_more(struct reading *r, uint32_t wait_ms, uint32_t octets, Tw__Envelope **reply)
{
	Tw__ReadCapture *body;
	Tw__Envelope *request = tw_ask_new("read_capture", &body);

	r->asked_ms = tw_clock_mono_ms();
	body->id = r->id;
	body->wait_ms = wait_ms;
	body->max_octets = octets;
	*reply = tw_ask(r->run, request, (int)wait_ms, "capture_read");
	tw__envelope__free_unpacked(request, NULL);
	return *reply ? (*reply)->capture_read : NULL;
}

static bool keep_alive(struct reading *r)
{
	Tw__Envelope *reply;

	if (!read_more(r, 0, 0, &reply))
		return false;
	tw__envelope__free_unpacked(reply, NULL);
	return true;
}

static bool open_capture(struct reading *r)
{
	Tw__Envelope *reply = tw_ask(r->run, r->run->request, 0, "capture_opened");

	if (!reply)
		return false;
	r->id = reply->capture_opened->id;
	r->began_ms = r->asked_ms = tw_clock_mono_ms();
	tw__envelope__free_unpacked(reply, NULL);
	return true;
}

static bool stop_capture(struct reading *r)
{
	Tw__StopCapture *body;
	Tw__Envelope *request = tw_ask_new("stop_capture", &body), *reply;

	body->id = r->id;
	reply = tw_ask(r->run, request, 0, "ack");
	tw__envelope__free_unpacked(request, NULL);
	if (reply)
		tw__envelope__free_unpacked(reply, NULL);
	return reply != NULL;
}

/* --- writing --- */

static bool is_reader_gone(int fd)
{
	struct pollfd p = { .fd = fd };

	return poll(&p, 1, 0) > 0 && p.revents & (POLLERR | POLLHUP | POLLNVAL);
}

/* A pipe that takes something takes PIPE_BUF octets without blocking (pipe(7)). @return octets taken, -1: nobody reads */
static ssize_t write_some(const struct reading *r, const uint8_t *data, size_t n)
{
	ssize_t done = write(r->fd, data, n < PIPE_BUF ? n : PIPE_BUF);

	if (done >= 0 || errno == EINTR || errno == EAGAIN)
		return done < 0 ? 0 : done;
	if (errno != EPIPE) {
		tw_error_set(&r->run->error, TW_E_INTERNAL, "--write", "%s", strerror(errno));
		return -2;
	}
	return -1;
}

/* @return false: it is over; reader_gone or run->error says why */
static bool write_out(struct reading *r)
{
	struct tw_capture_octets *octets = tw_capture_writer_octets(r->writer);

	while (octets->done < octets->used && !r->stuck) {
		struct pollfd p = { .fd = r->fd, .events = POLLOUT };
		int ready = poll(&p, 1, KEEP_MS);
		ssize_t n;

		r->stuck = ready == 0 && signalled;
		if (!r->stuck && tw_clock_mono_ms() >= r->asked_ms + KEEP_MS && !keep_alive(r))
			return false;
		if (ready <= 0) /* it may be the signal that we end with: who reads has its time all the same */
			continue;
		n = write_some(r, octets->data + octets->done, octets->used - octets->done);
		r->reader_gone = n == -1;
		if (n < 0)
			return false;
		octets->done += (size_t)n;
	}
	if (!r->stuck)
		octets->used = octets->done = 0;
	return true;
}

static void show_frame(struct reading *r, const Tw__CaptureBatch *batch, size_t at)
{
	if (r->stuck) {
		r->unwritten++;
		return;
	}
	if (r->writer)
		tw_capture_writer_add(r->writer, batch, at);
	else if (r->run->json)
		tw_capture_line_json(r->run->io->out, batch, at);
	else
		tw_capture_line_text(r->run->io->out, batch, at);
	r->frames++;
}

static bool is_full(const struct reading *r)
{
	return r->run->count && r->frames >= r->run->count;
}

/* @return false: see write_out() */
static bool take(struct reading *r, const Tw__CaptureRead *read)
{
	FILE *out = r->run->io->out;

	for (size_t i = 0; i < read->n_batches; i++) {
		tw_capture_count_add(&r->count, read->batches[i]);
		for (size_t k = 0; k < read->batches[i]->n_frames && !is_full(r); k++)
			show_frame(r, read->batches[i], k);
	}
	if (r->writer)
		return write_out(r);
	r->reader_gone = fflush(out) || ferror(out);
	return !r->reader_gone;
}

/* --- what is said besides --- */

static void tell_troubles(struct reading *r, const Tw__CaptureRead *read)
{
	FILE *err = r->run->io->err;

	for (size_t i = 0; i < read->n_troubles; i++) {
		json_t *text = tw_json_text(read->troubles[i]);

		if (!json_object_get(r->told, json_string_value(text))) {
			json_object_set_new(r->told, json_string_value(text), json_true());
			fputs("twctl: ", err);
			tw_out_text(err, read->troubles[i]);
			fputc('\n', err);
		}
		json_decref(text);
	}
	if (!r->wondered && !r->count.n_sources && tw_clock_mono_ms() - r->began_ms > SILENCE_MS) {
		r->wondered = true;
		fputs("twctl: no host copies anything yet: is the port bound, and its host connected? (twctl status)\n",
		      err);
	}
}

static void tell_end(const struct reading *r)
{
	uint64_t in_part = r->writer ? tw_capture_writer_unwritten(r->writer) : 0;
	FILE *err = r->run->io->err;

	fprintf(err, "%" PRIu64 " frames captured, %" PRIu64 " shed by the switch, %" PRIu64 " lost on the way",
		r->frames - in_part, tw_capture_count_shed(&r->count), tw_capture_count_lost(&r->count));
	if (r->unwritten + in_part)
		fprintf(err, ", %" PRIu64 " not written", r->unwritten + in_part);
	fputc('\n', err);
}

/* --- from the beginning to the end --- */

static bool is_over(const struct reading *r)
{
	uint64_t age = tw_clock_mono_ms() - r->began_ms;

	return signalled || is_full(r) || (r->run->seconds && age >= r->run->seconds * 1000);
}

static uint32_t how_long(const struct reading *r)
{
	uint64_t age = tw_clock_mono_ms() - r->began_ms, left = r->run->seconds * 1000;

	if (!left || left >= age + READ_WAIT_MS)
		return READ_WAIT_MS;
	return left > age ? (uint32_t)(left - age) : 0;
}

/* @return false: see write_out() */
static bool read_once(struct reading *r, uint32_t wait_ms)
{
	Tw__Envelope *reply;
	const Tw__CaptureRead *read = read_more(r, wait_ms, READ_OCTETS, &reply);
	bool ok;

	if (!read)
		return false;
	ok = take(r, read);
	tell_troubles(r, read);
	tw__envelope__free_unpacked(reply, NULL);
	if (ok && r->writer)
		r->reader_gone = is_reader_gone(r->fd);
	return ok && !r->reader_gone;
}

/* What is under way when the hosts are told to end. */
static bool drain(struct reading *r)
{
	uint64_t until = tw_clock_mono_ms() + DRAIN_MS;

	while (!tw_capture_count_ended(&r->count) && tw_clock_mono_ms() < until)
		if (!read_once(r, READ_WAIT_MS / 5))
			return false;
	return true;
}

static bool read_all(struct reading *r)
{
	bool ok =
		!r->writer || write_out(r); /* the section header: a reader that waits for one sees that we are here */

	while (ok && !is_over(r))
		ok = read_once(r, how_long(r));
	if (!ok && !r->reader_gone)
		return false;
	return stop_capture(r) && (!ok || drain(r));
}

static int finish(struct reading *r, bool ok)
{
	int rc = TW_EXIT_DONE;

	if (r->writer && !r->reader_gone && !r->stuck) {
		struct tw_error why = r->run->error;

		tw_capture_writer_end(r->writer, tw_capture_count_shed(&r->count) + tw_capture_count_lost(&r->count));
		write_out(r);
		r->run->error = why;
	}
	if (!ok && !r->reader_gone)
		rc = tw_run_fail(r->run);
	tell_end(r);
	return rc;
}

static bool open_output(struct reading *r)
{
	const char *file = r->run->file;
	struct stat st;

	r->fd = strcmp(file, "-") == 0
			? fileno(r->run->io->out)
			: open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600); /* traffic of others */
	if (r->fd < 0)
		return tw_error_set(&r->run->error, TW_E_INVALID, "--write", "%.200s: %s", file, strerror(errno));
	/* One that was there, too, as far as it is ours. */
	if (strcmp(file, "-") != 0 && fstat(r->fd, &st) == 0 && S_ISREG(st.st_mode))
		fchmod(r->fd, 0600);
	return true;
}

static bool is_fifo(const char *file)
{
	struct stat st;

	return stat(file, &st) == 0 && S_ISFIFO(st.st_mode);
}

/* A FIFO waits for its reader, and nobody asks for frames meanwhile: it is opened before the capture. A file is opened after it,
 * since that empties it: what is refused leaves it alone. */
static bool open_both(struct reading *r)
{
	const char *file = r->run->file;
	bool first = file && is_fifo(file);
	struct tw_error why;

	if (first && !open_output(r))
		return false;
	if (!open_capture(r))
		return false;
	if (first || !file || open_output(r))
		return true;
	why = r->run->error;
	stop_capture(r);
	r->run->error = why;
	return false;
}

int tw_capture_run(struct tw_run *run)
{
	struct reading r = { .run = run, .what = (const Tw__Mirror *)run->target, .fd = -1 };
	struct sigaction before[N_ENDING + 1];
	int rc;

	if (open_both(&r)) {
		catch_signals(before);
		r.told = json_object();
		r.writer = r.fd >= 0 ? tw_capture_writer_create(r.what) : NULL;
		rc = finish(&r, read_all(&r));
		tw_capture_writer_destroy(r.writer);
		tw_capture_count_clear(&r.count);
		json_decref(r.told);
		restore_signals(before);
	} else {
		rc = tw_run_fail(run);
	}
	if (r.fd >= 0 && r.fd != fileno(run->io->out))
		close(r.fd);
	return rc;
}
