#!/usr/bin/env python3
"""capture_mix.py - frames of every size and kind, and whether a capture has just these.

  capture_mix.py make TAG FROM TO FILE     a pcap of them; TAG 0: without. FROM and TO are numbers of guests (tests/support/frame.h)
  capture_mix.py same SENT... -- CAPTURE   the capture's frames are those of these files, octet for octet, each file's in its order
"""
import sys

import flow_count as fc
import flow_frames as ff

SIZES = (60, 61, 63, 64, 65, 127, 128, 300, 1023, 1499, 1500, 1513, 1514, 2047, 2048, 2049, 4096, 8999, 9000)
GAP = 100_000  # ns, so that every ring keeps up


def mac(n):
    return f"02:00:00:00:00:{n:02x}"


def of_kind(kind, size, tag, one, other):
    tags = ((0x8100, tag),) if tag else ()
    room = size - 14 - 4 * len(tags)
    v4 = lambda proto, payload, **more: ff.ipv4(f"10.0.0.{one}", f"10.0.0.{other}", proto, payload, **more)
    v6 = lambda proto, payload: ff.ipv6(f"2001:db8::{one}", f"2001:db8::{other}", proto, payload)
    udp = lambda head: ff.udp(1000, 2000, max(room - head - 8, 0))
    etype, payload = {
        "udp4": lambda: (0x0800, v4(17, udp(20))),
        "udp6": lambda: (0x86DD, v6(17, udp(40))),
        "tcp4": lambda: (0x0800, v4(6, ff.tcp(1000, 2000, ff.ACK, max(room - 40, 0)))),
        "icmp4": lambda: (0x0800, v4(1, ff.icmp(8, 0, max(room - 28, 0)))),
        "first": lambda: (0x0800, v4(17, udp(20), fragment=0x2000)),
        "later": lambda: (0x0800, v4(17, bytes(max(room - 20, 0)), fragment=0x2000 | 185)),
        "experiment": lambda: (0x88B5, bytes(i & 0xFF for i in range(room))),
    }[kind]()
    return ff.ether(mac(other), mac(one), etype, payload, tags)


def make(tag, one, other, path):
    frames = [of_kind(kind, size, tag, one, other) for size in SIZES
              for kind in ("udp4", "udp6", "tcp4", "icmp4", "first", "later", "experiment")]
    fc.write(path, [(i * GAP, f) for i, f in enumerate(frames)])
    print(len(frames))


def same(paths, capture):
    """Each frame of the capture is the next one of one of the files, and nothing is left."""
    left = [[bytes(f.octets) for f in fc.read(p)] for p in paths]
    heads = [0] * len(left)
    for i, frame in enumerate(fc.read(capture)):
        for k, sent in enumerate(left):
            if heads[k] < len(sent) and sent[heads[k]] == bytes(frame.octets):
                heads[k] += 1
                break
        else:
            sys.exit(f"frame {i + 1} of {capture}, {len(frame.octets)} octets, is not the next of any file")
    for path, sent, n in zip(paths, left, heads):
        if n != len(sent):
            sys.exit(f"{capture} has {n} of the {len(sent)} frames of {path}")



if sys.argv[1] == "make":
    make(int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
else:
    split = sys.argv.index("--")
    same(sys.argv[2:split], sys.argv[split + 1])
