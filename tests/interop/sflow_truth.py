#!/usr/bin/python3
# timeout: 180
"""sflow_truth.py - what sFlow collectors are told is what crossed the ports: headers, outputs, pools and counters.

The traffic of flow_truth.py, from an uplink and from a guest, sampled twice: every packet, and one in ten. Datagrams are decoded here
(sflow_decode.py) and held against captures taken at the ports, packet by packet; tshark finds nothing malformed in them; sfcapd and
sfacctd have every packet, too.
Needs root, nfdump with sfcapd, pmacct, tshark, tcpreplay. Prints `ok NAME` or `not ok NAME`; exit 0, 1, 77 = skipped.
"""
import collections
import os
import socket
import sys
import threading
import time
import uuid

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))

import flow_count as fc  # noqa: E402
import flow_frames as ff  # noqa: E402
import flow_lab as lab_  # noqa: E402
import flow_truth as truth  # noqa: E402
import sflow_decode as sflow  # noqa: E402
from flow_lab import claim, run, wait_for  # noqa: E402
from flow_truth import FORWARDED, MAC, MTU, TOO_LONG  # noqa: E402

ALL, TENTH, SFCAPD, SFACCTD = 6343, 6344, 6345, 6346
HEADER, TENTH_HEADER, SUB_AGENT, COUNTERS_S = 128, 64, 5, 1
UPLINK = 0x7FFFFFF8  # the first one's number
ONE, DISCARDED, MANY = 0, 1, 2
UUID = bytes(range(16))


class Collector:
    """Decodes what comes for a port."""

    def __init__(self, port):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, lab_.PortCapture.SO_RCVBUFFORCE, 64 << 20)
        self.socket.bind(("127.0.0.1", port))
        self.socket.settimeout(0.2)
        self.datagrams, self.sizes, self.bad, self.stopped = [], [], [], False
        self.thread = threading.Thread(target=self._take, daemon=True)
        self.thread.start()

    def _take(self):
        while True:
            try:
                octets = self.socket.recv(65536)
            except TimeoutError:
                if self.stopped:
                    return
                continue
            self.sizes.append(len(octets))
            try:
                self.datagrams.append(sflow.decode(octets))
            except ValueError as wrong:
                self.bad.append(f"{wrong}: {octets.hex()}")

    def end(self):
        self.stopped = True
        self.thread.join()
        self.socket.close()

    def samples(self, kind):
        return [s for d in list(self.datagrams) for s in d.samples if isinstance(s, kind)]

    def packets(self, port):
        return [p for p in self.samples(sflow.Packet) if p.input == (0, port)]


class Sfcapd(lab_.Nfcapd):
    PROGRAM = "sfcapd"


class Sfacctd(lab_.Nfacctd):
    PROGRAM = "sfacctd"


def snapshot(lab, uplink):
    ports = [lab.port(n, truth.ACCESS.get(n, {"trunk": [10, 20]}), mtu=MTU[n]) for n in MTU]
    ports[0]["vm_uuid"] = str(uuid.UUID(bytes=UUID))

    def exporter(name, sample, header, *collectors):
        return {"name": f"sflow:{name}", "ports": list(MTU), "uplinks": [uplink["name"]], "direction": "ingress", "sample": sample, "snaplen": header,
                "sflow": {"exporter": name, "collectors": [f"127.0.0.1:{c}" for c in collectors], "sub_agent": SUB_AGENT, "mtu": 1400,
                          "counters_s": COUNTERS_S}}
    return {"host": "a", "observation_domain": SUB_AGENT, "uplinks": [uplink], "ports": ports,
            "mirrors": [{"name": "guest", "ports": [1], "direction": "ingress", "path": lab.path("capture/guest.pcapng")},
                        exporter("all", 1, HEADER, ALL, SFCAPD, SFACCTD), exporter("tenth", 10, TENTH_HEADER, TENTH)]}


