#!/usr/bin/python3
# timeout: 240
"""flow_truth.py - what collectors show is what crossed the ports: every packet, octet, flag and millisecond, dropped ones too.

A real tw-switch meters traffic from an uplink (a capture that tcpreplay sends) and from a guest (another one, sent by vguest), and
exports it in every format and transport at once: to nfcapd, nfacctd, and a TCP reader. What nfdump, pmacct and tshark make of it
is added up by flow and compared with an independent count of captures taken at the ports. That count is itself held against
tshark's decoding of each frame and against softflowd's flows.
Needs root, nfdump, pmacct, softflowd, tshark, tcpreplay. Prints `ok NAME` or `not ok NAME`; exit 0, 1, 77 = skipped.
"""
import collections
import dataclasses
import os
import statistics
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))

import flow_count as fc  # noqa: E402
import flow_frames as ff  # noqa: E402
import flow_lab as lab_  # noqa: E402
from flow_lab import claim, run, wait_for  # noqa: E402
from flow_tshark import Capture, number  # noqa: E402

ACCESS, DROPPED, REFUSED, TOO_LONG, FORWARDED = {1: 10, 2: 20, 4: 10, 5: 10}, 128, 129, 133, 64
TRUNK = 3
MTU = {1: 9000, 2: 1500, 3: 9000, 4: 9000, 5: 1500}
MAC = {n: f"02:00:00:00:00:{n:02x}" for n in MTU}
NUMBER = {mac: n for n, mac in MAC.items()}
STRANGERS = [f"02:aa:00:00:00:{i:02x}" for i in range(1, 5)]
FAR = "02:99:00:00:00:02"
ACTIVE_S, IDLE_S = 2, 1
SINKS = {"v5": 9005, "v9": 9009, "ipfix": 9010}
FORMAT = {"v5": "NETFLOW_V5", "v9": "NETFLOW_V9", "ipfix": "IPFIX"}
NFACCTD, TCP = 1000, 4739  # nfacctd's ports are that much higher
COARSE = 11010             # of one that tells flows apart by their destination alone
LATE_MS = 1000             # a time may be so far from the capture's where the machine took the processor away between; the middle one not


def is_reserved(mac):
    return mac.startswith("01:80:c2:00:00:0")


def is_group(mac):
    return int(mac[:2], 16) & 1


def members(vlan):
    return [n for n, v in ACCESS.items() if v == vlan] + ([TRUNK] if vlan in (10, 20) else [])


def to_port(d, ingress, vlan):
    """Unicast to a port's MAC."""
    out = NUMBER[d.dmac]
    if out not in members(vlan) or (len(d.tags) == 2 and out != TRUNK):
        return ingress, 0, REFUSED, vlan
    if d.l2 - d.l2_len > MTU[out]:
        return ingress, out, TOO_LONG, vlan
    return ingress, out, FORWARDED, vlan


def judge_wire(d):
    """What the switch owes a frame from the uplink: (ingress, egress, forwarding status, VLAN)."""
    vlan = d.vid
    if is_group(d.dmac):
        return 0, 0, FORWARDED if members(vlan) and not is_reserved(d.dmac) else DROPPED, vlan
    return to_port(d, 0, vlan) if d.dmac in NUMBER else (0, 0, DROPPED, vlan)


def judge_guest(d):
    """The same of a frame that port 1's guest sends."""
    if d.vid:
        return 1, 0, REFUSED, d.vid
    if d.smac != MAC[1]:
        return 1, 0, REFUSED, 10
    if is_group(d.dmac):
        return 1, 0, DROPPED if is_reserved(d.dmac) else FORWARDED, 10
    return to_port(d, 1, 10) if d.dmac in NUMBER else (1, 0, FORWARDED, 10)


