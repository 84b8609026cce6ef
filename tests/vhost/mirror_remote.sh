#!/bin/bash
# mirror_remote.sh - a mirror's destination on another host: two switches, each in a network of its own, and an analyser that gets
# every frame as it was, whatever the way between them takes in one piece.
set -u
. "$(dirname "$0")/../support/vhost.sh"

ns=twremote$$
other=$dir/b
other_switch=
there() { ip netns exec "$ns" "$@"; }
remote_end()
{
    local status=$?
    if [ -n "$other_switch" ]; then
        kill "$other_switch" 2>/dev/null
        ok "the other switch ends cleanly" wait "$other_switch"
    fi
    ip link del twremote 2>/dev/null
    ip netns del "$ns" 2>/dev/null
    (exit "$status")
    vhost_end
}
trap remote_end EXIT

ip netns add "$ns"
ip link add twremote type veth peer name back netns "$ns" || die "no network between two hosts"
ip addr add 10.97.12.1/24 dev twremote
ip link set twremote up
there ip addr add 10.97.12.2/24 dev back
there ip link set back up
there ip link set lo up
mkdir "$other"

start_switch
ip netns exec "$ns" "$TW_BUILD/dataplane/tw-switch" --run-dir "$other" --cpus "$(($(nproc) - 1))" --memory 128 >>"$dir/other.log" 2>&1 &
other_switch=$!
ctl_b() { "$TW_BUILD/tests/support/switchctl" --run-dir "$other" "$@"; }
wait_until 15 ctl_b --timeout 300 status || die "the other host's tw-switch does not start"

# Of a JSON status on standard input: FIELD of the mirror, or of the status itself.
of_mirror() { python3 -c 'import json, sys; print(json.load(sys.stdin)["mirrors"][0].get(sys.argv[1], 0))' "$1"; }
sent() { ctl status | of_mirror "$1"; }
arrived() { ctl_b status | of_mirror "$1"; }

ok "the one that copies is configured" apply <<J
{"host": "a", "ports": [$(port 1 10 '"vhost":"server","mtu":9000'), $(port 2 10 '"vhost":"server","mtu":9000')],
 "mirrors": [{"name": "ids", "ports": [1], "tunnel": "10.97.12.2", "tunnel_port": 6081, "tunnel_tag": 5,
              "tunnel_key": "0102030405060708", "tunnel_source": "10.97.12.1"}]}
J
apply_b() { ctl_b apply - >/dev/null; }
ok "the one with the port too" apply_b <<J
{"host": "b", "ports": [$(port 9 20 '"vhost":"server","mtu":9000')],
 "tunnel": {"address": "10.97.12.2", "port": 6081, "peers": ["10.97.12.1"],
            "ends": [{"mirror": "ids", "tag": 5, "key": "0102030405060708", "to_port": 9}]}}
J
start_guests
guest 1 "" offload=1, || die "guest 1: $answer"
guest 2 "" offload=1, || die "guest 2: $answer"
guest 9 || die "guest 9: $answer"
ok "link 1 is up" up 1
ok "link 2 is up" up 2
link_9() { ctl_b status | grep -q '"link": *"up"'; }
ok "link 9 is up" wait_until 5 link_9

total=0
# each N FRAME: N frames pass, and reach the analyser as they were
each()
{
    ok "sends $1 of $2" g send 1 "$1" "$2"
    ok "which pass" g expect 2 "$1" "$2"
    ok "and reach the analyser, octet for octet" g expect 9 "$1" "$2"
    total=$((total + $1))
}
each 100 '1>2 udp port=1>2 len=18 seq=1'
each 50 '1>2 udp port=3>4 len=1000 seq=1'
each 20 '1>2 tcp ip6 port=5>6 len=1400 seq=1 flags=24'
each 20 '1>2 udp port=7>8 len=1472 seq=1'
each 10 '1>2 udp port=9>9 len=4000 seq=1'
each 10 '1>2 tcp ip6 port=9>9 len=8900 seq=1 flags=24'
reassembled()
{
    there python3 -c '
names, values = [line.split() for line in open("/proc/net/snmp") if line.startswith("Ip:")]
print(dict(zip(names, values))["ReasmOKs"])'
}
ok "what the path does not take in one piece went in fragments" equal "$(reassembled)" 60
ok "sends a frame whose checksum is left to do" g send 1 1 '1>2 tcp port=5>5 len=777 flags=24 csum'
ok "the analyser gets it finished" g expect 9 1 '1>2 tcp port=5>5 len=777 flags=24'
ok "the other guest as it is" g expect 2 1 '1>2 tcp port=5>5 len=777 flags=24 csum'
ok "sends a super-frame" g send 1 1 '1>2 tcp port=1000>2000 len=60000 seq=0 flags=25 id=100 tso=1448'
bad=0
for i in $(seq 0 40); do
    g expect 9 1 "1>2 tcp port=1000>2000 len=1448 seq=$((i * 1448)) flags=16 id=$((100 + i))" || bad=$((bad + 1))
