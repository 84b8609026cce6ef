#!/bin/bash
# multiqueue.sh - guests with several queue pairs: each is served, the workers share them, a flow stays in one queue.
# timeout: 180
set -u
. "$(dirname "$0")/../support/vhost.sh"

# queue_counters N: frames taken from each of the port's queues
queue_counters()
{
    ctl status | python3 -c '
import json, sys
port = next(p for p in json.load(sys.stdin)["ports"] if p["number"] == int(sys.argv[1]))
print(*(ring["from_packets"] for ring in port["rings"]))' "$1"
}

# polled_by N: which workers poll the port's queues, as QUEUE:WORKER
polled_by()
{
    ctl status | python3 -c '
import json, sys
found = [(q["queue"], w["id"]) for w in json.load(sys.stdin)["workers"] for q in w["queues"] if q["name"] == f"vm{sys.argv[1]}/eth0"]
print(*(f"{queue}:{worker}" for queue, worker in sorted(found)))' "$1"
}

sampled() { [ "$(queue_counters 1 | wc -w)" = 4 ]; }

# flows SENTENCE-PREFIX: 32 flows of port 1, eight in each of its queues, to port 2; where they came in is in $queues
flows()
{
    local flow bad=0
    queues=
    for flow in $(seq 0 31); do
        g send 1 20 "1>2 udp port=$((1000 + flow))>7 len=22 queue=$((flow % 4))" &&
            g expect 2 20 "1>2 udp port=$((1000 + flow))>7 len=22" || bad=$((bad + 1))
        queues="$queues $answer"
    done
    ok "$1: 32 flows arrive, each in one queue" equal $bad 0
}

for cpus in 0 0,1; do
    workers=$(tr , '\n' <<<"$cpus" | wc -l)
    about="$workers worker(s)"
    [ "$workers" -le "$(nproc)" ] || continue
    start_switch --cpus "$cpus" --rebalance 0
    apply <<J
{"ports": [$(port 1 10 '"vhost":"server"'), $(port 2 10 '"vhost":"server"'), $(port 3 10 '"vhost":"server"')]}
J
    start_guests
    guest 1 queues=4 || die "guest 1: $answer"
    guest 2 queues=4 || die "guest 2: $answer"
    guest 3 || die "guest 3: $answer"
    for n in 1 2 3; do
        ok "$about: link $n is up" up $n
    done
    ok "$about: four queue pairs are in use" wait_until 5 sampled
    if [ "$workers" = 1 ]; then
        ok "$about: it polls every queue" equal "$(polled_by 1)" "0:0 1:0 2:0 3:0"
    else
        ok "$about: they share the queues" equal "$(polled_by 1)" "0:0 1:1 2:0 3:1"
        ok "$about: from another one on, for the next port" equal "$(polled_by 2)" "0:1 1:0 2:1 3:0"
    fi
    flows "$about"
    first=$queues
    ok "$about: all of the receiver's queues are used" equal "$(tr ' ' '\n' <<<"$first" | sort -u | xargs)" "0 1 2 3"
    flows "$about, again"
    ok "$about: and each in the same queue as before" equal "$queues" "$first"
    ok "$about: every queue's frames are counted" equal "$(queue_counters 1)" "320 320 320 320"
    ok "$about: sends" g send 1 40 '1>3 udp len=22 queue=3'
    ok "$about: a guest with one queue gets them there" g expect 3 40 '1>3 udp len=22'
    ok "$about: sends" g send 3 40 '3>255 udp len=99'
    ok "$about: group frames of a flow arrive in one queue" g expect 1 40 '3>255 udp len=99'
    ok "$about: at each guest" g expect 2 40 '3>255 udp len=99'
    ok "$about: and nothing else" g silence 50
    ok "$about: nothing was dropped" equal "$(counter 1 drops)$(counter 2 drops)$(counter 3 drops)" ""
    ok "$about: all is counted" equal "$(counter 1 rx_packets) $(counter 2 tx_packets)" "1320 1320"

    ok "$about: a guest leaves" g close 2
    ok "$about: and comes back with two queue pairs" guest 2 queues=2
    ok "$about: link 2 is up" up 2
    flows "$about, two queues"
    ok "$about: only those two are filled" equal "$(tr ' ' '\n' <<<"$queues" | sort -u | xargs)" "0 1"
    ok "$about: nothing was dropped" equal "$(counter 1 drops)$(counter 3 drops)" ""
    stop_guests
    stop_switch
done
