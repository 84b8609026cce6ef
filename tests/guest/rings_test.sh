#!/bin/bash
# rings_test.sh - real guests with two queue pairs, split and packed rings, frames of 9000 octets; and after kill -9 of
# tw-switch under load they go on.
# timeout: 420
set -eu
. "$(dirname "$0")/../support/lab.sh"
test_lab 1
twctl network create blue --vlan 10 --mtu 9000
for vm in web db; do twctl port create $vm/eth0 --network blue; done
boot web a 192.168.1.1/24 --queues 2 --cpus 2 --packed
boot db a 192.168.1.2/24 --queues 2 --cpus 2

port_says() { # VM MEMBER
    twctl --json port stats "$1/eth0" | python3 -c 'import json, sys; print(json.load(sys.stdin)["ports"][0][sys.argv[1]])' "$2"
}
serves() { [ "$(port_says "$1" queues)" = "$2" ]; }
combined() { on_guest "$1" 'ethtool -l eth0' | sed -n 's/^Combined:[[:space:]]*//p' | xargs; }
full_frames() { on_guest "$1" "/bin/ping -c 3 -i 0.2 -W 5 -M do -s 8972 $2" >/dev/null; }
streams() { on_guest web "iperf3 -c 192.168.1.2 -t $1 -P 4 >/tmp/iperf.log 2>&1"; }

expect "web's ring is packed" test $(($(port_says web features) >> 34 & 1)) -eq 1
expect "db's is split" test $(($(port_says db features) >> 34 & 1)) -eq 0
negotiated() { twctl port show "$1/eth0" | grep -o "$2" >/dev/null; }
expect "port show says so" negotiated web "packed rings of 256, . queue pairs*, mergeable buffers, indirect descriptors"
expect "of both" negotiated db "split rings of 256, .*, MTU 9000; it leaves to others: checksums, TSO4, TSO6, UFO"
for vm in web db; do
    expect "$vm has two queue pairs and uses them" test "$(combined $vm)" = "2 2"
    expect "the switch serves both" wait_until 10 serves $vm 2
    expect "the network's MTU is the guest's" test "$(on_guest $vm 'cat /sys/class/net/eth0/mtu')" = 9000
done
expect "frames of 9000 octets cross both ways" full_frames web 192.168.1.2
on_guest db 'iperf3 -s -D >/dev/null 2>&1'
expect "four TCP streams cross" streams 3
on_guest web "ethtool -L eth0 combined 1"
expect "web gives up a queue, and the switch follows" wait_until 10 serves web 1
expect "four TCP streams cross still" streams 1
expect "and frames of 9000 octets" full_frames db 192.168.1.1
on_guest web "ethtool -L eth0 combined 2"
expect "web takes its queue again, and the switch follows" wait_until 10 serves web 2
expect "four TCP streams cross" streams 1

for round in 1 2; do
    on_guest web "iperf3 -c 192.168.1.2 -t 20 -P 4 >/tmp/iperf.log 2>&1 &"
    sleep 1
    kill -KILL "$(lab_pid a-switch)"
    lab_start_switch a 0
    expect "round $round: tw-switch is killed under load: db is served again" wait_until 20 serves db 2
    expect "round $round: so is web" wait_until 20 serves web 2
    expect "round $round: frames of 9000 octets cross" wait_until 20 full_frames web 192.168.1.2
    on_guest web 'killall -9 iperf3 2>/dev/null; true'
done