def snapshot(lab, uplink):
    ports = [lab.port(n, ACCESS.get(n, {"trunk": [10, 20]}), mtu=MTU[n]) for n in MTU]
    timeouts = {"active_timeout_s": ACTIVE_S, "idle_timeout_s": IDLE_S, "template_refresh_s": 2}
    exporters = [{"name": f"{f}-{who}", "format": FORMAT[f], "collectors": [f"127.0.0.1:{port + more}"], **timeouts}
                 for f, port in SINKS.items() for who, more in (("nfcapd", 0), ("nfacctd", NFACCTD))]
    exporters.append({"name": "coarse", "collectors": [f"127.0.0.1:{COARSE}"], **timeouts})
    exporters.append({"name": "ipfix-tcp", "transport": "TCP", "collectors": [f"127.0.0.1:{TCP}"], **timeouts})
    return {"host": "a", "observation_domain": 5, "uplinks": [uplink], "ports": ports, "exporters": exporters,
            "mirrors": [{"name": "guest", "ports": [1], "direction": "ingress", "path": lab.path("capture/guest.pcapng")}]}


class Collected:
    """Everything that was seen of one run: captures at the ports, and who collected what."""

    def __init__(self, lab):
        self.lab = lab
        self.sent = {"wire": [f for _, f in ff.from_wire(MAC[4], MAC[2], MAC[3], STRANGERS)],
                     "guest": [f for _, f in ff.from_guest(MAC[1], MAC[4], MAC[5], MAC[3], FAR)]}
        fc.write(lab.path("wire.pcap"), ff.from_wire(MAC[4], MAC[2], MAC[3], STRANGERS), True)
        fc.write(lab.path("guest.pcap"), ff.from_guest(MAC[1], MAC[4], MAC[5], MAC[3], FAR), True)
        uplink = lab.wire()
        self.nfcapd = {f: lab_.Nfcapd(lab, f"nfcapd-{f}", port) for f, port in SINKS.items()}
        self.nfacctd = {f: lab_.Nfacctd(lab, f"nfacctd-{f}", port + NFACCTD) for f, port in SINKS.items()}
        self.coarse = lab_.Nfacctd(lab, "nfacctd-coarse", COARSE, "dst_host")
        self.sink = lab_.TcpSink(TCP)
        self.exports = lab.capture("exports", "lo", lambda frame, outgoing: outgoing)
        lab.start_switch()
        lab.apply(snapshot(lab, uplink))
        lab.start_guests(*MTU)
        self.at_wire = lab.capture("at-wire", "twup0", lambda frame, outgoing: not outgoing)
        self.replay()
        self.end()

    def replay(self):
        wire = self.lab.start("tcpreplay", ["tcpreplay", "-q", "-i", "up0", self.lab.path("wire.pcap")])
        n = self.lab.guest(f"replay 1 {self.lab.path('guest.pcap')}")
        claim("the guest sends its capture", int(n) == len(self.sent["guest"]), n)
        claim("tcpreplay sends its capture", wire.popen.wait(60) == 0, wire.said())
        wait_for(lambda: self.lab.flows_alive() == 0, "the end of every flow")

    def settled(self):
        """Every record has left, or cannot be said; and been acknowledged, where there is somebody to: nothing changes any more."""
        before, self.known = getattr(self, "known", None), {n: (e.get("records", 0), e.get("unsaid_records", 0)) for n, e in self.lab.exporters().items()}
        ended = {sum(counts) for counts in self.known.values()}
        time.sleep(0.6)  # longer than a record waits for its message, or a message for its fate
        return before == self.known and len(ended) == 1 and ended.pop() > 0

    def end(self):
        self.lab.end_guests()
        wait_for(self.settled, "the sending of every record")
        self.exporters = self.lab.exporters()
        self.status = self.lab.status()
        self.lab.end_switch()
        self.nfcapd_said = {f: c.end() for f, c in self.nfcapd.items()}
        for c in (*self.nfacctd.values(), self.coarse):
            c.end()
        self.exports.end()
        self.at_wire.end()
        self.sink.end()
        self.frames = {"wire": fc.read(self.at_wire.path), "guest": fc.read(self.lab.path("capture/guest.pcapng"))}


