#!/bin/bash
# uplinks.sh - two uplinks into one bridge: no frame twice, no loop, and when one is pulled the other serves at once.
set -u
. "$(dirname "$0")/../support/vhost.sh"
. "$(dirname "$0")/../support/wire.sh"

trap 'wire_down up0 up1; vhost_end' EXIT
wire_up up0 up1
start_switch --no-huge
configure()
{
    apply <<J
{"teaming": {"policy": "$1"}, "ports": [$(port 1 0 '"vhost":"server"'), $(port 2 0 '"vhost":"server"')],
 "uplinks": [{"name": "up0", "devargs": "net_af_packet0,iface=twup0", "netdev": "twup0"},
             {"name": "up1", "devargs": "net_af_packet1,iface=twup1"}]}
J
}
configure active_standby
start_guests
ok "a guest" guest 1
ok "another" guest 2
ok "link 1 is up" up 1
ok "link 2 is up" up 2
ok "the first uplink is active" wait_until 10 uplink_is up0 role active
ok "the second stands by" uplink_is up1 role standby

# announced NAME N M: N announcements of guest M have come to the station, and come back by uplink NAME
announced() { w count "02:00:00:00:00:0$2" 8035 && [ "${answer%% *}" = "$1" ]; }
ok "each guest is announced four times, by one uplink only" wait_until 20 announced 4 1
ok "so is the other" wait_until 20 announced 4 2
ok "each comes back by the other uplink and is deja vu" wait_until 10 uplink_is up1 drops deja_vu=8

came() { w count 02:00:00:00:00:01 0800 && [ "$answer" = "$1" ]; }
ok "sends" g send 1 100 '1>255 tcp len=60 seq=1'
ok "a hundred group frames reach the wire once each" wait_until 10 came "100 100"
ok "and the other guest" g expect 2 100 '1>255 tcp len=60 seq=1'
ok "sends" g send 1 100 '1>99 tcp len=60 seq=1000'
ok "a hundred frames to a stranger, too" wait_until 10 came "200 200"
ok "what came back by the other uplink is deja vu" wait_until 10 uplink_is up1 drops deja_vu=208
ok "nobody heard it" g silence 50

ok "the station speaks to all" w send "ffffffffffff02000000006388b5$(printf '00%.0s' $(seq 60))" 100
received() { ctl status | python3 -c '
import json, sys
sys.exit(any(p["counters"]["tx_packets"] != int(n) for p, n in zip(json.load(sys.stdin)["ports"], sys.argv[1:])))' "$@"; }
ok "each guest hears it once" wait_until 10 received 100 200
ok "the copies of the standby uplink are counted" wait_until 10 uplink_is up1 drops "deja_vu=208 standby_uplink=100"
ok "nothing was dropped at the active one" uplink_is up0 drops ""

# Frames in a row, twenty at a time, while the active uplink is pulled and put back.
sent=200
burst() { g send 1 20 "1>99 tcp len=60 seq=$((sent * 10))" && sent=$((sent + 20)); }
for _ in $(seq 20); do burst || ok "sends" false; done
ok "the cable of the active uplink is pulled" there ip link set up0 down
for _ in $(seq 20); do burst || ok "sends" false; done
ok "the other one serves" wait_until 10 uplink_is up1 role active
ok "the failover is counted" uplink_is up0 failovers 1
ok "the pulled one is down" uplink_is up0 role down
ok "the other guest sends" g send 2 400 '2>99 tcp len=60 seq=1'
came2() { w count 02:00:00:00:00:02 0800 && [ "$answer" = "$1" ]; }
ok "each of its frames arrives once" wait_until 20 came2 "400 400"
ok "the guests are announced again" wait_until 20 announced 8 1
ok "the cable is put back" there ip link set up0 up
ok "the first uplink is active again" wait_until 20 uplink_is up0 role active
ok "and the guests announced there" wait_until 20 announced 12 1
before=$(uplink_says up1 counters.tx_packets)
for _ in $(seq 5); do burst || ok "sends" false; done
# A driver may send later, by the cable that is back, what it could not while it was out.
complete()
{
    local lost
    lost=$(($(uplink_says up0 device_errors) + $(uplink_says up0 drops.ring_full) + $(counter 1 drops.no_uplink)))
    w count 02:00:00:00:00:01 0800 && answer="$answer of $sent, $lost counted as lost" &&
        [ "${answer%% *}" -ge "$((sent - lost))" ]
}
once() { w count 02:00:00:00:00:01 0800 && [ "${answer% *}" = "${answer#* }" ]; }
ok "each frame arrived, or is counted as lost" wait_until 20 complete
say "# $answer"
ok "none arrived twice" once
ok "by the first uplink again" equal "$(uplink_says up1 counters.tx_packets)" "$before"

configure hash_port
ok "under a hash both are active" wait_until 10 uplink_is up1 role active
for _ in $(seq 5); do burst || ok "sends" false; done
ok "each frame arrives" wait_until 20 complete
ok "and none twice" once
# A network whose ports have different teams: its queries reach the switches behind each.
apply <<J
{"ports": [$(port 1 0 '"vhost":"server","teaming":{"policy":"active_standby","active":["up0"]},"multicast":{"snooping":true,"querier":true,"query_interval_s":2}'),
           $(port 2 0 '"vhost":"server","teaming":{"policy":"active_standby","active":["up1"]}')],
 "uplinks": [{"name": "up0", "devargs": "net_af_packet0,iface=twup0", "netdev": "twup0"},
             {"name": "up1", "devargs": "net_af_packet1,iface=twup1"}]}
J
asked()
{
    local seen=$(($(uplink_says "$1" drops.deja_vu) - $2))
    answer="$seen"
    [ $seen -ge 12 ] # announcements of the two guests are eight at most
}
by0=$(uplink_says up0 drops.deja_vu) by1=$(uplink_says up1 drops.deja_vu)
ok "queries go out by one uplink of each team: the other hears what this one sent" wait_until 40 asked up0 "$by0"
ok "and this one what the other sent; nobody takes them for another querier's" wait_until 40 asked up1 "$by1"
stop_guests
stop_switch
