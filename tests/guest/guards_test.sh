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

# A guest that is a DHCP server, speaks as one of DHCPv6, and advertises itself as a router.
on_guest db 'printf "start 192.168.1.100\nend 192.168.1.110\ninterface eth0\nlease_file /tmp/leases\npidfile /tmp/udhcpd.pid\n" \
    >/tmp/udhcpd.conf && touch /tmp/leases && udhcpd /tmp/udhcpd.conf'
gets_a_lease() { on_guest web 'udhcpc -i eth0 -n -q -t 5 -T 2 -s /bin/true >/dev/null 2>&1'; }
expect "web gets a lease of db" gets_a_lease
twctl port set db/eth0 --guard dhcp,dhcp6,ra --wait
expect "behind a DHCP guard db has none to give" eval '! gets_a_lease'
expect "its answers are dropped and counted as that" wait_until 10 is_dropped db dhcp_guard 1

# from_db PROTOCOL BODY: an IPv6 packet of db's to all nodes as a frame in hex; the checksum in the body (2 octets at 2, of UDP
# at 6) is filled in
from_db()
{
    python3 - "$(on_guest db 'cat /sys/class/net/eth0/address')" "$@" <<'P'
import ipaddress, struct, sys
mac, protocol, body = bytes.fromhex(sys.argv[1].strip().replace(":", "")), int(sys.argv[2]), bytes.fromhex(sys.argv[3])
ends = ipaddress.ip_address("fe80::db").packed + ipaddress.ip_address("ff02::1").packed
total = sum(struct.unpack(f">{20 + len(body) // 2}H", ends + struct.pack(">II", len(body), protocol) + body))
while total >> 16:
    total = (total & 0xffff) + (total >> 16)
at = 6 if protocol == 17 else 2
body = body[:at] + struct.pack(">H", 0xffff - total) + body[at + 2:]
header = b"\x60\0\0\0" + struct.pack(">HBB", len(body), protocol, 255) + ends
print((bytes.fromhex("333300000001") + mac + b"\x86\xdd" + header + body).hex())
P
}
# A router for 30 minutes, with the prefix 2001:db8:66::/64 to make addresses of; and a DHCPv6 server's Advertise.
ra=$(from_db 58 86000000400007080000000000000000030440c000000e1000000e100000000020010db8006600000000000000000000)
advertise=$(from_db 17 02230222000c000002000001)
db_sends() { on_guest db "send-frame eth0 $1"; }
has_prefix() { on_guest web 'ip -6 addr show dev eth0' | grep -q 2001:db8:66:; }
on_guest web 'echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6; echo 0 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6'
listens() { on_guest web 'ip -6 addr show dev eth0' | grep -q fe80:; }
expect "web has IPv6" wait_until 20 listens
expect "db says that it is a router" db_sends "$ra"
expect "and a DHCPv6 server" db_sends "$advertise"
expect "behind a guard the first is dropped, and counted as that" wait_until 10 is_dropped db ra_guard 1
expect "so is the second" wait_until 10 is_dropped db dhcp6_guard 1
expect "web makes no address of it" eval '! has_prefix'
twctl port set db/eth0 --guard none --wait
expect "without guards db says so again" db_sends "$ra"
expect "it was the guard that kept it from web" wait_until 20 has_prefix
