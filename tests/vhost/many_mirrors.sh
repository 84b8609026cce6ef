#!/bin/bash
# many_mirrors.sh - 64 mirrors of one port, one of them to a collector without a way there, cost the port's own traffic nothing.
set -u
if [ -z "${TW_OWN_NETWORK:-}" ] && unshare --net true 2>/dev/null; then # one without any route
    exec env TW_OWN_NETWORK=1 unshare --net "$0" "$@"
fi
. "$(dirname "$0")/../support/vhost.sh"
[ -n "${TW_OWN_NETWORK:-}" ] || skip "no network of its own"

mirrors() # 62 files, a port, a collector
{
    for i in $(seq 62); do
        printf '{"name":"m%s","ports":[1],"direction":"ingress","path":"%s/capture/m%s.pcapng"},' "$i" "$dir" "$i"
    done
    printf '{"name":"port","ports":[1],"direction":"ingress","to_port":3},'
    printf '{"name":"nowhere","ports":[1],"direction":"ingress","erspan":"203.0.113.9","erspan_type":2,"erspan_session":1,"erspan_ttl":64}'
}

# Each frame is accounted for: it was sent, it failed, or it was shed.
accounted() # FRAMES
{
    ctl status | python3 -c '
import json, sys
mirrors = {m["name"]: m for m in json.load(sys.stdin)["mirrors"]}
n = int(sys.argv[1])
bad = [m for m in mirrors.values() if m["seen"] != n or m["packets"] + m["failed"] + m["shed"] != n]
sys.exit(len(mirrors) != 64 or bool(bad))' "$1"
}
nowhere()
{
    ctl status | python3 -c '
import json, sys
m = next(m for m in json.load(sys.stdin)["mirrors"] if m["name"] == "nowhere")
sys.exit(m["packets"] != 0 or m["error"] != "the collector: Network is unreachable")'
}
undisturbed() # FRAMES: went from 1 to 2, and none was dropped
{
    ctl status | python3 -c '
import json, sys
ports = {p["number"]: p["counters"] for p in json.load(sys.stdin)["ports"]}
n = int(sys.argv[1])
sys.exit(ports[1]["rx_packets"] != n or ports[2]["tx_packets"] != n or bool(ports[1]["drops"]) or bool(ports[2]["drops"]))' "$1"
}

start_switch
apply <<J
{"host": "a", "ports": [$(port 1 10 '"vhost":"server"'), $(port 2 10 '"vhost":"server"'), $(port 3 10 '"vhost":"server"')],
 "mirrors": [$(mirrors)]}
J
start_guests
for n in 1 2 3; do
    guest $n || die "guest $n: $answer"
    up $n || die "guest $n: no link"
done
ok "the collector cannot be reached, and its mirror says so" wait_until 3 nowhere
for round in 1 2 3 4 5; do
    ok "round $round: sends" g send 1 300 '1>2 udp port=1>2 len=200'
    ok "round $round: everything arrives" g expect 2 300 '1>2 udp port=1>2 len=200'
done
ok "each copy of each mirror is accounted for" wait_until 5 accounted 1500
ok "the collector's mirror has sent none" nowhere
ok "no frame of the port was dropped" undisturbed 1500
if command -v capinfos >/dev/null; then
    unreadable=$(for i in $(seq 62); do capinfos "$dir/capture/m$i.pcapng" >/dev/null 2>&1 || echo "$i"; done)
    ok "each file can be read" equal "$unreadable" ""
fi
