/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the program tw-switch. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "dataplane/eal.h"
#include "dataplane/run.h"

#define TW_LOG_AREA "main"
#include "common/log.h"

/* A guest has two eventfds a ring and a descriptor for each piece of its memory. */
static void raise_limits(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		if (setrlimit(RLIMIT_NOFILE, &limit))
			tw_log_warning("the limit of open files stays at its default");
	}
}

int main(int argc, char **argv)
{
	struct tw_options options;
	struct tw_switch *sw;
	int status = tw_options_parse(argc, argv, &options);

	if (status >= 0)
		return status;
	tw_log_init("tw-switch", TW_LOG_INFO);
	signal(SIGPIPE, SIG_IGN);
	raise_limits();
	if (tw_eal_start(&options))
		return 1;
	sw = tw_switch_create(&options);
	if (sw) {
		tw_log_info("ready run_dir=%s workers=%u", options.run_dir, options.n_cpus);
		tw_switch_run(sw);
	}
	tw_switch_destroy(sw);
	tw_eal_stop();
	return sw ? 0 : 1;
}
