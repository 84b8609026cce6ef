#!/bin/bash
# iommu_test.sh - a guest whose vNIC is behind its IOMMU has its network, also after kill -9 of tw-switch, and beside one that has
# no IOMMU; the option is per network and per port, and without it such a guest's vNIC is not served. The kernel's own driver has
# addresses that stay (iommu=pt); docs/vhost.md says why.
# timeout: 300
set -eu
. "$(dirname "$0")/../support/lab.sh"
test_lab 1
twctl network create blue --vlan 10 --iommu on
twctl port create web/eth0 --network blue
twctl port create db/eth0 --network blue --iommu off
boot web a 192.168.1.1/24 --iommu --memory 256
boot db a 192.168.1.2/24

negotiated() { twctl port show "$1/eth0" | grep '^negotiated' | grep -q IOMMU; }
serves() { twctl --json port stats "$1/eth0" | grep -q '"link": *"up"'; }
full_frames() { on_guest "$1" "/bin/ping -c 5 -i 0.2 -W 5 -M do -s 1472 $2" >/dev/null; }
streams() { on_guest "$1" "iperf3 -c $2 -t 3 >/tmp/iperf.log 2>&1 || { cat /tmp/iperf.log; false; }"; }

expect "the guest uses its IOMMU" on_guest web 'ls /sys/class/iommu/dmar0/devices | grep -q 0000'
expect "port show says that it is negotiated" negotiated web
expect "db, whose port overrides the network's, has none" eval '! negotiated db'
expect "they reach each other, once addresses are known" wait_until 30 guest_reaches web 192.168.1.2
expect "with full frames" wait_until 30 full_frames web 192.168.1.2
on_guest db 'iperf3 -s -D >/dev/null 2>&1'
on_guest web 'iperf3 -s -D >/dev/null 2>&1'
expect "TCP crosses from behind the IOMMU" streams web 192.168.1.2
expect "and to there" streams db 192.168.1.1
on_guest web 'ip link set eth0 down; sleep 0.2; ip link set eth0 up'
expect "the vNIC goes down and up again" wait_until 10 full_frames web 192.168.1.2
kill -KILL "$(lab_pid a-switch)"
lab_start_switch a 0
expect "after kill -9 of tw-switch the guest is served again" wait_until 20 full_frames web 192.168.1.2
expect "and nobody was shut out" eval '! grep -h "front-end refused" "$LAB_DIR"/log/*'
twctl network set blue --iommu off --wait
expect "taken away, it is not served" eval 'sleep 2; ! full_frames web 192.168.1.2'
