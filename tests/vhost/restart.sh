#!/bin/bash
# restart.sh - tw-switch is killed with -9 and started again: guests that listen are served again within a second.
set -u
. "$(dirname "$0")/../support/vhost.sh"

config() {
    cat <<J
{"revision": 7, "ports": [$(port 1 10), $(port 2 10), $(port 3 "{\"trunk\":[20],\"native\":10}" '"mtu":9000')]}
J
}

# What of the status is configuration, and the links.
shown() {
    ctl status | python3 -c '
import json, sys
s = json.load(sys.stdin)
print(s["revision"], [(p["number"], p["name"], p["link"], p["mtu"], p["socket"], p["features"]) for p in s["ports"]])'
}

start_switch
config | apply
start_guests
for n in 1 2 3; do # a port that listens waits for the switch before it starts
    guest $n server=1 || die "guest $n: $answer"
done
for n in 1 2 3; do
    ok "link $n is up" up $n
done
before=$(shown)
same() { [ "$(shown)" = "$before" ]; }
boot=$(ctl status | grep boot_id)
ok "sends" g send 1 100 '1>2 udp len=22'
ok "frames pass" g expect 2 100 '1>2 udp len=22'

for round in 1 2 3; do
    kill_switch
    for n in 1 2 3; do
        ok "round $round: link $n goes down" g link $n down 2000
    done
    start_switch
    ok "round $round: it says that it was started anew" [ "$boot" != "$(ctl status | grep boot_id)" ]
    ok "round $round: the configuration is applied" eval 'config | apply'
    start=$(now_ms)
    for n in 1 2 3; do
        ok "round $round: link $n is back within a second" up $n 1
    done
    ok "round $round: all of them" [ $(($(now_ms) - start)) -lt 1300 ]
    ok "round $round: with the same configuration" wait_until 1 same
    ok "sends" g send 1 100 '1>2 udp len=22'
    ok "round $round: frames pass again" g expect 2 100 '1>2 udp len=22'
    ok "sends" g send 2 100 '2>1 tcp len=500'
    ok "round $round: both ways" g expect 1 100 '2>1 tcp len=500'
done
ok "and nothing else" g silence 50
kill_guests # virtio_user's server side ends in a panic when its other side is gone
