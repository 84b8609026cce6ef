"""flow_frames.py - traffic for counting, the same in every run: each kind of frame that a flow meter can get wrong.

Frames are written octet by octet, so that they may be as wrong as a test wants them. Times are ns from the first frame on.
"""
import ipaddress
import random
import struct

MS = 10**6
BROADCAST = "ff:ff:ff:ff:ff:ff"
LLDP, STP = "01:80:c2:00:00:0e", "01:80:c2:00:00:00"
SYN, FIN, RST, PSH, ACK, URG, ECE, CWR = 2, 1, 4, 8, 16, 32, 64, 128


def mac(text):
    return bytes.fromhex(text.replace(":", ""))


def _sum16(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    total = (total & 0xFFFF) + (total >> 16)
    return 0xFFFF - ((total & 0xFFFF) + (total >> 16))


def ether(dst, src, etype, payload, tags=(), pad=True):
    """@param tags (TPID, TCI) each; a frame is filled up to 60 octets as a wire would have it"""
    head = mac(dst) + mac(src) + b"".join(struct.pack(">HH", *t) for t in tags) + struct.pack(">H", etype)
    frame = head + payload
    return frame + bytes(60 - len(frame)) if pad and len(frame) < 60 else frame


def ipv4(src, dst, proto, payload, tos=0, ttl=64, fragment=0, options=b"", total=None, ident=1):
    header = 20 + len(options)
    head = struct.pack(">BBHHHBBH4s4s", 0x40 | header // 4, tos, header + len(payload) if total is None else total, ident, fragment, ttl,
                       proto, 0, ipaddress.IPv4Address(src).packed, ipaddress.IPv4Address(dst).packed) + options
    return head[:10] + struct.pack(">H", _sum16(head)) + head[12:] + payload


def ipv6(src, dst, proto, payload, tos=0, label=0, hops=64):
    return struct.pack(">IHBB16s16s", 6 << 28 | tos << 20 | label, len(payload), proto, hops, ipaddress.IPv6Address(src).packed,
                       ipaddress.IPv6Address(dst).packed) + payload


def udp(sport, dport, size):
    return struct.pack(">HHHH", sport, dport, 8 + size, 0) + bytes(i & 0xFF for i in range(size))


def tcp(sport, dport, flags, size=0):
    return struct.pack(">HHIIBBHHH", sport, dport, 1, 1, 0x50, flags, 512, 0, 0) + bytes(i & 0xFF for i in range(size))


def icmp(kind, code, size=56):
    return struct.pack(">BBHHH", kind, code, 0, 7, 1) + bytes(size)


class Traffic:
    """Collects frames with their times, and gives them in order."""

    def __init__(self, seed):
        self.random, self.frames, self.clock = random.Random(seed), [], 0

    def at(self, ms, *frames, every=0.0):
        for i, frame in enumerate(frames):
            self.frames.append((int((ms + i * every) * MS), frame))

    def in_order(self):
        return sorted(self.frames, key=lambda f: f[0])


def _conversation(t, dst, src, tags, v6):
    """TCP there and (from the same side: another sender) back, with all that comes in between, and two ends."""
    ip = (lambda a, b, p, d, **k: ipv6(f"2001:db8::{a}", f"2001:db8::{b}", p, d, **k)) if v6 else \
        (lambda a, b, p, d, **k: ipv4(f"10.1.0.{a}", f"10.1.0.{b}", p, d, **k))
    etype = 0x86DD if v6 else 0x0800
    some = [SYN, ACK, PSH | ACK, ACK | URG, ACK | ECE, ACK | CWR | PSH, FIN | ACK]
    for i, flags in enumerate(some):
        hop = {"hops": 64 - i % 3} if v6 else {"ttl": 64 - i % 3}
        t.at(40 + 120 * i, ether(dst, src, etype, ip(1, 2, 6, tcp(40000, 80, flags, 100 * i), **hop), tags))
    t.at(10, *[ether(dst, src, etype, ip(3, 2, 6, tcp(40001, 443, f, 7)), tags) for f in (SYN, ACK, RST)], every=300)
    for tos in (0, 0xB8, 0x02):
        t.at(20, *[ether(dst, src, etype, ip(4, 2, 17, udp(5000, 53, n), tos=tos), tags) for n in (0, 1, 18, 500, 1400)], every=450)


def _fragments(t, frame):
    t.at(70, frame(17, udp(6000, 6001, 1472)[:1480], fragment=0x2000), frame(17, bytes(1480), fragment=0x2000 | 185),
         frame(17, bytes(99), fragment=370), every=30)
    t.at(75, frame(17, bytes(40), fragment=1), frame(6, bytes(40), fragment=1), frame(1, bytes(40), fragment=3), every=11)


def _odd_ipv4(t, dst, src, tags):
    def frame(*args, **kwargs):
        return ether(dst, src, 0x0800, ipv4("10.2.0.1", "10.2.0.2", *args, **kwargs), tags)
    t.at(60, *[frame(1, icmp(kind, code)) for kind, code in ((8, 0), (0, 0), (3, 1), (3, 3), (11, 0), (8, 0))], every=90)
    _fragments(t, frame)
    t.at(80, *[frame(p, bytes(40)) for p in (2, 47, 50, 89, 103, 41, 112)], every=40)
    t.at(85, *[frame(132, struct.pack(">HHII", 9000, 9001, 7, 0) + bytes(20)) for _ in range(3)], every=500)
    t.at(90, frame(136, udp(70, 71, 30)), frame(58, icmp(128, 0)), frame(17, udp(1, 2, 30), options=bytes(8)), every=5)
    t.at(95, frame(17, udp(3, 4, 30), total=0), frame(17, udp(3, 4, 30), total=9000), frame(17, udp(5, 6, 300), total=60), every=5)
    t.at(96, frame(17, b"\x12"), frame(6, tcp(7, 8, SYN)[:10]), frame(6, tcp(7, 8, SYN)[:13]), every=5)
    t.at(97, ether(dst, src, 0x0800, b"\x55" + bytes(45), tags), ether(dst, src, 0x0800, b"\x42" + bytes(60), tags),
         ether(dst, src, 0x0800, bytes((0x4F, 0, 0, 40)) + bytes(30), tags), every=5)


def _odd_ipv6(t, dst, src, tags):
    def frame(*args, **kwargs):
        return ether(dst, src, 0x86DD, ipv6("2001:db8:1::1", "2001:db8:1::2", *args, **kwargs), tags)
    t.at(60, *[frame(58, icmp(kind, 0)) for kind in (128, 129, 135, 136, 1)], every=70)
    t.at(61, *[frame(17, udp(1000, 2000, 77), label=label) for label in (0, 0x12345, 0xFFFFF)], every=70)
    hop = bytes((60, 0)) + bytes(6)
    options = bytes((17, 1)) + bytes(14)
    t.at(62, frame(0, hop + options + udp(3000, 3001, 50)), frame(43, bytes((6, 0)) + bytes(6) + tcp(3002, 3003, SYN, 9)), every=70)
    t.at(63, frame(44, struct.pack(">BBHI", 17, 0, 1, 9) + udp(3004, 3005, 1000)),
         frame(44, struct.pack(">BBHI", 17, 0, 126 << 3, 9) + bytes(88)), every=70)
    t.at(64, frame(0, bytes((60, 9)) + bytes(6)), frame(59, b""), frame(132, struct.pack(">HH", 1, 2) + bytes(8)), every=20)
    t.at(65, frame(4, bytes(60)), frame(41, bytes(60)), frame(1, bytes(60)), every=20)


def _layer2(t, dst, src, tags):
    arp = struct.pack(">HHBBH6s4s6s4s", 1, 0x0800, 6, 4, 1, mac(src), bytes((10, 0, 0, 1)), bytes(6), bytes((10, 0, 0, 2)))
    t.at(100, *[ether(BROADCAST, src, 0x0806, arp, tags) for _ in range(4)], every=400)
    t.at(101, ether(dst, src, 0x0806, arp, tags), ether(dst, src, 0x88B5, bytes(300), tags), every=40)
    t.at(102, ether(LLDP, src, 0x88CC, bytes(50), tags), ether(STP, src, 38, b"\x42\x42\x03" + bytes(35), tags), every=40)
    t.at(103, ether("01:00:0c:cc:cc:cc", src, 100, b"\xaa\xaa\x03\x00\x00\x0c\x20\x00" + bytes(92), tags))


def _many(t, dst, src, tags, n):
    """Flows of all sizes, whose frames come in no order."""
    for i in range(n):
        count, size = t.random.randint(1, 8), t.random.randint(0, 1400)
        proto = t.random.choice((udp, lambda a, b, s: tcp(a, b, ACK | t.random.choice((0, PSH)), s)))
        data = proto(1024 + i, t.random.choice((53, 80, 443, 5201)), size)
        number = 17 if proto is udp else 6
        for _ in range(count):
            ttl = t.random.randint(1, 255)
            t.at(t.random.uniform(0, 2500), ether(dst, src, 0x0800, ipv4(f"10.3.{i % 7}.{i % 251}", "10.3.255.1", number, data, ttl=ttl), tags))


def from_wire(to_10, to_20, to_trunk, senders):
    """By an uplink. @param to_… MACs of ports in VLAN 10, 20 and of a trunk of both; senders: four MACs that are no port's"""
    t = Traffic(1)
    tag10, tag20, pcp = [(0x8100, 10)], [(0x8100, 20)], [(0x8100, 0xA00A)]
    a, b, c, d = senders
    _conversation(t, to_10, a, tag10, False)
    _conversation(t, to_20, a, tag20, True)
    _conversation(t, to_10, b, pcp, False)
    _odd_ipv4(t, to_10, b, tag10)
    _odd_ipv6(t, to_20, b, tag20)
    _layer2(t, to_10, c, tag10)
    _layer2(t, to_20, c, [])
    _odd_ipv4(t, to_10, d, tag20)  # no member of that VLAN: refused
    _odd_ipv6(t, "02:99:00:00:00:01", d, tag10)  # nobody has that MAC: refused
    _many(t, to_10, d, tag10, 60)
    _many(t, to_20, d, tag20, 60)
    for tags in ([(0x8100, 10), (0x8100, 7)], [(0x88A8, 20), (0x8100, 7)], [(0x8100, 10), (0x88A8, 8)]):
        _conversation(t, to_trunk, b, tags, False)
        _conversation(t, to_10, c, tags, True)  # an access port takes no second tag: refused
    long_flow = ether(to_10, a, 0x0800, ipv4("10.4.0.1", "10.4.0.2", 17, udp(1, 1, 200)), tag10)
    t.at(5, *[long_flow] * 60, every=70)  # beyond the active timeout
    return t.in_order()


def from_guest(me, near, narrow, trunk, far):
    """By a guest of an access port. @param near … MACs of ports here, narrow's MTU is 1500; far: one that is on no port"""
    t = Traffic(2)
    _conversation(t, near, me, [], False)
    _conversation(t, trunk, me, [], True)
    _odd_ipv4(t, far, me, [])
    _odd_ipv6(t, near, me, [])
    _layer2(t, near, me, [])
    _many(t, near, me, [], 40)
    _conversation(t, near, "02:66:00:00:00:01", [], False)  # forged: refused
    _conversation(t, near, me, [(0x8100, 30)], True)  # tagged: refused
    jumbo = [ipv4("10.5.0.1", "10.5.0.2", 17, udp(9, 9 + (size > 1472), size)) for size in (1472, 1473, 4000, 8972)]
    t.at(30, *[ether(near, me, 0x0800, packet) for packet in jumbo], every=40)
    t.at(31, *[ether(narrow, me, 0x0800, packet) for packet in jumbo], every=40)  # all but the first are too long
    return t.in_order()
