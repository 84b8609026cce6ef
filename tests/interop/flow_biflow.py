#!/usr/bin/python3
# timeout: 180
"""flow_biflow.py - biflows of a real switch beside uniflows of the same traffic: the sums are the same, and what collectors make of them.

Two guests of a tw-switch talk with one another and with somebody behind the uplink, longer than the active timeout. The switch exports
to two pairs of nfcapd and nfacctd, with --biflow and without. tshark decodes both; nfdump 1.7.1 and nfacctd 1.7.7 are held to what
docs/collectors.md says of them.
Needs root, nfdump, pmacct, tshark, tcpreplay. Prints `ok NAME` or `not ok NAME`; exit 0, 1, 77 = skipped.
"""
import collections
import os
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))

import flow_count as fc  # noqa: E402
import flow_lab as lab_  # noqa: E402
from flow_frames import ACK, BROADCAST, FIN, PSH, SYN, Traffic, ether, icmp, ipv4, ipv6, tcp, udp  # noqa: E402
from flow_lab import claim, wait_for  # noqa: E402
from flow_tshark import Capture, number  # noqa: E402

MAC = {1: "02:00:00:00:00:01", 2: "02:00:00:00:00:02"}
ROUTER, ROUTER_OWN = "02:99:00:00:00:01", "02:99:00:00:00:02"  # guests send to the one, answers come from the other
PORT = {"uniflows": 9010, "biflows": 9011}
NFACCTD, ROUNDS = 1000, 7
V4, V6 = 0x0800, 0x86DD


def frames(sender, receiver, n):
    """What one guest sends the other in a round: the client of all conversations is guest 1."""
    client = sender == 1
    src, dst = f"10.0.0.{sender}", f"10.0.0.{receiver}"
    src6, dst6 = f"2001:db8::{sender}", f"2001:db8::{receiver}"
    ports = (40000, 80) if client else (80, 40000)
    flags = (SYN if n == 0 else FIN | ACK if n == ROUNDS - 1 else PSH | ACK) | (0 if client else ACK)
    tos = 0 if client else 0xB8
    yield V4, ipv4(src, dst, 6, tcp(*ports, flags, 10 * n if client else 900), tos=tos, ttl=64 if client else 128)
    yield V6, ipv6(src6, dst6, 6, tcp(*ports, flags, 20 if client else 800), label=0x11111 * sender)
    yield V4, ipv4(src, dst, 1, icmp(8 if client else 0, 0))
    yield V6, ipv6(src6, dst6, 58, icmp(128 if client else 129, 0))
    yield V4, ipv4(src, dst, 47, bytes(40 + sender))
    if not client:
        yield V4, ipv4(src, dst, 17, udp(7000, 7001, 100))  # nobody answers


def guest(sender, n):
    t, receiver = Traffic(1), 3 - sender
    t.at(0, *[ether(MAC[receiver], MAC[sender], etype, data) for etype, data in frames(sender, receiver, n)], every=40)
    if sender == 1:
        t.at(3, ether(ROUTER, MAC[1], V4, ipv4("10.0.0.1", "192.0.2.9", 17, udp(5353, 53, 30))))
        t.at(4, ether(MAC[2], "02:66:00:00:00:66", V4, ipv4("10.0.0.1", "10.0.0.2", 17, udp(666, 80, 60))))  # a MAC that is not its own
        t.at(5, ether(BROADCAST, MAC[1], 0x0806, bytes(28)))
    else:
        t.at(4, ether(MAC[1], MAC[2], V4, ipv4("10.0.0.2", "10.0.0.1", 17, udp(80, 666, 61))))  # the other direction of what is refused
    return t.in_order()


def wire(n):
    t = Traffic(1)
    t.at(0, *[ether(MAC[1], ROUTER_OWN, V4, ipv4("192.0.2.9", "10.0.0.1", 17, udp(53, 5353, 300 + n)), tags=((0x8100, 10),)) for _ in range(2)], every=4)
    return t.in_order()


def snapshot(lab, uplink):
    exporters = [{"name": f"{what}-{who}", "collectors": [f"127.0.0.1:{port + more}"], "active_timeout_s": 2, "idle_timeout_s": 1,
                  "template_refresh_s": 2, "biflow": what == "biflows"}
                 for what, port in PORT.items() for who, more in (("nfcapd", 0), ("nfacctd", NFACCTD))]
    return {"host": "a", "observation_domain": 5, "uplinks": [uplink], "ports": [lab.port(n, 10) for n in MAC], "exporters": exporters}


class Collected:
    def __init__(self, lab):
        self.lab = lab
        uplink = lab.wire()
        self.nfcapd = {what: lab_.Nfcapd(lab, f"nfcapd-{what}", port) for what, port in PORT.items()}
        self.nfacctd = {what: lab_.Nfacctd(lab, f"nfacctd-{what}", port + NFACCTD) for what, port in PORT.items()}
        exports = lab.capture("exports", "lo", lambda frame, outgoing: outgoing)
        lab.start_switch()
        lab.apply(snapshot(lab, uplink))
        lab.start_guests(*MAC)
        for n in range(ROUNDS):
            self.round(n)
        wait_for(lambda: lab.flows_alive() == 0, "the end of every flow")
        wait_for(lambda: all(self.is_done(e) for e in lab.exporters().values()), "the end of every wait")
        self.exporters = lab.exporters()
        lab.end_guests()
        lab.end_switch()
        for collector in (*self.nfcapd.values(), *self.nfacctd.values()):
            collector.end()
        exports.end()
        self.capture = Capture(exports.path, [f"udp.port=={port},cflow" for port in PORT.values()])

    @staticmethod
    def is_done(exporter):
        left = exporter.get("biflow_records", 0) + exporter.get("uniflow_records", 0)
        return not exporter.get("pairing_records") and ("biflows" not in exporter["name"] or left == exporter.get("records"))

    def round(self, n):
        for sender in MAC:
            fc.write(self.lab.path(f"{sender}.pcap"), guest(sender, n))
            self.lab.guest(f"replay {sender} {self.lab.path(f'{sender}.pcap')}")
        fc.write(self.lab.path("wire.pcap"), wire(n), True)
        replayed = self.lab.start("tcpreplay", ["tcpreplay", "-q", "-i", "up0", self.lab.path("wire.pcap")])
        claim(f"round {n}: tcpreplay sends its capture", replayed.popen.wait(60) == 0, replayed.said())