def check_count(c):
    """The captures at the ports are what was sent, and the count of them is tshark's, frame by frame."""
    for side, frames in c.frames.items():
        lost = collections.Counter(c.sent[side])
        lost.subtract(f.octets for f in frames)
        claim(f"{side}: the capture at the port has every frame", not any(lost.values()), f"{len(frames)} of {len(c.sent[side])}",
              *[f"{n} of {octets[:60].hex()}" for octets, n in lost.items() if n][:5])


SEEN = ["frame.number", "ip.src", "ip.dst", "ipv6.src", "ipv6.dst", "ip.proto", "ip.len", "ipv6.plen", "ip.ttl", "ipv6.hlim", "tcp.srcport", "tcp.dstport",
        "udp.srcport", "udp.dstport", "sctp.srcport", "sctp.dstport", "tcp.flags", "eth.src", "eth.dst", "frame.len", "vlan.id"]


def check_decoding(path):
    """Our decoder beside tshark's, frame by frame. What is behind two tags, or is no whole header, only one of them takes apart."""
    fields = [word for name in SEEN for word in ("-e", name)]
    lines = run("tshark", "-r", path, "-o", "ip.defragment:FALSE", "-o", "ipv6.defragment:FALSE", "-T", "fields", "-E", "occurrence=f",
                "-E", "separator=|", *fields).splitlines()
    wrong = []
    for frame, line in zip(fc.read(path), lines, strict=True):
        d, t = fc.decode(frame), dict(zip(SEEN, line.split("|"), strict=True))
        mine, theirs = [d.smac, d.dmac, str(d.l2)], [t["eth.src"], t["eth.dst"], t["frame.len"]]
        if all(tpid == 0x8100 for tpid, _ in d.tags):  # tshark has another name for the VLAN in other tags
            mine, theirs = mine + [str(d.vid) if d.tags else ""], theirs + [t["vlan.id"]]
        if d.version == 4:
            mine += [d.src, d.dst, str(d.proto), str(d.ttl)]
            theirs += [t["ip.src"], t["ip.dst"], t["ip.proto"], t["ip.ttl"]]
            if 0 < int(t["ip.len"]) <= d.l2 - d.l2_len:
                mine, theirs = mine + [str(d.l3)], theirs + [t["ip.len"]]
        elif d.version == 6:
            mine += [d.src, d.dst, str(d.l3), str(d.ttl)]
            theirs += [t["ipv6.src"], t["ipv6.dst"], str(int(t["ipv6.plen"]) + 40), t["ipv6.hlim"]]
        for number, name in ((6, "tcp"), (17, "udp"), (132, "sctp")):
            if d.version and d.proto == number and not d.fragment and d.sport and t[f"{name}.srcport"]:
                mine += [str(d.sport), str(d.dport)]
                theirs += [t[f"{name}.srcport"], t[f"{name}.dstport"]]
        if d.flags:
            mine, theirs = mine + [d.flags], theirs + [int(t["tcp.flags"], 16) & 255]
        if mine != theirs:
            wrong.append(f"frame {t['frame.number']}: {mine}; tshark: {theirs}")
    claim(f"tshark decodes each of {len(lines)} frames as the count does", not wrong and lines, *wrong[:5])


