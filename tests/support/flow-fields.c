/* SPDX-License-Identifier: Apache-2.0 */
/* flow-fields.c - prints the field list of flowexport/ as the table that stands in docs/flow-export.md. */
#include <stdio.h>

#include "flowexport/template.h"

static const char *const class_names[TW_FLOW_CLASSES] = {
	[TW_CLASS_IPV4_TRANSPORT] = "256", [TW_CLASS_IPV4_ICMP] = "257",  [TW_CLASS_IPV4_FRAGMENT] = "258",
	[TW_CLASS_IPV6_TRANSPORT] = "259", [TW_CLASS_IPV6_ICMP] = "260",  [TW_CLASS_IPV6_FRAGMENT] = "261",
	[TW_CLASS_LAYER2] = "262",         [TW_CLASS_IPV4_OTHER] = "263", [TW_CLASS_IPV6_OTHER] = "264",
};

static void print_row(const struct tw_field *f, const char *records)
{
	char width[8] = "any";

	if (f->width != TW_WIDTH_VARIABLE)
		snprintf(width, sizeof(width), "%u", f->width);
	printf("| %s | %u | %s | %s |\n", f->name, f->element, width, records);
}

static void print_flow_row(const struct tw_field *f)
{
	char records[64] = "all";
	size_t used = 0;

	for (unsigned cls = 0; f->records != TW_IN_ALL && cls < TW_FLOW_CLASSES; cls++)
		if (f->records & (1u << cls))
			used += (size_t)snprintf(records + used, sizeof(records) - used, "%s%s", used ? " " : "",
						 class_names[cls]);
	print_row(f, records);
}

static void print_option_row(const struct tw_field *f)
{
	char records[64] = "";
	size_t used = 0;

	for (unsigned table = 0; table < TW_OPTION_TABLES; table++)
		if (f->records & (1u << table))
			used += (size_t)snprintf(records + used, sizeof(records) - used, "%s%u", used ? " " : "",
						 TW_OPTION_TEMPLATE_FIRST + table);
	print_row(f, records);
}

int main(void)
{
	printf("| element | number | octets | flow records |\n| --- | --- | --- | --- |\n");
	for (size_t i = 0; i < tw_n_flow_fields; i++)
		print_flow_row(&tw_flow_fields[i]);
	printf("\n| element | number | octets | options records |\n| --- | --- | --- | --- |\n");
	for (size_t i = 0; i < tw_n_option_fields; i++)
		print_option_row(&tw_option_fields[i]);
	return 0;
}
