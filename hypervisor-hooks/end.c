/* SPDX-License-Identifier: Apache-2.0 */
/*
 * end.c - ends a QEMU process, kindly at first; see launch.h.
 *
 * Threads  the caller's.
 * Owns     nothing: the process is named by the lock on its pid file, so a pid used again is never hit.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "hypervisor-hooks/launch.h"
#include "hypervisor-hooks/qmp.h"
#include "hypervisor-hooks/vm_files.h"

enum { POLL_US = 10000 };

static bool gone_within(const char *run_dir, const char *name, unsigned ms)
{
	uint64_t deadline_ms = tw_clock_mono_ms() + ms;

	while (tw_vm_pid(run_dir, name) > 0) {
		if (tw_clock_mono_ms() > deadline_ms)
			return false;
		usleep(POLL_US);
	}
	return true;
}

static void on_closed(struct tw_qmp *qmp, const char *why, void *arg)
{
	event_base_loopbreak(arg);
}

/* QEMU closes the socket when it ends; one that serves another client says nothing, and time runs out. */
static void ask_to_quit(const char *run_dir, const char *name)
{
	static const struct tw_qmp_callbacks callbacks = { .closed = on_closed };
	static const struct timeval patience = { .tv_sec = TW_VM_QUIT_MS / 1000 };
	struct event_base *base = event_base_new();
	char path[PATH_MAX];
	struct tw_qmp *qmp = NULL;

	if (base && !tw_vm_path(path, sizeof(path), run_dir, name, "qmp"))
		qmp = tw_qmp_connect(base, path, &callbacks, base);
	if (qmp && !tw_qmp_execute(qmp, "quit", NULL, NULL, NULL)) {
		event_base_loopexit(base, &patience);
		event_base_dispatch(base);
	}
	tw_qmp_destroy(qmp);
	if (base)
		event_base_free(base);
}

int tw_vm_end(const char *run_dir, const char *name)
{
	static const int signals[] = { SIGTERM, SIGKILL };
	pid_t pid;

	if (tw_vm_pid(run_dir, name) == 0)
		return 0;
	ask_to_quit(run_dir, name);
	if (gone_within(run_dir, name, TW_VM_QUIT_MS / 10))
		return 0;
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		pid = tw_vm_pid(run_dir, name);
		if (pid > 1)
			kill(pid, signals[i]);
		if (gone_within(run_dir, name, TW_VM_QUIT_MS))
			return 0;
	}
	return -EBUSY;
}
