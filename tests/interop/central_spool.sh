#!/bin/bash
# central_spool.sh - a collector that is away for longer than spools can hold: exported and said lost are just what was made.
# timeout: 240
#
# One host with the smallest spools there are, and some 250,000 flows of one packet each: what has no room in the controller's spool
# waits on the host, what has none there is lost, and both are counted to the record. The collector reads by TCP.
set -u
. "$(dirname "$0")/../../tools/lib.sh"
need_root "shares memory between processes"
. "$(dirname "$0")/../support/central_lab.sh"

FILES=4 FLOWS=62000 # of each file

python3 - "$dir" $FILES $FLOWS <<'P'
import struct, sys
folder, files, flows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
for f in range(files):
    with open(f"{folder}/{f}.pcap", "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i in range(flows):
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28, 0, 0, 64, 17, 0, bytes((10, 0, 0, 1)), bytes((10, 0, 0, 2)))
            total = sum(struct.unpack(">10H", ip))
            total = (total >> 16) + (total & 0xffff)
            ip = ip[:10] + struct.pack(">H", ~((total >> 16) + total) & 0xffff) + ip[12:]
            frame = bytes.fromhex("020000000002020000000001") + b"\x08\x00" + ip + struct.pack(">HHHH", 1 + i, 1 + f, 8, 0)
            frame += bytes(60 - len(frame))
            us = i * 50  # 20,000 a second
            out.write(struct.pack("<IIII", us // 1000000, us % 1000000, len(frame), len(frame)) + frame)
P

# The collector: one connection, kept as it came.
reader()
{
    start reader python3 -c '
import socket, sys
connection, _ = socket.create_server(("127.0.0.1", int(sys.argv[1]))).accept()
with open(sys.argv[2], "wb", buffering=0) as out:
    while data := connection.recv(1 << 20):
        out.write(data)' $port "$dir/messages"
}
read_records() { "$TW_BUILD/tests/support/ipfix-dump" --no-options <"$dir/messages" 2>/dev/null | wc -l; }

controller --spool-size 16
twctl network create n --vlan 10 >/dev/null
mkdir -p "$dir/a/state"
twctl host create a >/dev/null
switch a --flows 262144
agent a --spool-size 4
for n in 1 2; do create_port $n a; done
twctl exporter create nf --way central --collector "127.0.0.1:$port" --transport tcp --active 60s --idle 1s --wait=30s >/dev/null ||
    die "the exporter is not realised"
start_guests
for n in 1 2; do guest_on a $n; done

for f in $(seq 0 $((FILES - 1))); do g replay a1 "$dir/$f.pcap" || die "the guest does not send: $answer"; done
made=$((FILES * FLOWS))
# Records that have left the flow table: into the host's spool, or lost before it.
kept() { twctl --json exporter show nf | python3 -c '
import json, sys
e = json.load(sys.stdin)["status"][0]
sys.exit(int(e["records"]) + int(e.get("lost_records", 0)) != '$made')'; }
ok "each flow is a record, while the collector is away" wait_until 30 kept
ok "the host has its share of the controller's spool, and the rest waits there" wait_until 20 \
    status "h['a']['put_off_batches'] > 0 and h['a']['kept_octets'] < 2**23 and h['a']['waiting_octets'] > 2**20"
ok "nothing was given up by the controller" status "c['lost_records'] == 0"
reader
all_accounted() { status "c['records'] + c['lost_records'] + h['a']['missing_records'] == $made and c['waiting_octets'] == 0"; }
ok "exported and said lost are what was made" wait_until 60 all_accounted
ok "some were lost: the host's spool was too small" status "h['a']['missing_records'] > 1000 and h['a']['missing_packets'] == h['a']['missing_records']"
exported=$(twctl --json exporter show nf | python3 -c 'import json, sys; print(json.load(sys.stdin)["central"]["records"])')
same() { equal "$(read_records)" "$exported"; }
ok "the collector has read as many as were exported" wait_until 20 same
