#!/usr/bin/python3
# timeout: 180
"""flow_nfcapd.py - other people's collectors read our export: nfcapd/nfdump show every value, tshark has nothing to object.

flow-replay sends known records with the switch's own exporter, in a network namespace without a name: to nfcapd over IPv4
(three rounds, so with templates and options again and again) and over IPv6 with the smallest MTU and many flows.
Needs root, nfdump and tshark. Prints `ok NAME` or `not ok NAME`; exit 0, 1, 77 = skipped.
"""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

BUILD = os.environ.get("TW_BUILD", "build")
REPLAY = f"{BUILD}/tests/support/flow-replay"
PORT = 4739
ROUNDS = 3
OURS = "(Example Enterprise Number for Documentation Use)"  # 32473
MANY = 2000
EMPTY_MAC = "00:00:00:00:00:00"

WEB, DB, CLIENT = ("web/eth0 vm web network blue", "db/eth0 vm db network blue", "client/eth0 vm client network green")
M1, M2, BROADCAST = "02:00:00:00:00:01", "02:00:00:00:00:02", "ff:ff:ff:ff:ff:ff"

COLUMNS = "%ts|%te|%pr|%sa|%sp|%da|%dp|%flg|%tos|%ipkt|%ibyt|%in|%out|%svln|%dvln|%ismc|%idmc|%odmc|%inam|%onam|%dir"
DAY = "2023-11-14 22:13:"
# One line a record of flow-replay, as nfdump must show it. Layer-2 flows have no layer-3 octets; of what the switch refused
# no packet and no octet arrived, and how many were dropped nfdump has no column for.
KNOWN = [
    (DAY + "20.123", DAY + "20.624", "6", "10.0.0.1", "40000", "10.0.0.2", "80", "...AP.SF", "184", 3, 1120,
     "1", "2", "10", "10", M1, M2, EMPTY_MAC, WEB, DB, "I"),
    (DAY + "20.124", DAY + "20.623", "6", "10.0.0.2", "80", "10.0.0.1", "40000", "...A..SF", "0", 2, 80,
     "2", "1", "10", "10", M2, M1, EMPTY_MAC, DB, WEB, "I"),
    (DAY + "21.123", DAY + "21.873", "17", "10.0.1.1", "5000", "10.0.1.2", "53", "........", "0", 4, 912,
     "70000", "0", "100", "200", M1, M2, EMPTY_MAC, CLIENT, "", "I"),
    (DAY + "22.123", DAY + "23.123", "1", "10.0.0.1", "0", "10.0.0.3", "8.0", "........", "0", 2, 168,
     "1", "70000", "10", "10", M1, M2, EMPTY_MAC, WEB, CLIENT, "I"),
    (DAY + "22.133", DAY + "22.133", "1", "10.0.0.3", "0", "10.0.0.1", "3.1", "........", "0", 1, 56,
     "0", "1", "10", "10", M1, M2, EMPTY_MAC, "", WEB, "E"),
    (DAY + "24.124", DAY + "24.124", "17", "10.0.2.1", "0", "10.0.2.2", "0", "........", "0", 1, 648,
     "1", "2", "10", "10", M1, M2, EMPTY_MAC, WEB, DB, "I"),
    (DAY + "25.123", DAY + "26.122", "47", "10.0.3.1", "0", "10.0.3.2", "0", "........", "0", 7, 700,
     "1", "2", "10", "10", M1, M2, EMPTY_MAC, WEB, DB, "I"),
    (DAY + "25.223", DAY + "25.223", "132", "10.0.3.1", "9000", "10.0.3.2", "9001", "........", "0", 1, 52,
     "1", "2", "10", "10", M1, M2, EMPTY_MAC, WEB, DB, "I"),
    (DAY + "20.123", "2023-11-14 22:14:20.123", "6", "10.0.4.1", "5001", "10.0.4.2", "5201", "...A....", "0",
     5000000000, 7000000000000, "1", "2", "10", "10", M1, M2, EMPTY_MAC, WEB, DB, "I"),
    (DAY + "26.123", DAY + "26.923", "17", "10.0.5.1", "1111", "10.0.5.2", "2222", "........", "0", 0, 0,
     "70000", "0", "30", "30", M1, M2, EMPTY_MAC, CLIENT, "", "I"),
    (DAY + "23.123", DAY + "23.323", "6", "2001:db8::1", "6000", "2001:db8::2", "6001", "......S.", "32", 3, 444,
     "1", "2", "10", "10", M1, M2, EMPTY_MAC, WEB, DB, "I"),
    (DAY + "23.623", DAY + "23.623", "58", "2001:db8::1", "0", "2001:db8::2", "128.0", "........", "0", 1, 80,
     "1", "2", "10", "10", M1, M2, EMPTY_MAC, WEB, DB, "I"),
    (DAY + "24.223", DAY + "24.323", "17", "2001:db8::3", "0", "2001:db8::4", "0", "........", "0", 2, 1500,
     "1", "2", "10", "10", M1, M2, EMPTY_MAC, WEB, DB, "I"),
    (DAY + "27.123", DAY + "27.173", "89", "fe80::1", "0", "ff02::5", "0", "........", "0", 6, 456,
     "2", "0", "10", "10", M1, M2, EMPTY_MAC, DB, "", "I"),
    (DAY + "27.623", DAY + "27.723", "0", "0.0.0.0", "0", "0.0.0.0", "0", "........", "0", 11, 2200,
     "2", "0", "0", "0", EMPTY_MAC, EMPTY_MAC, EMPTY_MAC, DB, "", "I"),
    (DAY + "25.123", DAY + "25.123", "0", "0.0.0.0", "0", "0.0.0.0", "0", "........", "0", 1, 0,
     "1", "0", "10", "10", M1, BROADCAST, EMPTY_MAC, WEB, "", "I"),
]
DST_VLAN = 14
REFUSED = "10.0.5.1"  # sender of the flow that the switch dropped: version 5 cannot say so


