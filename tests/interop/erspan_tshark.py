#!/usr/bin/python3
# timeout: 60
"""erspan_tshark.py - tshark decodes the copies that leave for an ERSPAN collector, types II and III, and the frames in them.

tests/dpdk/erspan_test sends them, in a network namespace of this test's own. Needs root, tcpdump and tshark.
Prints `ok NAME` or `not ok NAME`; exit 0, 1, 77 = skipped.
"""
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("TW_BUILD", "build")
NAMESPACE = f"tw-erspan-{os.getpid()}"
FIELDS = ["gre.proto", "gre.sequence_number", "erspan.version", "erspan.vlan", "erspan.spanid", "erspan.truncated",
          "eth.src", "eth.type", "vlan.id"]
# gre.proto, sequence, version, VLAN, session, truncated, and the frame's sender, ethertypes and tag
WANT = [
    ("0x88be", "0", "1", "10", "7", "0", "02:00:00:00:00:01", "0x88b5", ""),
    ("0x88be", "1", "1", "10", "7", "0", "02:00:00:00:00:01", "0x8100", "10"),
    ("0x22eb", "0", "2", "10", "7", "0", "02:00:00:00:00:01", "0x88b5", ""),
    ("0x22eb", "0", "2", "10", "7", "0", "02:00:00:00:00:01", "0x88b5", ""),
    ("0x88be", "3", "1", "10", "7", "1", "02:00:00:00:00:01", "0x88b5", ""),
    ("0x88be", "0", "1", "10", "7", "0", "02:00:00:00:00:01", "0x88b5", ""),
    ("0x88be", "2", "1", "10", "7", "0", "02:00:00:00:00:01", "0x88b5", ""),
]


def inside(*command):
    return ["ip", "netns", "exec", NAMESPACE, *command]


def capture(path):
    """What the test program sends, as tcpdump sees it."""
    dump = subprocess.Popen(inside("tcpdump", "-i", "lo", "-U", "-w", path, "proto gre"), stderr=subprocess.PIPE,
                            text=True)
    for line in dump.stderr:
        if "listening on" in line:
            break
    try:
        subprocess.run(inside(f"{BUILD}/tests/dpdk/dpdk_erspan"), check=False, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=30, env={**os.environ, "TW_TEST_NETWORK": "1"})
        until = time.monotonic() + 10
        while len(decode(path)) < len(WANT) and time.monotonic() < until:
            time.sleep(0.1)
    finally:
        dump.send_signal(signal.SIGINT)
        dump.wait(10)


def decode(path):
    """One tuple a packet: the last of each field, which is the inner frame's; but the tag's and what ERSPAN says itself."""
    out = subprocess.run(["tshark", "-r", path, "-T", "fields", "-E", "separator=|", "-E", "occurrence=l"]
                         + [a for f in FIELDS for a in ("-e", f)], capture_output=True, text=True, check=False).stdout
    return [tuple(as_number(v) if i == 5 else v for i, v in enumerate(line.split("|"))) for line in out.splitlines()]


def as_number(flag):
    return {"True": "1", "False": "0"}.get(flag, flag)


def main():
    for need in ("tcpdump", "tshark", "ip"):
        if not shutil.which(need):
            print(f"no {need}")
            return 77
    subprocess.run(["ip", "netns", "add", NAMESPACE], check=True)
    folder = tempfile.mkdtemp(prefix="tw-erspan.")
    try:
        subprocess.run(inside("ip", "link", "set", "lo", "up"), check=True)
        path = f"{folder}/gre.pcap"
        capture(path)
        got = decode(path)
        malformed = subprocess.run(["tshark", "-r", path, "-Y", "_ws.malformed"], capture_output=True, text=True,
                                   check=False).stdout
    finally:
        subprocess.run(["ip", "netns", "del", NAMESPACE], check=False)
        shutil.rmtree(folder)
    right = got == WANT and not malformed
    print("ok" if right else "not ok", "tshark decodes what leaves for an ERSPAN collector")
    if not right:
        for line in got:
            print("  got", line)
        print(malformed)
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
