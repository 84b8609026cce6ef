#!/bin/bash
# forward.sh - a real tw-switch without hugepages, guests on both kinds of sockets: frames both ways, exact counters.
set -u
. "$(dirname "$0")/../support/vhost.sh"

start_switch --no-huge
apply <<J
{"ports": [$(port 1 10 '"vhost":"server"'), $(port 2 10 '"vhost":"server"'), $(port 3 20 '"vhost":"server"'),
           $(port 4 10)]}
J
start_guests
ok "a guest connects to a port that listens" guest 1
ok "so does another" guest 2
ok "and one in another VLAN" guest 3
ok "a guest that listens is found by a port that connects" guest 4 server=1
for n in 1 2 3 4; do
    ok "link $n is up" up $n
done

ok "sends" g send 1 1000 '1>2 udp port=1000>2000 len=22 seq=1'
ok "frames reach the port of the same VLAN, octet for octet" g expect 2 1000 '1>2 udp port=1000>2000 len=22 seq=1'
ok "sends" g send 2 1000 '2>1 tcp port=2000>1000 len=1000 seq=9'
ok "and back" g expect 1 1000 '2>1 tcp port=2000>1000 len=1000 seq=9'
ok "sends" g send 4 10 '4>255 udp len=100'
ok "a group frame reaches one member" g expect 1 10 '4>255 udp len=100'
ok "and the other" g expect 2 10 '4>255 udp len=100'
ok "sends" g send 1 7 '1>3 udp len=50'
ok "sends" g send 1 5 '9>2 udp len=50'
ok "sends" g send 1 3 '1>2 tag=11 udp len=50'
ok "and nobody gets anything else" g silence 50

ok "frames from the guest are counted" equal "$(counter 1 rx_packets) $(counter 1 rx_octets)" "1015 $((64 * 1000 + 12 * 92 + 3 * 96))"
ok "frames to it too" equal "$(counter 1 tx_packets) $(counter 1 tx_octets)" "1010 $((1054 * 1000 + 10 * 142))"
ok "each frame that was dropped has its reason" equal "$(counter 1 drops)" \
    "forged_source=5 not_in_vlan=7 tagged_on_access=3"
ok "the neighbour has dropped nothing" equal "$(counter 2 drops)" ""
