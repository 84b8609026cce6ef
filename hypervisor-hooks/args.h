/* SPDX-License-Identifier: Apache-2.0 */
/*
 * args.h - an argument vector that grows. Control threads.
 *
 * Errors are kept: after one that failed nothing more is added, and tw_args_take() returns NULL.
 */
#ifndef TW_HYPERVISOR_HOOKS_ARGS_H
#define TW_HYPERVISOR_HOOKS_ARGS_H

#include <stdbool.h>
#include <stddef.h>

/* A zeroed one is empty. */
struct tw_args {
	char **v; /* NULL-terminated once taken */
	size_t n;
	bool failed;
};

void tw_args_add(struct tw_args *args, const char *text);
void tw_args_addf(struct tw_args *args, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** Hand over the vector, closed by NULL. @return NULL if any addition failed; else release with tw_vm_args_free() */
char **tw_args_take(struct tw_args *args);

#endif
