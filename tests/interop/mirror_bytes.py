#!/usr/bin/python3
# timeout: 120
"""mirror_bytes.py - what goes into a mirror comes out at every kind of destination, octet for octet.

A real tw-switch mirrors one port: what its guest sends (all that flow_frames.py has, to 9,000 octets, and TCP left to be cut to
wire size) and what it gets. What a port's guest, an RSPAN VLAN with and without the frames' own tags, ERSPAN collectors of both
types, over IPv4 and IPv6, and a capture file got of it is compared with that, frame by frame. What the wire would have carried
of the super-frames is made here, by the RFCs; tshark checks the sums in it and decodes the ERSPAN headers.
Needs root, tcpreplay, tshark. Prints `ok NAME` or `not ok NAME`; exit 0, 1, 77 = skipped.
"""
import collections
import os
import socket
import struct
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))

import flow_count as fc  # noqa: E402
import flow_frames as ff  # noqa: E402
import flow_lab as lab_  # noqa: E402
from flow_lab import claim, run, wait_for  # noqa: E402

SOURCE, PEER, ANALYSER, TRUNK = 1, 2, 3, 4
MAC = {n: f"02:00:00:00:00:{n:02x}" for n in (SOURCE, PEER, ANALYSER, TRUNK)}
STRANGERS = [f"02:aa:00:00:00:{i:02x}" for i in range(1, 5)]
MSS, LARGE = 1448, (1449, 2896, 30000, 60000)
KEPT, STRIPPED = 999, 998  # RSPAN VLANs
GRE, TAGS = 47, (0x8100, 0x88A8)
IPV4, TCP, PSH_FIN = 0x0800, 6, ff.PSH | ff.FIN


