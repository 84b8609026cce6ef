#!/bin/bash
# central_nfcapd.sh - flow records of two hosts by the controller: nfcapd has each packet once, whoever was away meanwhile.
# timeout: 180
#
# Two switches with agents and a controller on this machine, guests without VMs, no uplinks. What guests sent is compared with
# what nfdump adds up, in packets and octets: after the controller was killed and an agent with it, after the collector was
# away, after a switch was killed while its records waited.
set -u
. "$(dirname "$0")/../../tools/lib.sh"
: "${TW_BUILD:=$TW_TOP/build}"
need_root "shares memory between processes"
if ! command -v nfcapd >/dev/null || ! command -v nfdump >/dev/null; then
    say "skipped: there is no nfcapd (package nfdump)"
    exit 77
fi
dir=$(mktemp -d "${TW_TMP:-/tmp}/tw-central.XXXXXX")
port=$((20000 + $$ % 10000))
failed=0
answer=
declare -A pid
sent_packets=0
sent_octets=0

# shellcheck disable=SC2317 # called by the trap
finish()
{
    local status=$? name
    trap - EXIT
    exec 8>&- 9<&-
    for name in "${!pid[@]}"; do
        kill "${pid[$name]}" 2>/dev/null
    done
    for name in "${!pid[@]}"; do
        wait "${pid[$name]}" 2>/dev/null
    done
    [ "$failed" -eq 0 ] || status=1
    [ "$status" -eq 0 ] || tail -n 30 "$dir"/*.log >&2
    rm -rf "$dir"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# start NAME COMMAND...
start()
{
    local name=$1
    shift
    "$@" >>"$dir/$name.log" 2>&1 &
    pid[$name]=$!
}

# stop NAME [SIGNAL]
stop()
{
    kill "-${2:-TERM}" "${pid[$1]}"
    wait "${pid[$1]}" 2>/dev/null
    unset "pid[$1]"
}

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

twctl() { "$TW_BUILD/controlplane/twctl/twctl" --controller "ipc://$dir/controller.ipc" "$@"; }
controller() { start controller "$TW_BUILD/controlplane/tw-controller" --run-dir "$dir" --store "$dir/store.db"; }
agent()
{
    start "$1-agent" "$TW_BUILD/agent/tw-agent" --host "$1" --run-dir "$dir/$1" --state-dir "$dir/$1/state" \
        --controller "ipc://$dir/controller.ipc"
}
switch()
{
    start "$1-switch" "$TW_BUILD/dataplane/tw-switch" --run-dir "$dir/$1" --cpus "$(($(nproc) - 1))" --memory 96 --no-huge
}
collector()
{
    mkdir -p "$dir/$1"
    start collector nfcapd -4 -b 127.0.0.1 -p $port -w "$dir/$1" -t 300 -B 4000000
    wait_until 10 bound || die "nfcapd does not listen"
}
bound() { grep -qi ":$(printf %04X $port) " /proc/net/udp; }
g()
{
    answer="none"
    echo "$*" >&8 && read -r -t 20 -u 9 answer || return 1
    [ "${answer%% *}" = ok ] || return 1
    answer=${answer#ok}
}

# traffic HOST FROM TO N: N flows of 1 to N frames between two of its ports
traffic()
{
    local n
    for n in $(seq "$4"); do
        g send "$1$2" "$n" "$2>$3 udp port=$n>2000 len=$n" && g expect "$1$3" "$n" "$2>$3 udp port=$n>2000 len=$n" ||
            die "traffic on $1: $answer"
        sent_packets=$((sent_packets + n))
        sent_octets=$((sent_octets + n * (28 + n)))
    done
}

status() # PYTHON-EXPRESSION of `exporter show`
{
    twctl --json exporter show nf | python3 -c '
import json, sys
e = json.load(sys.stdin)
c = e.get("central") or {}
h = {x["host"]: x for x in c.get("hosts", [])}
sys.exit(not ('"$1"'))'
}
# Every record has left its host: none in a flow table, none in a spool that the controller has not taken.
flows_ended()
{
    local host
    for host in a b; do
        [ "$("$TW_BUILD/tests/support/switchctl" --run-dir "$dir/$host" flows | python3 -c \
            'import json,sys; print(json.load(sys.stdin)["total"])')" = 0 ] || return 1
    done
}
collected() { nfdump -q -N -R "$dir/$1" -o 'fmt:%ipkt %ibyt' 2>/dev/null | awk '{ p += $1; o += $2 } END { print p + 0, o + 0 }'; }
equal() { answer="$1 and $2"; [ "$1" = "$2" ]; }

collector first
controller
wait_until 10 twctl status || die "the controller does not answer"
twctl network create n --vlan 10 >/dev/null
for host in a b; do
    mkdir -p "$dir/$host/state"
    twctl host create $host >/dev/null
    switch $host
    agent $host
done
for n in 1 2 3 4; do
    twctl port create "vm$n/eth0" --network n --vhost-server --mac "02:00:00:00:00:0$n" >/dev/null
    twctl port bind "vm$n/eth0" --host "$([ "$n" -le 2 ] && echo a || echo b)" >/dev/null
done
twctl exporter create nf --way central --collector "127.0.0.1:$port" --active 2s --idle 1s --template-refresh 1s --wait=30s >/dev/null ||
    die "the exporter is not realised"

mkfifo "$dir/in" "$dir/out"
RUNTIME_DIRECTORY=$dir "$TW_BUILD/tests/support/vguest" "$dir" --no-huge -m 128 --no-pci --no-telemetry --no-shconf \
    --iova-mode=va -l 0 --log-level=4 <"$dir/in" >"$dir/out" 2>"$dir/guests.log" &
pid[guests]=$!
exec 8>"$dir/in" 9<"$dir/out"
read -r -t 20 -u 9 answer && [ "$answer" = ok ] || die "the guests do not start"
for n in 1 2 3 4; do
    host=$([ "$n" -le 2 ] && echo a || echo b)
    wait_until 10 test -S "$dir/$host/vhost/$n.sock" || die "port $n is not served"
    g open "$host$n" "path=$dir/$host/vhost/$n.sock,queue_size=1024,mac=02:00:00:00:00:0$n" || die "guest $n: $answer"
    g link "$host$n" up 10000 || die "guest $n has no link"
done
link_up() { twctl --json port show "vm$1/eth0" | grep -q '"link": "up"'; }
for n in 1 2 3 4; do wait_until 10 link_up $n || die "port $n is not up"; done

traffic a 1 2 20
traffic b 3 4 20
# What nfcapd has not written yet is not to be seen: so the exporter's own count of records is waited for.
sent_all() { flows_ended && status "c['records'] >= $1 and c['waiting_octets'] == 0 and all(x['waiting_octets'] < 2**30 for x in h.values())"; }
ok "records of both hosts are exported by the controller" wait_until 30 sent_all 40

stop controller KILL
traffic a 1 2 30
traffic b 3 4 30
wait_until 30 flows_ended || die "flows do not end"
stop a-agent KILL
agent a
controller
wait_until 10 twctl status || die "the controller does not come back"
ok "what waited for the controller comes" wait_until 40 sent_all 60
ok "nothing is missing" status "all(x['missing_records'] == 0 and x['refused_batches'] == 0 for x in h.values()) and len(h) == 2"

stop collector
traffic a 1 2 25
traffic b 3 4 25
wait_until 30 flows_ended || die "flows do not end"
ok "it is said that the collector is away" wait_until 20 status "c['error'] != ''"
stop controller KILL
controller
wait_until 10 twctl status || die "the controller does not come back"
collector second
ok "what waited for the collector comes" wait_until 60 sent_all 50

stop collector
ok "nfdump adds up just what was sent, in packets and octets" equal "$(cat <(collected first) <(collected second) |
    awk '{ p += $1; o += $2 } END { print p, o }')" "$sent_packets $sent_octets"
