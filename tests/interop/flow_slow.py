#!/usr/bin/python3
# timeout: 240
"""flow_slow.py - collectors that misbehave for long: the switch forwards as ever, its memory stays bounded, what was lost is said.

Usage: flow_slow.py [--seconds N]     (30 by default; 600 for a long look by hand)
A real tw-switch meters 20,000 new flows a second and exports them at once to a collector that reads, one that takes the connection
and never reads, one that resets it again and again, one that reads a little now and then, one that never answers at all, one
by UDP where nobody listens, and one by UDP that is well.
Needs root. Prints `ok NAME` or `not ok NAME`; exit 0, 1, 77 = skipped.
"""
import os
import random
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
from flow_lab import claim, run, wait_for  # noqa: E402

FLOWS = 20000          # of one packet, in each second of traffic
SECONDS = 4            # of different flows
GROWTH_MIB = 24        # a queue of less than 2 MiB for each collector, and what malloc keeps
GOOD, BAD = ("well", "well-udp"), ("deaf", "resetting", "slow", "silent", "refusing")


class Collector:
    """Accepts connections on a port and treats them as `manner` says."""

    def __init__(self, port, manner):
        self.manner, self.open, self.accepted, self.ended = manner, [], 0, False
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if manner is not read_all:
            self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.listener.bind(("127.0.0.1", port))
        self.listener.listen(8)
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self.ended:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            self.open.append(connection)
            threading.Thread(target=self._treat, args=(connection,), daemon=True).start()

    def _treat(self, connection):
        try:
            self.manner(self, connection)
        except OSError:
            pass

    def end(self):
        """Connections are reset: what the other side still has for us it must take for lost."""
        self.ended = True
        self.listener.close()
        for connection in self.open:
            try:
                reset(connection)
            except OSError:
                pass


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def read_all(_, connection):
    while connection.recv(1 << 20):
        pass


def never_read(*_):
    pass


def read_little(collector, connection):
    while not collector.ended and connection.recv(500):
        time.sleep(0.1)


def reset_again(_, connection):
    end = time.monotonic() + 0.5 + random.random()
    while time.monotonic() < end:
        connection.recv(65536)
    reset(connection)


def own_mib(pid):
    """Memory of the process alone: what it shares with guests, and DPDK's, is not meant."""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon:")) / 1024


def snapshot(lab):
    tcp = {"transport": "TCP", "active_timeout_s": 60, "idle_timeout_s": 1, "template_refresh_s": 5}
    udp = {**tcp, "transport": "UDP"}
    where = {"well": (9001, tcp), "well-udp": (9002, udp), "deaf": (9003, tcp), "resetting": (9004, tcp), "slow": (9005, tcp), "refusing": (9006, udp)}
    exporters = [{"name": n, "collectors": [f"127.0.0.1:{port}"], **how} for n, (port, how) in where.items()]
    exporters.append({"name": "silent", "collectors": ["10.99.0.2:4739"], **tcp})
    return {"host": "a", "observation_domain": 5, "ports": [lab.port(1, 10), lab.port(2, 10)], "exporters": exporters}


def never_answers():
    """10.99.0.2 is on a link on which nobody is."""
    run("ip", "link", "add", "void", "type", "veth", "peer", "name", "nobody")
    for end in ("void", "nobody"):
        run("ip", "link", "set", end, "up")
    run("ip", "addr", "add", "10.99.0.1/24", "dev", "void")
    run("ip", "neigh", "add", "10.99.0.2", "lladdr", "02:00:00:00:99:02", "dev", "void")


