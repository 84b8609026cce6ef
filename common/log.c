/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.c - writes log lines; see log.h.
 *
 * Threads  any control thread: the level is set once at start, a line is one write(2).
 * Owns     nothing but the program's name.
 */
#include "common/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_SIZE = 1024 };

static const char *program = "tradewind";
static enum tw_log_level threshold = TW_LOG_INFO;
static const char *const level_name[] = { "error", "warning", "info", "debug" };

void tw_log_init(const char *name, enum tw_log_level level)
{
	const char *env = getenv("TW_LOG");

	program = name;
	threshold = level;
	for (unsigned i = 0; env && i < sizeof(level_name) / sizeof(*level_name); i++)
		if (strcmp(env, level_name[i]) == 0)
			threshold = (enum tw_log_level)i;
}

void tw_log_write(enum tw_log_level level, const char *area, const char *fmt, ...)
{
	char line[LINE_SIZE];
	struct timespec now;
	struct tm tm;
	va_list args;
	size_t used;
	int n;

	if (level > threshold)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	used = strftime(line, sizeof(line), "%Y-%m-%dT%H:%M:%S", &tm);
	n = snprintf(line + used, sizeof(line) - used, ".%03ldZ %-7s %s[%d] %s: ", now.tv_nsec / 1000000,
		     level_name[level], program, (int)getpid(), area);
	used += (size_t)n;
	va_start(args, fmt);
	n = vsnprintf(line + used, sizeof(line) - used - 1, fmt, args);
	va_end(args);
	if (n > 0)
		used += (size_t)n < sizeof(line) - used - 1 ? (size_t)n : sizeof(line) - used - 2;
	line[used++] = '\n';
	if (write(STDERR_FILENO, line, used) < 0)
		return; /* nowhere left to say so */
}
