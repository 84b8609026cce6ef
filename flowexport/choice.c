/* SPDX-License-Identifier: Apache-2.0 */
/* choice.c - one collector of several; see choice.h. Pure. */
#include "flowexport/choice.h"

/* The first usable one before `end` that has been so for ms. @return its number, or end */
static size_t first_usable(const struct tw_choice *choice, size_t end, uint64_t ms, uint64_t now_ms)
{
	for (size_t i = 0; i < end; i++)
		if (choice->usable_since_ms[i] && now_ms - choice->usable_since_ms[i] >= ms)
			return i;
	return end;
}

bool tw_choice_update(struct tw_choice *choice, uint32_t usable, size_t n, uint64_t now_ms)
{
	size_t better;

	for (size_t i = 0; i < n; i++)
		if (!(usable & (1u << i)))
			choice->usable_since_ms[i] = 0;
		else if (!choice->usable_since_ms[i])
			choice->usable_since_ms[i] = now_ms;
	if (choice->active < n && choice->usable_since_ms[choice->active])
		better = first_usable(choice, choice->active, TW_CHOICE_BACK_MS, now_ms);
	else
		better = first_usable(choice, n, 0, now_ms);
	if (better == n || better == choice->active)
		return false;
	choice->active = better;
	choice->changes++;
	return true;
}
