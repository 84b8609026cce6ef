#!/bin/bash
# survive_test.sh - kill -9 of tw-controller and tw-agent loses no packet; after kill -9 of tw-switch the guests' links come
# back by themselves within a second of its restart, with the same configuration.
# timeout: 240
set -eu
. "$(dirname "$0")/../support/lab.sh"
test_lab 2
twctl network create blue --vlan 10
for vm in web db far; do twctl port create $vm/eth0 --network blue; done
twctl port set far/eth0 --vlan 20
boot web a 192.168.1.1/24
boot db b 192.168.1.2/24
boot far b 192.168.1.3/24
expect "web reaches db on the other host" guest_reaches web 192.168.1.2
expect "web does not reach far, which is in VLAN 20" guest_cut_off web 192.168.1.3

ping_start web 192.168.1.2
sleep 1
kill -KILL "$(lab_pid controller)"
sleep 1
kill -KILL "$(lab_pid a-agent)" "$(lab_pid b-agent)"
sleep 2
lab_start_agent a 0 # without a controller: from its saved slice
sleep 1
lab_start_controller
lab_start_agent b 1
expect "controller and agents find each other again" wait_until 20 lab_hosts_ready 2
sleep 1
ping_stop web
read -r sent lost gap _ <<<"$(ping_figures)"
say "controller and agents killed: $lost of $sent pings lost, longest gap $gap ms"
expect "killing tw-controller and tw-agents loses no packet" test "$lost" -eq 0
expect "there was traffic all the time" test "$sent" -gt 300

# Seen from the wire: a guest's own clock and its ping's time limits would measure themselves.
mac=$(twctl --json port show web/eth0 | python3 -c 'import json, sys; print(json.load(sys.stdin)["mac"])')
lab_spawn tcpdump wire tcpdump -n -tt -e -l -i wire-a
ping_start db 192.168.1.1
sleep 1
kill -KILL "$(lab_pid a-switch)"
sleep 0.5
restarted=$(date +%s.%N)
lab_start_switch a 0
sleep 4
ping_stop db
lab_kill tcpdump
back=$(awk -v mac="$mac" -v restarted="$restarted" '
    $1 > restarted && $2 == mac && /ICMP echo reply/ { printf "%d", ($1 - restarted) * 1000; exit }' "$LAB_DIR/log/tcpdump.log")
say "tw-switch killed: web's first answer crosses the wire ${back:-never} ms after its restart"
expect "links are back within a second of tw-switch's restart" test "${back:-9999}" -le 1000
expect "web reaches db" guest_reaches web 192.168.1.2
expect "db reaches web" guest_reaches db 192.168.1.1
expect "web still does not reach far" guest_cut_off web 192.168.1.3
expect "nothing but the switch was restarted" lab_alive a-agent
