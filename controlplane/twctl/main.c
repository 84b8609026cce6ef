/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - twctl: the operator's command line to tw-controller. What it does is in command.h. One thread. */
#include <locale.h>
#include <unistd.h>

#include "common/log.h"
#include "controlplane/twctl/command.h"

int main(int argc, char **argv)
{
	const struct tw_io io = { .out = stdout, .err = stderr, .out_is_tty = isatty(STDOUT_FILENO) };

	setlocale(LC_CTYPE, "");
	tw_log_init("twctl", TW_LOG_ERROR);
	return tw_twctl_run(argc, argv, &io);
}
