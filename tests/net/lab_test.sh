#!/bin/bash
# lab_test.sh - tools/lab: hosts come up and are reported, a second `up` is refused, `down` leaves nothing behind.
set -eu
. "$(dirname "$0")/../../tools/lib.sh"
lab=$TW_TOP/tools/lab
dir=$TW_TMP/lab
name=twlabt
trap '"$lab" down --dir "$dir" --name $name >/dev/null 2>&1' EXIT
huge=$(cat /proc/sys/vm/nr_hugepages)

"$lab" up 3 --dir "$dir" --name $name
"$dir/twctl" status
[ "$("$dir/twctl" --json status | python3 -c '
import json, sys
print(sum(h["connected"] and h["switch_alive"] for h in json.load(sys.stdin)["hosts"]))')" = 3 ] || die "not three living hosts"

"$lab" up --dir "$dir" --name $name && die "a second up was not refused"
"$lab" up --dir "$TW_TMP/other" --name $name && die "a second lab of the same name was not refused"
[ ! -e "$TW_TMP/other/pids" ] || die "the refused lab left its folder"

"$lab" status --dir "$dir" | grep -E '^c-switch +[0-9]+ +running' || die "status does not show host c's switch"
"$dir/on" b ip -br addr show dev eth0 | grep -F 10.77.0.12/24 || die "on HOST does not run in its network"
"$dir/on" a ping -c 1 -W 2 10.77.0.13 || die "management network: a does not reach c"

pids=$(cut -d' ' -f1 "$dir"/pids/*)
"$lab" down --dir "$dir"
[ ! -e "$dir" ] || die "down left $dir"
ip netns list | grep "^$name-" && die "down left namespaces"
for pid in $pids; do
    if [ -e "/proc/$pid" ] && ! grep -q '^State:.Z' "/proc/$pid/status"; then die "down left process $pid"; fi
done
[ "$(cat /proc/sys/vm/nr_hugepages)" = "$huge" ] || die "down did not give back the huge pages"
"$lab" down --dir "$dir" --name $name || die "a second down is no error"
