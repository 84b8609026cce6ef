#!/bin/bash
# rebalance.sh - two workers: a guest's queue goes from one to the other under traffic, by request and by load.
# timeout: 180
set -u
. "$(dirname "$0")/../support/vhost.sh"

[ "$(nproc)" -ge 2 ] || skip "one CPU only"

# queue_field PORT QUEUE FIELD: of its status; "worker" is who polls it
queue_field()
{
    ctl status | python3 -c '
import json, sys
name, queue, field = sys.argv[1], int(sys.argv[2]), sys.argv[3]
print(*((w["id"] if field == "worker" else q[field]) for w in json.load(sys.stdin)["workers"] for q in w["queues"]
        if q["name"] == name and q["queue"] == queue))' "$1" "$2" "$3"
}

# telemetry QUERY FIELD: of what DPDK's telemetry socket answers, which is a second old at most
telemetry()
{
    python3 -c '
import json, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect(sys.argv[1] + "/dpdk/switch/dpdk_telemetry.v2")
s.recv(4096)
s.send(sys.argv[2].encode())
print((json.loads(s.recv(65536))[sys.argv[2].split(",")[0]] or {}).get(sys.argv[3]))' "$dir" "$1" "$2"
}
says() { [ "$(telemetry "$1" "$2")" = "$3" ]; }

# flow_packets PORT: packets of its live flows, and how many flows they are
flow_packets()
{
    ctl flows "$1" | python3 -c '
import json, sys
flows = json.load(sys.stdin)["flows"]
print(sum(f["packets"] for f in flows), len(flows))'
}

one_flow_of() { [ "$(flow_packets "$1")" = "$2 1" ]; }
has_moved() { [ "$(ctl status | python3 -c 'import json, sys; print(json.load(sys.stdin)["queue_moves"])')" -ge "$1" ]; }
polls() { [ "$(queue_field "$1" "$2" worker)" = "$3" ]; }
counted_all() { [ "$(counter "$1" rx_packets)" = "$2" ]; }
# frames: fifty of a flow, in their order, all in the queue that is in $answer then
frames() { g send 1 50 "1>2 udp len=22 seq=$sent" && g expect 2 50 "1>2 udp len=22 seq=$sent"; }
moved_to() { ctl rebalance "vm1/eth0 0 $1" >/dev/null 2>&1; }
refused() { ! answer=$(ctl rebalance "$@" 2>&1); }

start_switch --cpus 0,1 --rebalance 0
apply <<J
{"ports": [$(port 1 10 '"vhost":"server"'), $(port 2 10 '"vhost":"server"')]}
J
start_guests
guest 1 || die "guest 1: $answer"
guest 2 queues=2 || die "guest 2: $answer"
ok "link 1 is up" up 1
ok "link 2 is up" up 2
ok "and its second queue in use" wait_until 5 polls vm2/eth0 1 0
ok "the queue is at home" equal "$(queue_field vm1/eth0 0 worker)" 0

counted_all() { [ "$(counter "$1" rx_packets)" = "$2" ]; }
queues=
sent=0
for n in 1 2 3 4 5 6; do
    to=$((n % 2))
    frames || die "frames: $answer"
    queues="$queues $answer"
    sent=$((sent + 50))
    ctl rebalance "vm1/eth0 0 $to" >/dev/null || die "the queue does not move"
    ok "move $n: worker $to polls it" equal "$(queue_field vm1/eth0 0 worker)" $to
    ok "move $n: its flow has come along, whole" wait_until 5 one_flow_of 1 $sent
done
frames || die "frames: $answer"
ok "whoever polls, the flow leaves by one queue" equal "$(tr ' ' '\n' <<<"$queues $answer" | sort -u | xargs | wc -w)" 1
ok "six moves are counted" equal "$(queue_field vm1/eth0 0 moves)" 6
ok "telemetry says so, too" wait_until 5 says /tradewind/queues,vm1/eth0,0 moves 6
ok "and that of the flight recorder what was dropped" g send 2 3 "2>9 tag=44 udp len=22"
ok "last" wait_until 5 says /tradewind/recorder,vm2/eth0 newest_reason tagged_on_access
ok "every frame is counted once" equal "$(counter 1 rx_packets) $(counter 2 tx_packets)" "350 350"
ok "where it is already it may be put" ctl rebalance "vm1/eth0 0 0"
ok "a worker that is not there is refused" refused "vm1/eth0 0 2"
ok "a queue that is not there is refused" refused "vm1/eth0 1 0"
ok "or was never thought of" refused "vm1/eth0 17 0"
ok "a port that is not there is refused" refused "vm9/eth0 0 1"
ok "nothing to gain: nothing moves" equal "$(ctl rebalance | tr -d ' \n')" '{"moves":0}'

ok "under a flood" g flood 1 "1>2 udp len=22"
for n in 1 2 3 4 5 6 7 8; do
    ok "move $n, when the flows of the last one have arrived" wait_until 5 moved_to $((n % 2))
done
ok "it moves" has_moved 14
ok "the flood ends" g halt
flooded=${answer%% *}
ok "every frame of it was taken" wait_until 5 counted_all 1 $((350 + flooded))
ok "and lost by none but the guest that was too slow" equal "$(counter 1 drops)" ""
ok "the flow is still one" wait_until 5 one_flow_of 1 $((350 + flooded))

ok "a guest leaves while its queue moves" ctl rebalance "vm2/eth0 0 0"
ok "at once" g close 2
ok "and comes back" guest 2
ok "link 2 is up" up 2
g received 2
ok "sends" g send 2 10 "2>1 udp len=22"
ok "and is heard" g expect 1 10 "2>1 udp len=22"
stop_guests
stop_switch
