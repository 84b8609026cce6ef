/* SPDX-License-Identifier: Apache-2.0 */
/* acl_rule_fuzz.c - any text as a rule of an access list: taken with every value in its range, or refused with a reason. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/acl_rule.h"

static void hold(int claim)
{
	if (!claim)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tw_acl_rule r;
	char *text = malloc(size + 1), error[200] = "";

	memcpy(text, data, size);
	text[size] = '\0';
	if (tw_acl_rule_parse(text, &r, error, sizeof(error))) {
		hold(r.action <= TW_ACL_COUNT && (r.family == 0 || r.family == 4 || r.family == 6));
		hold(r.from.first <= r.from.last && r.to.first <= r.to.last && r.vlan_first <= r.vlan_last);
		hold(!(r.flags & ~r.flags_mask) && r.icmp_type <= 255 && r.icmp_code <= 255);
	} else {
		hold(error[0] && strlen(error) < sizeof(error));
	}
	free(text);
	return 0;
}
