#!/bin/bash
# central_lab.sh - a controller, hosts a and b with switch and agent, guests without VMs, and nfcapd, on this machine alone.
#
# Sourced by tests/interop/central_*.sh behind tools/lib.sh. Makes $dir; ends all that was started when the test does.
# shellcheck disable=SC2034 # for those who source it
: "${TW_BUILD:=$TW_TOP/build}"
if ! command -v nfcapd >/dev/null || ! command -v nfdump >/dev/null; then
    say "skipped: there is no nfcapd (package nfdump)"
    exit 77
fi
dir=$(mktemp -d "${TW_TMP:-/tmp}/tw-central.XXXXXX")
port=$((20000 + $$ % 10000))
sent_packets=0
sent_octets=0

. "$(dirname "${BASH_SOURCE[0]}")/processes.sh"

twctl() { "$TW_BUILD/controlplane/twctl/twctl" --controller "ipc://$dir/controller.ipc" "$@"; }

# controller [OPTION...]: and wait for it
controller()
{
    start controller "$TW_BUILD/controlplane/tw-controller" --run-dir "$dir" --store "$dir/store.db" "$@"
    wait_until 20 twctl status >/dev/null || die "the controller does not answer"
}

# agent HOST [OPTION...]
agent()
{
    local host=$1
    shift
    start "$host-agent" "$TW_BUILD/agent/tw-agent" --host "$host" --run-dir "$dir/$host" --state-dir "$dir/$host/state" \
        --controller "ipc://$dir/controller.ipc" "$@"
}

# switch HOST [OPTION...]
switch()
{
    local host=$1
    shift
    start "$host-switch" "$TW_BUILD/dataplane/tw-switch" --run-dir "$dir/$host" --cpus "$(($(nproc) - 1))" --memory 96 --no-huge "$@"
}

# collector NAME [PORT]: nfcapd, process NAME, files in $dir/NAME
collector()
{
    mkdir -p "$dir/$1"
    start "$1" nfcapd -4 -b 127.0.0.1 -p "${2:-$port}" -w "$dir/$1" -t 86400 -B 4000000
    wait_until 10 bound "${2:-$port}" || die "nfcapd does not listen"
}
bound() { grep -qi ":$(printf %04X "$1") " /proc/net/udp; }

# collected NAME [FILTER]: packets and octets of its flows
collected()
{
    nfdump -q -N -R "$dir/$1" -o 'fmt:%ipkt %ibyt' "${2:-any}" 2>/dev/null | awk '{ p += $1; o += $2 } END { print p + 0, o + 0 }'
}

start_guests()
{
    mkfifo "$dir/in" "$dir/out"
    RUNTIME_DIRECTORY=$dir "$TW_BUILD/tests/support/vguest" "$dir" --no-huge -m 128 --no-pci --no-telemetry --no-shconf \
        --iova-mode=va -l 0 --log-level=4 <"$dir/in" >"$dir/out" 2>"$dir/guests.log" &
    pid[guests]=$!
    exec 8>"$dir/in" 9<"$dir/out"
    read -r -t 20 -u 9 answer && [ "$answer" = ok ] || die "the guests do not start"
}

g()
{
    answer="none"
    echo "$*" >&8 && read -r -t 20 -u 9 answer || return 1
    [ "${answer%% *}" = ok ] || return 1
    answer=${answer#ok}
}

link_up() { twctl --json port show "vm$1/eth0" | grep -q '"link": "up"'; }

# guest_on HOST N: the guest of port N connects to this host's switch
guest_on()
{
    wait_until 20 test -S "$dir/$1/vhost/$2.sock" || die "port $2 is not served"
    g open "$1$2" "path=$dir/$1/vhost/$2.sock,queue_size=1024,mac=02:00:00:00:00:0$2" || die "guest $2: $answer"
    g link "$1$2" up 10000 || die "guest $2 has no link"
    wait_until 20 link_up "$2" || die "port $2 is not up"
}

# create_port N HOST
create_port()
{
    twctl port create "vm$1/eth0" --network n --vhost-server --mac "02:00:00:00:00:0$1" >/dev/null
    twctl port bind "vm$1/eth0" --host "$2" >/dev/null
}

# traffic GUEST GUEST N [FIRST-PORT]: N flows of 1 to N frames from one to the other; a guest is its host and port, "a1"
traffic()
{
    local from=${1#?} to=${2#?} n frame
    for n in $(seq "$3"); do
        frame="$from>$to udp port=$((${4:-0} + n))>2000 len=$n"
        g send "$1" "$n" "$frame" && g expect "$2" "$n" "$frame" || die "traffic from $1 to $2: $answer"
        sent_packets=$((sent_packets + n))
        sent_octets=$((sent_octets + n * (28 + n)))
    done
}

# status EXPRESSION [EXPORTER]: of `exporter show`, in Python: c what is by the controller, h its hosts
status()
{
    twctl --json exporter show "${2:-nf}" | python3 -c '
import json, sys
e = json.load(sys.stdin)
c = e.get("central") or {}
h = {x["host"]: x for x in c.get("hosts", [])}
sys.exit(not ('"$1"'))'
}

# Every record has left its host's table.
flows_ended()
{
    local host
    for host in a b; do
        [ "$("$TW_BUILD/tests/support/switchctl" --run-dir "$dir/$host" flows | python3 -c \
            'import json,sys; print(json.load(sys.stdin)["total"])')" = 0 ] || return 1
    done
}

not() { ! "$@"; }
equal() { answer="$1 and $2"; [ "$1" = "$2" ]; }
