/* SPDX-License-Identifier: Apache-2.0 */
/*
 * launch.c - starts a QEMU process and waits until it answers; see launch.h.
 *
 * Place    between the argument vector (qemu.h) and a guest that runs. QMP's greeting comes from a thread of its own in
 *          QEMU, but the answer to qmp_capabilities from the main loop, so "connected" means that start-up is over.
 * Threads  the caller's.
 * Owns     the child until it answers or is ended.
 */
#include "hypervisor-hooks/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/path.h"
#include "hypervisor-hooks/qmp.h"
#include "hypervisor-hooks/vm_files.h"

enum { TICK_MS = 20 };

struct start {
	struct event_base *base;
	const char *run_dir, *name, *incoming;
	char socket[PATH_MAX];
	pid_t pid;
	uint64_t deadline_ms;
	struct tw_qmp *qmp; /* NULL between attempts to connect */
	bool qmp_over;      /* the conversation has ended: try again at the next tick */
	char *uri;
	size_t uri_size;
	struct tw_error *err;
	int rc; /* 1 = under way */
};

static void finish(struct start *s, int rc)
{
	if (s->rc == 1)
		s->rc = rc;
	event_base_loopbreak(s->base);
}

int tw_vm_uri_with_port(const char *incoming, const char *port, char *uri, size_t size)
{
	const char *colon = strrchr(incoming, ':');
	char *end;
	unsigned long number = strtoul(port, &end, 10);

	if (strncmp(incoming, "tcp:", 4) != 0 || colon < incoming + 4 || *end || number < 1 || number > 65535)
		return -EINVAL;
	return tw_path(uri, size, "%.*s:%lu", (int)(colon - incoming), incoming, number);
}

/* "socket-address": [{"type": "inet", "host": ..., "port": "40123"}] */
static void on_migrate_info(struct tw_qmp *qmp, const json_t *result, const char *error, void *arg)
{
	struct start *s = arg;
	const json_t *first = json_array_get(json_object_get(result, "socket-address"), 0);
	const char *port = json_string_value(json_object_get(first, "port"));

	if (error)
		tw_error_set(s->err, TW_E_VMM, NULL, "query-migrate: %.200s", error);
	else if (!port || tw_vm_uri_with_port(s->incoming, port, s->uri, s->uri_size))
		tw_error_set(s->err, TW_E_VMM, NULL, "QEMU does not say where it waits for the guest");
	else {
		finish(s, 0);
		return;
	}
	finish(s, -EREMOTEIO);
}

static void on_connected(struct tw_qmp *qmp, void *arg)
{
	struct start *s = arg;
	bool tcp = s->incoming && strncmp(s->incoming, "tcp:", 4) == 0;

	if (tcp && tw_qmp_execute(qmp, "query-migrate", NULL, on_migrate_info, s))
		finish(s, -ENOMEM);
	else if (!tcp)
		finish(s, s->incoming ? tw_path(s->uri, s->uri_size, "%s", s->incoming) : 0);
}

static void on_closed(struct tw_qmp *qmp, const char *why, void *arg)
{
	struct start *s = arg;

	s->qmp_over = true;
}

static void child_ended(struct start *s, int status)
{
	char tail[200];

	s->pid = 0;
	tw_vm_log_tail(tail, sizeof(tail), s->run_dir, s->name);
	if (WIFSIGNALED(status))
		tw_error_set(s->err, TW_E_VMM, NULL, "QEMU was ended by signal %d%s%s", WTERMSIG(status),
			     *tail ? ": " : "", tail);
	else
		tw_error_set(s->err, TW_E_VMM, NULL, "QEMU ended with status %d%s%s", WEXITSTATUS(status),
			     *tail ? ": " : "", tail);
	finish(s, -ECHILD);
}

