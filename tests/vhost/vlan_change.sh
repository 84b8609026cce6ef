#!/bin/bash
# vlan_change.sh - a VLAN that is changed under a flood at full rate holds when the reply is there: not one frame after it.
set -u
. "$(dirname "$0")/../support/vhost.sh"

config() { # REVISION VLAN-OF-2 TRUNK-OF-3
    cat <<J
{"revision": $1, "ports": [$(port 1 10 '"vhost":"server"'), $(port 2 "$2" '"vhost":"server"'),
                           $(port 3 "{\"trunk\":[$3]}" '"vhost":"server"')]}
J
}

start_switch --idle-sleep 0
config 1 10 10 | apply
start_guests
for n in 1 2 3; do
    guest $n || die "guest $n: $answer"
    ok "link $n is up" up $n
done

ok "unicast floods" g flood 1 '1>2 udp len=22'
for round in 1 2 3 4 5; do
    config $((2 * round)) 20 10 >"$dir/out.json"
    config $((2 * round + 1)) 10 10 >"$dir/in.json"
    sleep 0.1
    g received 2
    ok "round $round: frames flow before the change" [ "$answer" -gt 1000 ]
    ok "round $round: the change is applied" g apply "$dir/out.json"
    ok "round $round: no frame arrives after the reply" equal "${answer%% *}" 0
    ok "round $round: it is taken back" g apply "$dir/in.json"
    ok "round $round: and frames flow again after the reply" [ "${answer%% *}" -gt 1000 ]
done
ok "the flood ends" g halt

ok "broadcast floods" g flood 1 '1>255 udp len=22'
sleep 0.1
g received 3
ok "group frames reach the trunk before the change" [ "$answer" -gt 100 ]
config 20 20 30 >"$dir/out.json"
ok "both others leave the VLAN" g apply "$dir/out.json"
ok "no group frame arrives after the reply" equal "${answer%% *}" 0
g halt

sent=$(counter 1 rx_packets)
sum=$(($(counter 2 tx_packets) + $(counter 2 drops.ring_full) + $(counter 1 drops.not_in_vlan)))
ok "each unicast frame was delivered or has its reason" [ "$sum" -gt 0 ]
ok "and the port's drops are those of the VLAN alone" \
    equal "$(counter 1 drops | tr ' ' '\n' | cut -d= -f1 | tr '\n' ' ')" "no_member not_in_vlan "
ok "sent more than was delivered" [ "$sent" -gt "$(counter 2 tx_packets)" ]
