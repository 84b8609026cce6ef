/* SPDX-License-Identifier: Apache-2.0 */
/* flow-fields.c - prints the field list of flowexport/ as the table that stands in docs/flow-export.md. */
#include <stdio.h>

#include "flowexport/template.h"

/* Template ids of one format's layouts that carry the field: "all", if it is all of n. */
static void print_ids(const struct tw_field *f, enum tw_flow_format format, unsigned first_id, unsigned n)
{
	uint32_t records = f->records >> TW_LAYOUT(format, 0);
	uint32_t all = (UINT32_C(1) << n) - 1;

	if (n == TW_FLOW_CLASSES && (records & all) == all) {
		printf(" all |");
		return;
	}
	for (unsigned i = 0; i < n; i++)
		if (records & UINT32_C(1) << i)
			printf(" %u", first_id + TW_LAYOUT(format, i));
	printf(" |");
}

static void print_row(const struct tw_field *f, unsigned first_id, unsigned n)
{
	char width[8] = "any";

	if (f->width != TW_WIDTH_VARIABLE)
		snprintf(width, sizeof(width), "%u", f->width);
	printf("| %s | %u | %s |", f->name, f->element, width);
	print_ids(f, TW_FORMAT_IPFIX, first_id, n);
	print_ids(f, TW_FORMAT_V9, first_id, n);
	printf("\n");
}

int main(void)
{
	printf("| element | number | octets | IPFIX flow records | version 9 |\n| --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < tw_n_flow_fields; i++)
		print_row(&tw_flow_fields[i], TW_FLOW_TEMPLATE_FIRST, TW_FLOW_CLASSES);
	printf("\n| element | number | octets | IPFIX options records | version 9 |\n| --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < tw_n_option_fields; i++)
		print_row(&tw_option_fields[i], TW_OPTION_TEMPLATE_FIRST, TW_OPTION_TABLES);
	return 0;
}
