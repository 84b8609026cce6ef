#!/bin/bash
# flows.sh - what guests sent is in the records to the packet and octet, dropped flows too, as two IPFIX collectors read them.
set -u
. "$(dirname "$0")/../support/vhost.sh"
command -v nfcapd >/dev/null && command -v nfdump >/dev/null || skip "there is no nfcapd (package nfdump)"

ours=$((20000 + $$ % 10000))
theirs=$((ours + 10000))
collectors=
mkdir "$dir/nfcapd"
# shellcheck disable=SC2317 # called by the trap
end_collectors()
{
    local pid
    for pid in $collectors; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    vhost_end
}
trap end_collectors EXIT
"$TW_BUILD/tests/support/ipfix-dump" --no-options 127.0.0.1 $ours >"$dir/records" 2>"$dir/dump.log" &
dump=$!
nfcapd -4 -b 127.0.0.1 -p $theirs -w "$dir/nfcapd" -t 86400 >"$dir/nfcapd.log" 2>&1 &
nfcapd=$!
collectors="$dump $nfcapd"
bound() { grep -qi ":$(printf %04X "$1") " /proc/net/udp; }
wait_until 5 bound $ours || die "ipfix-dump does not listen"
wait_until 5 bound $theirs || die "nfcapd does not listen"

start_switch
apply <<J
{"host": "a", "observation_domain": 5,
 "ports": [$(port 1 10 '"vhost":"server"'), $(port 2 10 '"vhost":"server"'), $(port 3 20 '"vhost":"server"')],
 "exporters": [{"name": "ours", "collectors": ["127.0.0.1:$ours"], "active_timeout_s": 2, "idle_timeout_s": 1},
               {"name": "theirs", "collectors": ["127.0.0.1:$theirs"], "active_timeout_s": 2, "idle_timeout_s": 1}]}
J
start_guests
for n in 1 2 3; do
    guest $n || die "guest $n: $answer"
    up $n || die "guest $n: no link"
done

for flow in $(seq 100); do # flow N has N frames of 28 + N octets
    g send 1 "$flow" "1>2 udp port=$flow>2000 len=$flow" && g expect 2 "$flow" "1>2 udp port=$flow>2000 len=$flow" || failed=1
done
ok "flows of 1 to 100 frames pass" equal $failed 0
ok "sends back" g send 2 500 '2>1 tcp port=80>4000 len=100 flags=16'
ok "frames pass" g expect 1 500 '2>1 tcp port=80>4000 len=100 flags=16'
ok "sends what may not pass" g send 1 33 '1>3 udp port=7000>1 len=10'
ok "sends what is forged" g send 2 44 '9>1 udp port=7001>1 len=20'
ctl flows --limit 10 >"$dir/flows.json"
ok "live flows are shown, and how many there are" python3 - "$dir/flows.json" <<'P'
import json, sys
f = json.load(open(sys.argv[1]))
sys.exit(not (0 < len(f["flows"]) <= 10 and f["total"] >= len(f["flows"])))
P
sleep 1
ok "a port that is removed ends its flows" apply <<J
{"revision": 2, "host": "a", "observation_domain": 5, "ports": [$(port 1 10 '"vhost":"server"')],
 "exporters": [{"name": "ours", "collectors": ["127.0.0.1:$ours"], "active_timeout_s": 2, "idle_timeout_s": 1},
               {"name": "theirs", "collectors": ["127.0.0.1:$theirs"], "active_timeout_s": 2, "idle_timeout_s": 1}]}
J
none_left() { [ "$(ctl flows | python3 -c 'import json,sys; print(json.load(sys.stdin)["total"])')" = 0 ]; }
ok "each flow ends" wait_until 6 none_left
stop_guests
stop_switch
sleep 0.3
kill $dump && wait $dump
ok "our collector had nothing to object to" equal $? 0
kill $nfcapd && wait $nfcapd 2>/dev/null
collectors=

cat >"$dir/totals.py" <<'P'
import json, sys
from collections import defaultdict
totals = defaultdict(lambda: [0, 0, 0])
for line in open(sys.argv[1]):
    r = json.loads(line)
    key = (r["sourceTransportPort"], r["ingressInterface"], r["egressInterface"], r["forwardingStatus"] >> 6 if r["forwardingStatus"] >= 64 else r["forwardingStatus"])
    t = totals[key]
    names = ["packetDeltaCount", "octetDeltaCount", "layer2OctetDeltaCount"]
    if key[3] == 2:
        names = ["droppedPacketDeltaCount", "droppedOctetDeltaCount", "droppedLayer2OctetDeltaCount"]
    for i, name in enumerate(names):
        t[i] += r[name]
    if ("dropReason" in r) != (key[3] == 2) or r["eastWest"] != (1 if key[1] and key[2] else 2):
        sys.exit("a record's own elements are wrong: %s" % r)
want = {(n, 1, 2, 1): [n, n * (28 + n), n * (42 + n)] for n in range(1, 101)}
want[(80, 2, 1, 1)] = [500, 500 * 140, 500 * 154]
want[(7000, 1, 0, 2)] = [33, 33 * 38, 33 * 52]
want[(7001, 2, 0, 2)] = [44, 44 * 48, 44 * 62]
for key in sorted(set(want) | set(totals)):
    if want.get(key) != totals.get(key):
        print("want", key, want.get(key), "have", totals.get(key))
        sys.exit(1)
P
ok "each flow's packets and octets are exact, those dropped too" python3 "$dir/totals.py" "$dir/records"
frames=$((100 * 101 / 2 + 500))
octets=$((28 * 5050 + 100 * 101 * 201 / 6 + 500 * 140))
ok "nfdump's totals are those of what passed" equal \
    "$(nfdump -q -N -R "$dir/nfcapd" -o 'fmt:%ipkt %ibyt' | awk '{ p += $1; o += $2 } END { print p, o }')" "$frames $octets"
