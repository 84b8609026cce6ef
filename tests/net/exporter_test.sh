#!/bin/bash
# exporter_test.sh - hosts send to two collectors, one at a time: a test reaches both, a dead one is left for the other.
set -eu
. "$(dirname "$0")/../support/lab.sh"
test_lab 2
dump=$TW_BUILD/tests/support/ipfix-dump

listens() { lab_in col sh -c "grep -qi '^ *[0-9]*: .*:$(printf %04X "$1") 0000' /proc/net/udp"; }

# tried EXPRESSION: does it hold of what `twctl --json exporter test` says? `all`: [(host, collector's part)]
tried()
{
    twctl --json exporter test nf >"$TW_TMP/tried" || true
    python3 - "$1" "$TW_TMP/tried" <<'PY' || { cat "$TW_TMP/tried"; return 1; }
import json, sys
answers = json.load(open(sys.argv[2], encoding="utf-8"))
all = [(a["host"], c) for a in answers for c in a.get("tried", {}).get("collectors", [])]
sys.exit(not eval(f"({sys.argv[1]})"))
PY
}

# state HOST: the states of its collectors, as `exporter show` has them
states()
{
    twctl --json exporter show nf | python3 -c '
import json, sys
print(*sorted(c["state"] for s in json.load(sys.stdin)["status"] for c in s["collectors"]))'
}
is_in() { [ "$(states)" = "$1" ]; }

lab_spawn first col "$dump" 10.77.0.9 4739
lab_spawn second col "$dump" 10.77.0.9 4740
wait_until 5 listens 4739
wait_until 5 listens 4740
twctl exporter create nf --collector 10.77.0.9:4739,10.77.0.9:4740 --collectors failover --source 10.77.0.0/24 --wait
wait_until 10 is_in "active active standby standby"

expect "each host reaches both collectors from its own address" tried '
    sorted((h, c["collector"][-4:], c["records"], c["source"].split(":")[0], c.get("error", "")) for h, c in all) ==
    [("a", "4739", 4, "10.77.0.11", ""), ("a", "4740", 4, "10.77.0.11", ""),
     ("b", "4739", 4, "10.77.0.12", ""), ("b", "4740", 4, "10.77.0.12", "")]'
for name in first second; do
    seen() { [ "$(grep -c '"sourceIPv4Address": *"192.0.2.1"' "$LAB_DIR/log/$name.log")" -eq 2 ]; }
    wait_until 5 seen || die "the $name collector has not one test flow of each host"
    grep -q tradewind-test/eth0 "$LAB_DIR/log/$name.log" || die "the $name collector does not know the test's interface"
done

lab_kill first
expect "a collector that is gone refuses, and the other does not" tried '
    sorted((c["collector"][-4:], c.get("error", "")) for h, c in all) ==
    [("4739", "Connection refused")] * 2 + [("4740", "")] * 2'
wait_until 10 is_in "active active failed failed" || die "the other does not take over: $(states)"
status=0
twctl exporter test nf || status=$?
expect "a test that is refused exits with status 1" test "$status" -eq 1
twctl exporter show nf
