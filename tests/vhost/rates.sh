#!/bin/bash
# rates.sh - limits before real devices: what passes a policer, a storm control or a shaper is what the guest, and a station
# beyond a kernel link, get; the rest is counted by name, and nothing else is lost.
set -u
. "$(dirname "$0")/../support/vhost.sh"
. "$(dirname "$0")/../support/wire.sh"

trap 'wire_down up0; vhost_end' EXIT
wire_up up0

revision=0
configure() # MEMBERS-OF-1 MEMBERS-OF-2
{
    revision=$((revision + 1))
    apply <<J
{"revision": $revision, "ports": [$(port 1 0 "\"vhost\":\"server\"${1:+,$1}"), $(port 2 0 "\"vhost\":\"server\"${2:+,$2}")],
 "uplinks": [{"name": "up0", "devargs": "net_af_packet0,iface=twup0"}]}
J
}
start_switch --no-huge
configure "" ""
start_guests
ok "a guest" guest 1
ok "another" guest 2
ok "link 1 is up" up 1
ok "link 2 is up" up 2
ok "the uplink is active" wait_until 60 uplink_is up0 role active
announced() { w count 02:00:00:00:00:01 8035 && [ "${answer%% *}" = 4 ]; }
ok "the first guest is announced" wait_until 60 announced

at_least() { [ "$(counter "$1" "$2")" -ge "$3" ]; }

# limited REASON AT FRAME: of a hundred frames twenty pass at once and one a second after; the others are dropped at port AT for
# REASON. Sets $passed.
limited()
{
    local reason=$1 at=$2 frame=$3 in drops began=$SECONDS
    in=$(counter 1 rx_packets) drops=$(counter "$at" "drops.$reason")
    g send 1 100 "$frame" && wait_until 60 at_least 1 rx_packets $((in + 100)) || return
    passed=$((100 - $(counter "$at" "drops.$reason") + drops))
    answer="$passed passed in $((SECONDS - began)) s"
    [ $passed -ge 20 ] && [ $passed -le $((22 + 2 * (SECONDS - began))) ]
}
one='{"per_second":1,"burst":20}'
udp='udp port=5>6 len=58'
passed=0

to=$(counter 2 tx_packets)
configure "\"ingress_pps\":$one" ""
ok "an ingress limit lets its burst pass" limited rate_ingress 1 "1>2 $udp seq=1"
ok "which the other guest gets" wait_until 60 at_least 2 tx_packets $((to + passed))
ok "and nothing more" equal "$(counter 2 tx_packets)" $((to + passed))

to=$((to + passed))
configure "" "\"egress_pps\":$one"
ok "so does an egress limit" limited rate_egress 2 "1>2 $udp seq=1"
ok "which the guest gets" wait_until 60 at_least 2 tx_packets $((to + passed))
ok "and nothing more" equal "$(counter 2 tx_packets)" $((to + passed))

to=$((to + passed))
arrived() { w count 02:00:00:00:00:01 0800 && [ "$answer" = "$1 $1" ]; }
configure "\"storm_broadcast\":$one" ""
ok "storm control of broadcasts lets its burst pass" limited storm_broadcast 1 "1>255 $udp seq=1"
ok "which the other guest gets" wait_until 60 at_least 2 tx_packets $((to + passed))
ok "and the station on the wire" wait_until 60 arrived "$passed"

wire=$passed
configure "\"storm_unknown\":$one" ""
ok "that of frames to strangers, too" limited storm_unknown 1 "1>99 $udp seq=1000"
ok "which the station gets" wait_until 60 arrived $((wire + passed))

wire=$((wire + passed))
configure '"ingress_rate":{"per_second":1000,"burst":2000}' ""
ok "an ingress limit in octets holds towards the wire" limited rate_ingress 1 "1>99 $udp seq=2000"
ok "where the station gets what passed" wait_until 60 arrived $((wire + passed))

drops=$(counter 2 drops)
configure "" '"shape":{"per_second":800000,"queue":200000}'
ok "what came before is taken" wait_until 60 g silence 20
ok "a hundred frames of 1000 octets are a second of a shaper's rate" g send 1 100 '1>2 udp port=5>6 len=958 seq=1'
ok "they arrive in order, octet for octet" g expect 2 100 '1>2 udp port=5>6 len=958 seq=1'
waited()
{
    answer=$(ctl status | python3 -c 'import json, sys; print(json.load(sys.stdin)["ports"][1]["shape"]["octets_max"])')
    [ "$answer" -ge 20000 ]
}
ok "having waited" waited
ok "with no loss" equal "$(counter 2 drops)" "$drops"
ok "and nothing was lost at the uplink" uplink_is up0 drops ""
stop_guests
stop_switch
