/* SPDX-License-Identifier: Apache-2.0 */
/* qmp_fuzz.c - a QEMU that says anything at all: events, replies and nonsense, with commands open and callbacks that destroy. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hypervisor-hooks/qmp.h"

enum { MAX_INPUT = 64 << 10 /* fits a socket's buffer: written in one go */ };

static const char prologue[] = "{\"QMP\": {}}\n{\"return\": {}}\n";

struct run {
	struct tw_qmp *qmp;
	unsigned closed, done, destroy_at;
};

static void on_any_event(struct tw_qmp *qmp, const char *name, const json_t *data, void *arg)
{
	struct run *r = arg;

	if (strlen(name) > MAX_INPUT || r->closed)
		abort();
	if (r->destroy_at-- == 0) {
		tw_qmp_destroy(qmp);
		r->qmp = NULL;
	}
}

static void on_done(struct tw_qmp *qmp, const json_t *result, const char *error, void *arg)
{
	struct run *r = arg;

	if ((result && error) || (!result && !error) || ++r->done > 3)
		abort();
}

static void on_closed(struct tw_qmp *qmp, const char *why, void *arg)
{
	struct run *r = arg;

	if (!why || r->closed++)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* First octet: bit 0 = greet properly before the input, the rest = destroy at that many events. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct tw_qmp_callbacks callbacks = { .event = on_any_event, .closed = on_closed };
	static struct event_base *base;
	struct run r = { 0 };
	int pair[2];

	if (size < 1 || size > MAX_INPUT)
		return 0;
	if (!base && !(base = event_base_new()))
		abort();
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		abort();
	r.destroy_at = data[0] >> 1;
	r.qmp = tw_qmp_adopt(base, pair[0], &callbacks, &r);
	for (int i = 0; i < 3; i++)
		if (tw_qmp_execute(r.qmp, "query-status", NULL, on_done, &r))
			abort();
	if (data[0] & 1 && write(pair[1], prologue, sizeof(prologue) - 1) < 0)
		abort();
	if (write(pair[1], data + 1, size - 1) < 0)
		abort();
	for (int i = 0; i < 4; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	close(pair[1]);
	for (int i = 0; i < 4; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	if (r.qmp && (!r.closed || r.done != 3))
		abort(); /* every command is answered, one way or the other */
	tw_qmp_destroy(r.qmp);
	return 0;
}
