/* SPDX-License-Identifier: Apache-2.0 */
/* drop.c - names and sentences of the drop reasons; see drop.h. Static data, any thread. */
#include "dataplane/drop.h"

#include <stddef.h>

static const struct {
	const char *name, *text;
	bool at_out;
} reasons[TW_DROPS] = {
#define TW_DROP_ROW(symbol, name, side, text) [TW_DROP_##symbol] = { #name, text, #side[0] == 'o' },
	TW_DROP_REASONS(TW_DROP_ROW)
#undef TW_DROP_ROW
};

const char *const tw_drop_names[TW_DROPS] = {
#define TW_DROP_NAME(symbol, name, side, text) [TW_DROP_##symbol] = #name,
	TW_DROP_REASONS(TW_DROP_NAME)
#undef TW_DROP_NAME
};

const char *tw_drop_name(unsigned reason)
{
	return reason < TW_DROPS ? reasons[reason].name : NULL;
}

const char *tw_drop_text(unsigned reason)
{
	return reason < TW_DROPS ? reasons[reason].text : NULL;
}

bool tw_drop_is_at_out(unsigned reason)
{
	return reason < TW_DROPS && reasons[reason].at_out;
}
