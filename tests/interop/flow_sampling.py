#!/usr/bin/python3
# timeout: 120
"""flow_sampling.py - what collectors make of a sample: scaled by what they are told, it is what crossed the port, whatever changes when.

A real tw-switch counts one packet in N of what a guest sends, and is told to count otherwise while flows are alive: each packet, one
in ten, any of fifty. Collectors that scale by themselves (nfcapd of every version; nfacctd with renormalisation of IPFIX and
version 9) have as many packets and octets in the end as the guest has sent; IPFIX's own declarations are read by tshark.
Needs root, nfdump, pmacct, tshark. Prints `ok NAME` or `not ok NAME`; exit 0, 1, 77 = skipped.
"""
import os
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))

import flow_count as fc  # noqa: E402
import flow_frames as ff  # noqa: E402
import flow_lab as lab_  # noqa: E402
from flow_lab import claim, run, wait_for  # noqa: E402

FRAMES, FLOWS, SIZE, L3 = 1000, 4, 72, 100  # FRAMES is a multiple of each interval: so many are counted, exactly
CHANGES = [{}, {"flow_sample": 10}, {"flow_sample": 50, "flow_sample_random": True}, {}]
STEADY = [{"flow_sample": 10}]
FORMAT = {"v5": ("NETFLOW_V5", 9005), "v9": ("NETFLOW_V9", 9009), "ipfix": ("IPFIX", 9010)}
NFACCTD = 1000  # its ports are that much higher
MACS = ("02:00:00:00:00:01", "02:00:00:00:00:02")


def snapshot(lab, setting):
    ports = [lab.port(n, 10) for n in (1, 2)]
    exporters = [{"name": f"{f}-{who}", "format": name, "collectors": [f"127.0.0.1:{port + more}"], "active_timeout_s": 60, "idle_timeout_s": 1}
                 for f, (name, port) in FORMAT.items() for who, more in (("nfcapd", 0), ("nfacctd", NFACCTD))]
    return {"host": "a", "observation_domain": 5, "ports": ports, "exporters": exporters, **setting}


def frames():
    return [(i * 10**5, ff.ether(MACS[1], MACS[0], 0x0800, ff.ipv4("10.0.0.1", "10.0.0.2", 17, ff.udp(1000 + i % FLOWS, 2000, SIZE))))
            for i in range(FRAMES)]


def sent_records(lab):
    return {n: (e.get("records", 0), e.get("unsaid_records", 0)) for n, e in lab.exporters().items()}


def settle(lab):
    """No record is on its way."""
    before = None
    while before != (now := sent_records(lab)):
        before = now
        time.sleep(0.8)


def declared(path):
    """[(interval of 34, 304, ...)] in the order in which they went to nfcapd by IPFIX"""
    shown = run("tshark", "-r", path, "-d", "udp.port==9010,cflow", "-Y", "udp.dstport==9010 && cflow.sampling_interval", "-T", "fields",
                "-e", "cflow.sampling_interval", "-e", "cflow.selector_algorithm")
    seen = []
    for line in shown.splitlines():
        one = tuple(int(field.split(",")[0] or 0) for field in line.split("\t"))
        if not seen or seen[-1] != one:
            seen.append(one)
    return seen


def scaled(lab, settings, formats):
    """Each setting in turn while the guest sends; what collectors have of each of the formats in the end is what was sent."""
    nfcapd = {f: lab_.Nfcapd(lab, f"nfcapd-{f}", port) for f, (_, port) in FORMAT.items()}
    nfacctd = {f: lab_.Nfacctd(lab, f"nfacctd-{f}", port + NFACCTD, "src_host,dst_host,proto") for f, (_, port) in FORMAT.items()}
    fc.write(lab.path("guest.pcap"), frames())
    exports = lab.capture("exports", "lo", lambda frame, outgoing: outgoing)
    lab.start_switch()
    lab.apply(snapshot(lab, settings[0]))
    lab.start_guests(1, 2)
    for n, setting in enumerate(settings):
        if n:
            lab.apply(snapshot(lab, setting))
        sent = lab.guest(f"replay 1 {lab.path('guest.pcap')}")
        claim(f"the guest sends {FRAMES} frames; {setting or 'each is counted'}", int(sent) == FRAMES, sent)
    wait_for(lambda: lab.flows_alive() == 0, "the end of every flow")
    settle(lab)
    lab.end_guests()
    lab.end_switch()
    said = {f: c.end() for f, c in nfcapd.items()}
    for c in nfacctd.values():
        c.end()
    exports.end()
    want = (FRAMES * len(settings), FRAMES * len(settings) * L3)
    for f in formats:
        rows = nfcapd[f].rows(["%ipkt", "%ibyt"])
        got = sum(int(p) for p, _ in rows), sum(int(o) for _, o in rows)
        claim(f"nfdump {f}: scaled, the records are the {want[0]} packets and {want[1]} octets that were sent", got == want, got, said[f], rows)
        rows = nfacctd[f].rows()
        got = sum(r["packets"] for r in rows), sum(r["bytes"] for r in rows)
        claim(f"nfacctd {f}: renormalised, too", got == want, got, rows)


def main():
    lab_.alone_in_a_namespace(__file__, ["nfcapd", "nfdump", "nfacctd", "tshark"])
    with lab_.Lab("sampling") as lab:  # of version 5 nfcapd 1.7.1 reads the first header alone
        scaled(lab, CHANGES, ("v9", "ipfix"))
        seen = declared(lab.path("exports.pcap"))
        claim("each change is declared in turn", seen[:4] == [(1, 1), (10, 1), (50, 3), (1, 1)], seen)
    with lab_.Lab("sampling") as lab:
        scaled(lab, STEADY, FORMAT)
    sys.exit(lab_.failed)


if __name__ == "__main__":
    main()
