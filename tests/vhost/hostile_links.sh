#!/bin/bash
# hostile_links.sh - a guest whose link comes and goes all the time: its neighbours' flows are judged again so often and no more.
# timeout: 120
set -u
. "$(dirname "$0")/../support/hostile.sh"

misses() { ctl status | python3 -c 'import json, sys; print(sum(w["flow_misses"] for w in json.load(sys.stdin)["workers"]))'; }
links() { grep -c 'link port=vm3/eth0 .*state=up' "$dir/switch.log"; }

bad() { "$TW_BUILD/tests/support/badguest" "$dir/3.sock" "$1" </dev/null >/dev/null; }

# 64 changes at once (TW_LINK_CHANGES), then one a second; each time it is up it also goes down.
storm()
{
    local began=$SECONDS before ups most
    before=$(misses)
    ups=$(links)
    ok "$1: it goes on" bad "$1"
    most=$((2 * (64 + SECONDS - began + 2)))
    answer="$(($(misses) - before)) times, $(($(links) - ups)) times up; at most $most"
    ok "$1: the neighbour's flow is judged again a bounded number of times" [ "${answer%% *}" -le "$most" ]
    ok "$1: the link is up a bounded number of times" [ "$(($(links) - ups))" -le "$((most / 2))" ]
    ok "$1: the switch answers" is_alive
}

hostile_begin
ok "a neighbour sends all the time" g flood 1 '1>2 udp len=200'
storm flaps_its_link
ok "the switch says why" log_says 0 'port=vm3/eth0: its guest comes and goes'
ok "what it sends arrives" g received 2
answer=${answer:-0}
ok "all the time" [ "$answer" -gt 1000 ]
storm turns_its_rings_on_and_off
ok "the neighbour has sent enough" g halt
ok "a good guest has the port soon" port_is_as_before
