/* SPDX-License-Identifier: Apache-2.0 */
/* capture_ring.c - the files of one mirror, one after the other; see capture_ring.h. */
#include "dataplane/capture_ring.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/path.h"

enum { ORDINAL_DIGITS = 5, TIME_DIGITS = 14, DIGITS_MOST = 9 };

/* --- names --- */

/* @return octets before the extension; of "web" and ".web" all */
static size_t stem_of(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && dot != name ? (size_t)(dot - name) : strlen(name);
}

static bool put_name(const struct tw_capture_ring *r, uint32_t ordinal, time_t when, char name[NAME_MAX + 1])
{
	size_t stem = stem_of(r->name);
	char digits[TIME_DIGITS + 1] = "";
	struct tm tm;

	if (localtime_r(&when, &tm))
		strftime(digits, sizeof(digits), "%Y%m%d%H%M%S", &tm);
	return tw_path(name, NAME_MAX + 1, "%.*s_%0*u_%s%s", (int)stem, r->name, ORDINAL_DIGITS, ordinal, digits,
		       r->name + stem) == 0;
}

/* @return the ordinal in one of the ring's names; 0: it is none */
static uint32_t ordinal_of(const struct tw_capture_ring *r, const char *name)
{
	size_t stem = stem_of(r->name), n;
	uint32_t ordinal;

	if (strncmp(name, r->name, stem) != 0 || name[stem] != '_')
		return 0;
	name += stem + 1;
	n = strspn(name, "0123456789");
	if (n < ORDINAL_DIGITS || n > DIGITS_MOST || name[n] != '_')
		return 0;
	ordinal = (uint32_t)strtoul(name, NULL, 10);
	name += n + 1;
	return strspn(name, "0123456789") == TIME_DIGITS && strcmp(name + TIME_DIGITS, r->name + stem) == 0 ? ordinal
													    : 0;
}

/* --- the folder --- */

struct entry {
	uint32_t ordinal;
	char name[NAME_MAX + 1];
};

struct list {
	struct entry *entries;
	size_t n;
};

static bool add_entry(struct list *list, uint32_t ordinal, const char *name)
{
	struct entry *more = reallocarray(list->entries, list->n + 1, sizeof(*more));

	if (!more)
		return false;
	list->entries = more;
	more[list->n].ordinal = ordinal;
	snprintf(more[list->n++].name, sizeof(more->name), "%s", name);
	return true;
}

static int by_ordinal(const void *a, const void *b)
{
	uint32_t x = ((const struct entry *)a)->ordinal, y = ((const struct entry *)b)->ordinal;

	return x < y ? -1 : x > y;
}

static bool is_plain(int folder, const char *name)
{
	struct stat st;

	return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode);
}

/* The ring's files, the oldest first. @return false: errno says why */
static bool read_folder(const struct tw_capture_ring *r, int folder, struct list *list)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;

	if (!dir) {
		if (fd >= 0)
			close(fd);
		return false;
	}
	while ((e = readdir(dir))) {
		uint32_t ordinal = ordinal_of(r, e->d_name);

		if (ordinal && is_plain(folder, e->d_name) && !add_entry(list, ordinal, e->d_name)) {
			closedir(dir);
			errno = ENOMEM;
			return false;
		}
	}
	closedir(dir);
	if (list->n)
		qsort(list->entries, list->n, sizeof(*list->entries), by_ordinal);
	return true;
}

/* @return false: errno says why */
static bool make_place(const struct tw_capture_ring *r, int folder, const struct list *list)
{
	size_t left = list->n;

	for (size_t i = 0; r->numbered && r->files && left >= r->files; i++, left--)
		if (unlinkat(folder, list->entries[i].name, 0) && errno != ENOENT)
			return false;
	return true;
}

/* What is there under the name itself gets one with an ordinal. @return false: error says why */
static bool set_aside(const struct tw_capture_ring *r, int folder, uint32_t ordinal, char error[128])
{
	char old[NAME_MAX + 1];
	struct stat st;

	if (fstatat(folder, r->name, &st, AT_SYMLINK_NOFOLLOW))
		return true; /* openat() says what is wrong, if anything is */
	if (!S_ISREG(st.st_mode)) {
		snprintf(error, 128, "something that is not a file is in the way");
		return false;
	}
	if (!put_name(r, ordinal, st.st_mtime, old)) {
		snprintf(error, 128, "cannot rename the former file: %s", strerror(ENAMETOOLONG));
		return false;
	}
	if (renameat2(folder, r->name, folder, old, RENAME_NOREPLACE)) {
		snprintf(error, 128, "cannot rename the former file: %s", strerror(errno));
		return false;
	}
	return true;
}

static int create(const struct tw_capture_ring *r, int folder, const struct list *list, time_t now, char path[PATH_MAX],
		  char error[128])
{
	uint32_t ordinal = list->n ? list->entries[list->n - 1].ordinal + 1 : 1;
	char name[NAME_MAX + 1];
	int fd = -1;

	snprintf(name, sizeof(name), "%s", r->name);
	if (!r->numbered && !set_aside(r, folder, ordinal, error))
		return -1;
	if (r->numbered && !put_name(r, ordinal, now, name))
		errno = ENAMETOOLONG;
	else if (!make_place(r, folder, list))
		errno = errno ? errno : EIO;
	else
		fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
	if (fd < 0)
		snprintf(error, 128, "cannot create the file: %s", strerror(errno));
	else if (tw_path(path, PATH_MAX, "%s/%s", r->folder, name))
		path[0] = '\0';
	return fd;
}

int tw_capture_ring_next(const struct tw_capture_ring *r, time_t now, char path[static PATH_MAX],
			 char error[static 128])
{
	int folder = open(r->folder, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
	struct list list = { 0 };

	if (folder >= 0 && read_folder(r, folder, &list))
		fd = create(r, folder, &list, now, path, error);
	else
		snprintf(error, 128, "cannot read the folder of captures: %s", strerror(errno));
	free(list.entries);
	if (folder >= 0)
		close(folder);
	return fd;
}

/* --- main --- */

/* However the two are written. */
static bool is_same(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

bool tw_capture_ring_init(struct tw_capture_ring *r, const char *path, const char *folder, char error[static 128])
{
	const char *name = strrchr(path, '/');
	int rc;

	if (!name || !name[1] || strcmp(name, "/.") == 0 || strcmp(name, "/..") == 0 ||
	    tw_path(r->name, sizeof(r->name), "%s", name + 1) ||
	    tw_path(r->folder, sizeof(r->folder), "%.*s", (int)(name - path), path) || !r->folder[0]) {
		snprintf(error, 128, "%.60s is no file's path", path);
		return false;
	}
	rc = tw_mkdirs(folder);
	if (rc) {
		snprintf(error, 128, "cannot make the folder of captures: %s", strerror(-rc));
		return false;
	}
	if (!is_same(r->folder, folder)) {
		snprintf(error, 128, "captures may be in %.80s only", folder);
		return false;
	}
	return true;
}
