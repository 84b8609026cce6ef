#!/bin/bash
# links.sh - tw-agent's watch over kernel links sees carrier, MTU, removal and return, and raises what is down.
# shellcheck disable=SC2317  # functions that check() and the trap call
set -u
build=${TW_BUILD:?the build folder}
if [ "$(id -u)" -ne 0 ]; then
    echo "skip: makes a network namespace, needs root"
    exit 77
fi

ns=twlinks$$
tmp=$(mktemp -d "${TW_TMP:-/tmp}/links.XXXXXX")
failed=0
watcher=

cleanup()
{
    exec 9>&- 2>/dev/null
    [ -n "$watcher" ] && wait "$watcher"
    ip netns del "$ns" 2>/dev/null
    rm -rf "$tmp"
}
trap cleanup EXIT

# The last line that was said of a link is awaited for 5 s.
said()
{
    local link=$1 want=$2
    for _ in $(seq 100); do
        [ "$(grep "^$link " "$tmp/out" | tail -n 1)" = "$link $want" ] && return 0
        sleep 0.05
    done
    echo "# wanted '$link $want', the last lines are:"
    tail -n 4 "$tmp/out" "$tmp/log" | sed 's/^/#   /'
    return 1
}

check()
{
    local name=$1
    shift
    if "$@"; then
        echo "ok $name"
    else
        echo "not ok $name"
        failed=1
    fi
}

is_promiscuous()
{
    for _ in $(seq 100); do
        ip -n "$ns" -d link show "$1" | grep -q '[<,]PROMISC' && return 0
        sleep 0.05
    done
    return 1
}

ip netns add "$ns" || exit 1
ip -n "$ns" link add up0 mtu 1500 type veth peer name wire0
ip -n "$ns" link set wire0 up

mkfifo "$tmp/in"
ip netns exec "$ns" "$build/tests/support/links-watch" up0 later0 <"$tmp/in" >"$tmp/out" 2>"$tmp/log" &
watcher=$!
exec 9>"$tmp/in"

check a_link_that_is_down_is_set_up said up0 'present up 1500'
check it_is_made_promiscuous is_promiscuous up0
check a_link_that_is_not_there_is_absent said later0 'absent down 0'

ip -n "$ns" link set wire0 down
check a_lost_carrier_is_seen said up0 'present down 1500'
ip -n "$ns" link set wire0 up
check a_carrier_that_returns_is_seen said up0 'present up 1500'

ip -n "$ns" link set up0 mtu 9000
check another_mtu_is_seen said up0 'present up 9000'

ip -n "$ns" link add later0 type veth peer name later1
ip -n "$ns" link set later1 up
check a_link_that_appears_is_set_up said later0 'present up 1500'
check it_too_is_made_promiscuous is_promiscuous later0

ip -n "$ns" link del later0
check a_link_that_goes_is_absent said later0 'absent down 0'

exit "$failed"
