"""flow_count.py - counts the flows of a capture on its own: what every collector must show in the end.

Reads pcap and pcapng, decodes each frame by the RFCs (shares nothing with the switch but docs/flow-export.md, which says what
tells flows apart), and adds up packets, octets, times, flags and extremes. Truth, for tests/interop/flow_truth.py.
"""
import collections
import dataclasses
import ipaddress
import struct

TAGS = (0x8100, 0x88A8)
PORTS = (6, 17, 132, 136)  # protocols whose first four octets are ports
EXTENSIONS = (0, 43, 60)
FRAGMENT, NOTHING, TCP, ICMP, ICMP6 = 44, 59, 6, 1, 58

Frame = collections.namedtuple("Frame", "ns octets length")  # length: on the wire, of which octets may be a part


def _pcap(data):
    magic = data[:4]
    order = "<" if magic in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
    scale = 1 if magic in (b"\x4d\x3c\xb2\xa1", b"\xa1\xb2\x3c\x4d") else 1000
    at = 24
    while at + 16 <= len(data):
        seconds, part, kept, length = struct.unpack_from(order + "IIII", data, at)
        yield Frame(seconds * 10**9 + part * scale, data[at + 16:at + 16 + kept], length)
        at += 16 + kept


def _options(data):
    at = 0
    while at + 4 <= len(data):
        code, size = struct.unpack_from("<HH", data, at)
        yield code, data[at + 4:at + 4 + size]
        at += 4 + (size + 3) // 4 * 4


def _ns_per_unit(options):
    for code, value in _options(options):
        if code == 9:  # if_tsresol
            return 10**9 / (2 ** (value[0] & 0x7F) if value[0] & 0x80 else 10 ** value[0])
    return 1000


def _pcapng(data):
    at, units = 0, []
    while at + 12 <= len(data):
        kind, size = struct.unpack_from("<II", data, at)
        body = data[at + 8:at + size - 4]
        if kind == 0x0A0D0D0A:
            units = []
        elif kind == 1:
            units.append(_ns_per_unit(body[8:]))
        elif kind == 6:
            interface, high, low, kept, length = struct.unpack_from("<IIIII", body)
            yield Frame(int((high << 32 | low) * units[interface]), body[20:20 + kept], length)
        at += size


def read(path):
    """[Frame] of a capture file."""
    with open(path, "rb") as f:
        data = f.read()
    return list(_pcapng(data) if data[:4] == b"\x0a\x0d\x0d\x0a" else _pcap(data))


