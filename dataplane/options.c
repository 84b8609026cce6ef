/* SPDX-License-Identifier: Apache-2.0 */
/* options.c - tw-switch's command line; see options.h. */
#include "dataplane/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/path.h"

static const char usage[] =
	"Usage: tw-switch [OPTION]…\n"
	"The switch of one host: vhost-user ports, uplinks, mirrors and flow export, as tw-agent tells it.\n"
	"\n"
	"  --run-dir DIR     serve DIR/switch.ipc, publish DIR/events.ipc (default $TW_RUN_DIR or " TW_RUN_DIR_DEFAULT
	")\n"
	"  --cpus LIST       one worker on each of these CPUs, e.g. 1,3-5 (default: the last one online)\n"
	"  --memory MIB      for packet buffers and DPDK (default 256)\n"
	"  --no-huge         no hugepages (default: 2 MB hugepages if enough are free)\n"
	"  --mbufs N         packet buffers (default: what fits the memory)\n"
	"  --flows N         flows a worker can keep (default 65536)\n"
	"  --idle-sleep US   longest sleep of an idle worker; 0 = never sleep (default 200)\n"
	"  --rebalance S     share queues out among the workers by load, every so many seconds; 0 = leave them where they\n"
	"                    are (default 5)\n"
	"  --no-metering     count no flows and export none; flows are still remembered, to forward by\n"
	"  --pci ADDRESS     let DPDK have this PCI device; repeatable (default: none)\n"
	"  --help, --version\n";

enum {
	OPT_RUN_DIR = 256,
	OPT_CPUS,
	OPT_MEMORY,
	OPT_NO_HUGE,
	OPT_MBUFS,
	OPT_FLOWS,
	OPT_IDLE,
	OPT_REBALANCE,
	OPT_NO_METERING,
	OPT_PCI,
	OPT_VERSION
};

static const struct option long_options[] = {
	{ "run-dir", required_argument, NULL, OPT_RUN_DIR },
	{ "cpus", required_argument, NULL, OPT_CPUS },
	{ "memory", required_argument, NULL, OPT_MEMORY },
	{ "no-huge", no_argument, NULL, OPT_NO_HUGE },
	{ "mbufs", required_argument, NULL, OPT_MBUFS },
	{ "flows", required_argument, NULL, OPT_FLOWS },
	{ "idle-sleep", required_argument, NULL, OPT_IDLE },
	{ "rebalance", required_argument, NULL, OPT_REBALANCE },
	{ "no-metering", no_argument, NULL, OPT_NO_METERING },
	{ "pci", required_argument, NULL, OPT_PCI },
	{ "help", no_argument, NULL, 'h' },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ 0 },
};

static bool parse_number(const char *text, unsigned long least, unsigned long most, uint32_t *out)
{
	char *end;
	unsigned long v;

	errno = 0;
	v = strtoul(text, &end, 10);
	if (errno || end == text || *end || *text < '0' || *text > '9' || v < least || v > most)
		return false;
	*out = (uint32_t)v;
	return true;
}

int tw_cpu_list_parse(const char *text, unsigned *cpus, unsigned most)
{
	unsigned n = 0;

	for (const char *p = text;; p++) {
		unsigned long first, last;
		char *end;

		if (*p < '0' || *p > '9')
			return -EINVAL;
		first = last = strtoul(p, &end, 10);
		if (*end == '-') {
			if (end[1] < '0' || end[1] > '9')
				return -EINVAL;
			last = strtoul(end + 1, &end, 10);
		}
		if (last < first || last > UINT16_MAX || last - first >= most - n)
			return -EINVAL;
		for (; first <= last; first++)
			cpus[n++] = (unsigned)first;
		if (*end == '\0')
			return (int)n;
		if (*end != ',')
			return -EINVAL;
		p = end;
	}
}

static bool cpus_online(const struct tw_options *o)
{
	long online = sysconf(_SC_NPROCESSORS_CONF);

	for (unsigned i = 0; i < o->n_cpus; i++)
		if ((long)o->cpus[i] >= online) {
			fprintf(stderr, "tw-switch: --cpus: this machine has CPUs 0 to %ld\n", online - 1);
			return false;
		}
	return true;
}

static bool take_cpus(struct tw_options *o, const char *text)
{
	int n = tw_cpu_list_parse(text, o->cpus, TW_WORKERS_MAX);

	o->n_cpus = n > 0 ? (unsigned)n : 0;
	return n > 0;
}

static bool take(struct tw_options *o, int opt, const char *value)
{
	switch (opt) {
	case OPT_RUN_DIR:
		o->run_dir = value;
		return *value != '\0';
	case OPT_CPUS:
		return take_cpus(o, value);
	case OPT_MEMORY:
		return parse_number(value, 64, 1 << 20, &o->memory_mib);
	case OPT_NO_HUGE:
		o->no_huge = true;
		return true;
	case OPT_MBUFS:
		return parse_number(value, 2048, 1 << 24, &o->mbufs);
	case OPT_FLOWS:
		return parse_number(value, 1024, 1 << 24, &o->flows);
	case OPT_IDLE:
		return parse_number(value, 0, 1000000, &o->idle_sleep_us);
	case OPT_REBALANCE:
		return parse_number(value, 0, 3600, &o->rebalance_s);
	case OPT_NO_METERING:
		o->no_metering = true;
		return true;
	case OPT_PCI:
		if (o->n_pci == TW_PCI_MAX)
			return false;
		o->pci[o->n_pci++] = value;
		return true;
	default:
		return false;
	}
}

int tw_options_parse(int argc, char **argv, struct tw_options *o)
{
	const char *run_dir;
	int opt, index = 0;

	*o = (struct tw_options){ .memory_mib = TW_MEMORY_DEFAULT_MIB,
				  .flows = TW_FLOWS_DEFAULT,
				  .idle_sleep_us = TW_IDLE_SLEEP_DEFAULT_US,
				  .rebalance_s = TW_REBALANCE_DEFAULT_S };
	while ((opt = getopt_long(argc, argv, "h", long_options, &index)) != -1) {
		if (opt == 'h') {
			fputs(usage, stdout);
			return 0;
		}
		if (opt == OPT_VERSION) {
			puts("tw-switch " TW_VERSION);
			return 0;
		}
		if (opt == '?')
			return 2;
		if (!take(o, opt, optarg)) {
			fprintf(stderr, "tw-switch: --%s: %s is not a value it can have\n", long_options[index].name,
				optarg);
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "tw-switch: %s: no arguments are taken; see --help\n", argv[optind]);
		return 2;
	}
	run_dir = tw_run_dir(o->run_dir);
	o->run_dir = run_dir;
	if (o->n_cpus == 0) {
		o->cpus[0] = (unsigned)sysconf(_SC_NPROCESSORS_ONLN) - 1;
		o->n_cpus = 1;
	}
	return cpus_online(o) ? -1 : 2;
}
