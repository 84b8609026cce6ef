#!/bin/bash
# smoke_test.sh - that the benchmarks can be run: figures come out for tw-switch and its peers, nothing stays behind. No time is judged.
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

cases = json.load(open(sys.argv[1], encoding="utf-8"))["cases"]
for name, speed in (("pvp-64", "mpps"), ("tso", "gbps")):
    case = cases[name]
    for why in [case["missing"], *case["missing_contenders"].values()]:
        if why:
            print(f"{name} cannot be run here: {why}")
            sys.exit(77)
    assert case["contenders"], name
    for contender in case["contenders"]:
        figures = case["rounds"][0][contender]
        assert not figures["void"], f"{contender}: {figures['void']}"
        assert figures[speed] > 0 and figures["received"] > 0, f"{contender}: {figures}"
    assert case["wants"][0]["median"] > 0, case["wants"]
P

"$here/run" --report --json "$figures" | grep 'tw-switch / testpmd' >/dev/null || die "an earlier run's figures are not shown"
"$here/run" --list >/dev/null || die "the cases cannot be listed"
if command -v valgrind >/dev/null; then
    counted=$("$here/instructions" --frames 4096)
    grep -Eq "^ +[1-9][0-9.]+  tw-switch's own path\$" <<<"$counted" || die "nothing of the packet path was counted: $counted"
fi