def plus(sums, key, *counts):
    sums[key] = tuple(a + b for a, b in zip(sums.get(key, (0,) * len(counts)), counts, strict=True))


def same(name, want, got):
    wrong = [f"{key}: {want.get(key)}; {got.get(key)}" for key in sorted(set(want) | set(got), key=str) if want.get(key) != got.get(key)]
    total = tuple(map(sum, zip(*want.values(), strict=True)))
    claim(f"{name}: {len(want)} flows of one direction, sums {total}", want and not wrong, *wrong[:10])


def check_status(c):
    for who in ("nfcapd", "nfacctd"):
        both, single = c.exporters[f"biflows-{who}"], c.exporters[f"uniflows-{who}"]["records"]
        claim(f"status {who}: {both['biflow_records']} biflows and {both['uniflow_records']} alone are the {single} records",
              both["biflow_records"] >= 12 and 2 * both["biflow_records"] + both["uniflow_records"] == single and not both["crowded_records"], both)


REVERSED = {1, 2, 5, 6, 25, 26, 52, 53, 56, 61, 80, 136, 152, 153, 244, 352}  # of TCP; tshark gives times no number


def check_tshark(c):
    sums = {}
    for what, port in PORT.items():
        objections = c.capture.objections(f"udp.dstport=={port}")
        claim(f"tshark {what}: nothing malformed, nothing unknown, no gap in the sequence", not objections, *objections[:20])
        sums[what] = tshark_sums(c.capture.records(f"udp.dstport=={port}"))
    same("tshark: packets, octets and dropped packets of both exporters", sums["uniflows"], sums["biflows"])
    text = c.capture.tshark("-V", "-Y", f"udp.dstport=={PORT['biflows']}")
    claim("tshark: each biflow is from its initiator", text.count("Biflow Direction: Initiator (1)") == c.exporters["biflows-nfcapd"]["biflow_records"])
    named = {int(n) for n in re.findall(r"\(Reverse Type (\d+) ", text)}
    claim("tshark: reverse elements are named as such", REVERSED - {152, 153} <= named and "Reverse Type 4 " not in text, named)


def tshark_sums(records):
    """{(source, destination, protocol): (packets, octets, dropped packets)}"""
    sums = {}
    for r in records:
        src, dst = (next((r[n].get("show") for n in names if n in r), "") for names in (("srcaddr", "srcaddrv6"), ("dstaddr", "dstaddrv6")))
        if "forwarding_status" not in r:
            continue
        proto = number(r.get("protocol"))
        plus(sums, (src, dst, proto), *(number(r.get(n)) for n in ("packets", "octets", "drop_packets")))
        if "biflow_direction" in r:
            plus(sums, (dst, src, proto), *(number(r.get(n)) for n in ("reverse_packets", "reverse_octets")), 0)
    return sums


NFDUMP = ["%pr", "%sa", "%da", "%sp", "%dp", "%in", "%out", "%tos", "%svln", "%ismc", "%idmc", "%flg", "%ts", "%te", "%ipkt", "%ibyt", "%opkt", "%obyt"]


def check_nfdump(c):
    rows = {what: c.nfcapd[what].rows(NFDUMP) for what in PORT}
    sums = {what: {} for what in PORT}
    for what, found in rows.items():
        for proto, src, dst, *_, packets, octets, back, back_octets in found:
            plus(sums[what], (src, dst, proto), int(packets), int(octets))
            if int(back):
                plus(sums[what], (dst, src, proto), int(back), int(back_octets))
    same("nfdump: packets and octets of both exporters", sums["uniflows"], sums["biflows"])
    known = collections.Counter(tuple(row[:-2]) for row in rows["uniflows"])
    strange = [row for row in rows["biflows"] if not known[tuple(row[:-2])]]
    claim("nfdump: of a biflow it shows the forward direction's addresses, ports, types, flags, times and counts", not strange, *strange)


def check_nfacctd(c):
    forward, shown = {}, {}
    for proto, src, dst, *_, packets, octets, _, _ in c.nfcapd["biflows"].rows(NFDUMP):
        if proto != "0" and packets != "0":
            plus(forward, (src, dst, int(proto)), int(packets), int(octets))
    for r in c.nfacctd["biflows"].rows():
        if r["ip_src"] and "packets" in r:
            plus(shown, (r["ip_src"], r["ip_dst"], lab_.Nfacctd.protocol(r["ip_proto"])), r["packets"], r["bytes"])
    same("nfacctd: shows the forward direction alone", forward, shown)


def main():
    lab_.alone_in_a_namespace(__file__, ("nfcapd", "nfdump", "nfacctd", "tshark", "tcpreplay"))
    with lab_.Lab("biflow") as lab:
        c = Collected(lab)
        check_status(c)
        check_tshark(c)
        check_nfdump(c)
        check_nfacctd(c)
    sys.exit(lab_.failed)


if __name__ == "__main__":
    main()
