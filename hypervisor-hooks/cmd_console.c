/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cmd_console.c - tw-vm console: this terminal on the guest's first serial port.
 *
 * Threads  one.
 * Owns     the terminal's settings while it runs; they are put back on every way out but SIGKILL.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include "common/path.h"
#include "hypervisor-hooks/tw_vm.h"
#include "hypervisor-hooks/vm_files.h"
#include "proto/link/check.h"

enum { ESCAPE = 0x1d /* ^] */, NAME_MAX_LEN = 63 };

static const struct option options[] = { { "run-dir", required_argument, NULL, 'r' },
					 { "help", no_argument, NULL, 'h' },
					 { "version", no_argument, NULL, 'V' },
					 { NULL } };

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
	interrupted = 1;
}

static int open_console(const char *run_dir, const char *name, struct tw_error *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = -1;

	if (!tw_check_name(name, NAME_MAX_LEN, "name", err))
		return -EINVAL;
	if (tw_vm_path(addr.sun_path, sizeof(addr.sun_path), run_dir, name, "console")) {
		tw_error_set(err, TW_E_INVALID, "run-dir", "too long for a socket");
		return -ENAMETOOLONG;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		tw_error_set(err, errno == ENOENT ? TW_E_NOT_FOUND : TW_E_UNREACHABLE, name, "%s: %s", addr.sun_path,
			     strerror(errno));
		if (fd >= 0)
			close(fd);
		return -EHOSTUNREACH;
	}
	return fd;
}

static bool write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			data += n;
			size -= (size_t)n;
		}
	}
	return true;
}

/* What is typed, up to the escape. False = the session is over. */
static bool pass_input(int fd, bool terminal)
{
	char data[4096];
	ssize_t n = read(STDIN_FILENO, data, sizeof(data));
	const char *escape = terminal && n > 0 ? memchr(data, ESCAPE, (size_t)n) : NULL;

	if (n <= 0)
		return n < 0 && errno == EINTR;
	return write_all(fd, data, escape ? (size_t)(escape - data) : (size_t)n) && !escape;
}

static bool pass_output(int fd)
{
	char data[4096];
	ssize_t n = read(fd, data, sizeof(data));

	return n > 0 ? write_all(STDOUT_FILENO, data, (size_t)n) : n < 0 && errno == EINTR;
}

static void session(int fd, bool terminal)
{
	struct pollfd fds[] = { { .fd = fd, .events = POLLIN }, { .fd = STDIN_FILENO, .events = POLLIN } };
	bool open = true;

	while (open && !interrupted) {
		if (poll(fds, 2, -1) < 0)
			continue; /* EINTR: `interrupted` says whether to go on */
		if (fds[0].revents)
			open = pass_output(fd);
		if (open && fds[1].revents)
			open = pass_input(fd, terminal);
	}
}

static int console(const char *run_dir, const char *name)
{
	const struct sigaction action = { .sa_handler = on_signal };
	struct tw_error err = { 0 };
	struct termios saved, raw;
	int fd = open_console(run_dir, name, &err);
	bool terminal = tcgetattr(STDIN_FILENO, &saved) == 0;

	if (fd < 0)
		return tw_vm_complain(&err);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (terminal) {
		raw = saved;
		cfmakeraw(&raw);
		tcsetattr(STDIN_FILENO, TCSANOW, &raw);
		fprintf(stderr, "console of %s; ^] ends this session\r\n", name);
	}
	session(fd, terminal);
	if (terminal)
		tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	close(fd);
	return TW_VM_DONE;
}

int tw_vm_cmd_console(int argc, char **argv)
{
	const char *run_dir = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "r:hV", options, NULL)) != -1) {
		switch (option) {
		case 'r':
			run_dir = optarg;
			break;
		case 'h':
			return tw_vm_help();
		case 'V':
			return tw_vm_version();
		default:
			return tw_vm_usage("the options of console are wrong", NULL);
		}
	}
	if (optind + 1 != argc)
		return tw_vm_usage("console needs one name", NULL);
	return console(tw_run_dir(run_dir), argv[optind]);
}
