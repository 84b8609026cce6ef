#!/bin/bash
# vhost_user.sh - two guests of tw-vm on vhost-user ports talk through somebody else's forwarder (testpmd), also after
# that was restarted and one of them has moved; the agents are asked for the ports and given them back.
# timeout: 300
set -u
. "$(dirname "$0")/../support/guest.sh"
command -v dpdk-testpmd >/dev/null || skip "there is no dpdk-testpmd (package dpdk)"
need_image

a=$TW_RUN_DIR
b=$(mktemp -d "${TW_TMP:-/tmp}/tw-guest.XXXXXX")
run_dirs="$a $b"
forwarder=
agents=
# shellcheck disable=SC2317 # called by the trap
end_helpers() {
    for pid in $forwarder $agents; do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    end_guests
}
trap end_helpers EXIT

# forward SOCKET...: the first two to each other. As tw-switch does by default, QEMU listens and the forwarder connects.
forward() {
    local vdevs=() path
    [ -z "$forwarder" ] || {
        kill -9 "$forwarder"
        wait "$forwarder" 2>/dev/null
    }
    for path in "$@"; do
        vdevs+=(--vdev "net_vhost$((${#vdevs[@]} / 2)),iface=$path,client=1")
    done
    dpdk-testpmd -l 0,1 --no-pci --no-huge -m 256 --file-prefix "tw-guest-$$" "${vdevs[@]}" -- --forward-mode=io \
        --auto-start --total-num-mbufs=4096 --no-mlockall --stats-period=3600 >"$a/testpmd.log" 2>&1 &
    forwarder=$!
}

start_agent() { # RUN_DIR
    "$TW_BUILD/tests/support/fake_agent" "$1" >"$1/agent.log" 2>&1 &
    agents="$agents $!"
    for _ in $(seq 50); do
        grep -q ready "$1/agent.log" && break
        sleep 0.1
    done
}

asked() { grep -v ready "${2:-$a}/agent.log" | tail -n "$1" | tr '\n' ';'; }

start_agent "$a"
start_agent "$b"

check "a port that does not exist is refused in the agent's words" \
    grep -q 'there is no port nobody/eth0' <<<"$(guest run nobody --port web/eth0 --port nobody/eth0 2>&1)"
check "and the port attached before it is given back" equal "$(asked 3)" "attach web/eth0;attach nobody/eth0;detach web/eth0;"
check "a port of another VM is refused" grep -q 'another VM' <<<"$(guest run web --port web/eth0 --port db/eth0 2>&1)"
check "and both are given back" equal "$(asked 4)" "attach web/eth0;attach db/eth0;detach web/eth0;detach db/eth0;"

# Nobody serves the port yet, so QEMU waits, and tw-vm with it.
"$support/guest" run web --port web/eth0 >/dev/null 2>"$a/interrupted" & # not the function: that would be a shell's pid
waiting=$!
for _ in $(seq 100); do
    [ -s "$a/vm/web.pid" ] && break
    sleep 0.1
done
qemu=$(cat "$a/vm/web.pid")
check "tw-vm waits for the switch" kill -0 "$waiting"
kill "$waiting"
wait "$waiting"
check "interrupted, it fails" equal "$?" 1
check "and says so" grep -q 'interrupted by signal 15' "$a/interrupted"
check "QEMU has ended with it" equal "$(tr '\0' ' ' 2>/dev/null <"/proc/$qemu/cmdline")" ""
check "the port is given back" equal "$(asked 1)" "detach web/eth0;"

forward "$a/vhost/1.sock" "$a/vhost/2.sock"
check "a guest starts on a vhost-user port" guest run web --port web/eth0 --ip 10.0.0.1/24
check "and another" guest run db --port db/eth0 --ip 10.0.0.2/24
check "the first one boots" guest wait web
check "the second one boots" guest wait db
check "the MAC is the agent's" equal "$(guest exec web 'cat /sys/class/net/eth0/address')" 02:00:00:00:00:01
check "the UUID is the agent's" equal "$(guest exec db 'cat /sys/class/dmi/id/product_uuid')" \
    64620000-0000-0000-0000-000000000000
check "they reach each other" guest exec web 'ping -c 3 -i 0.2 -W 5 10.0.0.2'
check "with full frames too" guest exec web 'ping -c 2 -i 0.2 -W 5 -s 1472 10.0.0.2'
guest exec db 'iperf3 -s -D -1' >/dev/null 2>&1
check "and with TCP" guest exec web 'iperf3 -c 10.0.0.2 -t 2 | tail -n 4'

forward "$a/vhost/1.sock" "$a/vhost/2.sock"
sleep 3
check "after a restart of the forwarder they reach each other again" guest exec web 'ping -c 10 -i 0.2 -W 5 10.0.0.2'

# db moves to host b, where its port is the first; the forwarder now joins web to it there.
forward "$a/vhost/1.sock" "$b/vhost/1.sock" "$a/vhost/2.sock"
sleep 3
line=$(run_again "$a" "$b" db tcp:127.0.0.1:0)
check "host b waits for the guest" grep -q '^incoming tcp:' <<<"$line"
check "its port there is the migration's to bind" equal "$(asked 1 "$b")" "attach-incoming db/eth0;"
check "the guest moves" "$TW_BUILD/tests/support/qmp_migrate" "$a/vm/db.qmp" "${line#incoming }"
check "and is reached there" guest exec web 'ping -c 5 -i 0.2 -W 5 10.0.0.2'
check "the one left behind is ended with its port kept" guest stop db --keep
check "so its agent is not asked" equal "$(asked 1)" "attach db/eth0;"
check "on host b it is ended too" guest stop db --run-dir "$b"
check "and its port given back" equal "$(asked 1 "$b")" "detach db/eth0;"

check "a guest is ended" guest stop web
check "and its port given back" equal "$(asked 1)" "detach web/eth0;"
finish