def in_v9(row):
    """Version 9 has no element for the VLAN behind (59 would overwrite the one before in some readers)."""
    return row[:DST_VLAN] + ("0",) + row[DST_VLAN + 1:]


def in_v5(row):
    """IPv4 alone, without VLAN, MAC, direction and names; a port number above 65535 is unknown. None: not said at all."""
    if ":" in row[3] or row[3] in ("0.0.0.0", REFUSED):
        return None
    short = ["0" if n == "70000" else n for n in row[11:13]]
    return row[:11] + tuple(short) + ("0", "0", EMPTY_MAC, EMPTY_MAC, EMPTY_MAC, "", "", "I")


END_REASONS = [3, 3, 1, 2, 1, 1, 4, 5, 2, 1, 1, 1, 1, 1, 5, 1]

failed = 0


def claim(name, holds, *evidence):
    global failed
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        failed = 1
        for line in evidence:
            print(f"# {line}"[:2000], flush=True)


def skip(reason):
    print(reason, file=sys.stderr)
    sys.exit(77)


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def wait_for(condition, what):
    deadline = time.monotonic() + 15
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not happen within 15 s")
        time.sleep(0.05)


def is_bound(family, port):
    with open(f"/proc/net/udp{'6' if family == 6 else ''}", encoding="ascii") as table:
        return any(line.split()[1].endswith(f":{port:04X}") for line in table.readlines()[1:])


