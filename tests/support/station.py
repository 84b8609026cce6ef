#!/usr/bin/python3
"""station.py - somebody on the wire: sends frames, and counts what arrives at an interface, and twice.

Usage: station.py INTERFACE. Takes commands on standard input, a line each, and answers each with one line:
  count MAC TYPE     how many frames of that source and ethertype have come, and how many different ones: "ok N M"
  most MAC TYPE      the most octets one of them had: "ok N"
  send HEX [N]       a frame, N times; a number in its last two octets goes up
  answer MAC         each different IPv4 frame that has come from there goes back, addresses changed about, and is forgotten: "ok N"
"""
import collections
import os
import select
import socket
import struct
import sys

FRAME_MAX, QUEUE = 65536, 1 << 24
ETH_P_ALL, PACKET_OUTGOING = 3, 4


class Station:
    def __init__(self, interface):
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        self.socket.setsockopt(socket.SOL_SOCKET, getattr(socket, "SO_RCVBUFFORCE", 33), QUEUE)
        self.socket.bind((interface, ETH_P_ALL))
        self.socket.setblocking(False)
        self.came = collections.Counter()

    def receive(self):
        while True:
            try:
                frame, address = self.socket.recvfrom(FRAME_MAX)
            except BlockingIOError:
                return
            if address[2] != PACKET_OUTGOING:
                self.came[frame] += 1

    def of(self, mac, ethertype):
        head = bytes.fromhex(mac.replace(":", "")) + bytes.fromhex(ethertype)
        return {frame: n for frame, n in self.came.items() if frame[6:14] == head}

    def do(self, words):
        if words[0] == "count":
            frames = self.of(*words[1:])
            return f"ok {sum(frames.values())} {len(frames)}"
        if words[0] == "most":
            return f"ok {max(map(len, self.of(*words[1:])), default=0)}"
        if words[0] == "answer":
            frames = self.of(words[1], "0800")
            for f in frames:
                self.socket.send(f[6:12] + f[:6] + f[12:26] + f[30:34] + f[26:30] + f[34:])
                del self.came[f]
            return f"ok {len(frames)}"
        if words[0] == "send":
            frame = bytes.fromhex(words[1])
            for i in range(int(words[2]) if len(words) > 2 else 1):
                self.socket.send(frame[:-2] + struct.pack(">H", i))
            return "ok"
        return "not a command"


def main():
    station = Station(sys.argv[1])
    print("ok", flush=True)
    rest = b""
    while True:
        select.select([station.socket, 0], [], [])
        station.receive()
        if not select.select([0], [], [], 0)[0]:
            continue
        data = os.read(0, 65536)
        if not data:
            return
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            station.receive()
            print(station.do(line.decode().split()), flush=True)


main()
