# shellcheck shell=bash
# wire.sh - a physical network for tests/vhost, in a namespace: a plain bridge with ports that are the other ends of uplinks,
# and a station (station.py) on it. Sourced behind vhost.sh; ends with the script.
#
#   wire_up NAME…          a bridge, and for each NAME a veth: twNAME here, NAME there, both up; and the station
#   w COMMAND…             one command for the station; its answer without "ok" is in $answer
#   there COMMAND…         runs a command in the wire's namespace

: "${dir:?vhost.sh comes first}"
wire_ns=twwire$$
wire_station=

there() { ip netns exec "$wire_ns" "$@"; }

# start_station: on the interface `station` of the namespace
start_station()
{
    mkfifo "$dir/win.$$" "$dir/wout.$$"
    ip netns exec "$wire_ns" "$TW_TOP/tests/support/station.py" station <"$dir/win.$$" >"$dir/wout.$$" 2>>"$dir/station.log" &
    wire_station=$!
    exec 6>"$dir/win.$$" 7<"$dir/wout.$$"
    rm "$dir/win.$$" "$dir/wout.$$"
    read -r -t 20 -u 7 answer && [ "$answer" = ok ] || die "the station does not start"
}

wire_up()
{
    local name
    ip netns add "$wire_ns"
    there sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    there ip link add br0 type bridge mcast_snooping 0
    for name in far "$@"; do
        if [ "$name" = far ]; then
            there ip link add station type veth peer name far
            there ip link set station mtu 9000
            there ip link set station up
        else
            ip link add "tw$name" type veth peer name "$name" netns "$wire_ns"
            sysctl -qw "net.ipv6.conf.tw$name.disable_ipv6=1" # nothing but what the test says is on the wire
            ip link set "tw$name" up
            ip link set "tw$name" promisc on
        fi
        there ip link set "$name" master br0
        there ip link set "$name" up
    done
    there ip link set br0 up
    start_station
}

wire_down()
{
    local name
    if [ -n "$wire_station" ]; then
        exec 6>&- 7<&-
        wait "$wire_station" 2>/dev/null
    fi
    for name in "$@"; do
        ip link del "tw$name" 2>/dev/null
    done
    ip netns del "$wire_ns" 2>/dev/null
}

w()
{
    answer="none"
    echo "$*" >&6 && read -r -t 20 -u 7 answer || return 1
    [ "${answer%% *}" = ok ] || return 1
    answer=${answer#ok}
    answer=${answer# }
}

# uplink_says NAME FIELD: of an uplink's status; drops.REASON of its counters, "drops" all of them
uplink_says()
{
    ctl status | python3 -c '
import json, sys
uplink = next(u for u in json.load(sys.stdin)["uplinks"] if u["name"] == sys.argv[1])
drops = {d["reason"]: d["packets"] for d in uplink["counters"]["drops"]}
name = sys.argv[2]
value = uplink
if name == "drops":
    value = " ".join(f"{k}={v}" for k, v in sorted(drops.items()))
elif name.startswith("drops."):
    value = drops.get(name[6:], 0)
else:
    for part in name.split("."):
        value = value[part]
print(value)
' "$1" "$2"
}

uplink_is() { answer=$(uplink_says "$1" "$2") && [ "$answer" = "$3" ]; }
