/* SPDX-License-Identifier: Apache-2.0 */
/* names.h - lists of names, as repeated strings of a message are, and names of two parts. Pure; any thread. */
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

/** Of "HOST/UPLINK", as mirrors name it. @return UPLINK, within it; NULL: it is another host's */
static inline const char *tw_names_uplink_of(const char *uplink, const char *host)
{
	size_t len = strlen(host);

	return strncmp(uplink, host, len) == 0 && uplink[len] == '/' ? uplink + len + 1 : NULL;
}

static inline bool tw_names_have_uplink_of(char *const *uplinks, size_t n, const char *host)
{
	for (size_t i = 0; i < n; i++)
		if (tw_names_uplink_of(uplinks[i], host))
			return true;
	return false;
}

#endif
