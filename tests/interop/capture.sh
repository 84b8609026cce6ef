#!/bin/bash
# capture.sh - `twctl capture` and the extcap of Wireshark: what is captured live of two hosts is what was sent, as other people's
# programs read it, and nothing stays behind however the capture ends.
# timeout: 180
#
# Two switches with agents and a controller on this machine, guests without VMs, no uplinks.
set -u
. "$(dirname "$0")/../../tools/lib.sh"
: "${TW_BUILD:=$TW_TOP/build}"
need_root "shares memory between processes"
if ! command -v tshark >/dev/null || ! command -v tcpdump >/dev/null; then
    say "skipped: there is no tshark or no tcpdump"
    exit 77
fi
dir=$(mktemp -d "${TW_TMP:-/tmp}/tw-capture.XXXXXX")
export TW_CONTROLLER=ipc://$dir/controller.ipc
. "$(dirname "$0")/../support/processes.sh"

twctl() { "$TW_BUILD/controlplane/twctl/twctl" "$@"; }
controller() { start controller "$TW_BUILD/controlplane/tw-controller" --run-dir "$dir" --store "$dir/store.db"; }
agent()
{
    start "$1-agent" "$TW_BUILD/agent/tw-agent" --host "$1" --run-dir "$dir/$1" --state-dir "$dir/$1/state" \
        --controller "$TW_CONTROLLER"
}
switch()
{
    start "$1-switch" "$TW_BUILD/dataplane/tw-switch" --run-dir "$dir/$1" --cpus "$(($(nproc) - 1))" --memory 96 --no-huge
}

g()
{
    answer=none
    echo "$*" >&8 && read -r -t 30 -u 9 answer && [ "${answer%% *}" = ok ]
}

# number PORT
number() { twctl --json port show "$1" | python3 -c 'import json, sys; print(json.load(sys.stdin)["number"])'; }
# open_guest N HOST: the guest of port vmN/eth0
open_guest() { g open "$1" "path=$dir/$2/vhost/$(number "vm$1/eth0").sock,queue_size=1024,mac=02:00:00:00:00:0$1" && g link "$1" up 10000; }

# mirrors HOST: how many the switch has
mirrors()
{
    "$TW_BUILD/tests/support/switchctl" --run-dir "$dir/$1" status |
        python3 -c 'import json, sys; print(len(json.load(sys.stdin).get("mirrors", [])))'
}
are_mirrors() { answer="$(mirrors a) $(mirrors b)"; [ "$answer" = "$1 $2" ]; }
equal() { answer="$1 and $2"; [ "$1" = "$2" ]; }
said() { grep -q "$1" "$dir/$2"; }
gone() { ! [ -e "/proc/$1" ] || grep -q '^State:.Z' "/proc/$1/status"; }
connected() { [ "$(twctl --json status 2>/dev/null | grep -c '"connected": true')" = 2 ]; }
count() { tshark -r "$1" -Y "$2" 2>/dev/null | wc -l; }

# capture NAME ARGUMENT...: in the background, to NAME.pcapng; returns when both hosts copy, or those of $hosts
hosts='1 1'
capture()
{
    local name=$1
    shift
    start "$name" "$TW_BUILD/controlplane/twctl/twctl" capture "$@" -w "$dir/$name.pcapng"
    # shellcheck disable=SC2086 # two words
    wait_until 10 are_mirrors $hosts || die "the hosts do not copy: $answer"
    sleep 0.2 # a mirror that is open is in force a moment later
}
end_capture() { kill -INT "${pid[$1]}" && wait "${pid[$1]}"; local rc=$?; unset "pid[$1]"; return $rc; }

mkdir -p "$dir/a/state" "$dir/b/state"
controller
switch a
switch b
wait_until 15 twctl status >/dev/null || die "the controller does not start"
{ twctl host create a && twctl host create b && twctl network create red --vlan 10; } >/dev/null || die "the model cannot be made"
for n in 1 2 3; do
    twctl port create "vm$n/eth0" --network red --mac "02:00:00:00:00:0$n" --vhost-server >/dev/null || die "no port $n"