def write(path, frames, micro=False):
    """A pcap of nanoseconds (micro: of microseconds, which more programs read). @param frames [(ns, octets)]"""
    with open(path, "wb") as f:
        f.write(struct.pack("<IHHiIII", 0xA1B2C3D4 if micro else 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for ns, octets in frames:
            f.write(struct.pack("<IIII", ns // 10**9, ns % 10**9 // (1000 if micro else 1), len(octets), len(octets)) + octets)


@dataclasses.dataclass
class Decoded:
    """One frame. src and dst: addresses as text; sport and dport: ports, of ICMP 0 and type * 256 + code."""
    smac: str = ""
    dmac: str = ""
    tags: list = dataclasses.field(default_factory=list)  # (TPID, TCI)
    etype: int = 0
    version: int = 0
    src: str = ""
    dst: str = ""
    proto: int = 0
    sport: int = 0
    dport: int = 0
    tos: int = 0
    label: int = 0
    ttl: int = 0
    flags: int = 0
    fragment: bool = False
    l2_len: int = 14
    l3: int = 0
    l2: int = 0

    @property
    def vid(self):
        return self.tags[0][1] & 0xFFF if self.tags else 0


def _mac(octets):
    return ":".join(f"{o:02x}" for o in octets)


def _transport(d, data):
    if d.proto in PORTS:
        if len(data) >= 4:
            d.sport, d.dport = struct.unpack_from(">HH", data)
        if d.proto == TCP and len(data) >= 14:
            d.flags = data[13]
    elif d.proto == (ICMP if d.version == 4 else ICMP6) and len(data) >= 2:
        d.dport = data[0] << 8 | data[1]


def _ipv4(d, data):
    header = (data[0] & 15) * 4 if len(data) >= 20 else 0
    if header < 20 or data[0] >> 4 != 4 or len(data) < header:
        return
    total, _, fragment = struct.unpack_from(">HHH", data, 2)
    if header <= total < d.l3:
        d.l3, data = total, data[:total]
    d.version, d.tos, d.ttl, d.proto = 4, data[1], data[8], data[9]
    d.src, d.dst = (str(ipaddress.IPv4Address(data[i:i + 4])) for i in (12, 16))
    if fragment & 0x1FFF:
        d.fragment = True
    else:
        _transport(d, data[header:])


def _ipv6(d, data):
    if len(data) < 40 or data[0] >> 4 != 6:
        return
    word, payload, protocol, d.ttl = struct.unpack_from(">IHBB", data)
    if (payload or protocol == NOTHING) and payload + 40 < d.l3:
        d.l3, data = payload + 40, data[:payload + 40]
    d.version, d.tos, d.label = 6, word >> 20 & 0xFF, word & 0xFFFFF
    d.src, d.dst = (str(ipaddress.IPv6Address(data[i:i + 16])) for i in (8, 24))
    data = data[40:]
    while protocol in (*EXTENSIONS, FRAGMENT):
        size = 8 if protocol == FRAGMENT else (data[1] + 1) * 8 if len(data) >= 8 else 0
        if len(data) < 8 or len(data) < size:
            break
        if protocol == FRAGMENT and struct.unpack_from(">H", data, 2)[0] & 0xFFF8:
            d.proto, d.fragment = data[0], True
            return
        protocol, data = data[0], data[size:]
    d.proto = protocol
    _transport(d, data)


def decode(frame):
    """Decoded: of two tags, what is behind them is not looked at."""
    data, d = frame.octets, Decoded()
    d.dmac, d.smac, d.l2 = _mac(data[:6]), _mac(data[6:12]), frame.length
    at = 12
    d.etype = struct.unpack_from(">H", data, at)[0]
    while d.etype in TAGS and len(d.tags) < 2:
        d.tags.append(struct.unpack_from(">HH", data, at))
        at += 4
        d.etype = struct.unpack_from(">H", data, at)[0]
    d.l2_len = at + 2
    d.l3 = min(frame.length - d.l2_len, 65535)
    if len(d.tags) == 2:
        d.etype = d.tags[1][0]
    elif d.etype == 0x0800:
        _ipv4(d, data[d.l2_len:])
    elif d.etype == 0x86DD:
        _ipv6(d, data[d.l2_len:])
    return d


# What tells flows apart, and what the switch did with them.
Key = collections.namedtuple("Key", "ingress egress status vlan pcp etype smac dmac src dst proto sport dport fragment tos label")


@dataclasses.dataclass
class Sum:
    """What a flow's records add up to. Times in ms of Unix time."""
    packets: int = 0
    l3: int = 0
    l2: int = 0
    first: int = 1 << 62
    last: int = 0
    flags: int = 0
    ttl: tuple = (255, 0)
    length: tuple = (65535, 0)

    def add(self, other):
        self.packets += other.packets
        self.l3 += other.l3
        self.l2 += other.l2
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)
        self.flags |= other.flags
        self.ttl = min(self.ttl[0], other.ttl[0]), max(self.ttl[1], other.ttl[1])
        self.length = min(self.length[0], other.length[0]), max(self.length[1], other.length[1])


def one(d, ns):
    """The Sum of one frame; of what is no IP there are neither TTL nor layer-3 octets to be told."""
    ip = d.version != 0
    return Sum(1, d.l3 if ip else 0, d.l2, ns // 10**6, ns // 10**6, d.flags, (d.ttl, d.ttl) if ip else (0, 0), (d.l3, d.l3))


def count(frames, judge):
    """{Key: Sum}. @param judge tells of a Decoded (ingress, egress, status, vlan), or None: it is not metered"""
    flows = collections.defaultdict(Sum)
    for frame in frames:
        d = decode(frame)
        verdict = judge(d)
        if verdict is None:
            continue
        ingress, egress, status, vlan = verdict
        pcp = d.tags[0][1] >> 13 if d.tags else 0
        key = Key(ingress, egress, status, vlan, pcp, d.etype, d.smac, d.dmac, d.src, d.dst, d.proto, d.sport, d.dport,
                  d.fragment, d.tos, d.label)
        flows[key].add(one(d, frame.ns))
    return dict(flows)


def project(flows, columns):
    """{tuple of some columns of Key: Sum}: as somebody sees them who can tell no more apart."""
    seen = collections.defaultdict(Sum)
    for key, value in flows.items():
        seen[columns(key)].add(value)
    return dict(seen)
