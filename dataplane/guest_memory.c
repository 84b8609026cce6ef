/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guest_memory.c - memory of guests that is not there; see guest_memory.h.
 *
 * Handler  what it calls is safe there: open, read, close, mmap and write are system calls, the rest is its own. Two threads may
 *          meet the same fault; the second finds the pages the first has put there.
 */
#include "dataplane/guest_memory.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <rte_memory.h>

enum { VIDS = 1024, RANGES = 8 /* what rte_vhost takes at most */, PAGE = 4096, LINE = 512 };

static struct {
	struct {
		_Atomic uintptr_t start, end; /* end 0 = none */
	} range[RANGES];
	_Atomic bool faulty;
} guests[VIDS];
static int wake_fd = -1;

/* --- whose --- */

static int owner_of(uintptr_t addr)
{
	for (int vid = 0; vid < VIDS; vid++)
		for (int i = 0; i < RANGES; i++)
			if (addr >= atomic_load(&guests[vid].range[i].start) &&
			    addr < atomic_load(&guests[vid].range[i].end))
				return vid;
	return -1;
}

static void note_fault(uintptr_t addr)
{
	const uint64_t one = 1;
	int vid = owner_of(addr);

	if (vid < 0) /* not told yet: the message that brings it fails when it is */
		return;
	atomic_store(&guests[vid].faulty, true);
	if (write(wake_fd, &one, sizeof(one)) < 0)
		return; /* full: main is on its way */
}

void tw_guest_memory_add(int vid, const void *start, size_t size)
{
	if (vid < 0 || vid >= VIDS)
		return;
	for (int i = 0; i < RANGES; i++)
		if (atomic_load(&guests[vid].range[i].end) == 0) {
			atomic_store(&guests[vid].range[i].start, (uintptr_t)start);
			atomic_store(&guests[vid].range[i].end, (uintptr_t)start + size);
			return;
		}
}

void tw_guest_memory_forget(int vid)
{
	if (vid < 0 || vid >= VIDS)
		return;
	for (int i = 0; i < RANGES; i++)
		atomic_store(&guests[vid].range[i].end, 0);
	atomic_store(&guests[vid].faulty, false);
}

int tw_guest_memory_next_fault(void)
{
	for (int vid = 0; vid < VIDS; vid++)
		if (atomic_exchange(&guests[vid].faulty, false))
			return vid;
	return -1;
}

/* --- the mapping a file has been cut short under: a line of /proc/self/maps, "start-end rw-s ..." --- */

struct mapping {
	uintptr_t start, end;
	bool shared;
};

static const char *read_hex(const char *p, uintptr_t *value)
{
	for (*value = 0;; p++) {
		if (*p >= '0' && *p <= '9')
			*value = *value << 4 | (uintptr_t)(*p - '0');
		else if (*p >= 'a' && *p <= 'f')
			*value = *value << 4 | (uintptr_t)(*p - 'a' + 10);
		else
			return p;
	}
}

static bool read_line(const char *line, struct mapping *m)
{
	const char *p = read_hex(line, &m->start);

	if (*p != '-')
		return false;
	p = read_hex(p + 1, &m->end);
	m->shared = *p == ' ' && p[1] && p[2] && p[3] && p[4] == 's';
	return true;
}

static bool find_in(int fd, uintptr_t addr, struct mapping *m)
{
	char line[LINE], chunk[LINE];
	size_t used = 0;
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) > 0)
		for (ssize_t i = 0; i < n; i++) {
			if (chunk[i] != '\n') {
				if (used < sizeof(line) - 1)
					line[used++] = chunk[i];
				continue;
			}
			line[used] = '\0';
			used = 0;
			if (read_line(line, m) && addr >= m->start && addr < m->end)
				return true;
		}
	return false;
}

static bool find_mapping(uintptr_t addr, struct mapping *m)
{
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	bool found = fd >= 0 && find_in(fd, addr, m);

	if (fd >= 0)
		close(fd);
	return found;
}

/* --- the handler --- */

static bool put_pages(uintptr_t start, size_t size, int how)
{
	void *at = (void *)start;

	return mmap(at, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | how, -1, 0) !=
		       MAP_FAILED ||
	       errno == EEXIST;
}

/* The file ends before the page. All of its mapping is made empty: its pages may be huge. */
static bool mend_short(uintptr_t addr)
{
	struct mapping m;

	if (!find_mapping(addr, &m))
		return false;
	if (!m.shared) /* another thread was here first */
		return owner_of(addr) >= 0;
	return !rte_mem_virt2memseg_list((void *)addr) && put_pages(m.start, m.end - m.start, MAP_FIXED);
}

/* Nothing is mapped there any more, or nothing but a guard (guest_guard.h): a page for each that is still asked for. */
static bool mend_missing(uintptr_t addr, int how)
{
	return owner_of(addr) >= 0 && put_pages(addr & ~(uintptr_t)(PAGE - 1), PAGE, how);
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	uintptr_t addr = (uintptr_t)info->si_addr;
	int saved = errno;
	bool mended = (number == SIGBUS && info->si_code == BUS_ADRERR && mend_short(addr)) ||
		      (number == SIGSEGV && info->si_code == SEGV_MAPERR && mend_missing(addr, MAP_FIXED_NOREPLACE)) ||
		      (number == SIGSEGV && info->si_code == SEGV_ACCERR && mend_missing(addr, MAP_FIXED));

	if (mended)
		note_fault(addr);
	else
		signal(number, SIG_DFL); /* it happens again, and is the end */
	errno = saved;
}

int tw_guest_memory_init(int fd)
{
	struct sigaction action = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_RESTART };

	wake_fd = fd;
	sigemptyset(&action.sa_mask);
	if (sigaction(SIGBUS, &action, NULL) || sigaction(SIGSEGV, &action, NULL))
		return -errno;
	return 0;
}
