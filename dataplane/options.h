/* SPDX-License-Identifier: Apache-2.0 */
/* options.h - tw-switch's command line. Main, at start. */
#ifndef TW_DATAPLANE_OPTIONS_H
#define TW_DATAPLANE_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "dataplane/snapshot.h"

enum {
	TW_PCI_MAX = 16,
	TW_MEMORY_DEFAULT_MIB = 256,
	TW_FLOWS_DEFAULT = 65536,
	TW_IDLE_SLEEP_DEFAULT_US = 200,
	TW_REBALANCE_DEFAULT_S = 5
};

struct tw_options {
	const char *run_dir;
	unsigned n_cpus;
	unsigned cpus[TW_WORKERS_MAX]; /* a worker each */
	uint32_t memory_mib;
	bool no_huge;
	uint32_t mbufs; /* 0 = by memory */
	uint32_t flows; /* a worker's */
	uint32_t idle_sleep_us;
	uint32_t rebalance_s; /* 0 = queues stay where they are */
	bool no_metering;
	unsigned n_pci;
	const char *pci[TW_PCI_MAX];
};

/**
 * @return -1: go on; else the program's exit status (0 after --help and --version, 2 after a usage error, said on stderr)
 */
int tw_options_parse(int argc, char **argv, struct tw_options *options);

/** "1,3-5" into cpus[]. @return number of CPUs, or -EINVAL (not a list, or more than `most`). Pure. */
int tw_cpu_list_parse(const char *text, unsigned *cpus, unsigned most);

#endif
