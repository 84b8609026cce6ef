#!/bin/bash
# offload.sh - what guests leave to hardware passes between guests untouched, and is finished for one who cannot.
set -u
. "$(dirname "$0")/../support/vhost.sh"

start_switch
apply <<J
{"ports": [$(port 1 10 '"vhost":"server"'), $(port 2 10 '"vhost":"server"'), $(port 3 10 '"vhost":"server"')]}
J
start_guests
guest 1 "" offload=1, || die "guest 1: $answer"
guest 2 "" offload=1, || die "guest 2: $answer"
guest 3 || die "guest 3: $answer"
for n in 1 2 3; do
    ok "link $n is up" up $n
done

frame='tcp port=1000>2000 len=1000 seq=7 flags=24'
ok "sends frames without checksum" g send 1 20 "1>2 $frame csum"
ok "they pass as they are, marked so" g expect 2 20 "1>2 $frame csum"
ok "sends more" g send 1 20 "1>3 $frame csum"
ok "for a guest that cannot they are finished" g expect 3 20 "1>3 $frame"
ok "sends UDP over IPv6" g send 1 5 "1>3 udp ip6 port=5>6 len=99 csum"
ok "finished too" g expect 3 5 "1>3 udp ip6 port=5>6 len=99"

big='tcp port=1000>2000 len=60000 seq=0 flags=25 id=100'
ok "sends super-frames" g send 1 3 "1>2 $big tso=1448"
ok "they cross as one, with what was asked" g expect 2 3 "1>2 $big tso=1448"
ok "counted as the one frame each is" equal "$(counter 2 tx_octets)" $((20 * 1054 + 3 * 60054))
ok "sends one for a guest that cannot" g send 1 1 "1>3 $big tso=1448"
bad=0
for i in $(seq 0 40); do
    g expect 3 1 "1>3 tcp port=1000>2000 len=1448 seq=$((i * 1448)) flags=16 id=$((100 + i))" || bad=$((bad + 1))
done
ok "it comes in segments with right checksums, numbers and flags" equal $bad 0
ok "FIN and PSH on the last alone" g expect 3 1 "1>3 tcp port=1000>2000 len=632 seq=59368 flags=25 id=141"

big='tcp ip6 port=1000>2000 len=60000 seq=0 flags=25'
ok "sends super-frames of IPv6" g send 1 3 "1>2 $big tso=1428"
ok "they cross as one, too" g expect 2 3 "1>2 $big tso=1428"
ok "sends one for a guest that cannot" g send 1 1 "1>3 $big tso=1428"
bad=0
for i in $(seq 0 41); do
    g expect 3 1 "1>3 tcp ip6 port=1000>2000 len=1428 seq=$((i * 1428)) flags=16" || bad=$((bad + 1))
done
ok "it comes in segments with right checksums, numbers and flags" equal $bad 0
ok "FIN and PSH on the last alone" g expect 3 1 "1>3 tcp ip6 port=1000>2000 len=24 seq=59976 flags=25"
ok "and nothing else" g silence 50
ok "nothing was dropped" equal "$(counter 1 drops)$(counter 2 drops)$(counter 3 drops)" ""
stop_switch # with its guests connected
