#!/bin/bash
# reconnect.sh - guests come and go, in mid-traffic and by force: the switch goes on, and what could not be delivered is counted.
# timeout: 150
set -u
. "$(dirname "$0")/../support/vhost.sh"

start_switch
apply <<J
{"ports": [$(port 1 10 '"vhost":"server"'), $(port 2 10 '"vhost":"server"'), $(port 3 10)]}
J
start_guests
guest 1 || die "guest 1: $answer"
up 1 || die "no link"

bad=0
for _ in $(seq 20); do
    guest 2 && up 2 && g send 1 50 '1>2 udp len=22' && g expect 2 50 '1>2 udp len=22' &&
        g send 2 50 '2>1 udp len=60' && g expect 1 50 '2>1 udp len=60' && g close 2 || bad=$((bad + 1))
done
ok "20 times a guest connects, sends, gets and leaves" equal $bad 0
ok "and everything is in the counters" equal "$(counter 2 rx_packets) $(counter 2 tx_packets)" "1000 1000"

ok "its link is down" wait_until 2 switch_says absent 2
ok "sends" g send 1 10 '1>2 udp len=22'
ok "frames for a guest that is not there are dropped as that" wait_until 2 eval '[ "$(counter 2 drops.link_down)" = 10 ]'

for round in 1 2 3 4 5; do
    guest 2 || die "guest 2: $answer"
    up 2 || die "no link"
    ok "round $round: floods" g flood 1 '1>2 udp len=500'
    sleep 0.1
    ok "round $round: the receiver leaves in mid-traffic" g close 2
    sleep 0.05
    g halt
    ok "round $round: the switch answers" ctl --timeout 2000 status >/dev/null
done

guest 2 || die "guest 2: $answer"
up 2 || die "no link"
sent=$(counter 2 tx_packets)
ok "sends" g send 1 100 '1>2 udp len=22 seq=5'
ok "and afterwards all is as before" g expect 2 100 '1>2 udp len=22 seq=5'
ok "to the frame" equal "$(counter 2 tx_packets)" $((sent + 100))

ok "floods" g flood 2 '2>1 udp len=1000'
sleep 0.1
kill_guests
ok "both guests die in mid-traffic, and the switch answers" ctl --timeout 2000 status >/dev/null
start_guests
for n in 1 2; do
    ok "guest $n is back" guest $n
    ok "with a link" up $n
done
ok "sends" g send 1 100 '1>2 udp len=22'
ok "and frames pass" g expect 2 100 '1>2 udp len=22'
ok "and nothing else" g silence 50
