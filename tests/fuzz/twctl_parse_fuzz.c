/* SPDX-License-Identifier: Apache-2.0 */
/* twctl_parse_fuzz.c - whatever text is given for a value: it is refused with a sentence, or what is read is within its limits. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "controlplane/twctl/frame.h"
#include "controlplane/twctl/parse.h"
#include "proto/link/check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Tw__VlanRange ranges[TW_TRUNK_RANGES_MAX];
	static uint8_t octets_of_frame[TW_FRAME_MAX];
	static struct tw_frame frame;
	struct tw_error error = { 0 };
	char *text = strndup((const char *)data, size);
	uint8_t octets[TW_UUID_LEN];
	uint64_t value;
	uint32_t id;
	size_t n;

	if (!text)
		return 0;
	if (tw_parse_trunk("f", text, ranges, &n, &error)) {
		must(n <= TW_TRUNK_RANGES_MAX);
		for (size_t i = 0; i < n; i++)
			must(ranges[i].first >= 1 && ranges[i].first <= ranges[i].last &&
			     ranges[i].last <= TW_VLAN_MAX);
	}
	if (tw_parse_vlan_id("f", text, &id, &error))
		must(id <= TW_VLAN_MAX);
	if (tw_parse_number("f", text, 5, 500, &value, &error))
		must(value >= 5 && value <= 500);
	if (tw_parse_size("f", text, 1000, 1ull << 50, &value, &error))
		must(value >= 1000 && value <= 1ull << 50);
	if (tw_parse_rate("f", text, "bit", 1000, 1ull << 40, &value, &error))
		must(value >= 1000 && value <= 1ull << 40);
	if (tw_parse_rate("f", text, "pps", 1, 1000, &value, &error))
		must(value >= 1 && value <= 1000);
	if (tw_parse_duration("f", text, 10, 100000, &value, &error))
		must(value >= 10 && value <= 100000);
	if (tw_parse_seconds("f", text, 1, 600, &value, &error))
		must(value >= 1 && value <= 600);
	must(tw_parse_mac("f", text, octets, &error) || error.text[0]);
	must(tw_parse_uuid("f", text, octets, &error) || error.text[0]);
	if (tw_frame_parse("f", text, NULL, NULL, &frame, &error))
		must(tw_frame_build(&frame, octets_of_frame) <= TW_FRAME_MAX);
	else
		must(error.text[0]);
	free(text);
	return 0;
}
