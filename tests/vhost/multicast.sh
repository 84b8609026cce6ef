#!/bin/bash
# multicast.sh - Linux as a member: it answers our queries, is listed for as long, and is forgotten when it leaves.
# The kernel of a network namespace is on the wire of a real tw-switch; tshark reads what the switch asks it.
set -u
. "$(dirname "$0")/../support/vhost.sh"

ns=tw-mcast-$$
member=
capture=

multicast_end()
{
    local status=$?
    [ -z "$member" ] || kill "$member" 2>/dev/null
    [ -z "$capture" ] || kill "$capture" 2>/dev/null
    ip netns del "$ns" 2>/dev/null
    ip link del "twm$$" 2>/dev/null
    (exit "$status")
    vhost_end
}
trap multicast_end EXIT

command -v tshark >/dev/null || skip "tshark is not installed"

config() { # REVISION SNOOPING
    cat <<J
{"revision": $1, "uplinks": [{"name": "up0", "devargs": "net_af_packet0,iface=twm$$"}],
 "ports": [$(port 1 0 "\"vhost\":\"server\",\"multicast\":{\"snooping\":$2,\"querier\":true,\"querier_address\":\"10.9.0.1\",\"query_interval_s\":2}")]}
J
}

# known PYTHON: true of the switch's multicast m, its only VLAN v, the members(IP) of a group and the age(MEMBER) in ms
known()
{
    ctl multicast | python3 -c '
import json, sys, time
m = json.load(sys.stdin)
v = m["vlans"][0] if m["vlans"] else None
def members(ip):
    return [x for g in m["groups"] if g["group_ip"] == ip for x in g["members"]]
def age(member):
    return time.time() * 1000 - member["since_ms"]
sys.exit(not eval(sys.argv[1]))' "$1"
}

# frames FILTER: how many of the capture fit
frames() { tshark -r "$dir/wire.pcap" -o ip.check_checksum:TRUE -Y "$1" 2>/dev/null | wc -l; }

ip netns add "$ns" || die "no network namespace can be made"
ip link add "twm$$" mtu 1500 type veth peer name wire0 netns "$ns"
ip -n "$ns" addr add 10.9.0.2/24 dev wire0
ip -n "$ns" link set lo up
ip -n "$ns" link set wire0 up
ip link set "twm$$" up
ip -n "$ns" route add 224.0.0.0/4 dev wire0
ip netns exec "$ns" tcpdump -q -i wire0 -U -w "$dir/wire.pcap" 2>/dev/null &
capture=$!

mkfifo "$dir/say"
# A member of 239.1.1.7 and ff0e::7; sends to groups that nobody has joined when told; leaves when told.
ip netns exec "$ns" python3 -c '
import socket, struct, sys
index = socket.if_nametoindex("wire0")
four = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
four.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton("239.1.1.7") + socket.inet_aton("10.9.0.2"))
six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
six.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, "ff0e::7") + struct.pack("@I", index))
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("10.9.0.2"))
print("joined", flush=True)
for line in iter(sys.stdin.readline, "leave\n"):
    out.sendto(b"data", (line.strip(), 5000))
    print("sent", flush=True)
four.close()
six.close()
print("left", flush=True)
' <"$dir/say" >"$dir/member.log" &
member=$!
exec 7>"$dir/say"
ok "Linux joins its groups" wait_until 10 grep -q joined "$dir/member.log"

start_switch
config 1 true | apply
start_guests
guest 1 || die "guest 1: $answer"
ok "the guest is up" up 1

ok "the switch asks for both families" wait_until 20 known 'v["igmp"]["ours"] and v["mld"]["ours"] and v["queries_out"] > 1'
ok "Linux answers by IGMP, and is a member on the wire" wait_until 30 known '[x["port"] for x in members("239.1.1.7")] == [0]'
ok "and by MLD" wait_until 30 known '[x["port"] for x in members("ff0e::7")] == [0]'
ok "memberships are known then" wait_until 30 known 'v["igmp"]["known"] and v["mld"]["known"]'
ok "it stays one for longer than a membership lasts, because it answers" wait_until 60 known \
    'min(map(age, members("239.1.1.7") + members("ff0e::7")), default=0) > 2 * v["igmp"]["keep_ms"]'
ok "nothing was refused" known 'm["invalid"] == [] and m["shed"] == 0'

before=$(counter 1 tx_packets)
echo 239.1.1.8 >&7
ok "Linux sends to a group that nobody has joined" wait_until 10 grep -q sent "$dir/member.log"
dropped()
{
    ctl status | python3 -c '
import json, sys
drops = {d["reason"]: d["packets"] for d in json.load(sys.stdin)["uplinks"][0]["counters"]["drops"]}
sys.exit(drops.get("no_listener", 0) < 1)'
}
ok "which is dropped for that reason" wait_until 10 dropped
more() { [ "$(counter 1 tx_packets)" -gt "$before" ]; }
ok "while queries reach the guest" wait_until 20 more

echo leave >&7
ok "Linux leaves" wait_until 10 grep -q left "$dir/member.log"
ok "and is forgotten" wait_until 30 known 'members("239.1.1.7") == [] and members("ff0e::7") == []'
ok "having said so" known 'v["leaves_in"] >= 2'

config 2 false | apply
ok "what is not snooped is not known" known 'm["vlans"] == [] and m["groups"] == []'

kill "$capture"
wait "$capture" 2>/dev/null
capture=
ours4='igmp.type == 0x11 && igmp.version == 3'
ok "tshark finds IGMPv3 queries of the querier's address" [ "$(frames "$ours4 && ip.src == 10.9.0.1")" -gt 2 ]
ok "and MLDv2 queries" [ "$(frames 'icmpv6.type == 130 && icmpv6.mld.flag.qrv')" -gt 2 ]
ok "asks for last members of the group that was left" [ "$(frames "$ours4 && igmp.maddr == 239.1.1.7")" -ge 1 ]
ok "with right checksums" equal "$(frames 'igmp.checksum.status == 0 || icmpv6.checksum.status == 0 || ip.checksum.status == 0')" 0
ok "and has nothing to say against any" \
    equal "$(frames "(igmp.type == 0x11 || icmpv6.type == 130) && (_ws.malformed || _ws.expert.severity >= 6291456)")" 0
