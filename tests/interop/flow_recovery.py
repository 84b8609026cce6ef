#!/usr/bin/python3
# timeout: 180
"""flow_recovery.py - a collector that starts late, is restarted, or is reached through loss understands again by the refresh.

flow-replay sends known records in rounds with the switch's own exporter, templates and options again each second. Datagrams are lost
in a relay, in a pattern that takes templates, options and data in turn. What a collector then has is whole rounds, nothing misread;
what is missing shows as gaps of the sequence, as many as there were, to tshark's rules.
Needs root, nfdump and tshark. Prints `ok NAME` or `not ok NAME`; exit 0, 1, 77 = skipped.
"""
import os
import re
import socket
import struct
import sys
import threading
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))

import flow_count as fc  # noqa: E402
import flow_frames as ff  # noqa: E402
import flow_lab as lab_  # noqa: E402
from flow_lab import claim, wait_for  # noqa: E402
from flow_tshark import OURS, Capture  # noqa: E402

REPLAY = f"{lab_.BUILD}/tests/support/flow-replay"
MANY, ROUNDS = 200, 10      # records of one packet in a round, beside the known ones; a round is a second
ONE = ["%sa", "%sp", "%pr", "%ipkt", "%ibyt"]


class Relay:
    """Passes datagrams on to a collector but those that `lose` names, and remembers all of them."""

    def __init__(self, port, to, lose):
        self.to, self.lose, self.seen = ("127.0.0.1", to), lose, []  # seen: (datagram, passed on)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, 33, 8 << 20)  # SO_RCVBUFFORCE
        self.socket.bind(("127.0.0.1", port))
        self.out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            datagram = self.socket.recv(65536)
            passed = not self.lose(len(self.seen))
            self.seen.append((datagram, passed))
            if passed:
                self.out.sendto(datagram, self.to)

    def write(self, path, passed_only):
        """A capture of what came out (or went in), to port 4739."""
        frames = [(10**18 + i * 10**6, ff.ether("02:00:00:00:00:01", "02:00:00:00:00:02", 0x0800, ff.ipv4(
            "127.0.0.1", "127.0.0.1", 17, struct.pack(">HHHH", 9, 4739, 8 + len(d), 0) + d))) for i, (d, p) in enumerate(self.seen)
            if p or not passed_only]
        fc.write(path, frames)
        return Capture(path, ["udp.port==4739,cflow"])


def some(i):
    """Losses of the first six seconds or so: the very first messages, then each third, but never for long."""
    return i < 3 or (i < 60 and i % 3 == 1)


class Replay:
    """flow-replay in the background."""

    def __init__(self, lab, name, format_, port):
        self.child = lab.start(name, [REPLAY, "--format", format_, "--rounds", str(ROUNDS), "--many", str(MANY), f"127.0.0.1:{port}"])

    def wait(self):
        self.child.popen.wait(90)
        self.said = self.child.said()


def rounds(rows):
    """How often each record is there, by what it says."""
    counts = {}
    for row in rows:
        counts[tuple(row)] = counts.get(tuple(row), 0) + 1
    return counts


def check_whole_rounds(name, rows, known):
    """All records of a round, each as it was sent, in at least three rounds; and nothing else."""
    counts = rounds(rows)
    wrong = set(counts) ^ set(known)
    claim(f"{name}: what arrives is as it was sent, all of it", not wrong, *list(wrong)[:5])
    least = min((counts.get(key, 0) / n for key, n in known.items()), default=0)
    claim(f"{name}: at least three whole rounds of {ROUNDS} arrive", least >= 3, least, counts)


def number_of(datagram):
    """Its sequence number. What it counts up by until the next is what this one takes: records, or in version 9 one."""
    return struct.unpack_from(">I", datagram, 8 if datagram[:2] == b"\0\x0a" else 12)[0]


