#!/bin/bash
# demo_test.sh - tools/demo as a stranger runs it: every claim holds, and nothing is left.
# timeout: 400
set -eu
. "$(dirname "$0")/../../tools/lib.sh"
export LAB_DIR=$TW_TMP/lab LAB_NAME=twdemo
trap '"$TW_TOP/tools/lab" down --dir "$LAB_DIR" --name $LAB_NAME >/dev/null 2>&1' EXIT
start=$(now_ms)
"$TW_TOP/tools/demo" --no-setup
[ $(($(now_ms) - start)) -lt 300000 ] || die "it took more than five minutes"
[ ! -e "$LAB_DIR" ] || die "the demo left its lab"