def traffic(lab):
    """Captures of a second each, of guest 1 to guest 2; a flow that comes again after all of them has ended meanwhile."""
    mac = "02:00:00:00:00:0"
    for n in range(SECONDS):
        frames = [(i * 10**9 // FLOWS, ff.ether(mac + "2", mac + "1", 0x0800, ff.ipv4(f"10.{i >> 12}.{n}.1", "10.255.0.1", 17, ff.udp(1024 + i % 4096, 53, 20))))
                  for i in range(FLOWS)]
        fc.write(lab.path(f"flows{n}.pcap"), frames, True)


def replay(lab, n):
    """@return frames sent"""
    return int(lab.guest(f"replay 1 {lab.path(f'flows{n % SECONDS}.pcap')}"))


def crossed(lab):
    """Of what guest 1 sent guest 2 so far: (frames taken from the one, given to the other, that found no room there)"""
    ports = {p["number"]: p["counters"] for p in lab.status()["ports"]}
    return int(ports[1]["rx_packets"]), int(ports[2]["tx_packets"]), sum(int(d["packets"]) for d in ports[2]["drops"])


def accounted(seen):
    return {name: e.get("records", 0) + e.get("lost_records", 0) for name, e in seen.items()}


def watch(lab, seconds):
    """Traffic for so long. (frames sent, what of them crossed(), the most memory in MiB, what each collector's error was)"""
    sent, most, errors, end = 0, 0.0, {}, time.monotonic() + seconds
    before = crossed(lab)
    while time.monotonic() < end:
        sent += replay(lab, sent // FLOWS + 1)
        most = max(most, own_mib(lab.switch.popen.pid))
        for name, e in lab.exporters().items():
            errors.setdefault(name, set()).add(e.get("error", ""))

    def difference():
        return tuple(b - a for a, b in zip(before, crossed(lab), strict=True))
    try:
        wait_for(lambda: sum(difference()[1:]) >= sent, "the crossing of every frame", 10)
    except RuntimeError:
        pass
    return sent, difference(), most, errors


def main():
    seconds = int(sys.argv[sys.argv.index("--seconds") + 1]) if "--seconds" in sys.argv else 30
    lab_.alone_in_a_namespace(__file__, ("ip",))
    never_answers()
    with lab_.Lab("slow") as lab:
        collectors = [Collector(9001, read_all), Collector(9003, never_read), Collector(9004, reset_again), Collector(9005, read_little)]
        reader = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        reader.bind(("127.0.0.1", 9002))
        lab.start_switch()
        lab.apply(snapshot(lab))
        lab.start_guests(1, 2)
        traffic(lab)
        replay(lab, 0)  # tables and rings are in memory then
        time.sleep(2)
        before = own_mib(lab.switch.popen.pid)
        sent, (taken, arrived, refused), most, errors = watch(lab, seconds)
        claim(f"each of {sent} frames arrives, or found the guest's ring full", taken == sent == arrived + refused and refused < sent / 100, taken, arrived, refused)
        claim(f"the switch's memory grows by less than {GROWTH_MIB} MiB", most - before < GROWTH_MIB, f"{before:.1f} then {most:.1f}")
        wait_for(lambda: lab.flows_alive() == 0, "the end of every flow")
        time.sleep(2)  # open messages are full or sent, and acknowledged
        seen = lab.exporters()
        total = seen["well"].get("records", 0)
        claim("the collectors that are well get every record", sent / 2 < total == seen["well-udp"].get("records", 0) and
              not any(seen[n].get("lost_records") for n in GOOD), {n: seen[n] for n in GOOD})
        claim("of each other one it is said that it is in trouble", all(errors[n] - {""} for n in BAD), errors)
        claim("and that records were lost", all(seen[n].get("lost_records", 0) > 0 for n in BAD), {n: seen[n] for n in BAD})
        for collector in collectors[1:]:
            collector.end()
        run("ip", "link", "del", "void")  # no way to it at all: its connection ends at once
        try:
            wait_for(lambda: len(set(accounted(lab.exporters()).values())) == 1, "the accounting for every record")
        except RuntimeError:
            pass
        claim(f"each of {total} records was sent or is said to be lost, for each collector", set(accounted(lab.exporters()).values()) == {total},
              lab.exporters())
        claim("the switch serves on", replay(lab, 0) == FLOWS)
        collectors[0].end()
        lab.end_guests()
        lab.end_switch()
    sys.exit(lab_.failed)


if __name__ == "__main__":
    main()
