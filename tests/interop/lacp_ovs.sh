#!/bin/bash
# timeout: 240
# lacp_ovs.sh - Open vSwitch's LACP at the other end of two uplinks: both are used, frames pass, and a pulled link is left.
set -u
. "$(dirname "$0")/../support/vhost.sh"

command -v ovs-vswitchd >/dev/null || skip "ovs-vswitchd is not installed (package openvswitch-switch)"
ns=twlacp$$
ovs=$dir/ovs
daemons=
there() { ip netns exec "$ns" "$@"; }
vsctl() { there env OVS_RUNDIR="$ovs" ovs-vsctl --no-wait "--db=unix:$ovs/db.sock" "$@"; }
appctl() { there env OVS_RUNDIR="$ovs" ovs-appctl -t "$ovs/v.ctl" "$@"; }

# Open vSwitch in a namespace and a folder of its own, its datapath in user space; the other ends of the uplinks are its bond.
start_ovs()
{
    mkdir "$ovs"
    ip netns add "$ns"
    there sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
    for n in 0 1; do
        ip link add "twlp$n" type veth peer name "p$n" netns "$ns"
        sysctl -qw "net.ipv6.conf.twlp$n.disable_ipv6=1"
        ip link set "twlp$n" up promisc on
        there ip link set "p$n" up
    done
    there ip link add station type veth peer name far
    there ip link set station up
    there ip link set far up
    ovsdb-tool create "$ovs/conf.db" /usr/share/openvswitch/vswitch.ovsschema
    ip netns exec "$ns" env OVS_RUNDIR="$ovs" ovsdb-server "$ovs/conf.db" "--remote=punix:$ovs/db.sock" "--unixctl=$ovs/db.ctl" \
        >"$ovs/db.log" 2>&1 &
    daemons=$!
    wait_until 20 test -S "$ovs/db.sock" || die "ovsdb-server does not start"
    vsctl init
    ip netns exec "$ns" env OVS_RUNDIR="$ovs" ovs-vswitchd "unix:$ovs/db.sock" --disable-system "--unixctl=$ovs/v.ctl" >"$ovs/v.log" 2>&1 &
    daemons="$! $daemons"
    wait_until 20 test -S "$ovs/v.ctl" || die "ovs-vswitchd does not start"
    vsctl add-br br0 -- set bridge br0 datapath_type=netdev -- add-port br0 far -- \
        add-bond br0 bond0 p0 p1 bond_mode=balance-tcp lacp=active other_config:lacp-time=fast
}

stop_ovs()
{
    local pid
    for pid in $daemons; do
        kill "$pid" 2>/dev/null
        wait "$pid" 2>/dev/null
    done
    for n in 0 1; do ip link del "twlp$n" 2>/dev/null; done
    ip netns del "$ns" 2>/dev/null
}
trap 'exec 6>&- 7<&-; stop_ovs; vhost_end' EXIT

start_ovs
start_switch --no-huge
apply <<J
{"teaming": {"policy": "lacp", "lacp_rate": "fast"}, "ports": [$(port 1 0 '"vhost":"server"')],
 "uplinks": [{"name": "up0", "devargs": "net_af_packet0,iface=twlp0"},
             {"name": "up1", "devargs": "net_af_packet1,iface=twlp1"}]}
J
wire_ns=$ns
. "$(dirname "$0")/../support/wire.sh"
wire_ns=$ns
start_station
start_guests
ok "a guest" guest 1
ok "its link is up" up 1

ok "up0 distributes" wait_until 30 uplink_is up0 lacp.distributing True
ok "up1 distributes" wait_until 30 uplink_is up1 lacp.distributing True
theirs() { appctl lacp/show bond0 | grep -c 'current attached'; }
two() { answer=$(theirs) && [ "$answer" = "$1" ]; }
ok "Open vSwitch has both as current and attached" wait_until 30 two 2
bond() { answer=$(appctl bond/show bond0 | grep -c "^member.*enabled") && [ "$answer" = "$1" ]; }
ok "and uses both" wait_until 30 bond 2
ok "their system is our partner" equal "$(uplink_says up0 lacp.partner_system)" \
    "$(appctl lacp/show bond0 | sed -n 's/^ *sys_id: //p' | head -n 1 | tr -d :)"
ok "no LACPDU was bad" equal "$(uplink_says up0 lacp.bad) $(uplink_says up1 lacp.bad)" "0 0"

came() { w count 02:00:00:00:00:01 0800 && [ "$answer" = "$1" ]; }
sent=0
burst()
{
    for p in $(seq "$1"); do
        g send 1 5 "1>99 tcp port=$((sent + p))>2000 len=60 seq=$((sent + p))0" || return 1
    done
    sent=$((sent + $1 * 5))
}
ok "the guest sends forty flows" burst 40
ok "each frame arrives once" wait_until 20 came "200 200"
ok "some went by up0" test "$(uplink_says up0 counters.tx_packets)" -gt 30
ok "and some by up1" test "$(uplink_says up1 counters.tx_packets)" -gt 30

# Each once though Open vSwitch sends some flows by either link.
heard() { answer=$(counter 1 tx_packets) && [ "$answer" = "$1" ]; }
before=$(counter 1 tx_packets)
ok "the station speaks to all" w send "ffffffffffff02000000006388b5$(printf '00%.0s' $(seq 60))" 100
ok "the guest hears it once" wait_until 20 heard "$((before + 100))"

# A cable is pulled: its uplink leaves at once.
ok "the cable of up1 is pulled" there ip link set p1 down
ok "it is left" wait_until 30 uplink_is up1 lacp.distributing False
ok "Open vSwitch leaves it, too" wait_until 30 bond 1
ok "the guest sends forty flows" burst 40
ok "each frame arrives once, by the other" wait_until 20 came "400 400"
ok "the cable is put back" there ip link set p1 up
ok "and its uplink distributes again" wait_until 60 uplink_is up1 lacp.distributing True

# The links stay up, but the partner says nothing any more: only LACP can tell.
ok "Open vSwitch is stopped" kill -STOP "${daemons%% *}"
ok "its silence is noticed on one link" wait_until 30 uplink_is up0 lacp.distributing False
ok "and on the other" wait_until 30 uplink_is up1 lacp.distributing False
ok "both links are up" equal "$(uplink_says up0 up) $(uplink_says up1 up)" "True True"
kill -CONT "${daemons%% *}"
ok "when it speaks again up0 distributes" wait_until 60 uplink_is up0 lacp.distributing True
ok "and so does up1" wait_until 60 uplink_is up1 lacp.distributing True
stop_guests
stop_switch