class Collected:
    """Everything that was seen of one run."""

    def __init__(self, lab):
        self.lab = lab
        fc.write(lab.path("wire.pcap"), ff.from_wire(MAC[4], MAC[2], MAC[3], truth.STRANGERS), True)
        fc.write(lab.path("guest.pcap"), ff.from_guest(MAC[1], MAC[4], MAC[5], MAC[3], truth.FAR), True)
        uplink = lab.wire()
        self.all, self.tenth = Collector(ALL), Collector(TENTH)
        self.sfcapd, self.sfacctd = Sfcapd(lab, "sfcapd", SFCAPD), Sfacctd(lab, "sfacctd", SFACCTD, "src_host,dst_host,src_port,dst_port,proto")
        self.exports = lab.capture("exports", "lo", lambda frame, outgoing: outgoing)
        lab.start_switch()
        lab.apply(snapshot(lab, uplink))
        lab.start_guests(*MTU)
        self.at_wire = lab.capture("at-wire", "twup0", lambda frame, outgoing: not outgoing)
        wire = lab.start("tcpreplay", ["tcpreplay", "-q", "-i", "up0", lab.path("wire.pcap")])
        lab.guest(f"replay 1 {lab.path('guest.pcap')}")
        claim("tcpreplay sends its capture", wire.popen.wait(60) == 0, wire.said())
        self.status = self.settle()
        self.counters = {c.source: c.records for c in self.all.samples(sflow.Counters)}  # the latest of each source
        self.exporters = lab.exporters()
        lab.end_guests()
        lab.end_switch()
        self.sfcapd_said = self.sfcapd.end()
        self.sfacctd.end()
        for capture in (self.exports, self.at_wire, self.all, self.tenth):
            capture.end()
        self.frames = {UPLINK: fc.read(self.at_wire.path), 1: fc.read(lab.path("capture/guest.pcapng"))}

    def settle(self):
        """@return the switch's status when nothing moves any more and the counters of then have been sent"""
        def counters(status):
            return [part.get("counters") for part in status["ports"] + status["uplinks"]]

        def still():
            before = self.lab.status()
            time.sleep(2 * COUNTERS_S + 1)
            after = self.lab.status()
            return after if counters(before) == counters(after) else None
        return wait_for(still, "the end of all traffic")


def came(port, octets):
    """A frame as the switch has it: the kernel hands a tag over beside it, and DPDK's af_packet puts it back as 0x8100, whatever it was."""
    return octets[:12] + b"\x81\x00" + octets[14:] if port == UPLINK and octets[12:14] == b"\x88\xa8" else octets


def judge(port, d):
    """(output, VLAN) that the switch owes a frame; None: it is not known here"""
    _, egress, status, vlan = (truth.judge_wire if port == UPLINK else truth.judge_guest)(d)
    if status not in (FORWARDED, TOO_LONG):  # over an MTU is found out behind the samples
        return DISCARDED, vlan
    if egress:
        return (ONE, egress), vlan
    return (MANY, 0) if truth.is_group(d.dmac) else (ONE, UPLINK), vlan


def check_form(name, collector, exporter):
    samples = sum(len(d.samples) for d in collector.datagrams)
    claim(f"{name}: every datagram is sFlow", collector.datagrams and not collector.bad, *collector.bad[:3])
    claim(f"{name}: the agent says who it is", all((d.agent, d.sub_agent) == ("127.0.0.1", SUB_AGENT) for d in collector.datagrams))
    claim(f"{name}: datagrams are numbered without a gap", [d.sequence for d in collector.datagrams] == list(range(1, len(collector.datagrams) + 1)))
    claim(f"{name}: none is larger than the MTU", max(collector.sizes) <= 1400 - 28, max(collector.sizes))
    uptimes = [d.uptime for d in collector.datagrams]
    claim(f"{name}: the uptime goes on", uptimes == sorted(uptimes) and uptimes[-1] > uptimes[0], uptimes[:20])
    for kind in (sflow.Packet, sflow.Counters):
        by_source = collections.defaultdict(list)
        for s in collector.samples(kind):
            by_source[s.source].append(s.sequence)
        wrong = [source for source, numbers in by_source.items() if numbers != list(range(1, len(numbers) + 1))]
        claim(f"{name}: each source numbers its {kind.__name__.lower()} samples without a gap", by_source and not wrong, wrong)
    collectors = exporter["collectors"]
    told = [(int(c["records"]), int(c["messages"]), int(c.get("lostRecords", c.get("lost_records", 0)))) for c in collectors]
    claim(f"{name}: the status tells what was sent, and nothing was lost", all(0 < r <= samples and m <= len(collector.datagrams) and not lost for r, m, lost in told),
          told, samples, len(collector.datagrams))


