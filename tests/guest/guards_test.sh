#!/bin/bash
# guards_test.sh - real guests before guards and access lists: what a guest forges is dropped and counted by name, a list that is
# set, changed and taken away is in force when --wait returns, trace says the same, and all of it moves along with a guest.
# timeout: 300
set -eu
. "$(dirname "$0")/../support/lab.sh"
test_lab 2
twctl network create blue --vlan 10
for vm in web db; do twctl port create $vm/eth0 --network blue; done
boot web a 192.168.1.1/24
boot db a 192.168.1.2/24

dropped() { # VM REASON
    twctl --json port stats "$1/eth0" | python3 -c '
import json, sys
port = json.load(sys.stdin)["ports"][0]
print(next((d["packets"] for d in port["counters"].get("drops", []) if d["reason"] == sys.argv[1]), 0))' "$2"
}
is_dropped() { [ "$(dropped "$1" "$2")" -ge "$3" ]; } # VM REASON AT-LEAST
trace_says() { twctl trace web/eth0 dst db/eth0 ip 192.168.1.1 192.168.1.2 icmp | grep -q "$1"; }

expect "web reaches db" guest_reaches web 192.168.1.2
twctl port set web/eth0 --address 192.168.1.1 --guard source,arp,dhcp,ra --wait
expect "with guards web reaches db still" guest_reaches web 192.168.1.2
on_guest web 'ip addr add 192.168.1.66/24 dev eth0'
expect "from an address that is not its own it does not" guest_cut_off web '-I 192.168.1.66 192.168.1.2'
expect "the source guard says so" wait_until 10 is_dropped web source_guard 5
on_guest web 'arping -U -c 3 -I eth0 -s 192.168.1.66 192.168.1.66 >/dev/null 2>&1' || true
expect "an ARP for that address is dropped, and counted as that" wait_until 10 is_dropped web arp_inspect 1
expect "db has not learnt it" eval '! on_guest db "cat /proc/net/arp" | grep -q 192.168.1.66'
on_guest web 'ip addr del 192.168.1.66/24 dev eth0'
twctl port set web/eth0 --guard none --wait
expect "without guards it was the guard that did it" guest_reaches web 192.168.1.2

twctl acl create quiet --rule 'deny icmp from 192.168.1.1 to any' --wait
twctl port set db/eth0 --egress-acl quiet --wait
expect "a list keeps web's pings from db" guest_cut_off web 192.168.1.2
expect "the port says so" wait_until 10 is_dropped db acl_egress 5
expect "trace says the same" trace_says acl_egress
twctl acl set quiet --rule 'allow icmp' --rule 'deny ip4' --wait
expect "the list as changed lets them" guest_reaches web 192.168.1.2
expect "and so does trace" eval '! trace_says acl_egress'
twctl acl set quiet --rule 'deny icmp from 192.168.1.1 to any' --wait
expect "changed back it does not" guest_cut_off web 192.168.1.2

twctl migrate db --to b
HOST_OF[db]=b
expect "the list is in force where db has moved to" guest_cut_off web 192.168.1.2
expect "with what it dropped at the former host" is_dropped db acl_egress 10
twctl port set db/eth0 --egress-acl none --wait
expect "without it they reach each other across hosts" guest_reaches web 192.168.1.2
