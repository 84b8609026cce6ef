/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stop.c - ends a guest's QEMU; see stop.h.
 *
 * Threads  the agent's one thread.
 * Owns     a QMP conversation as long as QEMU is being asked.
 */
#include "agent/stop.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/log.h"
#include "hypervisor-hooks/qmp.h"
#include "hypervisor-hooks/vm_files.h"

#define TW_LOG_AREA "stop"

enum {
	LOOK_MS = 50,
	KILL_AFTER_MS = 3000,
	GIVE_UP_MS = 8000,
};

struct tw_stop {
	struct tw_qmp *qmp;
	struct event *look;
	char *run_dir, *vm;
	uint64_t began_ms; /* monotonic */
	bool killed;
	tw_stop_done done;
	void *arg;
};

static void finish(struct tw_stop *stop, const char *error)
{
	stop->done(error, stop->arg);
	tw_stop_destroy(stop);
}

static void on_look(evutil_socket_t fd, short what, void *arg)
{
	struct tw_stop *stop = arg;
	pid_t pid = tw_vm_pid(stop->run_dir, stop->vm);
	uint64_t waited_ms = tw_clock_mono_ms() - stop->began_ms;

	if (!pid) {
		tw_vm_forget(stop->run_dir, stop->vm);
		tw_log_info("the guest does not run here any more vm=%s", stop->vm);
		finish(stop, NULL);
		return;
	}
	if (waited_ms >= KILL_AFTER_MS && !stop->killed) {
		tw_log_warning("QEMU does not quit and is killed vm=%s pid=%d", stop->vm, (int)pid);
		kill(pid, SIGKILL);
		stop->killed = true;
	}
	if (waited_ms >= GIVE_UP_MS)
		finish(stop, "its QEMU does not end");
}

static void on_connected(struct tw_qmp *qmp, void *arg)
{
	struct tw_stop *stop = arg;

	if (tw_qmp_execute(qmp, "quit", NULL, NULL, NULL))
		tw_log_warning("QEMU cannot be told to quit vm=%s", stop->vm);
}

struct tw_stop *tw_stop_vm(struct event_base *base, const char *run_dir, const char *vm, tw_stop_done done, void *arg)
{
	static const struct tw_qmp_callbacks callbacks = { .connected = on_connected };
	const struct timeval tick = { .tv_usec = LOOK_MS * 1000 };
	struct tw_stop *stop = calloc(1, sizeof(*stop));
	char path[PATH_MAX];

	if (!stop)
		return NULL;
	stop->done = done;
	stop->arg = arg;
	stop->began_ms = tw_clock_mono_ms();
	stop->run_dir = strdup(run_dir);
	stop->vm = strdup(vm);
	stop->look = event_new(base, -1, EV_PERSIST, on_look, stop);
	if (!stop->run_dir || !stop->vm || !stop->look || event_add(stop->look, &tick)) {
		tw_stop_destroy(stop);
		return NULL;
	}
	if (tw_vm_pid(run_dir, vm) && tw_vm_path(path, sizeof(path), run_dir, vm, "qmp") == 0)
		stop->qmp = tw_qmp_connect(base, path, &callbacks, stop);
	event_active(stop->look, 0, 0);
	return stop;
}

void tw_stop_destroy(struct tw_stop *stop)
{
	if (!stop)
		return;
	tw_qmp_destroy(stop->qmp);
	if (stop->look)
		event_free(stop->look);
	free(stop->run_dir);
	free(stop->vm);
	free(stop);
}