class Collection:
    """What nfcapd stored and dumpcap saw of one run of flow-replay."""

    expert = "expert"

    def __init__(self, top, name, family, address, *replay):
        self.folder, self.capture, self.log = f"{top}/{name}", f"{top}/{name}.pcapng", f"{top}/{name}.log"
        os.mkdir(self.folder)
        target = f"[{address}]:{PORT}" if family == 6 else f"{address}:{PORT}"
        with open(self.log, "wb") as log:
            # A file a day: one that ends at the full five minutes would split what is looked at here.
            nfcapd = subprocess.Popen(["nfcapd", f"-{family}", "-b", address, "-p", str(PORT), "-w", self.folder,
                                       "-t", "86400", "-v", "-B", "4000000"], stdout=log, stderr=log)
            dumpcap = subprocess.Popen(["dumpcap", "-q", "-i", "lo", "-f", f"udp dst port {PORT}", "-w", self.capture],
                                       stdout=log, stderr=log)
            try:
                wait_for(lambda: is_bound(family, PORT), "nfcapd's listening")
                wait_for(lambda: os.path.exists(self.capture) and os.path.getsize(self.capture) > 0, "the capture")
                time.sleep(0.5)
                self.sent = run(REPLAY, *replay, target)
                time.sleep(1)
            finally:
                dumpcap.send_signal(signal.SIGINT)
                nfcapd.terminate()
                dumpcap.wait()
                nfcapd.wait()
        with open(self.log, encoding="utf-8", errors="replace") as log:
            self.said = log.read()
        self.file = f"{self.folder}/" + sorted(f for f in os.listdir(self.folder) if re.match(r"nfcapd\.2", f))[-1]

    def flows(self):
        shown = run("nfdump", "-q", "-N", "-r", self.file, "-o", "fmt:" + COLUMNS)
        for line in shown.splitlines():
            row = [column.strip() for column in line.split("|")]
            yield tuple(int(c) if i in (9, 10) else c for i, c in enumerate(row))

    def tshark(self, *arguments):
        return run("tshark", "-r", self.capture, "-d", f"udp.port=={PORT},cflow", *arguments)


class Stream:
    """What dumpcap saw of one run of flow-replay to a socket that reads and says nothing."""

    expert = "expert,warn"  # that a connection begins and ends is a note

    def __init__(self, top, name, *replay):
        self.capture = f"{top}/{name}.pcapng"
        with socket.create_server(("127.0.0.1", PORT)) as listener, open(f"{top}/{name}.log", "wb") as log:
            sink = threading.Thread(target=self.read_all, args=(listener,))
            sink.start()
            dumpcap = subprocess.Popen(["dumpcap", "-q", "-i", "lo", "-f", f"tcp port {PORT}", "-w", self.capture],
                                       stdout=log, stderr=log)
            try:
                wait_for(lambda: os.path.exists(self.capture) and os.path.getsize(self.capture) > 0, "the capture")
                time.sleep(0.5)
                self.sent = run(REPLAY, *replay, f"127.0.0.1:{PORT}")
                sink.join(30)
                time.sleep(1)
            finally:
                dumpcap.send_signal(signal.SIGINT)
                dumpcap.wait()

    @staticmethod
    def read_all(listener):
        connection, _ = listener.accept()
        with connection:
            while connection.recv(65536):
                pass

    def tshark(self, *arguments):
        return run("tshark", "-r", self.capture, "-d", f"tcp.port=={PORT},cflow", *arguments)


def check_tshark(c, name, records):
    """tshark knows each element but our private ones, finds each template, and follows the sequence."""
    expert = [line for line in c.tshark("-q", "-z", c.expert).splitlines() if line.strip()]
    claim(f"{name}: tshark's expert has nothing to say", not expert, *expert)
    tree = c.tshark("-V")
    strange = [line for line in tree.splitlines()
               if re.search(r"Unknown ?\(\d|Value \(hex bytes\)|[Mm]alformed|No template found|Unreassembled", line) and OURS not in line]
    claim(f"{name}: tshark knows every field", not strange, *strange[:20])
    gaps = c.tshark("-Y", "cflow.sequence_analysis.expected_sn").splitlines()
    claim(f"{name}: the sequence counts every data record", not gaps, *gaps[:5])
    if records is None:
        return
    ends = c.tshark("-T", "fields", "-e", "cflow.flow_end_reason", "-E", "occurrence=a").replace("\n", ",")
    seen = len([e for e in ends.split(",") if e])
    claim(f"{name}: every record is in the capture", seen == records, f"{seen} of {records}")


def check_sizes(c, name, mtu):
    field = "ipv6.plen" if "6" in name else "ip.len"
    sizes = [int(s) + (40 if "6" in name else 0) for s in c.tshark("-T", "fields", "-e", field).split()]
    claim(f"{name}: no packet is longer than the MTU", sizes and max(sizes) <= mtu, f"longest {max(sizes)}, MTU {mtu}")
    claim(f"{name}: packets are made use of", max(sizes) > mtu - 140, f"longest {max(sizes)}, MTU {mtu}")


