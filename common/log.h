/* SPDX-License-Identifier: Apache-2.0 */
/*
 * log.h - one line per event on standard error: time, level, program, area, sentence, key=value pairs.
 *
 * Control threads only: a worker never logs (dataplane/worker.h says what it does instead). Lines are written with one
 * write(2), so lines of threads do not mix. Each file names its area once: `#define TW_LOG_AREA "port"` before including.
 */
#ifndef TW_COMMON_LOG_H
#define TW_COMMON_LOG_H

enum tw_log_level { TW_LOG_ERROR, TW_LOG_WARNING, TW_LOG_INFO, TW_LOG_DEBUG };

/** Program name for the lines and the lowest level shown (default info; TW_LOG=debug in the environment overrides). */
void tw_log_init(const char *program, enum tw_log_level level);

void tw_log_write(enum tw_log_level level, const char *area, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define tw_log_error(...)   tw_log_write(TW_LOG_ERROR, TW_LOG_AREA, __VA_ARGS__)
#define tw_log_warning(...) tw_log_write(TW_LOG_WARNING, TW_LOG_AREA, __VA_ARGS__)
#define tw_log_info(...)    tw_log_write(TW_LOG_INFO, TW_LOG_AREA, __VA_ARGS__)
#define tw_log_debug(...)   tw_log_write(TW_LOG_DEBUG, TW_LOG_AREA, __VA_ARGS__)

#endif
