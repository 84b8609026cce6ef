#!/bin/bash
# boot.sh - a guest boots under tw-vm, runs commands, has the network it was told to have, and ends without a trace.
# timeout: 180
set -u
. "$(dirname "$0")/../support/guest.sh"
need_image

# Two NICs without a switch: QEMU's own user network, and a hub that leads nowhere.
nics=(-netdev "user,id=u0" -device "virtio-net-pci,netdev=u0,mac=02:00:00:00:00:01,vectors=0,romfile="
    -netdev "hubport,id=h0,hubid=0" -device "virtio-net-pci,netdev=h0,mac=02:00:00:00:00:02,vectors=0,romfile=")

in_guest() { guest exec g1 "$1"; }
state_of() { "$tw_vm" list --json | python3 -c '
import json, sys
print({vm["name"]: vm["state"] for vm in json.load(sys.stdin)}.get(sys.argv[1], "unknown"))' "$1"; }

start=$(date +%s%N)
check "tw-vm starts a guest" guest run g1 --ip 10.0.2.15/24 --ip 10.1.0.1/24,10.1.1.1/24 --mtu 1400 -- "${nics[@]}"
check "the guest takes commands" guest wait g1
echo "# booted in $((($(date +%s%N) - start) / 1000000)) ms"

check "it is listed as running" equal "$(state_of g1)" running
check "its name is its host name" equal "$(in_guest hostname)" g1
check "a command's exit status comes back" equal "$(in_guest 'exit 7'; echo $?)" 7
check "output of many octets comes back whole" equal "$(in_guest 'dd if=/dev/zero bs=1k count=300 2>/dev/null' | wc -c)" 307200
check "binary output comes back as it is" equal "$(in_guest "printf '\\001\\000\\r\\n\\377'" | od -An -tx1)" " 01 00 0d 0a ff"
check "a command that takes too long is given up" equal "$(guest exec g1 'sleep 30' --timeout 1 2>/dev/null; echo $?)" 124
check "and the guest takes commands again" equal "$(guest exec g1 'pidof sleep || echo none' --timeout 10)" none
check "the MAC is the one given" equal "$(in_guest 'cat /sys/class/net/eth0/address')" 02:00:00:00:00:01
check "the MTU is the one given" equal "$(in_guest 'cat /sys/class/net/eth1/mtu')" 1400
check "each NIC has its addresses" in_guest 'ip addr show eth0 | grep -q 10.0.2.15/24 && ip addr show eth1 | grep -q 10.1.1.1/24'
check "nothing is sent unasked" equal "$(in_guest 'cat /sys/class/net/eth0/statistics/tx_packets')" 0
check "frames come and go" in_guest 'ping -c 2 -W 5 10.0.2.2'
check "they are counted" in_guest "test \$(cat /sys/class/net/eth0/statistics/rx_packets) -ge 2"
check "a trunk's tags can be put on in the guest" in_guest 'vconfig add eth1 10 && ip addr add 10.2.0.1/24 dev eth1.10'
check "iperf3 runs" in_guest 'test ! -x /bin/iperf3 || iperf3 --version'
check "ethtool runs" in_guest 'test ! -x /bin/ethtool || ethtool -i eth0 | grep -q virtio_net'
check "the console is written to a file" grep -q 'init: g1 is up' "$TW_RUN_DIR/vm/g1.console.log"
check "a second guest of the name is refused" equal "$(guest run g1 2>&1 | grep -c 'runs already')" 1

# The console takes keystrokes too, and hands back the terminal's end.
typed=$( (echo 'expr 6 \* 7000 | sed s/^/console-/'; sleep 2) | timeout 10 "$tw_vm" console g1)
check "the console is a shell" equal "$(grep -c 'console-42000' <<<"$typed")" 1

pid=$(cat "$TW_RUN_DIR/vm/g1.pid")
check "tw-vm ends it" guest stop g1
sleep 0.2 # a zombie, which it may be for a while, has no command line
check "the process is gone" equal "$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")" ""
check "and so is its specification" equal "$(ls "$TW_RUN_DIR/vm")" "$(printf 'g1.console.log\ng1.log')"

# What cannot start says why, and leaves nothing.
check "a QEMU that ends at once is quoted" grep -q 'invalid option' <<<"$(guest run g2 -- -nonsense 2>&1)"
check "and not listed" equal "$(state_of g2)" unknown
check "a port without an agent is an error at once" grep -q 'tw-agent' <<<"$(guest run g2 --port g2/eth0 2>&1)"
kill -9 "$(guest run g3 >/dev/null && cat "$TW_RUN_DIR/vm/g3.pid")"
sleep 0.2
check "a guest that was killed is listed as ended" equal "$(state_of g3)" ended
check "and can be started again" guest run g3
check "and ended" guest stop g3
finish
