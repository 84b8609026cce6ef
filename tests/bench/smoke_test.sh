#!/bin/bash
# smoke_test.sh - that the benchmarks can be run: figures come out for tw-switch and testpmd, nothing stays behind. No time is judged.
# timeout: 240
set -eu
here=$(cd "$(dirname "$0")" && pwd)
. "$here/../../tools/lib.sh"
pages=/proc/sys/vm/nr_hugepages
before=$(cat "$pages")
figures=$TW_TMP/figures.json

status=0
"$here/run" --quick --json "$figures" || status=$?
if [ "$status" -eq 77 ]; then
    say "the machine is too small for a benchmark"
    exit 77
fi
[ "$status" -eq 0 ] || die "run --quick ended with status $status"
[ "$(cat "$pages")" -eq "$before" ] || die "$before hugepages became $(cat "$pages")"

python3 - "$figures" <<'P'
import json
import sys

case = json.load(open(sys.argv[1], encoding="utf-8"))["cases"]["pvp-64"]
for why in [case["missing"], *case["missing_contenders"].values()]:
    if why:
        print(f"cannot be run here: {why}")
        sys.exit(77)
for name in ("tw-switch", "testpmd"):
    figures = case["rounds"][0][name]
    assert not figures["void"], f"{name}: {figures['void']}"
    assert figures["mpps"] > 0 and figures["received"] > 0, f"{name}: {figures}"
assert case["wants"][0]["median"] > 0, case["wants"]
P

"$here/run" --report --json "$figures" | grep -q 'tw-switch / testpmd' || die "an earlier run's figures are not shown"
"$here/run" --list >/dev/null || die "the cases cannot be listed"
if command -v valgrind >/dev/null; then
    counted=$("$here/instructions" --frames 4096)
    grep -Eq "^ +[1-9][0-9.]+  tw-switch's own path\$" <<<"$counted" || die "nothing of the packet path was counted: $counted"
fi