static void on_tick(evutil_socket_t fd, short what, void *arg)
{
	static const struct tw_qmp_callbacks callbacks = { .connected = on_connected, .closed = on_closed };
	struct start *s = arg;
	int status;

	if (waitpid(s->pid, &status, WNOHANG) == s->pid) {
		child_ended(s, status);
		return;
	}
	if (tw_clock_mono_ms() > s->deadline_ms) {
		tw_error_set(
			s->err, TW_E_TIMEOUT, NULL,
			"QEMU is not ready after %d s: it waits until the switch serves its ports; is tw-switch running?",
			TW_VM_START_TIMEOUT_MS / 1000);
		finish(s, -ETIMEDOUT);
		return;
	}
	if (s->qmp_over) {
		tw_qmp_destroy(s->qmp);
		s->qmp = NULL;
		s->qmp_over = false;
	}
	if (!s->qmp && access(s->socket, F_OK) == 0)
		s->qmp = tw_qmp_connect(s->base, s->socket, &callbacks, s);
}

/* In the child. Never returns. */
static void become_qemu(int log, char *const *args)
{
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sigset_t none;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(log, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0)
		_exit(126);
	close_range(3, ~0U, 0);
	execvp(args[0], args);
	dprintf(STDERR_FILENO, "%s: %s\n", args[0], strerror(errno));
	_exit(127);
}

static int start_child(struct start *s, char *const *args)
{
	char path[PATH_MAX];
	int rc = tw_vm_path(path, sizeof(path), s->run_dir, s->name, "log");
	int log = rc ? -1 : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0640);

	if (rc)
		return rc;
	if (log < 0)
		return -errno;
	s->pid = fork();
	if (s->pid == 0)
		become_qemu(log, args);
	rc = s->pid < 0 ? -errno : 0;
	close(log);
	return rc;
}

static void on_signal(evutil_socket_t number, short what, void *arg)
{
	struct start *s = arg;

	tw_error_set(s->err, TW_E_VMM, NULL, "interrupted by signal %d; QEMU was ended", (int)number);
	finish(s, -EINTR);
}

/*
 * Start the child and wait. Signals that end us end it too: they are caught from before the fork until the caller's mask
 * is back, so a caller that blocks them loses none.
 */
static void start_and_wait(struct start *s, char *const *args)
{
	static const struct timeval tick = { .tv_usec = TICK_MS * 1000 };
	struct event *events[] = { evsignal_new(s->base, SIGINT, on_signal, s),
				   evsignal_new(s->base, SIGTERM, on_signal, s),
				   event_new(s->base, -1, EV_PERSIST, on_tick, s) };
	const size_t n = sizeof(events) / sizeof(*events);
	sigset_t ending, before;
	int rc = 0;

	for (size_t i = 0; i < n && !rc; i++)
		rc = !events[i] || event_add(events[i], i == n - 1 ? &tick : NULL) ? -ENOMEM : 0;
	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigprocmask(SIG_UNBLOCK, &ending, &before);
	if (!rc)
		rc = start_child(s, args);
	if (rc)
		s->rc = rc;
	while (s->rc == 1)
		event_base_dispatch(s->base);
	sigprocmask(SIG_SETMASK, &before, NULL);
	for (size_t i = 0; i < n; i++)
		if (events[i])
			event_free(events[i]);
	tw_qmp_destroy(s->qmp);
}

int tw_vm_launch(const char *run_dir, const char *name, char *const *args, const char *incoming, pid_t *pid, char *uri,
		 size_t uri_size, struct tw_error *err)
{
	struct start s = { .run_dir = run_dir,
			   .name = name,
			   .incoming = incoming,
			   .uri = uri,
			   .uri_size = uri_size,
			   .err = err,
			   .rc = 1,
			   .base = event_base_new(),
			   .deadline_ms = tw_clock_mono_ms() + TW_VM_START_TIMEOUT_MS };

	if (!s.base)
		s.rc = -ENOMEM;
	else if (tw_vm_path(s.socket, sizeof(s.socket), run_dir, name, "qmp"))
		s.rc = -ENAMETOOLONG;
	else {
		unlink(s.socket); /* what a crash left would be taken for the new one */
		start_and_wait(&s, args);
	}
	if (s.base)
		event_base_free(s.base);
	if (s.rc && s.pid > 0) {
		kill(s.pid, SIGKILL);
		waitpid(s.pid, NULL, 0);
	}
	if (s.rc && !err->code)
		tw_error_set(err, TW_E_INTERNAL, NULL, "QEMU cannot be started: %s", strerror(-s.rc));
	*pid = s.pid;
	return s.rc;
}