def check_known(top):
    c = Collection(top, "ipv4", 4, "127.0.0.1", "--rounds", str(ROUNDS), "--many", "50")
    summary = re.search(r"Flows: (\d+), .* Bad Packets: (\d+)", c.said)
    wanted = ROUNDS * (len(KNOWN) + 50)
    claim("nfcapd takes every record and finds none bad", summary and summary.groups() == (str(wanted), "0"), c.said)
    shown = [f for f in c.flows() if not f[3].startswith("10.9.")]
    for i, row in enumerate(KNOWN):
        got = shown[i] if i < len(shown) else ()
        claim(f"nfdump shows {row[3]}:{row[4]} > {row[5]}:{row[6]} protocol {row[2]} as it was sent", got == row,
              f"sent  {row}", f"shown {got}")
    claim("nfdump shows every round alike", shown == KNOWN * ROUNDS, f"{len(shown)} flows")
    raw = run("nfdump", "-r", c.file, "-o", "raw", "not src net 10.9.0.0/16")
    reasons = [int(r, 16) for r in re.findall(r"end reason\s+=\s+(0x[0-9a-f]+)", raw)]
    claim("nfdump shows why each flow ended", reasons == END_REASONS * ROUNDS, reasons)
    networks = set(re.findall(r"gress VRF +=\s+(\d+ \w+)", raw))
    claim("nfdump shows the networks of both ends by name", networks == {"5 blue", "6 green"}, networks)
    sampler = run("nfdump", "-E", c.file)
    claim("nfdump knows that every packet was metered", "packet interval: 1, packet space: 0" in sampler, sampler)
    check_tshark(c, "ipv4", wanted)
    check_sizes(c, "ipv4", 1400)
    vm = c.tshark("-T", "fields", "-e", "cflow.virtual_station_name", "-e", "cflow.virtual_station_interface_name")
    claim("tshark shows the VMs' names", {"web,db,client", "web/eth0,db/eth0,client/eth0"} <= set(vm.split()), vm)


def check_refused(top):
    """Dropped packets stand beside forwardingStatus, and nowhere else."""
    c = Collection(top, "refused", 4, "127.0.0.1")
    table = [line.split("|") for line in c.tshark("-T", "fields", "-E", "separator=|", "-E", "occurrence=a", "-e",
                                                  "cflow.forwarding_status", "-e", "cflow.drop_packets", "-e",
                                                  "cflow.drop_octets").splitlines()]
    dropped = {(packets, octets) for _, packets, octets in table if packets}
    claim("tshark shows the refused flow's packets and octets as dropped", dropped == {("9", "900")}, table)


def check_names(top):
    """With both ends' names in each record every value is what it was without, and the names can be read."""
    c = Collection(top, "names", 4, "127.0.0.1", "--names", "--rounds", "2", "--many", "50")
    shown = [f for f in c.flows() if not f[3].startswith("10.9.")]
    claim("with names in the records nfdump shows all values alike", shown == KNOWN * 2, f"{len(shown)} flows")
    check_tshark(c, "names", 2 * (len(KNOWN) + 50))
    tree = c.tshark("-V")
    flow = next((part for part in re.split(r"\n +Flow \d+\n", tree) if "10.0.0.1" in part and "40000" in part), "")
    claim("a record names the VM and the network", re.search("Station Name: web", flow) and "blue" in flow, flow)
    claim("a record names the other end's VM", "64 62" in "".join(re.findall("Type 1: Value.*", flow)), flow)


def joined(flows):
    """One flow of those that came in several records one behind the other."""
    result = []
    for f in flows:
        if result and result[-1][:9] + result[-1][11:] == f[:9] + f[11:]:
            f = f[:9] + (result[-1][9] + f[9], result[-1][10] + f[10]) + f[11:]
            result.pop()
        result.append(f)
    return result


