#!/bin/bash
# captures.sh - a mirror's files as Wireshark's programs read them: octets of every kind of frame, names, reasons, rings, full disks.
set -u
if [ -z "${TW_OWN_MOUNTS:-}" ] && unshare --mount true 2>/dev/null; then # the small disk is nobody else's
    exec env TW_OWN_MOUNTS=1 unshare --mount --propagation private "$0" "$@"
fi
. "$(dirname "$0")/../support/vhost.sh"
for program in tshark capinfos; do
    command -v $program >/dev/null || skip "there is no $program (package tshark)"
done
[ -n "${TW_OWN_MOUNTS:-}" ] || skip "no file systems can be mounted"
mix="$TW_TOP/tests/support/capture_mix.py"
captures=$dir/capture

config() { # REVISION MIRRORS
    cat <<J
{"revision": $1, "host": "a", "mirrors": [$2], "ports": [
 $(port 1 10 '"vhost":"server","mtu":9000,"vm_name":"one"'), $(port 2 10 '"vhost":"server","mtu":9000,"vm_name":"two"'),
 $(port 3 '{"trunk":[20]}' '"vhost":"server","mtu":9000'), $(port 4 '{"trunk":[20]}' '"vhost":"server","mtu":9000'),
 $(port 5 10 '"vhost":"server","mtu":9000')]}
J
}
start()
{
    start_switch
    config 1 "$1" | apply
    start_guests
    for n in 1 2 3 4 5; do
        guest $n "" offload=1, || die "guest $n: $answer"
        up $n || die "guest $n: no link"
    done
}
field() { tshark -r "$captures/$1" -Y "$2" -T fields -e "$3" 2>/dev/null | sort -u; }
count() { tshark -r "$captures/$1" -Y "$2" 2>/dev/null | wc -l; }
accepted() { capinfos "$1" >/dev/null 2>&1; }
packets() { capinfos -M -T -r -c "$1" 2>/dev/null | cut -f 2; }
whole() { [ "$(packets "$captures/$1")" = "$2" ]; }
mirror_says() # NAME FIELD
{
    ctl status | python3 -c '
import json, sys
print(next(m.get(sys.argv[2], "") for m in json.load(sys.stdin)["mirrors"] if m["name"] == sys.argv[1]))' "$1" "$2"
}
says() { mirror_says "$1" "$2" | grep -q "$3"; }

