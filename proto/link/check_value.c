/* SPDX-License-Identifier: Apache-2.0 */
/* check_value.c - numbers, octets and where a failure stands; see check_value.h. Texts are in check_text.c. Pure. */
#include "proto/link/check_value.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/mac.h"

void tw_where_format(const struct tw_where *at, char *out, size_t size)
{
	size_t used;

	out[0] = '\0';
	if (at->up)
		tw_where_format(at->up, out, size);
	used = strlen(out);
	if (at->index < 0)
		snprintf(out + used, size - used, "%s%s", used ? "." : "", at->name);
	else
		snprintf(out + used, size - used, "%s%s[%ld]", used ? "." : "", at->name, at->index);
}

bool tw_where_fail(const struct tw_where *at, enum tw_api_error code, struct tw_error *err, const char *fmt, ...)
{
	char field[sizeof(err->field)], text[sizeof(err->text)];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	tw_where_format(at, field, sizeof(field));
	return tw_error_set(err, code, field, "%s", text);
}

bool tw_value_range(uint64_t value, const struct tw_range *range, const struct tw_where *at, struct tw_error *err)
{
	if ((value >= range->min && value <= range->max) || (value == 0 && range->zero))
		return true;
	if (range->zero)
		return tw_where_fail(at, TW_E_INVALID, err, "%" PRIu64 " is not %s (%" PRIu64 "..%" PRIu64 ", 0 = %s)",
				     value, range->noun, range->min, range->max, range->zero);
	return tw_where_fail(at, TW_E_INVALID, err, "%" PRIu64 " is not %s (%" PRIu64 "..%" PRIu64 ")", value,
			     range->noun, range->min, range->max);
}

bool tw_value_enum(int value, const ProtobufCEnumDescriptor *known, const struct tw_where *at, struct tw_error *err)
{
	char names[160] = "";

	if (protobuf_c_enum_descriptor_get_value(known, value))
		return true;
	for (unsigned i = 0; i < known->n_values; i++) {
		size_t used = strlen(names);

		snprintf(names + used, sizeof(names) - used, "%s%s", used ? ", " : "", known->values[i].name);
	}
	return tw_where_fail(at, TW_E_INVALID, err, "%d is none of %s", value, names);
}

bool tw_value_size(ProtobufCBinaryData bytes, const size_t sizes[], size_t n_sizes, const char *noun,
		   const struct tw_where *at, struct tw_error *err)
{
	for (size_t i = 0; i < n_sizes; i++)
		if (bytes.len == sizes[i])
			return true;
	if (bytes.len == 0)
		return tw_where_fail(at, TW_E_MISSING, err, "%s is missing", noun);
	return tw_where_fail(at, TW_E_INVALID, err, "%zu octets are not %s (%zu)", bytes.len, noun, sizes[n_sizes - 1]);
}

bool tw_value_mac(ProtobufCBinaryData mac, const struct tw_where *at, struct tw_error *err)
{
	static const uint8_t zero[TW_MAC_LEN];
	static const size_t size = TW_MAC_LEN;
	char text[TW_MAC_TEXT];

	if (!tw_value_size(mac, &size, 1, "a MAC address", at, err))
		return false;
	if (mac.data[0] & 1)
		return tw_where_fail(at, TW_E_INVALID, err, "%s is a multicast address; a port's is unicast",
				     tw_mac_format(mac.data, text));
	if (memcmp(mac.data, zero, sizeof(zero)) == 0)
		return tw_where_fail(at, TW_E_INVALID, err, "%s is no port's address; it must not be all zero",
				     tw_mac_format(mac.data, text));
	return true;
}
