/* SPDX-License-Identifier: Apache-2.0 */
/* flow-fields.c - prints the field list of flowexport/ as the table that stands in docs/flow-export.md. */
#include <stdio.h>

#include "flowexport/reverse.h"
#include "flowexport/template.h"

/* "all" of n layouts, or their numbers, counted from the first one's id. */
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

/* Of the reverse direction, in biflows. */
static void print_reverse(const struct tw_field *f)
{
	if (f->variants & TW_REVERSE && f->records & TW_IN_ALL)
		printf(" %u/%u |", TW_REVERSE_PEN, f->element);
	else
		printf(" |");
}

static const char *variants_text(const struct tw_field *f)
{
	return f->variants == TW_PASSED    ? " of flows that passed |"
	       : f->variants == TW_REFUSED ? " of refused flows |"
	       : f->variants == TW_NAMED   ? " with `--names record` |"
					   : " |";
}

static void print_row(const struct tw_field *f, unsigned first_id, unsigned n)
{
	char width[8] = "any";

	if (f->width != TW_WIDTH_VARIABLE)
		snprintf(width, sizeof(width), "%u", f->width);
	if (f->pen)
		printf("| %s | %u/%u | %s |", f->name, f->pen, f->element, width);
	else
		printf("| %s | %u | %s |", f->name, f->element, width);
	print_ids(f, TW_FORMAT_IPFIX, first_id, n);
	print_ids(f, TW_FORMAT_V9, first_id, n);
	if (n == TW_FLOW_CLASSES)
		print_reverse(f);
	printf("%s\n", n == TW_FLOW_CLASSES ? variants_text(f) : "");
}

int main(void)
{
	printf("| element | number | octets | IPFIX flow records | version 9 | reverse | only |\n"
	       "| --- | --- | --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < tw_n_flow_fields; i++)
		print_row(&tw_flow_fields[i], TW_FLOW_TEMPLATE_FIRST, TW_FLOW_CLASSES);
	for (size_t i = 0; i < tw_n_biflow_fields;
	     i++) /* a field of all classes but the last one, which has no flows */
		printf("| %s | %u | %u | 896 897 898 899 900 901 902 903 904 | | | in biflows |\n",
		       tw_biflow_fields[i].name, tw_biflow_fields[i].element, tw_biflow_fields[i].width);
	printf("\n| element | number | octets | IPFIX options records | version 9 |\n| --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < tw_n_option_fields; i++)
		print_row(&tw_option_fields[i], TW_OPTION_TEMPLATE_FIRST, TW_OPTION_TABLES);
	printf("\n| element | number | octets | behind the flow records of 640 to 767 | of 768 to 895 |\n"
	       "| --- | --- | --- | --- | --- |\n");
	for (size_t i = 0; i < tw_n_origin_fields; i++) {
		const struct tw_field *f = &tw_origin_fields[i];

		printf("| %s | %u | %u | %s | %s |\n", f->name, f->element, f->width,
		       f->records & 1 << TW_ORIGIN_IPV4 ? "all" : "", f->records & 1 << TW_ORIGIN_IPV6 ? "all" : "");
	}
	return 0;
}
