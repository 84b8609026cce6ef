/* SPDX-License-Identifier: Apache-2.0 */
/* vm_files.c - names, finds and removes a guest's files; see vm_files.h. Control threads. Owns nothing. */
#include "hypervisor-hooks/vm_files.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/path.h"

int tw_vm_path(char *out, size_t size, const char *run_dir, const char *name, const char *suffix)
{
	return name ? tw_path(out, size, "%s/vm/%s.%s", run_dir, name, suffix) : tw_path(out, size, "%s/vm", run_dir);
}

/* The number in the file, for a lock held in another pid namespace (l_pid is then 0 or -1). */
static pid_t pid_in_file(int fd)
{
	char text[16] = "";
	long pid = read(fd, text, sizeof(text) - 1) > 0 ? strtol(text, NULL, 10) : 0;

	return pid > 1 && pid <= INT_MAX ? (pid_t)pid : 0;
}

pid_t tw_vm_pid(const char *run_dir, const char *name)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	char path[PATH_MAX];
	pid_t pid = 0;
	int fd = tw_vm_path(path, sizeof(path), run_dir, name, "pid") ? -1 : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return 0;
	if (!fcntl(fd, F_GETLK, &lock) && lock.l_type != F_UNLCK)
		pid = lock.l_pid > 0 ? lock.l_pid : pid_in_file(fd);
	close(fd);
	return pid;
}

char *tw_vm_log_tail(char *out, size_t size, const char *run_dir, const char *name)
{
	char path[PATH_MAX], text[1024];
	int fd = tw_vm_path(path, sizeof(path), run_dir, name, "log") ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	off_t keep =
		(off_t)size / 2 < (off_t)sizeof(text) ? (off_t)size / 2 : (off_t)sizeof(text); /* "\n" may double */
	ssize_t n = fd < 0 ? 0 : pread(fd, text, (size_t)keep, end > keep ? end - keep : 0);
	size_t used = 0;

	if (fd >= 0)
		close(fd);
	while (n > 0 && text[n - 1] == '\n')
		n--;
	for (ssize_t i = 0; i < n && used + 3 < size; i++) {
		if (text[i] == '\n')
			out[used++] = ';';
		out[used++] = text[i] < ' ' ? ' ' : text[i];
	}
	out[used] = '\0';
	return out;
}

void tw_vm_forget(const char *run_dir, const char *name)
{
	static const char *const suffixes[] = { "json", "pid", "qmp", "console" };

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(*suffixes); i++) {
		char path[PATH_MAX];

		if (!tw_vm_path(path, sizeof(path), run_dir, name, suffixes[i]))
			unlink(path);
	}
}