def check_softflowd(lab, path):
    """TCP and UDP with one tag at most, as another flow meter counts them."""
    port, kept = 9100, lab.path("plain.pcap")
    decoded = [(f, fc.decode(f)) for f in fc.read(path)]
    plain = [(f, d) for f, d in decoded if d.proto in (6, 17) and not d.fragment and d.sport and d.l3 == f.length - d.l2_len and f.length < 1519]
    plain = [(f, d) for f, d in plain if d.version == 4 and (d.flags or d.proto == 17)]
    fc.write(kept, [(f.ns, f.octets) for f, _ in plain])
    want = {}
    for f, d in plain:
        want.setdefault((d.src, d.dst, str(d.proto), str(d.sport), str(d.dport)), fc.Sum()).add(fc.one(d, f.ns))
    collector = lab_.Nfcapd(lab, os.path.basename(path) + ".softflowd", port)
    meter = lab.start("softflowd", ["softflowd", "-d", "-r", kept, "-n", f"127.0.0.1:{port}", "-v", "10", "-a", "-A", "milli", "-6", "-m", "100000",
                                    "-p", lab.path("softflowd.pid")])
    claim("softflowd reads the capture", meter.popen.wait(60) == 0, meter.said())
    collector.end()
    got = {}
    for src, dst, proto, sport, dport, flags, packets, octets, first, last in collector.rows(
            ["%sa", "%da", "%pr", "%sp", "%dp", "%flg", "%ipkt", "%ibyt", "%ts", "%te"]):
        bits = sum(1 << 7 - FLAGS.index(letter) for letter in flags if letter != ".")
        got.setdefault((src, dst, proto, sport, dport), fc.Sum()).add(fc.Sum(int(packets), int(octets), 0, ms_of(first), ms_of(last), bits))
    same(f"softflowd, {os.path.basename(path)}", want, got, ("packets", "l3", "flags", "first", "last"))


def expected(c):
    flows = fc.count(c.frames["wire"], judge_wire)
    flows.update(fc.count(c.frames["guest"], judge_guest))
    return flows


def shown(value, times):
    return f"{value.packets} packets {value.l3}/{value.l2} octets flags {value.flags:02x} ttl {value.ttl} length {value.length}" + \
        (f" {value.first}..{value.last}" if times else "")


def same(name, want, got, parts):
    """Flow by flow. @param parts of a Sum that this collector shows"""
    wrong = []
    for key in sorted(set(want) | set(got), key=str):
        a, b = want.get(key), got.get(key)
        if not a or not b or any(getattr(a, p) != getattr(b, p) for p in parts):
            wrong.append(f"{key}: is {a and shown(a, False)}; {name} has {b and shown(b, False)}")
    total = sum(v.packets for v in want.values()), sum(v.l3 for v in want.values())
    claim(f"{name}: {len(want)} flows, {total[0]} packets, {total[1]} octets, flow by flow", not wrong,
          f"{len(wrong)} differ", *wrong[:25])


def same_times(name, want, got, unit=1):
    """@param unit ms that this collector tells apart. A frame is counted in the millisecond in which it came; another clock is another only for a moment."""
    late = [b - a for key in set(want) & set(got)
            for a, b in ((want[key].first, got[key].first), (want[key].last, got[key].last))]
    middle = statistics.median(late)
    claim(f"{name}: times are the port's, to the {'millisecond' if unit == 1 else 'second'}",
          late and max(map(abs, late)) <= LATE_MS + unit and abs(middle) <= unit,
          f"from {min(late, default=None)} to {max(late, default=None)} ms late, the middle one {middle}")


def arrived(flows):
    """Of what the switch refused no packet arrived: it stands in fields of its own, which few collectors read."""
    return {k: v if k.status == FORWARDED else dataclasses.replace(v, packets=0, l3=0, l2=0) for k, v in flows.items()}


# --- nfdump ---

FLAGS = "CEUAPRSF"
NFDUMP = ["%sa", "%da", "%pr", "%sp", "%dp", "%tos", "%in", "%out", "%svln", "%dvln", "%ismc", "%idmc", "%ts", "%te", "%flg", "%ipkt", "%ibyt"]
EMPTY = "00:00:00:00:00:00"


def ms_of(text):
    import datetime
    when = datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f").replace(tzinfo=datetime.timezone.utc)
    return round(when.timestamp() * 1000)