done
{ twctl port bind vm1/eth0 --host a && twctl port bind vm2/eth0 --host a && twctl port bind vm3/eth0 --host b; } >/dev/null || die "ports cannot be bound"
agent a
agent b
wait_until 20 connected || die "hosts do not connect"
mkfifo "$dir/in" "$dir/out"
RUNTIME_DIRECTORY=$dir taskset -c 0 "$TW_BUILD/tests/support/vguest" "$dir/a" --no-huge -m 128 --no-pci --no-telemetry \
    --no-shconf --iova-mode=va -l 0 --log-level=4 <"$dir/in" >"$dir/out" 2>>"$dir/guests.log" &
pid[guests]=$!
exec 8>"$dir/in" 9<"$dir/out"
read -r -t 30 -u 9 answer && [ "$answer" = ok ] || die "the guests do not start"
for n in "1 a" "2 a" "3 b"; do
    # shellcheck disable=SC2086 # two words
    open_guest $n || die "guest $n: $answer"
done

# --- what is sent is what is captured ---
hosts='1 0'
capture one vm1/eth0
ok "sends" g send 1 300 '1>2 udp port=1>2 len=100 seq=1'
ok "passes" g expect 2 300 '1>2 udp port=1>2 len=100 seq=1'
ok "back" g send 2 200 '2>1 udp port=2>1 len=200'
ok "passes back" g expect 1 200 '2>1 udp port=2>1 len=200'
ok "a capture ends with a signal" end_capture one
ok "and says what there was" said '500 frames captured, 0 shed by the switch, 0 lost on the way' one.log
ok "frames of the guest" equal "$(count "$dir/one.pcapng" 'udp.srcport == 1 && frame.packet_flags_direction == 1')" 300
ok "frames to it" equal "$(count "$dir/one.pcapng" 'udp.srcport == 2 && frame.packet_flags_direction == 2')" 200
ok "named as the port" equal "$(count "$dir/one.pcapng" 'frame.interface_name == "vm1/eth0"')" 500
payload=$(tshark -r "$dir/one.pcapng" -Y 'udp.srcport == 1' -T fields -e udp.payload 2>/dev/null | sha256sum)
sent=$(python3 -c '
for seq in range(1, 301):
    print("".join("%02x" % ((((seq + i) * 7) + ((seq + i) >> 8)) & 255) for i in range(100)))' | sha256sum)
ok "octet for octet, in their order" equal "$payload" "$sent"
ok "nothing stays on the hosts" wait_until 5 are_mirrors 0 0

# --- of it what is asked for ---
capture filtered vm1/eth0 udp port 7
ok "sends what the filter takes" g send 1 40 '1>2 udp port=7>2 len=50'
ok "and what it does not" g send 1 60 '1>2 udp port=8>2 len=50'
ok "both pass" g expect 2 40 '1>2 udp port=7>2 len=50'
ok "both pass" g expect 2 60 '1>2 udp port=8>2 len=50'
ok "it ends" end_capture filtered
ok "the filter's frames and no others" equal "$(count "$dir/filtered.pcapng" frame)" 40
answer=$(twctl capture vm1/eth0 -w "$dir/no" tcp porrt 80 2>&1)
ok "a filter that is none is refused with libpcap's words" grep -q 'porrt' <<<"$answer"
ok "and no file is made" test ! -e "$dir/no"
capture some vm1/eth0 --count 25 --direction ingress --snaplen 64
ok "sends" g send 1 100 '1>2 udp port=9>2 len=300'
ok "passes" g expect 2 100 '1>2 udp port=9>2 len=300'
ok "a count ends it" wait_until 5 gone "${pid[some]}"
unset "pid[some]"
ok "so many frames, cut, with their length" equal "$(count "$dir/some.pcapng" 'frame.cap_len == 64 && frame.len == 342')" 25
capture dropped vm1/eth0 --drops
ok "sends what the switch drops" g send 1 30 '1>1 udp port=4>4 len=10'
sleep 0.3
ok "it ends" end_capture dropped
ok "what was dropped, and why" equal "$(count "$dir/dropped.pcapng" 'frame.comment contains "hairpin"')" 30

# --- several at once, and more than a slow reader takes ---
capture slow vm1/eth0 --direction ingress
kill -STOP "${pid[slow]}"
hosts='2 0'
capture quick vm1/eth0 --direction ingress
hosts='1 0'
for _ in 1 2 3 4 5 6 7 8 9 10; do
    g send 1 1000 '1>2 udp port=6>2 len=1400' && g expect 2 1000 '1>2 udp port=6>2 len=1400' || die "no traffic: $answer"
done
ok "nothing of it got lost but what is counted" end_capture quick
read -r captured _ _ shed _ _ _ _ lost _ <"$dir/quick.log"
ok "for a reader that keeps up ($captured, $shed shed, $lost lost)" equal "$((captured + shed + lost))" 10000
ok "the frames are in its file" equal "$(count "$dir/quick.pcapng" frame)" "$captured"
kill -CONT "${pid[slow]}"
ok "and for one that was asleep" end_capture slow
read -r captured _ _ shed _ _ _ _ lost _ <"$dir/slow.log"
ok "too ($captured, $shed shed, $lost lost)" equal "$((captured + shed + lost))" 10000
ok "it has at least what waited for it" test "$captured" -ge 4000

hosts='1 1'
capture all --network red 'udp src port 5'
hosts='1 0'

# --- one stream, wherever the port is ---
ok "sends on host a" g send 1 20 '1>2 udp port=5>2 len=60'
ok "passes" g expect 2 20 '1>2 udp port=5>2 len=60'
ok "the guest leaves a" g close 1
{ twctl port unbind vm1/eth0 && twctl port bind vm1/eth0 --host b --wait; } >/dev/null || die "vm1 cannot be bound to b"
ok "and is on b" open_guest 1 b
ok "sends on host b" g send 1 30 '1>3 udp port=5>2 len=60'
ok "passes there" g expect 3 30 '1>3 udp port=5>2 len=60'
ok "it ends" end_capture all
ok "one interface has the frames of both hosts" \
    equal "$(count "$dir/all.pcapng" 'frame.interface_name == "vm1/eth0" && frame.packet_flags_direction == 1')" 50
ok "none twice" equal "$(count "$dir/all.pcapng" frame)" 50
ok "in the order of their times" equal "$(tshark -r "$dir/all.pcapng" -T fields -e frame.time_delta 2>/dev/null | grep -c -- -)" 0

# --- Wireshark's way ---
hosts='0 1'
mkdir -p "$dir/.config/wireshark/extcap"
ln -s "$TW_BUILD/controlplane/twctl/tradewind-extcap" "$dir/.config/wireshark/extcap/"
export HOME=$dir XDG_CONFIG_HOME=$dir/.config
answer=$(tshark -D 2>&1)
ok "tshark lists the ports by their VMs" grep -q 'vm1/eth0 (VM vm1, eth0, on host b)' <<<"$answer"
tshark -i vm1/eth0 -f 'udp port 11' -c 10 -w "$dir/extcap.pcapng" >>"$dir/tshark.log" 2>&1 &
pid[tshark]=$!
ok "and captures one" wait_until 10 are_mirrors 0 1
ok "sends" g send 1 10 '1>3 udp port=11>2 len=60'
ok "sends more" g send 1 10 '1>3 udp port=12>2 len=60'
ok "passes" g expect 3 10 '1>3 udp port=11>2 len=60'
ok "passes" g expect 3 10 '1>3 udp port=12>2 len=60'
ok "it has its frames" wait_until 10 gone "${pid[tshark]}"
unset "pid[tshark]"
ok "and no others" equal "$(count "$dir/extcap.pcapng" 'udp.srcport == 11')" 10
ok "and leaves nothing behind" wait_until 10 are_mirrors 0 0

# --- nothing stays, however it ends ---
capture killed vm1/eth0
stop killed KILL
ok "a reader that is killed" wait_until 10 are_mirrors 0 0
start piped sh -c "'$TW_BUILD/controlplane/twctl/twctl' capture vm1/eth0 -w - | head -c 200 >/dev/null"
ok "one that is in a pipe copies" wait_until 5 are_mirrors 0 1
ok "sends" g send 1 20 '1>3 udp port=13>2 len=60'
ok "passes" g expect 3 20 '1>3 udp port=13>2 len=60'
ok "a pipe that nobody reads any more" wait_until 5 are_mirrors 0 0
unset "pid[piped]"
capture bereft vm1/eth0
stop controller KILL
controller
ok "a controller that was killed" wait_until 15 are_mirrors 0 0
ok "its reader hears of it" wait_until 10 gone "${pid[bereft]}"
ok "and says so" said 'controller was restarted' bereft.log
unset "pid[bereft]"
ok "the log has who captured what" said 'a capture begins.*who=.*sources=.vm1/eth0' controller.log