def check_every_packet(c, port):
    frames, samples = c.frames[port], c.all.packets(port)
    claim(f"port {port:x}: a sample of each of {len(frames)} packets", len(samples) == len(frames), len(samples))
    wrong, outputs = [], []
    for n, (f, s) in enumerate(zip(frames, samples)):
        if (s.header, s.length, s.stripped) != (came(port, f.octets[:HEADER]), f.length + 4, 4):
            wrong.append(f"packet {n}: {s.length}, {s.stripped}, {s.header.hex()}; was {f.length} {f.octets[:HEADER].hex()}")
        d = fc.decode(f)
        output, vlan = judge(port, d)
        if (output != s.output and output != s.output[0]) or s.vlans[0] != s.vlans[2] or (vlan and s.vlans[0] != vlan):
            outputs.append(f"packet {n} {d}: {s.output} {s.vlans}; is {output} {vlan}")
    claim(f"port {port:x}: each sample has its packet's first {HEADER} octets, and its length", not wrong, f"{len(wrong)} differ", *wrong[:5])
    claim(f"port {port:x}: each sample says where the packet went, and its VLAN", not outputs, f"{len(outputs)} differ", *outputs[:5])
    claim(f"port {port:x}: the pool counts the packets", [p.pool for p in samples] == list(range(1, len(frames) + 1)), [p.pool for p in samples][:50])
    claim(f"port {port:x}: each is its own source, and every packet's", all(p.rate == 1 and p.source == (0, port) for p in samples))


def check_tenth(c, port):
    """By chance, so within six times what chance is expected to be off by."""
    frames, samples = c.frames[port], c.tenth.packets(port)
    n, off = len(frames), 6 * (len(frames) * 0.1 * 0.9) ** 0.5
    claim(f"port {port:x}: about one packet in ten of {n} is sampled", abs(len(samples) - n / 10) <= off, len(samples))
    left = iter(frames)
    missing = [s for s in samples if not any(came(port, f.octets[:TENTH_HEADER]) == s.header and f.length + 4 == s.length for f in left)]
    claim(f"port {port:x}: what is sampled came by, in that order", not missing, *missing[:3])
    pools = [s.pool for s in samples]
    claim(f"port {port:x}: samples tell their rate, and how many they are drawn from", all(s.rate == 10 for s in samples) and
          pools == sorted(set(pools)) and len(pools) <= pools[-1] <= n, pools)


def number(value):
    return int(value or 0)