sent=$(python3 "$mix" make 0 1 2 "$dir/access.pcap") || die "no frames to send"
python3 "$mix" make 20 3 4 "$dir/trunk.pcap" >/dev/null || die "no frames with tags to send"
start "{\"name\": \"in\", \"ports\": [1, 3], \"direction\": \"ingress\", \"path\": \"$captures/in.pcapng\"},
       {\"name\": \"out\", \"ports\": [2, 4], \"direction\": \"egress\", \"path\": \"$captures/out.pcapng\"},
       {\"name\": \"drops\", \"ports\": [1], \"drops\": true, \"path\": \"$captures/drops.pcapng\"},
       {\"name\": \"cut\", \"ports\": [1], \"direction\": \"ingress\", \"snaplen\": 60, \"filter\": \"tcp\", \"path\": \"$captures/cut.pcapng\"}"
ok "guest 1 sends $sent frames" g replay 1 "$dir/access.pcap"
ok "guest 3 sends $sent with tags" g replay 3 "$dir/trunk.pcap"
ok "they are in the file while it is written" wait_until 3 whole in.pcapng $((2 * sent))
ok "as those that left" wait_until 3 whole out.pcapng $((2 * sent))
ok "octet for octet as they were sent" python3 "$mix" same "$dir/access.pcap" "$dir/trunk.pcap" -- "$captures/in.pcapng"
ok "octet for octet as they left" python3 "$mix" same "$dir/access.pcap" "$dir/trunk.pcap" -- "$captures/out.pcapng"
ok "a super-frame is sent" g send 1 1 '1>2 tcp port=5>5 len=30000 flags=24 tso=1448'
ok "and what goes nowhere" g send 1 20 '1>1 udp port=4>4 len=10'
ok "the mirrors end" eval 'config 2 "" | apply'
ok "tags are as on the wire" equal "$(count in.pcapng 'vlan.id == 20')" "$sent"
ok "a super-frame is whole" equal "$(field in.pcapng 'tcp.srcport == 5' tcp.len)" 30000
ok "and its checksums are right" equal \
    "$(tshark -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE -r "$captures/in.pcapng" \
        -Y 'tcp.srcport == 5 && tcp.checksum.status == 1 && ip.checksum.status == 1' 2>/dev/null | wc -l)" 1
ok "interfaces have their ports' names" equal "$(field in.pcapng 'vlan' frame.interface_name)" vm3/eth0
ok "and their VMs'" equal "$(field in.pcapng '!vlan' frame.interface_description)" "port 1, VM one on host a"
ok "the direction is noted: in" equal "$(field in.pcapng frame frame.packet_flags_direction)" 0x00000001
ok "the direction is noted: out" equal "$(field out.pcapng frame frame.packet_flags_direction)" 0x00000002
ok "what was dropped is in a file" equal "$(count drops.pcapng frame)" 20
ok "with the reason in words" equal "$(field drops.pcapng frame frame.comment)" \
    "dropped: the destination is the port the frame came from (hairpin)"
ok "frames that were cut have their whole length" equal "$(count cut.pcapng 'frame.cap_len == 60 && frame.len == 9000')" 1
ok "the filter is in the file" grep -aq tcp "$captures/cut.pcapng"
ok "capinfos knows who wrote it" eval 'capinfos -M "$captures/in.pcapng" | grep -q "application: *Tradewind tw-switch"'
ok "and the mirror and host" eval 'capinfos -M "$captures/in.pcapng" | grep -q "mirror in on host a"'
ok "and that times are in nanoseconds" eval 'capinfos -M "$captures/in.pcapng" | grep -q "Time precision = nanoseconds"'
ok "and each interface has its statistics" eval '! capinfos -M "$captures/in.pcapng" | grep -q "stat entries = 0"'
for file in "$captures"/*; do
    ok "capinfos accepts ${file##*/}" accepted "$file"
    ok "nothing in ${file##*/} is malformed" equal "$(count "${file##*/}" _ws.malformed | head -1)" 0
done

ring="{\"name\": \"ring\", \"ports\": [1], \"direction\": \"ingress\", \"path\": \"$captures/ring.pcapng\", \"files\": 3, \"max_bytes\": 18900}"
config 3 "$ring" | apply
ok "frames for a ring" g send 1 100 '1>2 udp port=6>6 len=900'
ok "just three files are kept" wait_until 3 eval 'says ring packets "^100\$" && [ "$(find "$captures" -name "ring_*" | wc -l)" -eq 3 ]'
newest=$(find "$captures" -name 'ring_*' | sort | tail -1)
ok "the switch says which it writes" equal "$(mirror_says ring path)" "$newest"
ok "a name has an ordinal and a time" eval '[[ ${newest##*/} =~ ^ring_00006_20[0-9]{12}\.pcapng$ ]]'
for file in "$captures"/ring_*; do
    ok "each can be read by itself: ${file##*/}" eval '[ "$(packets "$file")" -ge 1 ]'
    ok "and is no larger than it may be" [ "$(stat -c %s "$file")" -le 19000 ]
done
last=$(tshark -r "$newest" -T fields -e udp.payload 2>/dev/null | tail -1 | cut -c 1-2)
ok "the last frame is in the newest" equal "$last" "$(python3 -c 'print("%02x" % ((99 * 7) & 255))')"

ok "the switch dies" kill_switch
stop_guests
ok "the file that it wrote can be read" accepted "$newest"
start "$ring"
ok "frames after that" g send 1 5 '1>2 udp port=6>6 len=900'
ok "are in the next" wait_until 3 says ring packets '^5$'
ok "and the former is as it was" [ -e "$newest" ]
ok "whose ordinal comes before" eval '[[ $(mirror_says ring path) == *ring_00007_* ]]'
ok "there are three" equal "$(find "$captures" -name 'ring_*' | wc -l)" 3
stop_guests
stop_switch

mount -t tmpfs -o size=400k none "$captures" || die "no small disk"
dd if=/dev/zero of="$captures/other" bs=1k count=300 2>/dev/null
start "{\"name\": \"full\", \"ports\": [1], \"direction\": \"ingress\", \"path\": \"$captures/full.pcapng\"},
       {\"name\": \"port\", \"ports\": [1], \"direction\": \"ingress\", \"to_port\": 5}"
ok "more is sent than the disk takes" g send 1 200 '1>2 udp port=7>7 len=1000'
ok "all of it arrives" g expect 2 200 '1>2 udp port=7>7 len=1000'
ok "and all copies of another mirror" g expect 5 200 '1>2 udp port=7>7 len=1000'
ok "the status says that the disk is full" wait_until 3 says full error 'cannot write: No space left on device'
ok "copies have failed" says full failed '^[1-9]'
ok "none was shed" says full shed '^0*$'
ok "capinfos accepts what there is" accepted "$captures/full.pcapng"
rm "$captures/other"
written=$(mirror_says full packets)
sleep 1.2
ok "there is room again" g send 1 10 '1>2 udp port=8>8 len=1000'
ok "and it is used" wait_until 3 whole full.pcapng $((written + 10))
ok "the status is well again" equal "$(mirror_says full error)" ""
ln -s /etc/passwd "$captures/link.pcapng"
config 5 "{\"name\": \"link\", \"ports\": [1], \"path\": \"$captures/link.pcapng\"}, {\"name\": \"away\", \"ports\": [1], \"path\": \"$dir/away.pcapng\"},
          {\"name\": \"up\", \"ports\": [1], \"path\": \"$captures/../up.pcapng\"}" | apply
ok "a link is not followed" says link error 'not a file is in the way'
ok "another folder is refused" says away error 'captures may be in .* only'
ok "so is the folder above" says up error 'captures may be in .* only'
ok "and nothing is written there" eval '! [ -e "$dir/away.pcapng" ] && ! [ -e "$dir/up.pcapng" ]'
stop_guests
stop_switch
umount "$captures"
