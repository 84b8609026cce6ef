/* SPDX-License-Identifier: Apache-2.0 */
/* error.c - fills errors and knows their texts; see error.h. Pure. */
#include "proto/link/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

const char *tw_error_text(uint32_t code)
{
	switch (code) {
#define TW_API_ERROR_TEXT(symbol, number, text) \
	case symbol:                            \
		return text;
		TW_API_ERRORS(TW_API_ERROR_TEXT)
#undef TW_API_ERROR_TEXT
	default:
		return "unknown error";
	}
}

/* A text that was cut must not end in half a character. */
static void trim_half_character(char *text, size_t len)
{
	while (len > 0 && ((unsigned char)text[len - 1] & 0xc0) == 0x80)
		len--;
	if (len > 0 && (unsigned char)text[len - 1] >= 0xc0)
		len--;
	text[len] = '\0';
}

_Bool tw_error_set(struct tw_error *e, enum tw_api_error code, const char *field, const char *fmt, ...)
{
	va_list args;

	e->code = code;
	snprintf(e->field, sizeof(e->field), "%s", field ? field : "");
	if (fmt) {
		va_start(args, fmt);
		if (vsnprintf(e->text, sizeof(e->text), fmt, args) >= (int)sizeof(e->text))
			trim_half_character(e->text, sizeof(e->text) - 1);
		va_end(args);
	} else {
		snprintf(e->text, sizeof(e->text), "%s", tw_error_text(code));
	}
	return false;
}