def check_counters(c):
    wrong = []
    for part in c.status["ports"] + c.status["uplinks"]:
        index = part["number"] if "number" in part else UPLINK
        sent = c.counters.get((0, index), {1: {}, 1005: {}})
        has, is_ = part.get("counters", {}), sent[1]
        drops = {d["reason"]: number(d["packets"]) for d in has.get("drops", [])}
        told = [is_.get(name) for name in ("ifInOctets", "ifInUcastPkts", "ifOutOctets", "ifOutUcastPkts")]
        want = [number(has.get(name)) for name in ("rx_octets", "rx_packets", "tx_octets", "tx_packets")]
        lost = sum(is_.get(name, 0) for name in ("ifInDiscards", "ifInErrors", "ifOutDiscards"))
        if told != want or lost != sum(drops.values()) or is_.get("ifIndex") != index or is_.get("ifStatus") != 3 or sent[1005].get("name") != part["name"]:
            wrong.append(f"{part['name']}: {sent}; has {has}")
    claim("counters are the ports'", not wrong, *wrong[:4])
    vm, io = c.counters.get((3, 1)), c.counters[(0, 1)][1]
    claim("a machine is told by its name, its UUID and its ports",
          vm and (vm[2000]["hostname"], vm[2000]["uuid"], vm[2001], vm[2002]) == ("vm1", UUID, {1: [ff.mac(MAC[1])]}, {"type": 2, "index": 1}), vm)
    claim("what it receives is what its port sends",
          vm and [vm[2104][k] for k in ("rx_bytes", "rx_packets", "tx_bytes", "tx_packets")] ==
          [io[k] for k in ("ifOutOctets", "ifOutUcastPkts", "ifInOctets", "ifInUcastPkts")], vm)


def check_tshark(c):
    ports = [word for p in (ALL, TENTH, SFCAPD, SFACCTD) for word in ("-d", f"udp.port=={p},sflow")]
    shown = run("tshark", "-r", c.exports.path, *ports, "-Y", "udp.dstport in {6343, 6344}", "-o", "sflow.enable_dissection:FALSE", "-T", "fields", "-E", "occurrence=a",
                "-e", "sflow_245.numsamples", "-e", "sflow_245.ifindex", "-e", "_ws.malformed", "-e", "_ws.expert.severity")
    lines = [line.split("\t") for line in shown.splitlines()]
    bad = [line for line in lines if any(line[2:])]
    claim("tshark finds nothing malformed", lines and not bad, *bad[:5])
    samples = sum(len(d.samples) for collector in (c.all, c.tenth) for d in collector.datagrams)
    claim("tshark finds as many samples", sum(int(line[0]) for line in lines) == samples, samples)


def check_tools(c):
    """By addresses and ports, of IPv4 packets of TCP and UDP that are whole: what both tools take apart alike."""
    want = collections.Counter()
    for frames in c.frames.values():
        for f in frames:
            d = fc.decode(f)
            if d.version == 4 and d.proto in (6, 17) and not d.fragment and d.src.startswith(("10.3.", "10.5.")) and len(d.tags) < 2:
                want[(d.src, d.dst, str(d.sport), str(d.dport))] += 1
    got = collections.Counter()
    for src, dst, sport, dport, packets in c.sfcapd.rows(["%sa", "%da", "%sp", "%dp", "%ipkt"]):
        if src.startswith(("10.3.", "10.5.")):
            got[(src, dst, sport, dport)] += int(packets)
    claim(f"sfcapd has each of {sum(want.values())} packets", want == got, *list((want - got).items())[:5], *list((got - want).items())[:5])
    claim("sfcapd finds no gap and nothing bad", c.sfcapd_said[1:] == (0, 0), c.sfcapd_said)
    got = collections.Counter()
    for row in c.sfacctd.rows():
        if row["ip_src"].startswith(("10.3.", "10.5.")):
            got[(row["ip_src"], row["ip_dst"], str(row["port_src"]), str(row["port_dst"]))] += row["packets"]
    claim(f"sfacctd has each of {sum(want.values())} packets", want == got, "missing", *list((want - got).items())[:5], "extra", *list((got - want).items())[:5])


def main():
    lab_.alone_in_a_namespace(__file__, ("sfcapd", "nfdump", "sfacctd", "tshark", "tcpreplay"))
    with lab_.Lab("sflow") as lab:
        c = Collected(lab)
        check_form("every packet", c.all, c.exporters["all"])
        check_form("one in ten", c.tenth, c.exporters["tenth"])
        for port in (UPLINK, 1):
            check_every_packet(c, port)
            check_tenth(c, port)
        check_counters(c)
        check_tshark(c)
        check_tools(c)
    sys.exit(lab_.failed)


if __name__ == "__main__":
    main()
