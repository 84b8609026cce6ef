#!/bin/bash
# central_hosts.sh - two real switches joined by a wire: each packet is told once, or just twice, whatever way its records go.
# timeout: 240
#
# Six exporters of the same traffic, to an nfcapd each: direct, direct of both sides, and by the controller: plain, of both sides, of
# one port alone, of traffic between the switch's ports alone. What nfdump adds up is compared with what guests sent to one another
# on a host and across the wire: also after a port has moved between the hosts in the middle of its flows, and after an exporter
# was changed from central to direct and back in the middle of everything.
set -u
. "$(dirname "$0")/../../tools/lib.sh"
need_root "makes a network namespace"
if [ "${TW_CENTRAL_NETNS:-}" != 1 ]; then
    TW_CENTRAL_NETNS=1 exec unshare --net -- bash "$0" "$@"
fi
. "$(dirname "$0")/../support/central_lab.sh"
ip link set lo up

local_packets=0 local_octets=0 wire_packets=0 wire_octets=0 of1_packets=0 of1_octets=0 n_flows=0
from=0 # the next flow's number, so that no two are the same

# send GUEST GUEST N [FIRST]: traffic, and what is to be told of it; flows that were there before if FIRST says so
send()
{
    local packets=$sent_packets octets=$sent_octets
    traffic "$1" "$2" "$3" "${4:-$from}"
    [ $# -eq 4 ] || from=$((from + $3))
    n_flows=$((n_flows + $3))
    packets=$((sent_packets - packets)) octets=$((sent_octets - octets))
    if [ "${1%?}" = "${2%?}" ]; then
        local_packets=$((local_packets + packets)) local_octets=$((local_octets + octets))
    else
        wire_packets=$((wire_packets + packets)) wire_octets=$((wire_octets + octets))
    fi
    if [ "${1#?}" = 1 ] || [ "${2#?}" = 1 ]; then
        of1_packets=$((of1_packets + packets)) of1_octets=$((of1_octets + octets))
    fi
}

names=(once twice central both ports inside)
options=("" "--both-sides" "--way central" "--way central --both-sides" "--way central --ports vm1/eth0" "--way central --east-west")
real='proto udp and not net 192.0.2.0/24 and not net 2001:db8::/32' # without announcements of ports and `exporter test`

want()
{
    case $1 in
        twice | both) echo "$((local_packets + 2 * wire_packets)) $((local_octets + 2 * wire_octets))" ;;
        ports) echo "$of1_packets $of1_octets" ;;
        *) echo "$sent_packets $sent_octets" ;;
    esac
}

# A switch announces a port that has come (RARP): the guests are not to take that for what they were sent.
quiet() { wait_until 20 g silence 800 || die "the guests hear something all the time"; }

# Each nfcapd writes its file when it ends: it begins another folder then.
round=0
sums_are_right()
{
    local i name total folder wrong=
    wait_until 40 flows_ended || die "flows do not end"
    sleep 4 # what is on its way: batches, spools, open messages
    for i in "${!names[@]}"; do
        name=${names[i]}
        stop "$name$round"
        total="0 0"
        for folder in $(seq 0 $round); do
            total=$(echo "$total $(collected "$name$folder" "$real")" | awk '{ print $1 + $3, $2 + $4 }')
        done
        [ "$total" = "$(want "$name")" ] || wrong="$wrong $name: $total and not $(want "$name");"
    done
    round=$((round + 1))
    for i in "${!names[@]}"; do collector "${names[i]}$round" $((port + i)); done
    sleep 2 # templates are told each second
    answer=$wrong
    [ -z "$wrong" ]
}

controller
twctl network create n --vlan 10 >/dev/null
ip link add wa type veth peer name wb
for host in a b; do
    sysctl -qw "net.ipv6.conf.w$host.disable_ipv6=1"
    ip link set w$host up promisc on
    mkdir -p "$dir/$host/state"
    twctl host create $host --uplink "up0=net_af_packet0,iface=w$host" --netdev "up0=w$host" >/dev/null
    switch $host
    agent $host
done
for n in 1 2; do create_port $n a; done
for n in 3 4; do create_port $n b; done
for i in "${!names[@]}"; do
    collector "${names[i]}0" $((port + i))
    # shellcheck disable=SC2086 # options are words
    twctl exporter create "${names[i]}" --collector "127.0.0.1:$((port + i))" --active 2s --idle 1s --template-refresh 1s ${options[i]} \
        --wait=30s >/dev/null || die "exporter ${names[i]} is not realised"
done
start_guests
for n in 1 2; do guest_on a $n; done
for n in 3 4; do guest_on b $n; done
quiet

send a1 a2 10
send b3 b4 10
send a1 b3 20
send b4 a2 15
ok "what is sent on a host and across the wire is told once, or twice" sums_are_right

twctl exporter test central >"$dir/tested"
answer=$(cat "$dir/tested")
ok "a test of an exporter by the controller sends what it says" grep -q "^(controller) *65535 .* 4 *0 *0 -" "$dir/tested"
ok "no host sends that test" not twctl exporter test central --host a 2>/dev/null
send a1 b4 5
ok "and disturbs no sum" sums_are_right
ok "the collector has it, with the words of all records" equal "$(collected "central1" 'src net 192.0.2.0/24')" "15 1452"

# The port's flows go on at its new place: what each host has told of them becomes one record.
moved=$from
send a2 b3 8
g close a2
twctl port unbind vm2/eth0 --wait=30s >/dev/null && twctl port bind vm2/eth0 --host b --wait=30s >/dev/null || die "the port does not move"
guest_on b 2
quiet
send b2 b3 8 "$moved"
send b2 a1 12
ok "a port that has moved is told of as before" sums_are_right
joined() { status "h['b']['joined_records'] == 8 and c['held_records'] == 0" central; }
ok "and its flows are one record each" joined

for n in 1 2 3 4; do
    send a1 b3 6
    twctl exporter set central --way direct >/dev/null
    send b3 b4 6
    sleep 0.7
    send a1 b2 6
    twctl exporter set central --way central >/dev/null
    send b3 a1 6
    sleep 0.$n
done
ok "an exporter that changes its way again and again tells each packet once" sums_are_right

stop "central$round"
n_flows=0
send a1 b3 9
send b3 b4 9
wait_until 40 flows_ended || die "flows do not end"
waiting() { status "c['waiting_octets'] > 0 and c['error']" central; }
ok "records wait for a collector that is away" wait_until 20 waiting
sleep 2
twctl exporter delete central >/dev/null
given_up() { twctl --json status | python3 -c "import json, sys; sys.exit(json.load(sys.stdin)['central'].get('given_up_records', 0) != $n_flows)"; }
ok "what is given up when their exporter is deleted is counted" wait_until 30 given_up
answer=$(twctl status)
ok "and said" grep -q "given up exporter=central records=$n_flows" "$dir/controller.log"
