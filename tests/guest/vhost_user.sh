#!/bin/bash
# vhost_user.sh - two guests of tw-vm on vhost-user ports talk through somebody else's forwarder (testpmd), also after
# that was restarted; the agent is asked for the ports and given them back.
# timeout: 240
set -u
. "$(dirname "$0")/../support/guest.sh"
command -v dpdk-testpmd >/dev/null || skip "there is no dpdk-testpmd (package dpdk)"
need_image

forwarder=
agent=
# shellcheck disable=SC2317 # called by the trap
end_helpers() {
    for pid in $forwarder $agent; do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null
    done
    end_guests
}
trap end_helpers EXIT

# As tw-switch does by default: the guests' QEMUs listen, the forwarder connects, and again after a restart.
forward() {
    dpdk-testpmd -l 0,1 --no-pci --no-huge -m 256 --file-prefix "tw-guest-$$" \
        --vdev "net_vhost0,iface=$TW_RUN_DIR/vhost/1.sock,client=1" \
        --vdev "net_vhost1,iface=$TW_RUN_DIR/vhost/2.sock,client=1" \
        -- --forward-mode=io --auto-start --total-num-mbufs=4096 --no-mlockall --stats-period=3600 >"$TW_RUN_DIR/testpmd.log" 2>&1 &
    forwarder=$!
}

"$TW_BUILD/tests/support/fake_agent" "$TW_RUN_DIR" >"$TW_RUN_DIR/agent.log" 2>&1 &
agent=$!
for _ in $(seq 50); do
    grep -q ready "$TW_RUN_DIR/agent.log" && break
    sleep 0.1
done
asked() { grep -v ready "$TW_RUN_DIR/agent.log" | tail -n "$1" | tr '\n' ';'; }

check "a port that does not exist is refused in the agent's words" \
    grep -q 'there is no port nobody/eth0' <<<"$(guest run nobody --port web/eth0 --port nobody/eth0 2>&1)"
check "and the port attached before it is given back" equal "$(asked 3)" "attach web/eth0;attach nobody/eth0;detach web/eth0;"
check "a port of another VM is refused" grep -q 'another VM' <<<"$(guest run web --port web/eth0 --port db/eth0 2>&1)"
check "and both are given back" equal "$(asked 4)" "attach web/eth0;attach db/eth0;detach web/eth0;detach db/eth0;"

forward
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

kill -9 "$forwarder"
wait "$forwarder" 2>/dev/null
forward
sleep 3
check "after a restart of the forwarder they reach each other again" guest exec web 'ping -c 10 -i 0.2 -W 5 10.0.0.2'

check "a guest is ended" guest stop web
check "and its port given back" equal "$(asked 1)" "detach web/eth0;"
check "another is ended with its port kept" guest stop db --keep
check "and the agent is not asked" equal "$(asked 1)" "detach web/eth0;"
finish
