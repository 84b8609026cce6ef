#!/bin/bash
# kernel_link.sh - an uplink over a kernel link: frames of 9000 octets both ways, nothing that was cut or put together is passed
# on, the link's MTU is followed, and whoever else has packet sockets is not in the way.
set -u
. "$(dirname "$0")/../support/vhost.sh"
. "$(dirname "$0")/../support/wire.sh"

squatter=
kernel_link_end()
{
    local status=$?
    # shellcheck disable=SC2086 # a list
    [ -z "$squatter" ] || kill $squatter 2>/dev/null
    ip link del twtap 2>/dev/null
    wire_down up0 up1
    (exit $status)
    vhost_end
}
trap kernel_link_end EXIT
wire_up up0 up1
there ip link set station mtu 9100
for link in far up0 up1; do there ip link set $link mtu 9100; done

# Somebody has the fanout groups that DPDK's driver would ask for: by process and interface.
squat()
{
    python3 -c '
import socket, sys, time
held = []
for index in sys.argv[2:]:
    held.append(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)))
    held[-1].bind(("lo", 3))
    held[-1].setsockopt(263, 18, (int(sys.argv[1]) ^ int(index)) & 0xffff)
print("ok", flush=True)
time.sleep(600)' "$switch" "$(cat /sys/class/net/twup0/ifindex)" "$(cat /sys/class/net/twup1/ifindex)" >"$dir/squatter" &
    squatter=$!
    wait_until 10 grep -q ok "$dir/squatter"
}

# configure DEVARGS: of the uplink up0
configure()
{
    apply <<J
{"ports": [$(port 1 0 '"vhost":"server","mtu":9000')], "uplinks": [{"name": "up0", "devargs": "$1"}]}
J
}

came() { w count 02:00:00:00:00:01 0800 && [ "$answer" = "$1" ]; }

# crosses SEQ LEN: twenty IPv4 packets of LEN octets to the station, which answers each
crosses()
{
    local udp="udp port=7>7 len=$(($2 - 28)) seq=$1"
    g send 1 20 "1>99 $udp" && wait_until 10 came "20 20" && w most 02:00:00:00:00:01 0800 &&
        equal "$answer" "$(($2 + 14))" && w answer 02:00:00:00:00:01 && g expect 1 20 "99>1 $udp"
}

# packet OCTETS [OFFSET MORE]: IPv4, from the station to the guest, as hex
packet()
{
    python3 -c '
import struct, sys
octets, offset, more = (int(x) for x in (sys.argv[1:] + ["0", "0"])[:3])
head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, octets, 7, offset >> 3 | more << 13, 64, 17, 0, bytes((10, 0, 0, 99)), bytes((10, 0, 0, 1)))
total = sum(struct.unpack(">10H", head))
total = (total & 0xffff) + (total >> 16)
print("020000000001" "020000000063" "0800" + head[:10].hex() + f"{0xffff - total:04x}" + head[12:].hex() + "00" * (octets - 20))' "$@"
}

# got FRAMES OCTETS: so many has the guest been sent since the last time
got()
{
    answer="$(($(counter 1 tx_packets) - packets)) $(($(counter 1 tx_octets) - octets))"
    [ "$answer" = "$1 $2" ]
}
remember() { packets=$(counter 1 tx_packets) octets=$(counter 1 tx_octets); }

start_switch --no-huge
ok "somebody else has the driver's fanout groups" squat
configure net_af_packet0,iface=twup0
ok "the uplink opens all the same" wait_until 10 uplink_is up0 role active
start_guests
ok "a guest" guest 1
ok "its link is up" up 1

ok "packets of 1500 octets cross" crosses 1 1500
ok "three of 1501 are sent" g send 1 3 '1>99 udp port=7>7 len=1473 seq=100'
ok "they are refused by name" wait_until 10 uplink_is up0 drops over_mtu=3
remember
ok "two fragments come from the wire" w send "$(packet 1500 0 1)"
ok "the second" w send "$(packet 1020 1480 0)"
ok "they arrive as the two that they are" wait_until 10 got 2 2548
ok "the guest takes them" g received 1

ok "the link's MTU becomes 9000" ip link set twup0 mtu 9000
ok "the switch takes it over" wait_until 10 uplink_is up0 mtu 9000
ok "and has the uplink in use again" wait_until 10 uplink_is up0 role active
ok "packets of 9000 octets cross" crosses 200 9000
ok "small ones, too" crosses 300 60
ok "three of 9001 are sent" g send 1 3 '1>99 udp port=7>7 len=8973 seq=400'
ok "they are refused by name" wait_until 10 uplink_is up0 drops over_mtu=6
remember
ok "one of 9001 comes from the wire" w send "$(packet 9001)"
ok "it is refused by name" wait_until 10 uplink_is up0 drops "over_mtu=6 wire_over_mtu=1"
ok "nothing of it goes to the guest" got 0 0

ok "the link's MTU becomes 4000" ip link set twup0 mtu 4000
ok "the switch takes it over" wait_until 10 uplink_is up0 mtu 4000
ok "packets of 4000 octets cross" crosses 500 4000
ok "one of 4001 is sent" g send 1 1 '1>99 udp port=7>7 len=3973 seq=600'
ok "it is refused by name" wait_until 10 uplink_is up0 drops "over_mtu=7 wire_over_mtu=1"

# What a tap is given may be longer than its MTU: so are frames that a kernel has put together (GRO), or not yet cut (GSO).
tap()
{
    ip tuntap add twtap mode tap && sysctl -qw net.ipv6.conf.twtap.disable_ipv6=1 && ip link set twtap up || return
    mkfifo "$dir/tap"
    python3 -c '
import fcntl, os, struct, sys
tap = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tap, 0x400454ca, struct.pack("16sH", b"twtap", 0x1002))
for line in sys.stdin:
    os.write(tap, bytes.fromhex(line))' <"$dir/tap" &
    squatter="$squatter $!"
    exec 5>"$dir/tap"
}
ok "a tap" tap
configure net_af_packet2,iface=twtap
ok "is an uplink" wait_until 10 uplink_is up0 role active
remember
for length in 1500 1501 1946 1947 1983 5000 30000; do packet $length; done >&5
ok "of what it is given only what is no longer than its MTU is passed on" wait_until 10 got 1 1514
ok "the rest is refused by name" wait_until 10 uplink_is up0 drops wire_over_mtu=6
exec 5>&-

configure net_af_packet1,iface=twup1,qpairs=2
ok "a link with two queues opens" wait_until 10 uplink_is up0 role active
flows()
{
    local i
    for i in $(seq 20); do
        g send 1 1 "1>99 udp port=$i>$i len=100 seq=7" || return
    done
    wait_until 10 came "20 20" && remember && w answer 02:00:00:00:00:01 && wait_until 10 got 20 $((20 * 142))
}
ok "frames of twenty flows come by either queue, once each" flows
ok "nothing was dropped" uplink_is up0 drops ""
ok "nor at the guest" equal "$(counter 1 drops)" ""
stop_guests
stop_switch
