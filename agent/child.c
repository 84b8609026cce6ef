/* SPDX-License-Identifier: Apache-2.0 */
/*
 * child.c - runs a program; see child.h.
 *
 * What it leaves running may keep the pipes open, so its end is told by SIGCHLD and not by end of file.
 *
 * Threads  the agent's one thread.
 * Owns     the process id until it is waited for, and the reading ends of two pipes.
 */
#include "agent/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/log.h"

#define TW_LOG_AREA "child"

enum { KEEP = 4096, N_PIPES = 2 };

struct tail {
	int fd;
	struct event *readable;
	size_t used;
	char text[KEEP + 1];
};

struct tw_child {
	pid_t pid;
	struct event *ended, *late;
	struct timeval patience;
	int next_signal;
	struct tail tails[N_PIPES];
	tw_child_done done;
	void *arg;
};

/* Keep the last KEEP octets. */
static void read_tail(struct tail *tail)
{
	char chunk[KEEP];
	ssize_t n;

	while ((n = read(tail->fd, chunk, sizeof(chunk))) > 0) {
		size_t add = (size_t)n, over = tail->used + add > KEEP ? tail->used + add - KEEP : 0;

		memmove(tail->text, tail->text + over, tail->used - over);
		tail->used -= over;
		memcpy(tail->text + tail->used, chunk, add);
		tail->used += add;
	}
	if (n == 0 && tail->readable)
		event_del(tail->readable);
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	read_tail(arg);
}

static void on_ended(evutil_socket_t fd, short what, void *arg)
{
	struct tw_child *child = arg;
	struct tw_child_end end;
	int status;

	if (waitpid(child->pid, &status, WNOHANG) != child->pid)
		return;
	for (int i = 0; i < N_PIPES; i++) {
		read_tail(&child->tails[i]);
		child->tails[i].text[child->tails[i].used] = '\0';
	}
	end.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	end.out = child->tails[0].text;
	end.err = child->tails[1].text;
	child->done(&end, child->arg);
	tw_child_destroy(child);
}

static void on_late(evutil_socket_t fd, short what, void *arg)
{
	struct tw_child *child = arg;

	tw_log_warning("a program takes too long pid=%d signal=%d", (int)child->pid, child->next_signal);
	kill(child->pid, child->next_signal);
	child->next_signal = SIGKILL;
	event_add(child->late, &child->patience);
}

/* @return 0 or errno */
static int start(struct tw_child *child, const char *path, char *const *argv, const int write_ends[N_PIPES])
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, defaults;
	int rc;

	sigemptyset(&none);
	sigemptyset(&defaults);
	sigaddset(&defaults, SIGPIPE);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &defaults);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	rc = posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	rc = rc ? rc : posix_spawn_file_actions_adddup2(&files, write_ends[0], STDOUT_FILENO);
	rc = rc ? rc : posix_spawn_file_actions_adddup2(&files, write_ends[1], STDERR_FILENO);
	rc = rc ? rc : posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	rc = rc ? rc : posix_spawnp(&child->pid, path, &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return rc;
}

/* The events come before the process: its end must not be missed. */
static int prepare(struct tw_child *child, struct event_base *base, int write_ends[N_PIPES])
{
	for (int i = 0; i < N_PIPES; i++) {
		struct tail *tail = &child->tails[i];
		int ends[2];

		if (pipe2(ends, O_CLOEXEC))
			return errno;
		tail->fd = ends[0];
		write_ends[i] = ends[1];
		fcntl(tail->fd, F_SETFL, O_NONBLOCK);
		tail->readable = event_new(base, tail->fd, EV_READ | EV_PERSIST, on_readable, tail);
		if (!tail->readable || event_add(tail->readable, NULL))
			return ENOMEM;
	}
	child->ended = evsignal_new(base, SIGCHLD, on_ended, child);
	child->late = event_new(base, -1, 0, on_late, child);
	if (!child->ended || !child->late || event_add(child->ended, NULL) || event_add(child->late, &child->patience))
		return ENOMEM;
	return 0;
}

struct tw_child *tw_child_spawn(struct event_base *base, const char *path, char *const *argv, int timeout_ms,
				tw_child_done done, void *arg)
{
	struct tw_child *child = calloc(1, sizeof(*child));
	int write_ends[N_PIPES] = { -1, -1 }, rc;

	if (!child)
		return NULL;
	child->done = done;
	child->arg = arg;
	child->next_signal = SIGTERM;
	child->patience.tv_sec = timeout_ms / 1000;
	child->patience.tv_usec = timeout_ms % 1000 * 1000;
	child->tails[0].fd = child->tails[1].fd = -1;
	rc = prepare(child, base, write_ends);
	rc = rc ? rc : start(child, path, argv, write_ends);
	for (int i = 0; i < N_PIPES; i++)
		if (write_ends[i] >= 0)
			close(write_ends[i]);
	if (!rc)
		return child;
	tw_child_destroy(child);
	errno = rc;
	return NULL;
}

void tw_child_destroy(struct tw_child *child)
{
	if (!child)
		return;
	for (int i = 0; i < N_PIPES; i++) {
		if (child->tails[i].readable)
			event_free(child->tails[i].readable);
		if (child->tails[i].fd >= 0)
			close(child->tails[i].fd);
	}
	if (child->ended)
		event_free(child->ended);
	if (child->late)
		event_free(child->late);
	free(child);
}