done
ok "the analyser gets what the wire would have carried of it" equal $bad 0
ok "to the end" g expect 9 1 '1>2 tcp port=1000>2000 len=632 seq=59368 flags=25 id=141'
ok "which the guest gets as one" g expect 2 1 '1>2 tcp port=1000>2000 len=60000 seq=0 flags=25 id=100 tso=1448'
total=$((total + 1 + 42))
ok "as many were sent" equal "$(sent packets)" $total
ok "as were delivered" equal "$(arrived arrived)" $total
ok "nothing got lost" equal "$(arrived arrived_lost) $(arrived arrived_full) $(arrived arrived_refused)" "0 0 0"
ok "octets are counted alike" equal "$(sent octets)" "$(arrived arrived_octets)"
ok "nobody else heard of it" g silence 50

if command -v tshark >/dev/null; then
    say "what an engineer sees between the hosts"
    there timeout 20 tshark -l -i back -c 3 -f 'udp port 6081' -Y geneve -T fields -e geneve.vni -e udp.dstport -e eth.src \
        >"$dir/seen" 2>"$dir/tshark.log" &
    seen=$!
    ok "tshark begins" wait_until 15 grep -q 'Capturing on' "$dir/tshark.log"
    sleep 0.5
    each 3 '1>2 udp port=1>2 len=18 seq=1'
    wait $seen
    ok "the mirror's tag, and the frame in it" equal "$(grep -c '^0x000005.*,02:00:00:00:00:01$' "$dir/seen")" 3
fi

say "hostile datagrams"
from_here() { python3 - "$@" <<'P'
import os, random, socket, sys
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], 0))
random.seed(1)
frame = bytes(60)
def geneve(tag, key):
    return bytes([4, 0x40, 0x65, 0x58]) + tag.to_bytes(3, "big") + bytes([0, 0xff, 0x54, 0x81, 3]) + bytes.fromhex(key) + bytes(4)
kind, n = sys.argv[2], int(sys.argv[3])
for i in range(n):
    data = {"noise": lambda: random.randbytes(random.randrange(0, 200)),
            "tag": lambda: geneve(6 + i, "0102030405060708") + frame,
            "key": lambda: geneve(5, "0102030405060709") + frame,
            "copy": lambda: geneve(5, "0102030405060708") + frame}[kind]()
    s.sendto(data, ("10.97.12.2", 6081))
P
}
refused() { [ "$(arrived arrived_refused)" = "$1" ]; }
others() { [ "$(ctl_b status | python3 -c 'import json, sys; print(json.load(sys.stdin).get("tunnel_refused", 0))')" = "$1" ]; }
from_here 10.97.12.1 key 30
ok "another key is refused and counted" wait_until 5 refused 30
ip addr add 10.97.12.7/24 dev twremote
from_here 10.97.12.7 copy 20
ok "so is what comes from no host of the switch, key or not" wait_until 5 refused 50
from_here 10.97.12.1 tag 10
from_here 10.97.12.1 noise 200
ok "and what is no mirror's" wait_until 5 others 210
ok "the analyser gets nothing of it" g silence 100

say "the port's guest goes away, and comes back"
ok "it closes" g close 9
gone_9() { ! link_9; }
ok "its link is down" wait_until 5 gone_9
ok "sends" g send 1 5 '1>2 udp port=1>2 len=18 seq=1'
ok "which pass" g expect 2 5 '1>2 udp port=1>2 len=18 seq=1'
absent() { [ "$(arrived arrived_absent)" = 5 ]; }
ok "five copies came for a port that is not up" wait_until 5 absent
guest 9 || die "guest 9: $answer"
ok "its link is up again" wait_until 5 link_9
each 5 '1>2 udp port=1>2 len=18 seq=1'

say "the port is no longer on the other host"
ok "it is configured away" apply_b <<<'{"host": "b"}'
ok "sends" g send 1 3 '1>2 udp port=1>2 len=18 seq=1'
ok "which pass" g expect 2 3 '1>2 udp port=1>2 len=18 seq=1'
ok "sends" g send 1 3 '1>2 udp port=1>2 len=18 seq=1'
ok "which pass" g expect 2 3 '1>2 udp port=1>2 len=18 seq=1'
failed_some() { [ "$(sent failed)" -ge 1 ] && [ "$(sent error)" = "the port's host: Connection refused" ]; }
ok "copies fail, counted and said" wait_until 5 failed_some
