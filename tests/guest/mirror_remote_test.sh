#!/bin/bash
# mirror_remote_test.sh - copies for an analyser on another host: as many arrive as were sent; when the analyser moves they follow,
# to another host or to where they are made, and each is delivered or counted by name.
# timeout: 300
set -eu
. "$(dirname "$0")/../support/lab.sh"
test_lab 2
twctl network create blue --vlan 10
twctl network create probes --vlan 20
for vm in web db; do twctl port create $vm/eth0 --network blue; done
twctl port create ids/eth0 --network probes
boot web a 192.168.1.1/24
boot db a 192.168.1.2/24
boot ids b 10.9.9.9/24
on_guest ids 'ip link set eth0 promisc on'
twctl mirror create m1 --port web/eth0 --filter icmp --to-port ids/eth0 --wait >/dev/null

ids_got() { on_guest ids 'cat /sys/class/net/eth0/statistics/rx_packets'; }
# of HOST FIELD: what that host says of the mirror
of() { twctl --json mirror show m1 | python3 -c '
import json, sys
print(next((p.get(sys.argv[2], 0) for p in json.load(sys.stdin)["status"] if p["host"] == sys.argv[1]), 0))' "$1" "$2"; }
arrived() { [ "$(of b arrived)" -ge "$1" ]; }

before=$(ids_got)
expect "web reaches db, on the same host" guest_reaches web 192.168.1.2
expect "six frames of three pings arrive at the other host" wait_until 20 arrived 6
expect "as many as were sent" test "$(of a packets)" -eq "$(of b arrived)"
expect "and the analyser has them" test "$(($(ids_got) - before))" -ge 6
expect "nothing got lost or was refused" test "$(of b arrived_lost) $(of b arrived_refused) $(of a failed) $(of a shed)" = "0 0 0 0"

ping_start web 192.168.1.2
sleep 1
expect "the analyser moves to the host where copies are made" twctl migrate ids --to a
HOST_OF[ids]=a
sleep 1
before=$(ids_got)
sleep 1
ping_stop web
read -r sent lost _ < <(ping_figures)
expect "the mirrored VM lost nothing: $sent asked, $lost lost" test "$lost" -eq 0
expect "copies reach the analyser there" test "$(($(ids_got) - before))" -ge 50
expect "without another host" test "$(of a to)" = "port $(twctl --json port show ids/eth0 | python3 -c 'import json, sys; print(json.load(sys.stdin)["number"])')"

ping_start web 192.168.1.2
sleep 1
expect "it moves away again" twctl migrate ids --to b
HOST_OF[ids]=b
sleep 1
before=$(ids_got)
sleep 1
ping_stop web
expect "copies follow" test "$(($(ids_got) - before))" -ge 50
accounted()
{
    [ "$(of a packets)" -eq "$(($(of b arrived) + $(of b arrived_absent) + $(of b arrived_full) + $(of b arrived_lost)))" ]
}
expect "each that was sent there is delivered, or counted by name" wait_until 10 accounted
expect "none was refused" test "$(of b arrived_refused) $(of a failed)" = "0 0"
twctl mirror show m1
