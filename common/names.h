/* SPDX-License-Identifier: Apache-2.0 */
/* names.h - lists of names, as repeated strings of a message are. Pure; any thread. */
#ifndef TW_COMMON_NAMES_H
#define TW_COMMON_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline bool tw_names_have(char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

#endif
