#!/bin/bash
# vlan_test.sh - `twctl port set --vlan --wait` returns only when the host enforces it: no frame crosses afterwards.
# timeout: 240
set -eu
. "$(dirname "$0")/../support/lab.sh"
test_lab 2
twctl network create blue --vlan 10
for vm in web db far; do twctl port create $vm/eth0 --network blue; done
boot web a 192.168.1.1/24
boot db a 192.168.1.2/24
boot far b 192.168.1.3/24
received() { on_guest "$1" 'cat /sys/class/net/eth0/statistics/rx_packets'; }

for round in 1 2 3; do
    for source in web far; do
        expect "round $round: $source reaches db in VLAN 10" guest_reaches $source 192.168.1.2
        # A ping of its own pace that needs no ARP anew, so that every frame that crossed would be seen at db.
        ping_start $source 192.168.1.2
        sleep 0.5
        twctl port set db/eth0 --vlan 20 --wait
        before=$(received db)
        sleep 1
        expect "round $round: after --wait returned, db heard nothing more from $source" test "$(received db)" = "$before"
        ping_stop $source
        twctl port set db/eth0 --vlan inherit --wait
    done
done
expect "db answers again" guest_reaches far 192.168.1.2

twctl port set db/eth0 --disable --wait
expect "a disabled port is cut off" guest_cut_off web 192.168.1.2
twctl port set db/eth0 --enable --wait
expect "an enabled port is not" guest_reaches web 192.168.1.2
