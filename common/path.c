/* SPDX-License-Identifier: Apache-2.0 */
/* path.c - run directory, paths, and files that are replaced whole; see path.h. Control threads. */
#include "common/path.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *tw_run_dir(const char *option)
{
	const char *env = getenv("TW_RUN_DIR");

	if (option)
		return option;
	return env && *env ? env : TW_RUN_DIR_DEFAULT;
}

int tw_path(char *out, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(out, size, fmt, args);
	va_end(args);
	if (n >= 0 && (size_t)n < size)
		return 0;
	out[0] = '\0';
	return -ENAMETOOLONG;
}

static int make_folder(const char *path)
{
	struct stat st;

	if (mkdir(path, 0750) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
}

int tw_mkdirs(const char *path)
{
	char part[PATH_MAX];
	int rc = tw_path(part, sizeof(part), "%s", path);

	for (char *slash = part; !rc && slash;) {
		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = '\0';
		rc = make_folder(part);
		if (slash)
			*slash = '/';
	}
	return rc;
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size > 0) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		data += n;
		size -= (size_t)n;
	}
	return fsync(fd) ? -errno : 0;
}

static int sync_folder_of(const char *path)
{
	char copy[PATH_MAX];
	int rc = tw_path(copy, sizeof(copy), "%s", path);
	int fd = rc ? -1 : open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (rc)
		return rc;
	if (fd < 0)
		return -errno;
	rc = fsync(fd) ? -errno : 0;
	close(fd);
	return rc;
}

int tw_write_file(const char *path, const void *data, size_t size)
{
	char tmp[PATH_MAX];
	int rc = tw_path(tmp, sizeof(tmp), "%s.tmp", path);
	int fd = rc ? -1 : open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);

	if (rc)
		return rc;
	if (fd < 0)
		return -errno;
	rc = write_all(fd, data, size);
	if (close(fd) && !rc)
		rc = -errno;
	if (!rc && rename(tmp, path))
		rc = -errno;
	if (rc)
		unlink(tmp);
	return rc ? rc : sync_folder_of(path);
}

int tw_read_file(const char *path, size_t max, void **data, size_t *size)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = 0;
	char *buffer = NULL;
	size_t have = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		rc = -errno;
	else if (!S_ISREG(st.st_mode) || (size_t)st.st_size > max)
		rc = -EFBIG;
	else if (!(buffer = malloc((size_t)st.st_size + 1)))
		rc = -ENOMEM;
	while (!rc && have < (size_t)st.st_size) {
		ssize_t n = read(fd, buffer + have, (size_t)st.st_size - have);

		if (n < 0 && errno != EINTR)
			rc = -errno;
		else if (n == 0)
			break; /* shrank meanwhile */
		else if (n > 0)
			have += (size_t)n;
	}
	close(fd);
	if (rc) {
		free(buffer);
		return rc;
	}
	buffer[have] = '\0';
	*data = buffer;
	*size = have;
	return 0;
}