def nfdump_key(format_):
    """What nfdump 1.7.1 tells apart of a flow. It shows an ICMP's type and code as "8.0"."""
    def columns(k):
        src, dst = (k.src or "0.0.0.0", k.dst or "0.0.0.0")
        dport = f"{k.dport >> 8}.{k.dport & 255}" if k.proto in (1, 58) else str(k.dport)
        vlan, post = (str(k.vlan), str(k.vlan) if format_ == "ipfix" else "0") if format_ != "v5" else ("0", "0")
        macs = (k.smac, k.dmac) if format_ != "v5" else (EMPTY, EMPTY)
        return src, dst, str(k.proto), str(k.sport), dport, str(k.tos), str(k.ingress), str(k.egress), vlan, post, *macs
    return columns


def sayable(format_, flows):
    """Version 5 says IPv4, and no refusals."""
    return {k: v for k, v in flows.items() if format_ != "v5" or (":" not in k.src and k.src and k.status == FORWARDED)}


def check_nfdump(c, format_, flows):
    rows = c.nfcapd[format_].rows(NFDUMP)
    got = {}
    for *key, first, last, flags, packets, octets in rows:
        bits = sum(1 << 7 - FLAGS.index(letter) for letter in flags if letter != ".")
        one = fc.Sum(int(packets), int(octets), 0, ms_of(first), ms_of(last), bits)
        got.setdefault(tuple(key), fc.Sum()).add(one)
    want = fc.project(arrived(sayable(format_, flows)), nfdump_key(format_))
    records, errors, bad = c.nfcapd_said[format_]
    claim(f"nfdump {format_}: every record was taken, none bad" + (", none missed" if format_ != "ipfix" else ""),
          records == c.exporters[f"{format_}-nfcapd"]["records"] and bad == 0 and (errors == 0 or format_ == "ipfix"), c.nfcapd_said[format_])
    same(f"nfdump {format_}", want, got, ("packets", "l3", "flags"))
    same_times(f"nfdump {format_}", want, got)


# --- pmacct ---

def nfacctd_key(format_):
    """What nfacctd 1.7.7 tells apart: no ICMP types but in version 5, which has no MAC, no VLAN, and to it no ports but TCP's and UDP's;
    of what came by an uplink (flowDirection 1) it wants the VLAN behind (59), which version 9 has not."""
    def columns(k):
        sport, dport = k.sport, k.dport
        if format_ == "v5" and k.proto not in (1, 6, 17) or format_ != "v5" and k.proto in (1, 58):
            sport = dport = 0
        vlan = k.vlan if format_ == "ipfix" or (format_ == "v9" and k.ingress) else 0
        macs = (k.smac, k.dmac) if format_ != "v5" else (EMPTY, EMPTY)
        return k.src, k.dst, k.proto, sport, dport, k.tos, k.ingress, k.egress, *macs, vlan
    return columns


def check_nfacctd(c, format_, flows):
    """It drops what has no addresses. Of times that count from the sender's boot it knows whole seconds."""
    got = {}
    for r in c.nfacctd[format_].rows():
        if not r["ip_src"]:  # layer-2 flows that it keeps
            continue
        key = (r["ip_src"], r["ip_dst"], lab_.Nfacctd.protocol(r["ip_proto"]), r["port_src"], r["port_dst"], r["tos"], r["iface_in"],
               r["iface_out"], r["mac_src"], r["mac_dst"], r["vlan"])
        one = fc.Sum(r.get("packets", 0), r.get("bytes", 0), 0, ms_of(r["timestamp_start"][:23]), ms_of(r["timestamp_end"][:23]), int(r["tcp_flags"]))
        got.setdefault(key, fc.Sum()).add(one)
    want = fc.project({k: v for k, v in arrived(sayable(format_, flows)).items() if k.src}, nfacctd_key(format_))
    same(f"nfacctd {format_}", want, got, ("packets", "l3", "flags"))
    same_times(f"nfacctd {format_}", want, got, 1 if format_ == "ipfix" else 1000)


