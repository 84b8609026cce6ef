#!/bin/bash
# central_nfcapd.sh - flow records of two hosts by the controller: nfcapd has each packet once, whoever was away meanwhile.
# timeout: 180
#
# Two switches with agents and a controller on this machine, guests without VMs, no uplinks. What guests sent is compared with
# what nfdump adds up, in packets and octets: after the controller was killed and an agent with it, after the collector was
# away, after a switch was killed while its records waited.
set -u
. "$(dirname "$0")/../../tools/lib.sh"
need_root "shares memory between processes"
. "$(dirname "$0")/../support/central_lab.sh"

collector first
controller
twctl network create n --vlan 10 >/dev/null
for host in a b; do
    mkdir -p "$dir/$host/state"
    twctl host create $host >/dev/null
    switch $host
    agent $host
done
for n in 1 2; do create_port $n a; done
for n in 3 4; do create_port $n b; done
twctl exporter create nf --way central --collector "127.0.0.1:$port" --active 2s --idle 1s --template-refresh 1s --wait=30s >/dev/null ||
    die "the exporter is not realised"

start_guests
for n in 1 2; do guest_on a $n; done
for n in 3 4; do guest_on b $n; done

traffic a1 a2 20
traffic b3 b4 20
# What nfcapd has not written yet is not to be seen: so the exporter's own count of records is waited for.
sent_all() { flows_ended && status "c['records'] >= $1 and c['waiting_octets'] == 0 and all(x['waiting_octets'] < 2**30 for x in h.values())"; }
ok "records of both hosts are exported by the controller" wait_until 30 sent_all 40

stop controller KILL
traffic a1 a2 30
traffic b3 b4 30
wait_until 30 flows_ended || die "flows do not end"
stop a-agent KILL
agent a
controller
ok "what waited for the controller comes" wait_until 40 sent_all 60
ok "nothing is missing" status "all(x['missing_records'] == 0 and x['refused_batches'] == 0 for x in h.values()) and len(h) == 2"

stop first
traffic a1 a2 25
traffic b3 b4 25
wait_until 30 flows_ended || die "flows do not end"
ok "it is said that the collector is away" wait_until 20 status "c['error'] != ''"
stop controller KILL
controller
collector second
ok "what waited for the collector comes" wait_until 60 sent_all 50

stop second
ok "nfdump adds up just what was sent, in packets and octets" equal "$(cat <(collected first) <(collected second) |
    awk '{ p += $1; o += $2 } END { print p, o }')" "$sent_packets $sent_octets"
