/* SPDX-License-Identifier: Apache-2.0 */
/* dictionary.c - tells a dictionary row by row; see dictionary.h. */
#include "flowexport/dictionary.h"

#include "flowexport/options.h"

static bool add_row(const struct tw_dictionary *d, struct tw_message *message, uint32_t domain, size_t i)
{
	if (i < TW_PRIVATE_COUNT)
		return tw_options_add_type(message, (unsigned)i);
	i -= TW_PRIVATE_COUNT;
	if (i < d->n_networks)
		return tw_options_add_network(message, domain, &d->networks[i]);
	i -= d->n_networks;
	return tw_options_add_drop_reason(message, domain, (uint8_t)(i + 1), d->drop_reasons[i]);
}

bool tw_dictionary_add(const struct tw_dictionary *d, struct tw_message *message, uint32_t domain, size_t *next)
{
	for (; *next < TW_PRIVATE_COUNT + d->n_networks + d->n_drop_reasons; ++*next)
		if (!add_row(d, message, domain, *next))
			return false;
	return true;
}
