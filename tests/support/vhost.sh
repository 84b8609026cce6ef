# shellcheck shell=bash
# vhost.sh - a real tw-switch and guests without VMs for tests/vhost: sourced, never run; all it starts ends with the script.
#
#   start_switch [OPTION…]     tw-switch, ready; start_guests: a vguest (tests/support/vguest.c), ready
#   g COMMAND…                 one command for the guests; its answer without "ok" is in $answer
#   apply / ctl …              the configuration on standard input / switchctl
#   up N                       wait for the link of port N
#   ok SENTENCE COMMAND…       a claim
# Neither side needs hugepages: DPDK keeps its memory in a memfd then, which vhost-user can share.

. "$(dirname "${BASH_SOURCE[0]}")/../../tools/lib.sh"
: "${TW_BUILD:=$TW_TOP/build}"
dir=$(mktemp -d "${TW_TMP:-/tmp}/tw-vhost.XXXXXX")
export TW_RUN_DIR=$dir
switch=
guests=
failed=0
answer=
need_root "shares memory between processes"

vhost_end()
{
    local status=$?
    trap - EXIT
    stop_guests
    stop_switch
    [ "$failed" -eq 0 ] || status=1
    if [ "$status" -ne 0 ] && [ "$status" -ne 77 ]; then
        tail -n 40 "$dir"/*.log >&2
    fi
    rm -rf "$dir"
    exit "$status"
}
trap vhost_end EXIT
trap 'exit 130' INT TERM

skip()
{
    say "skipped: $*"
    exit 77
}

# ok SENTENCE COMMAND...
ok()
{
    local sentence=$1
    shift
    if "$@"; then
        say "ok $sentence"
    else
        say "not ok $sentence${answer:+ (answer: $answer)}"
        failed=1
    fi
}

ctl() { "$TW_BUILD/tests/support/switchctl" --run-dir "$dir" "$@"; }

# The CPU of the worker and that of the guests differ where there are two.
start_switch()
{
    "$TW_BUILD/dataplane/tw-switch" --run-dir "$dir" --cpus "$(($(nproc) - 1))" --memory 128 "$@" >>"$dir/switch.log" 2>&1 &
    switch=$!
    wait_until 15 ctl --timeout 300 status || die "tw-switch does not start"
}

stop_switch()
{
    [ -n "$switch" ] || return 0
    kill "$switch" 2>/dev/null
    ok "the switch ends cleanly" wait "$switch"
    switch=
}

kill_switch()
{
    kill -9 "$switch"
    wait "$switch" 2>/dev/null
    switch=
}

start_guests()
{
    mkfifo "$dir/in.$$" "$dir/out.$$"
    RUNTIME_DIRECTORY=$dir taskset -c 0 "$TW_BUILD/tests/support/vguest" "$dir" --no-huge -m 128 --no-pci --no-telemetry \
        --no-shconf --iova-mode=va -l 0 --log-level=4 <"$dir/in.$$" >"$dir/out.$$" 2>>"$dir/guests.log" &
    guests=$!
    exec 8>"$dir/in.$$" 9<"$dir/out.$$"
    rm "$dir/in.$$" "$dir/out.$$"
    read -r -t 20 -u 9 answer && [ "$answer" = ok ] || die "the guests do not start"
}

stop_guests()
{
    [ -n "$guests" ] || return 0
    exec 8>&- 9<&-
    wait_until 5 gone "$guests" || kill -9 "$guests"
    wait "$guests" 2>/dev/null
    guests=
}

# gone PID: it has ended, if perhaps nobody has asked yet how
gone() { ! [ -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"; }

kill_guests()
{
    kill -9 "$guests"
    wait "$guests" 2>/dev/null
    exec 8>&- 9<&-
    guests=
}

g()
{
    answer="none"
    echo "$*" >&8 && read -r -t 20 -u 9 answer || return 1
    [ "${answer%% *}" = ok ] || return 1
    answer=${answer#ok}
    answer=${answer# }
}

# port N VLAN [MEMBER,...]: an access port "vmN/eth0" as JSON
port()
{
    printf '{"number":%s,"name":"vm%s/eth0","mac":"02:00:00:00:00:%02x","vlan":%s,"socket":"%s/%s.sock"%s}' \
        "$1" "$1" "$1" "$2" "$dir" "$1" "${3:+,$3}"
}

# guest N [DEVARGS]: a port of the guests' named N; connects to the switch unless told server=1
guest() { g open "$1" "${3:-}path=$dir/$1.sock,queue_size=1024,mac=02:00:00:00:00:0$1${2:+,$2}"; }

switch_says() # STATE N
{
    ctl status | python3 -c '
import json, sys
sys.exit(all(p["link"] != sys.argv[1] for p in json.load(sys.stdin)["ports"] if p["number"] == int(sys.argv[2])))' "$1" "$2"
}

# up N [SECONDS]: both sides say so; a guest can see its link before the switch serves it
up() { g link "$1" up "${2:-3}000" && wait_until "${2:-3}" switch_says up "$1"; }

apply() { ctl apply - >/dev/null; }

# counter N FIELD: of port N; drops as drops.REASON
counter()
{
    ctl status | python3 -c '
import json, sys
port = next(p for p in json.load(sys.stdin)["ports"] if p["number"] == int(sys.argv[1]))
counters = port["counters"]
drops = {d["reason"]: d["packets"] for d in counters["drops"]}
name = sys.argv[2]
print(drops.get(name[6:], 0) if name.startswith("drops.") else " ".join(f"{k}={v}" for k, v in sorted(drops.items())) if name == "drops" else counters[name])
' "$1" "$2"
}

equal() { answer="$1 and $2"; [ "$1" = "$2" ]; }
