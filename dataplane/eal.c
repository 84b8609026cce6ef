/* SPDX-License-Identifier: Apache-2.0 */
/* eal.c - DPDK's arguments; see eal.h. Main. */
#include "dataplane/eal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_eal.h>
#include <rte_errno.h>
#include <rte_log.h>

#include "common/path.h"

#define TW_LOG_AREA "eal"
#include "common/log.h"

enum { ARGS_MAX = 64, ARG_SIZE = 512, PAGE_MIB = 2, SPARE_PAGES = 4 };

/* That there are no 1 GB pages, and that a guest is not there yet, is no news. */
static const char *const levels[] = { "*:warning", "lib.eal:error", "lib.vhost.config:error" };

#define TELEMETRY "/dpdk/switch/dpdk_telemetry.v2"

static char runtime_folder[PATH_MAX];

static struct args {
	int n;
	char *v[ARGS_MAX + 1];
} args;

static void __attribute__((format(printf, 2, 3))) add(struct args *a, const char *fmt, ...)
{
	va_list list;

	va_start(list, fmt);
	if (a->n < ARGS_MAX && vasprintf(&a->v[a->n], fmt, list) >= 0)
		a->n++;
	va_end(list);
}

static unsigned free_hugepages(void)
{
	FILE *f = fopen("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages", "re");
	unsigned n = 0;

	if (f && fscanf(f, "%u", &n) != 1)
		n = 0;
	if (f)
		fclose(f);
	return n;
}

static void add_memory(struct args *a, const struct tw_options *o)
{
	unsigned pages = (o->memory_mib + PAGE_MIB - 1) / PAGE_MIB + SPARE_PAGES;
	bool huge = !o->no_huge && free_hugepages() >= pages;

	if (huge) { /* no files in hugetlbfs, no shared configuration */
		add(a, "--in-memory");
	} else {
		add(a, "--no-huge");
		add(a, "--no-shconf");
	}
	add(a, "-m");
	add(a, "%u", o->memory_mib);
	tw_log_info("memory mib=%u hugepages=%s", o->memory_mib, huge ? "yes" : "no");
}

static void add_lcores(struct args *a, const struct tw_options *o)
{
	char text[ARG_SIZE];
	int n = snprintf(text, sizeof(text), "0@(0-%ld)", sysconf(_SC_NPROCESSORS_ONLN) - 1);

	for (unsigned i = 0; i < o->n_cpus; i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, ",%u@%u", i + 1, o->cpus[i]);
	add(a, "--lcores");
	add(a, "%s", text);
	add(a, "--main-lcore");
	add(a, "0");
}

static void add_devices(struct args *a, const struct tw_options *o)
{
	if (o->n_pci == 0)
		add(a, "--no-pci");
	for (unsigned i = 0; i < o->n_pci; i++) {
		add(a, "-a");
		add(a, "%s", o->pci[i]);
	}
}

/* DPDK's runtime files go under the run directory; a second instance there is refused by its own socket anyway. */
static int set_runtime_folder(const struct tw_options *o)
{
	int rc = tw_mkdirs(o->run_dir);

	if (!rc)
		rc = realpath(o->run_dir, runtime_folder) ? 0 : -errno;
	if (!rc && setenv("RUNTIME_DIRECTORY", runtime_folder, 1))
		rc = -errno;
	return rc;
}

/* EAL would cut the path of its telemetry socket short without a word. */
static bool telemetry_fits(void)
{
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];

	return tw_path(path, sizeof(path), "%s" TELEMETRY ":9", runtime_folder) == 0;
}

int tw_eal_start(const struct tw_options *o)
{
	static char *given[ARGS_MAX + 1]; /* EAL puts them in another order, and keeps them */
	struct args *a = &args;
	int rc = set_runtime_folder(o);

	if (rc) {
		tw_log_error("cannot use the run directory path=%s error=\"%s\"", o->run_dir, strerror(-rc));
		return rc;
	}
	add(a, "tw-switch");
	add_lcores(a, o);
	add_memory(a, o);
	add_devices(a, o);
	add(a, "--file-prefix");
	add(a, "switch");
	if (!telemetry_fits()) {
		tw_log_warning("no telemetry socket: the run directory's path is too long for one");
		add(a, "--no-telemetry");
	}
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		add(a, "--log-level");
		add(a, "%s", levels[i]);
	}
	memcpy(given, a->v, sizeof(given));
	rc = rte_eal_init(a->n, given);
	if (rc < 0) {
		tw_log_error("DPDK does not start: %s", rte_strerror(rte_errno));
		rc = rte_errno ? -rte_errno : -EIO;
	}
	return rc < 0 ? rc : 0;
}

void tw_eal_stop(void)
{
	char path[PATH_MAX];

	rte_eal_cleanup();
	while (args.n > 0)
		free(args.v[--args.n]);
	if (tw_path(path, sizeof(path), "%s" TELEMETRY, runtime_folder) == 0)
		unlink(path); /* EAL does so only when the process ends, and the folder should go */
	if (tw_path(path, sizeof(path), "%s/dpdk/switch", runtime_folder) == 0)
		rmdir(path);
	if (tw_path(path, sizeof(path), "%s/dpdk", runtime_folder) == 0)
		rmdir(path);
}