def sum16(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - total


def tcp_summed(addresses, segment):
    """The segment with its sum, RFC 9293 section 3.1."""
    size = struct.pack(">HH" if len(addresses) == 8 else ">II", *((TCP, len(segment)) if len(addresses) == 8 else (len(segment), TCP)))
    bare = segment[:16] + b"\0\0" + segment[18:]
    return segment[:16] + struct.pack(">H", sum16(addresses + size + bare)) + segment[18:]


def super_frames():
    """TCP of one guest that leaves it to others to cut and to sum."""
    for i, size in enumerate(LARGE):
        data = ff.tcp(5000 + i, 443, ff.ACK | ff.PSH, size)
        yield ff.ether(MAC[PEER], MAC[SOURCE], IPV4, ff.ipv4("10.6.0.1", "10.6.0.2", TCP, data, ident=100 + i))
        yield ff.ether(MAC[PEER], MAC[SOURCE], 0x86DD, ff.ipv6("2001:db8:6::1", "2001:db8:6::2", TCP, data))


def cut(frame, most=MSS):
    """What a device that cuts makes of it: IDs and sequence numbers go on, PSH and FIN are the last one's."""
    v4 = frame[12:14] == b"\x08\x00"
    head, ip, rest = frame[:14], frame[14:34] if v4 else frame[14:54], frame[34:] if v4 else frame[54:]
    addresses, tcp, data = ip[12:] if v4 else ip[8:], rest[:20], rest[20:]
    ident, sequence = struct.unpack(">H", ip[4:6])[0], struct.unpack(">I", tcp[4:8])[0]
    for i, at in enumerate(range(0, len(data), most)):
        part, last = data[at:at + most], at + most >= len(data)
        flags = tcp[13] if last else tcp[13] & ~PSH_FIN
        segment = tcp[:4] + struct.pack(">I", sequence + at) + tcp[8:13] + bytes([flags]) + tcp[14:] + part
        if v4:
            new = ip[:2] + struct.pack(">HH", 40 + len(part), ident + i) + ip[6:10] + b"\0\0" + ip[12:]
            new = new[:10] + struct.pack(">H", sum16(new)) + new[12:]
        else:
            new = ip[:4] + struct.pack(">H", 20 + len(part)) + ip[6:]
        yield head + new + tcp_summed(addresses, segment)


def outer(vlan, strip):
    """A frame as an RSPAN VLAN carries it: in a tag of that VLAN; its own behind it, or not."""
    def carried(frame):
        inner = frame[16:] if strip and int.from_bytes(frame[12:14], "big") in TAGS else frame[12:]
        return frame[:12] + struct.pack(">HH", 0x8100, vlan) + inner
    return carried


def snapshot(lab, uplink):
    ports = [lab.port(SOURCE, 10, mtu=9000), lab.port(PEER, 10, mtu=9000), lab.port(ANALYSER, 30, mtu=9000),
             lab.port(TRUNK, {"trunk": [10, 20]}, mtu=9000)]
    ways = {"port": {"to_port": ANALYSER}, "kept": {"rspan_vlan": KEPT}, "stripped": {"rspan_vlan": STRIPPED, "rspan_strip": True},
            "two": {"erspan": "127.0.0.1", "erspan_type": 2, "erspan_session": 2, "erspan_ttl": 64},
            "three": {"erspan": "127.0.0.1", "erspan_type": 3, "erspan_session": 3, "erspan_ttl": 64},
            "three-ns": {"erspan": "::1", "erspan_type": 3, "erspan_session": 4, "erspan_ttl": 64, "erspan_ns": True},
            "file": {"path": lab.path("capture/file.pcapng")}}
    return {"host": "a", "uplinks": [uplink], "ports": ports, "rspan_vlans": [KEPT, STRIPPED],
            "mirrors": [{"name": name, "ports": [SOURCE], **way} for name, way in ways.items()]}


def inner_of(packet):
    """(session, frame) of an ERSPAN packet on the loopback device, by draft-foschiano-erspan and RFC 2890; else None."""
    if packet[12:14] == b"\x08\x00" and packet[14 + 9] == GRE:
        gre = packet[14 + (packet[14] & 15) * 4:]
    elif packet[12:14] == b"\x86\xdd" and packet[14 + 6] == GRE:
        gre = packet[14 + 40:]
    else:
        return None
    flags, protocol = struct.unpack(">HH", gre[:4])
    if flags != 0x1000:
        raise ValueError(f"GRE flags {flags:#x}")
    header = gre[8:]
    session = struct.unpack(">H", header[2:4])[0] & 0x3FF
    if protocol == 0x88BE:
        return session, header[8:]
    return session, header[12 + 8 * (header[11] & 1):]


class Seen:
    """Everything that was sent, and what came of it."""

    def __init__(self, lab):
        self.sent = [f for _, f in ff.from_guest(MAC[SOURCE], MAC[PEER], MAC[TRUNK], MAC[TRUNK], "02:99:00:00:00:02")]
        self.large = list(super_frames())
        fc.write(lab.path("guest.pcap"), [(i * 10**6, f) for i, f in enumerate(self.sent)])
        fc.write(lab.path("large.pcap"), [(i * 20 * 10**6, f) for i, f in enumerate(self.large)])
        fc.write(lab.path("wire.pcap"), ff.from_wire(MAC[SOURCE], MAC[TRUNK], MAC[TRUNK], STRANGERS), True)
        uplink = lab.wire(mtu=9018)
        self.listeners = [socket.socket(family, socket.SOCK_RAW, GRE) for family in (socket.AF_INET, socket.AF_INET6)]
        rspan = lab.capture("rspan", "up0", lambda f, outgoing: not outgoing and self.vlan(f) in (KEPT, STRIPPED))
        gre = lab.capture("gre", "lo", lambda f, outgoing: outgoing and inner_of(f) is not None)
        lab.start_switch()
        lab.apply(snapshot(lab, uplink))
        lab.start_guests(PEER, ANALYSER, TRUNK)
        lab.guest(f"open {SOURCE} offload=1,path={lab.path(f'{SOURCE}.sock')},queues=1,queue_size=256")
        lab.guest(f"link {SOURCE} up 20000")
        for n in (SOURCE, ANALYSER):
            lab.guest(f"record {n} {lab.path(f'got-{n}.pcap')}")
        self.replay(lab)
        for n in (SOURCE, ANALYSER):
            lab.guest(f"recorded {n}")
        self.counted = self.settled(lab)
        lab.end_guests()
        lab.end_switch()
        rspan.end()
        gre.end()
        self.got = {n: [f.octets for f in fc.read(lab.path(f"got-{n}.pcap"))] for n in (SOURCE, ANALYSER)}
        self.rspan = [f for _, f in rspan.frames]
        self.erspan = collections.defaultdict(list)
        for _, packet in gre.frames:
            session, frame = inner_of(packet)
            self.erspan[session].append(frame)
        self.file = [f.octets for f in fc.read(lab.path("capture/file.pcapng"))]
        self.gre = gre.path

    @staticmethod
    def vlan(frame):
        return int.from_bytes(frame[14:16], "big") & 0xFFF if int.from_bytes(frame[12:14], "big") in TAGS else None

    def replay(self, lab):
        for name, mss in (("guest", ""), ("large", MSS)):
            lab.guest(f"replay {SOURCE} {lab.path(f'{name}.pcap')} {mss}")
        wire = lab.start("tcpreplay", ["tcpreplay", "-q", "-i", "up0", lab.path("wire.pcap")])
        while wire.popen.poll() is None:
            lab.guest("received 1")  # guests that do not listen would fill their rings
        claim("tcpreplay sends its capture", wire.popen.returncode == 0, wire.said())

    def settled(self, lab):
        last = []

        def same():
            last.append({m["name"]: m for m in lab.status()["mirrors"]})
            return len(last) > 1 and last[-1] == last[-2]
        wait_for(same, "the end of copies")
        return last[-1]


def same(name, got, want):
    missing, more = want - got, got - want
    claim(f"{name}: {sum(want.values())} frames, octet for octet", not missing and not more,
          f"{sum(missing.values())} missing, {sum(more.values())} too many", *[f"missing {n} of {f.hex()[:200]} ({len(f)})" for f, n in missing.most_common(4)],
          *[f"too many {n} of {f.hex()[:200]} ({len(f)})" for f, n in more.most_common(4)])


def check_sums(lab, frames):
    """tshark's opinion of what was cut here."""
    path = lab.path("cut.pcap")
    fc.write(path, [(i, f) for i, f in enumerate(frames)])
    bad = run("tshark", "-r", path, "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE", "-Y",
              "tcp.checksum.status != 1 || (ip && ip.checksum.status != 1)")
    claim("tshark finds every sum of the frames as cut here right", not bad, bad[:500])


def check_headers(path):
    lines = run("tshark", "-r", path, "-Y", "erspan", "-T", "fields", "-E", "occurrence=f", "-e", "erspan.spanid", "-e", "erspan.version",
                "-e", "gre.sequence_number").splitlines()
    rows = [line.split("\t") for line in lines]
    for session, version in (("2", "1"), ("3", "2"), ("4", "2")):
        of = [r for r in rows if r[0] == session]
        claim(f"tshark: session {session} is of version {version}", of and {r[1] for r in of} == {version})
        numbers = [int(r[2]) for r in of]
        claim(f"tshark: its {len(of)} copies are numbered from 0, each once", sorted(numbers) == list(range(len(of))))


def main():
    lab_.alone_in_a_namespace(__file__, ("tcpreplay", "tshark"))
    with lab_.Lab("bytes") as lab:
        seen = Seen(lab)
        pieces = [piece for frame in seen.large for piece in cut(frame)]
        check_sums(lab, pieces)
        delivered = collections.Counter(seen.got[SOURCE])
        claim("the source's guest got frames, too", sum(delivered.values()) > 100)
        wire_size = collections.Counter(seen.sent + pieces) + delivered
        same("a port of the host", collections.Counter(seen.got[ANALYSER]), wire_size)
        for vlan, strip in ((KEPT, False), (STRIPPED, True)):
            carried = outer(vlan, strip)
            want = collections.Counter()
            for frame, n in wire_size.items():
                want[carried(frame)] += n
            same(f"RSPAN VLAN {vlan}, tags {'stripped' if strip else 'kept'}",
                 collections.Counter(f for f in seen.rspan if Seen.vlan(f) == vlan), want)
        for session, text in ((2, "ERSPAN II"), (3, "ERSPAN III"), (4, "ERSPAN III with nanoseconds over IPv6")):
            same(text, collections.Counter(seen.erspan[session]), wire_size)
        whole = [piece for frame in seen.large for piece in cut(frame, len(frame))]
        same("the capture file, super-frames whole", collections.Counter(seen.file), collections.Counter(seen.sent + whole) + delivered)
        for name, m in seen.counted.items():
            claim(f"{name}: none was shed, none failed", not int(m.get("shed", 0)) and not int(m.get("failed", 0)), m)
        check_headers(seen.gre)
    sys.exit(lab_.failed)


if __name__ == "__main__":
    main()
