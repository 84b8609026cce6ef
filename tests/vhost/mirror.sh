#!/bin/bash
# mirror.sh - a mirror's file has just the frames that crossed the mirrored port, as other people's programs read it.
set -u
. "$(dirname "$0")/../support/vhost.sh"
command -v tshark >/dev/null && command -v capinfos >/dev/null || skip "there is no tshark (package tshark)"

start_switch
apply <<J
{"host": "a", "ports": [$(port 1 10 '"vhost":"server"'), $(port 2 10 '"vhost":"server"'), $(port 3 10 '"vhost":"server"')],
 "mirrors": [{"name": "both", "ports": [1], "path": "$dir/capture/both.pcapng"},
             {"name": "in", "ports": [1], "direction": "ingress", "path": "$dir/capture/in.pcapng", "snaplen": 60},
             {"name": "out", "ports": [1, 2], "direction": "egress", "path": "$dir/capture/out.pcapng"}]}
J
start_guests
for n in 1 2 3; do
    guest $n "" offload=1, || die "guest $n: $answer"
    up $n || die "guest $n: no link"
done
ok "sends" g send 1 300 '1>2 udp port=1>2 len=100 seq=1'
ok "frames pass" g expect 2 300 '1>2 udp port=1>2 len=100 seq=1'
ok "sends" g send 2 200 '2>1 udp port=2>1 len=200'
ok "back too" g expect 1 200 '2>1 udp port=2>1 len=200'
ok "sends" g send 3 100 '3>255 udp port=3>3 len=300'
ok "and to all" g expect 1 100 '3>255 udp port=3>3 len=300'
ok "of them" g expect 2 100 '3>255 udp port=3>3 len=300'
ok "sends what the switch drops" g send 1 50 '1>1 udp port=4>4 len=10'
ok "sends a frame whose checksum is left to do" g send 1 1 '1>2 tcp port=5>5 len=777 flags=24 csum'
ok "which the other guest gets as it is" g expect 2 1 '1>2 tcp port=5>5 len=777 flags=24 csum'
ok "the configuration without mirrors closes the files" apply <<J
{"revision": 2, "host": "a", "ports": [$(port 1 10 '"vhost":"server"'), $(port 2 10 '"vhost":"server"'), $(port 3 10 '"vhost":"server"')]}
J

count() { tshark -r "$dir/capture/$1.pcapng" -Y "$2" 2>/dev/null | wc -l; }
closed() { capinfos -M -c "$dir/capture/both.pcapng" 2>/dev/null | grep -q 'packets: *651$'; }
ok "capinfos counts every frame of the mirror of both" wait_until 3 closed
ok "frames that came from the guest" equal "$(count both 'udp.srcport == 1')" 300
ok "frames that went to it" equal "$(count both 'udp.srcport == 2')" 200
ok "group frames" equal "$(count both 'udp.srcport == 3')" 100
ok "frames that were dropped were sent all the same" equal "$(count both 'udp.srcport == 4')" 50
ok "the direction is noted: in" equal "$(count both 'frame.packet_flags_direction == 1')" 351
ok "the direction is noted: out" equal "$(count both 'frame.packet_flags_direction == 2')" 300
ok "the mirror of one direction has no other" equal "$(count in 'frame')" 351
ok "cut to its snaplen, with the whole length" equal "$(count in 'frame.cap_len == 60 && frame.len == 142')" 300
ok "the mirror of two ports has both, and a frame that both get once" equal "$(count out 'frame')" $((300 + 200 + 100 + 1))
ok "checksums in it are finished and right" \
    equal "$(tshark -o tcp.check_checksum:TRUE -r "$dir/capture/out.pcapng" -Y 'tcp.checksum.status == 1' 2>/dev/null | wc -l)" 1
ok "nothing malformed" equal "$(count both _ws.malformed)" 0
payload=$(tshark -r "$dir/capture/both.pcapng" -Y 'udp.srcport == 1' -T fields -e udp.payload 2>/dev/null | sha256sum)
sent=$(python3 -c '
for seq in range(1, 301):
    print("".join("%02x" % ((((seq + i) * 7) + ((seq + i) >> 8)) & 255) for i in range(100)))' | sha256sum)
ok "octet for octet what was sent, in its order" equal "$payload" "$sent"