def gaps(seen):
    """Numbers, from 1, of the messages that came out behind a gap."""
    found, out, missing = [], 0, False
    for i, (datagram, passed) in enumerate(seen):
        if passed:
            out += 1
            found += [out] if missing and out > 1 else []
            missing = False
        elif i + 1 < len(seen) and number_of(seen[i + 1][0]) != number_of(datagram):  # templates alone take no number
            missing = True
    return found


def check_loss(lab, name, relay, nfcapd):
    """Each gap is seen where it is; not one record of an unknown template is misread."""
    went_in, came_out = relay.write(lab.path(f"{name}-in.pcap"), False), relay.write(lab.path(f"{name}-out.pcap"), True)
    gap = ("-Y", "cflow.sequence_analysis.expected_sn", "-T", "fields", "-e", "frame.number")
    claim(f"{name}: without loss there is no gap", not went_in.tshark(*gap))
    want, seen = gaps(relay.seen), [int(n) for n in came_out.tshark(*gap).split()]
    # Records of which it has not got the template tshark cannot count: behind such a message, too, it sees a gap.
    blind = {int(n) + 1 for n in came_out.tshark("-Y", "_ws.malformed || cflow.no_template_found || data", "-T", "fields", "-e", "frame.number").split()}
    extra = set(seen) - set(want)
    claim(f"{name}: each gap of {sum(not passed for _, passed in relay.seen)} lost messages is seen by tshark", set(want) <= set(seen), want, seen)
    claim(f"{name}: and none where there is none", extra <= blind or not extra, extra, blind)
    bad = [line for line in came_out.tshark("-V").splitlines()
           if re.search(r"[Mm]alformed|Value \(hex bytes\)", line) and "no template found" not in line and "Group: Malformed" not in line and OURS not in line]
    claim(f"{name}: nothing malformed", not bad, *bad[:5])
    claim(f"{name}: nfcapd finds none bad", nfcapd[2] == 0, nfcapd)


def main():
    lab_.alone_in_a_namespace(__file__, ("nfcapd", "nfdump", "tshark"))
    with lab_.Lab("recovery") as lab:
        formats = ("ipfix", "v9")
        whole = {f: lab_.Nfcapd(lab, f"whole-{f}", 9100 + i) for i, f in enumerate(formats)}
        lossy = {f: lab_.Nfcapd(lab, f"lossy-{f}", 9200 + i) for i, f in enumerate(formats)}
        relays = {f: Relay(9300 + i, 9200 + i, some) for i, f in enumerate(formats)}
        first = {f: lab_.Nfcapd(lab, f"first-{f}", 9500 + i) for i, f in enumerate(formats)}
        replays = [Replay(lab, f"replay-{f}-{port}", f, port + i) for i, f in enumerate(formats) for port in (9100, 9300, 9400, 9500)]
        time.sleep(2.5)  # rounds pass without the late one, and the other ends between two of them
        late = {f: lab_.Nfcapd(lab, f"late-{f}", 9400 + i) for i, f in enumerate(formats)}
        for collector in first.values():
            collector.end()
        time.sleep(1)
        second = {f: lab_.Nfcapd(lab, f"second-{f}", 9500 + i) for i, f in enumerate(formats)}
        for replay in replays:
            replay.wait()
        for i, f in enumerate(formats):
            wait_for(lambda: lab_.has_read(9300 + i), "the relay's reading")
            ended = {name: c[f].end() for name, c in (("whole", whole), ("lossy", lossy), ("late", late), ("second", second))}
            known = rounds(whole[f].rows(ONE))
            claim(f"{f}: each of {ROUNDS} rounds arrives at who was there all the time", min(known.values()) == ROUNDS and len(known) >= MANY, known)
            known = {key: n // ROUNDS for key, n in known.items()}
            check_whole_rounds(f"{f}, started late", late[f].rows(ONE), known)
            check_whole_rounds(f"{f}, restarted", second[f].rows(ONE), known)
            check_whole_rounds(f"{f}, through loss", lossy[f].rows(ONE), known)
            check_loss(lab, f, relays[f], ended["lossy"])
    sys.exit(lab_.failed)


if __name__ == "__main__":
    main()