def check_shared(c, flows):
    """Where refused and forwarded records share all that is told apart, the counts are still those of what went through."""
    got = {}
    for r in c.coarse.rows():
        got.setdefault(r["ip_dst"], fc.Sum()).add(fc.Sum(r.get("packets", 0), r.get("bytes", 0), 0, 0, 0, 0))
    want = fc.project({k: v for k, v in arrived(flows).items() if k.src}, lambda k: k.dst)
    same("nfacctd by destination alone", want, {k: v for k, v in got.items() if k in want}, ("packets", "l3"))


# --- tshark ---

def tshark_flow(r, boot):
    """(what tells flows apart, Sum) of one record. @param boot ms of Unix time that version 9 counts from"""
    def n(*names):
        return next((number(r[name]) for name in names if name in r), 0)

    def text(*names):
        return next((r[name].get("show") for name in names if name in r), "")
    ip = "protocol" in r
    src, dst = text("srcaddr", "srcaddrv6"), text("dstaddr", "dstaddrv6")
    dport = n("dstport", "icmp_type_code_ipv4", "icmp_type")
    if "icmp_ipv6_type" in r:
        dport = n("icmp_ipv6_type") << 8 | n("icmp_ipv6_code")
    key = (n("inputint"), n("outputint"), n("forwarding_status"), n("vlanid"), src, dst, n("protocol"), n("srcport"), dport, n("tos"),
           n("ipv6flowlabel"), text("srcmac"), text("dstmac"), n("dot1q_priority"), n("ethernet_type"))
    first = n("abstimestart") if "abstimestart" in r else boot + n("timestart")
    last = n("abstimeend") if "abstimeend" in r else boot + n("timeend")
    return key, fc.Sum(n("drop_packets", "packets"), n("drop_octets", "octets"), n("layer2_octet_delta_count", "dropped_layer2_octet_delta_count"), first, last, n("tcpflags"), (n("ttl_min"), n("ttl_max")),
                       (n("length_min"), n("length_max")) if ip else (65535, 0))


def check_tshark(c, flows):
    capture = Capture(c.exports.path, [f"udp.port==9005-9010,cflow", "udp.port==10005-10010,cflow", f"tcp.port=={TCP},cflow"])
    for name, what in (("IPFIX by UDP", f"udp.dstport=={SINKS['ipfix']}"), ("IPFIX by TCP", f"tcp.dstport=={TCP}")):
        objections = capture.objections(what, "expert,warn" if "TCP" in name else "expert")
        claim(f"tshark {name}: nothing malformed, nothing unknown, no gap in the sequence", not objections, *objections[:20])
        got, mixed = {}, 0
        for r in capture.records(what):
            if "outputint" in r:
                status = number(r["forwarding_status"])
                mixed += (status == FORWARDED) == any(number(r.get(name)) for name in ("drop_packets", "drop_octets"))
                key, value = tshark_flow(r, 0)
                got.setdefault(key, fc.Sum()).add(value)
        claim(f"tshark {name}: what was refused is in no counter of what arrived", mixed == 0, mixed)
        want = fc.project(flows, lambda k: (k.ingress, k.egress, k.status, k.vlan, k.src, k.dst, k.proto, k.sport, k.dport, k.tos, k.label,
                                            k.smac, k.dmac, k.pcp, k.etype))
        for key, value in want.items():
            if not key[4]:
                value.length = (65535, 0)
        same(f"tshark {name}", want, got, ("packets", "l3", "l2", "flags", "ttl", "length"))
        same_times(f"tshark {name}", want, got)


def main():
    lab_.alone_in_a_namespace(__file__, ("nfcapd", "nfdump", "nfacctd", "softflowd", "tshark", "tcpreplay"))
    with lab_.Lab("truth") as lab:
        c = Collected(lab)
        check_count(c)
        for path in (c.at_wire.path, lab.path("guest.pcap")):
            check_decoding(path)
            check_softflowd(lab, path)
        flows = expected(c)
        check_tshark(c, flows)
        for format_ in SINKS:
            check_nfdump(c, format_, flows)
            check_nfacctd(c, format_, flows)
        check_shared(c, flows)
    sys.exit(lab_.failed)


if __name__ == "__main__":
    main()
