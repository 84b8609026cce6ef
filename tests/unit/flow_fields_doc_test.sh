#!/bin/sh
# flow_fields_doc_test.sh PROGRAM PAGE - the tables at the end of docs/flow-export.md are those of the field list.
documented=$(sed '1,/^<!-- printed by flow-fields -->$/d' "$2")
[ "$documented" = "$("$1")" ] || {
    echo "$2 is not what flowexport/fields.h says; below its mark stands the output of tests/support/flow-fields" >&2
    exit 1
}
