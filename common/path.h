/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path.h - where programs meet on a host: one run directory, fixed names in it.
 *
 * RUN_DIR (default /run/tradewind, --run-dir, or TW_RUN_DIR) holds:
 *   switch.ipc    tw-switch's control socket        agent.ipc       tw-agent's socket for tw-vm
 *   events.ipc    tw-switch's events                controller.ipc  tw-controller's local socket
 *   vhost/N.sock  vhost-user socket of port N       vm/NAME.qmp, vm/NAME.json, vm/NAME.pid, vm/NAME.console   tw-vm's guests
 *   capture/      mirrors' pcapng files
 * Control threads, at start.
 */
#ifndef TW_COMMON_PATH_H
#define TW_COMMON_PATH_H

#include <stddef.h>

#define TW_RUN_DIR_DEFAULT "/run/tradewind"
#define TW_CONTROLLER_URL  "ipc:///run/tradewind/controller.ipc"

/** --run-dir's value if not NULL, else $TW_RUN_DIR, else the default. */
const char *tw_run_dir(const char *option);

/**
 * Put a formatted path or URL into out.
 * @return 0, or -ENAMETOOLONG (out is then empty)
 */
int tw_path(char *out, size_t size, const char *fmt, ...) __attribute__((format(printf, 3, 4), warn_unused_result));

/** mkdir -p with mode 0750. @return 0 or -errno */
int tw_mkdirs(const char *path) __attribute__((warn_unused_result));

/** Replace a file by write to a temporary name, fsync, rename, fsync of the folder. @return 0 or -errno */
int tw_write_file(const char *path, const void *data, size_t size) __attribute__((warn_unused_result));

/** Read a whole file of at most max octets; *data is malloc'ed. @return 0, -errno, -EFBIG */
int tw_read_file(const char *path, size_t max, void **data, size_t *size) __attribute__((warn_unused_result));

#endif
