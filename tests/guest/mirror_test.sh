#!/bin/bash
# mirror_test.sh - a network's mirror to an analyser, by a filter, also of ports that come later; copies in an RSPAN VLAN on
# the wire; and the mirrors' counters.
# timeout: 240
set -eu
. "$(dirname "$0")/../support/lab.sh"
test_lab 1
twctl network create blue --vlan 10
twctl network create probes --vlan 20
for vm in web db late; do twctl port create $vm/eth0 --network blue; done
twctl port create ids/eth0 --network probes
boot web a 192.168.1.1/24
boot db a 192.168.1.2/24
boot ids a 10.9.9.9/24
on_guest ids 'ip link set eth0 promisc on'
twctl mirror create m1 --network blue --filter 'icmp' --to-port ids/eth0 --wait >/dev/null
twctl mirror create m2 --port web/eth0 --direction ingress --filter 'icmp' --rspan-vlan 999 --wait >/dev/null

ids_got() { on_guest ids 'cat /sys/class/net/eth0/statistics/rx_packets'; }
sum() { twctl --json mirror show "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["sum"][sys.argv[1]])' "$2"; }
copied() { [ "$(sum "$1" packets)" -ge "$2" ]; }

lab_spawn tcpdump wire tcpdump -nn -e -l -i wire-a
listening() { grep -q 'listening on' "$LAB_DIR/log/tcpdump.log"; }
on_the_wire() { [ "$(grep -cE "$2" "$LAB_DIR/log/tcpdump.log")" -eq "$1" ]; }
expect "somebody listens on the wire" wait_until 20 listening
before=$(ids_got)
on_guest ids 'tcpdump -Z root -i eth0 -U -w /tmp/seen.pcap >/tmp/tcpdump.log 2>&1 &'
ids_listens() { on_guest ids 'grep -q "listening on" /tmp/tcpdump.log'; }
expect "the analyser's tcpdump listens" wait_until 20 ids_listens
expect "web reaches db" guest_reaches web 192.168.1.2
expect "six frames of three pings are copied, each once" wait_until 20 copied m1 6
expect "and the analyser has them" test "$(($(ids_got) - before))" -ge 6
# What tcpdump in the analyser has seen, and what tshark makes of that.
ids_saw() { [ "$(on_guest ids "tcpdump -Z root -nn -r /tmp/seen.pcap '$2' 2>/dev/null" | wc -l)" -eq "$1" ]; }
expect "its tcpdump shows what web asked" wait_until 20 ids_saw 3 'icmp[0] == 8 and src 192.168.1.1 and dst 192.168.1.2'
expect "and what db answered" wait_until 20 ids_saw 3 'icmp[0] == 0 and src 192.168.1.2'
on_guest ids 'base64 /tmp/seen.pcap' | base64 -d >"$LAB_DIR/seen.pcap"
conversation() { tshark -r "$LAB_DIR/seen.pcap" -q -z conv,ip 2>/dev/null | grep -qE '^192\.168\.1\.[12] +<-> 192\.168\.1\.[12] +3 .* 3 .* 6 '; }
expect "tshark sees one conversation of three frames each way" conversation
expect "none was shed" test "$(sum m1 shed)" -eq 0
expect "three requests of web's are in the RSPAN VLAN" wait_until 20 on_the_wire 3 'vlan 999,.*192.168.1.1 > 192.168.1.2: ICMP echo request'
expect "and no answer is, for those are not from web" on_the_wire 0 'vlan 999,.*echo reply'
expect "all that was sent there, as counted" test "$(sum m2 packets)" -eq 3
lab_kill tcpdump

boot late a 192.168.1.3/24
expect "a guest that comes later reaches db" guest_reaches late 192.168.1.2
expect "and is mirrored, too" wait_until 20 copied m1 12
expect "what a mirror names stays" eval '! twctl network delete blue 2>/dev/null'
