#!/bin/bash
# erspan_test.sh - an ERSPAN mirror goes on through a live migration: the numbers of its copies have no gap and no repeat, its
# counters add up, and the receiver's capture has every frame that the guest saw.
# timeout: 240
set -eu
. "$(dirname "$0")/../support/lab.sh"
command -v tshark >/dev/null || { echo "there is no tshark (package tshark)"; exit 77; }
test_lab 2
twctl network create blue --vlan 10
for vm in web db; do twctl port create $vm/eth0 --network blue; done
boot web a 192.168.1.1/24
boot db b 192.168.1.2/24
twctl mirror create m1 --vm db --erspan 10.77.0.9 --erspan-session 77 --wait >/dev/null

lab_spawn collector col tcpdump -U -B 16384 -i eth0 -w "$LAB_DIR/gre.pcap" 'proto gre'
listening() { grep -q 'listening on' "$LAB_DIR/log/collector.log"; }
sum() { twctl --json mirror show m1 | python3 -c 'import json, sys; print(json.load(sys.stdin)["sum"][sys.argv[1]])' "$1"; }
guest_saw() { on_guest db 'cd /sys/class/net/eth0/statistics; echo $(($(cat tx_packets) + $(cat rx_packets)))'; }
expect "the collector listens" wait_until 20 listening
before=$(guest_saw)
copied=$(sum packets)

ping_start web 192.168.1.2
sleep 1
expect "db moves while web asks it 100 times a second" twctl migrate db --to a
HOST_OF[db]=a
sleep 1
ping_stop web
read -r sent lost _ < <(ping_figures)
saw=$(($(guest_saw) - before))
expect "web got its answers: $sent asked, $lost lost" test "$lost" -eq 0
as_counted() { [ $(($(sum packets) - copied)) -ge "$saw" ]; }
expect "the mirror has counted at both hosts what db saw: $saw frames" wait_until 10 as_counted
expect "none was shed" test "$(sum shed)" -eq 0
sleep 1 # what the collector's tcpdump has in hand
lab_kill collector INT

cat >"$LAB_DIR/numbers.py" <<'P'
import collections, subprocess, sys
lines = subprocess.run(["tshark", "-r", sys.argv[1], "-T", "fields", "-E", "occurrence=f", "-e", "ip.src", "-e", "gre.sequence_number"],
                       check=True, capture_output=True, text=True).stdout.split("\n")[:-1]
got = [(source, int(number)) for source, number in (line.split("\t") for line in lines)]
numbers = sorted(n for _, n in got)
print(len(got), "copies, of", dict(collections.Counter(source for source, _ in got)), "numbered", numbers[0], "to", numbers[-1])
if {source for source, _ in got} != {"10.77.0.11", "10.77.0.12"}:
    sys.exit("not from both hosts")
if numbers != list(range(numbers[0], numbers[0] + len(numbers))):
    sys.exit("numbers missing or twice: %s" % [b for a, b in zip(numbers, numbers[1:]) if b != a + 1][:10])
if len(numbers) < int(sys.argv[2]):
    sys.exit("fewer than the guest saw")
P
expect "the copies' numbers have no gap and no repeat over both hosts" python3 "$LAB_DIR/numbers.py" "$LAB_DIR/gre.pcap" "$saw"