def check_format(top, flag, rows):
    """The same records by an older format: all that it can say arrives, and the sequence is right by its own rule."""
    c = Collection(top, flag, 4, "127.0.0.1", "--format", flag, "--rounds", str(ROUNDS), "--many", "50")
    parts = sum(max(1, -(-row[10] // (2**32 - 1))) if flag == "v5" else 1 for row in rows)  # counters of 32 bits
    wanted = ROUNDS * (parts + 50)
    summary = re.search(r"Flows: (\d+), .* Sequence Errors: (\d+), Bad Packets: (\d+)", c.said)
    claim(f"{flag}: nfcapd takes every record, in sequence, and finds none bad",
          summary and summary.groups() == (str(wanted), "0", "0"), c.said)
    shown = joined(f for f in c.flows() if not f[3].startswith("10.9."))
    for i, row in enumerate(rows):
        got = shown[i] if i < len(shown) else ()
        claim(f"{flag}: nfdump shows {row[3]}:{row[4]} > {row[5]}:{row[6]} protocol {row[2]} as it was sent", got == row,
              f"sent  {row}", f"shown {got}")
    claim(f"{flag}: nfdump shows every round alike", shown == rows * ROUNDS, f"{len(shown)} flows")
    unsaid = ROUNDS * (len(KNOWN) - len(rows))
    claim(f"{flag}: what it cannot say is counted", f"unsaid={unsaid}" in c.sent, c.sent)
    check_tshark(c, flag, None)
    check_sizes(c, flag, 1400)


def check_tcp(top):
    """nfcapd does not listen on TCP; tshark follows the stream."""
    c = Stream(top, "tcp", "--tcp", "--rounds", str(ROUNDS), "--many", str(MANY))
    claim("tcp: every record is acknowledged", f"records={ROUNDS * (len(KNOWN) + MANY)} " in c.sent and "lost=0" in c.sent, c.sent)
    check_tshark(c, "tcp", ROUNDS * (len(KNOWN) + MANY))
    templates = c.tshark("-T", "fields", "-e", "cflow.template_id", "-E", "occurrence=a").replace("\n", ",").split(",")
    claim("tcp: a template is told once", templates.count("512") == 1, templates[:40])


def check_many(top):
    c = Collection(top, "ipv6", 6, "::1", "--many", str(MANY), "--mtu", "512", "--domain", "4294967295")
    many = [f for f in c.flows() if f[3].startswith("10.9.")]
    octets = sum(28 + i % 100 for i in range(MANY))
    claim("nfdump's totals are those of the records", (len(many), sum(f[9] for f in many), sum(f[10] for f in many)) ==
          (MANY, MANY, octets), len(many), sum(f[10] for f in many), octets, c.sent, c.said)
    check_tshark(c, "ipv6", MANY + len(KNOWN))
    check_sizes(c, "ipv6", 512)


def check_path(top):
    run("ip", "link", "set", "lo", "mtu", "900")
    c = Collection(top, "narrow ipv4 path", 4, "127.0.0.1", "--many", "100", "--mtu", "1400")
    run("ip", "link", "set", "lo", "mtu", "65536")
    claim("nothing is lost on a path that takes less than the configured MTU", "lost=0" in c.sent, c.sent)
    check_tshark(c, "narrow ipv4 path", 100 + len(KNOWN))
    sizes = [int(s) for s in c.tshark("-T", "fields", "-e", "ip.len").split()]
    claim("packets are no longer than the path takes", sizes and 700 < max(sizes) <= 900, f"longest {max(sizes)}")


def main():
    if os.geteuid() != 0:
        skip("needs root for a network namespace")
    for tool in ("nfcapd", "nfdump", "tshark", "dumpcap"):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    if not os.access(REPLAY, os.X_OK):
        skip(f"{REPLAY} is not built")
    if os.environ.get("TW_FLOW_NETNS") != "1":
        os.environ["TW_FLOW_NETNS"] = "1"
        os.execvp("unshare", ["unshare", "--net", "--", sys.executable, os.path.abspath(__file__)])
    os.environ.update(TZ="UTC", LC_ALL="C.UTF-8")
    run("ip", "link", "set", "lo", "up")
    with tempfile.TemporaryDirectory(prefix="tw-flow.", dir=os.environ.get("TW_TMP")) as top:
        check_known(top)
        check_refused(top)
        check_names(top)
        check_format(top, "v9", [in_v9(row) for row in KNOWN])
        check_format(top, "v5", [row for row in map(in_v5, KNOWN) if row])
        check_tcp(top)
        check_many(top)
        check_path(top)
    sys.exit(failed)


if __name__ == "__main__":
    main()
