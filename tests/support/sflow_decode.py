"""sflow_decode.py - reads sFlow datagrams by the specifications (sFlow version 5, sFlow Host Structures), sharing nothing with the switch.

Every length is held against what is in it: a datagram that is not as it should be raises ValueError.
"""
import collections
import ipaddress
import struct

Datagram = collections.namedtuple("Datagram", "agent sub_agent sequence uptime samples")
Packet = collections.namedtuple("Packet", "sequence source rate pool drops input output length stripped header vlans")
Counters = collections.namedtuple("Counters", "sequence source records")  # records: {format: {name: value}}

INTERFACE = ("ifIndex ifType ifSpeed:8 ifDirection ifStatus ifInOctets:8 ifInUcastPkts ifInMulticastPkts ifInBroadcastPkts ifInDiscards ifInErrors "
             "ifInUnknownProtos ifOutOctets:8 ifOutUcastPkts ifOutMulticastPkts ifOutBroadcastPkts ifOutDiscards ifOutErrors ifPromiscuousMode")
NET_IO = "rx_bytes:8 rx_packets rx_errs rx_drop tx_bytes:8 tx_packets tx_errs tx_drop"
UNKNOWN = 0xFFFFFFFF


class Xdr:
    """What is left of some XDR."""

    def __init__(self, octets):
        self.octets, self.at = octets, 0

    def take(self, size):
        if self.at + size > len(self.octets):
            raise ValueError(f"{size} octets at {self.at} of {len(self.octets)}")
        self.at += size
        return self.octets[self.at - size:self.at]

    def number(self, size=4):
        return int.from_bytes(self.take(size), "big")

    def numbers(self, n):
        return struct.unpack(f">{n}I", self.take(4 * n))

    def fixed(self, size):
        octets, filling = self.take(size), self.take(-size % 4)
        if any(filling):
            raise ValueError("the filling is not zero")
        return octets

    def opaque(self):
        return self.fixed(self.number())

    def text(self):
        return self.opaque().decode()

    def block(self):
        return self.number(), Xdr(self.opaque())

    def struct(self, names):
        return {name: self.number(int(size or 4)) for name, _, size in (word.partition(":") for word in names.split())}

    def end(self):
        if self.at != len(self.octets):
            raise ValueError(f"{len(self.octets) - self.at} octets too many")


def _packet(x):
    sequence, *source, rate, pool, drops = x.numbers(6)
    into, out = tuple(x.numbers(2)), tuple(x.numbers(2))
    length = stripped = header = vlans = None
    for _ in range(x.number()):
        kind, record = x.block()
        if kind == 1:
            protocol, length, stripped = record.numbers(3)
            header = record.opaque()
            if protocol != 1:
                raise ValueError(f"a header of protocol {protocol}")
        elif kind == 1001:
            vlans = record.numbers(4)
        else:
            raise ValueError(f"a flow record of format {kind}")
        record.end()
    return Packet(sequence, tuple(source), rate, pool, drops, into, out, length, stripped, header, vlans)


def _adapters(record):
    return {record.number(): [record.fixed(6) for _ in range(record.number())] for _ in range(record.number())}


def _counters(x):
    sequence, *source = x.numbers(3)
    records = {}
    for _ in range(x.number()):
        kind, r = x.block()
        readers = {1: lambda: r.struct(INTERFACE), 1005: lambda: {"name": r.text()}, 2001: lambda: _adapters(r), 2002: lambda: r.struct("type index"),
                   2000: lambda: {"hostname": r.text(), "uuid": r.fixed(16), "machine": r.number(), "os": r.number(), "release": r.text()},
                   2104: lambda: r.struct(NET_IO)}
        if kind not in readers:
            raise ValueError(f"a counter record of format {kind}")
        records[kind] = readers[kind]()
        r.end()
    return Counters(sequence, tuple(source), records)


def decode(octets):
    x = Xdr(octets)
    version, kind = x.numbers(2)
    if version != 5 or kind not in (1, 2):
        raise ValueError(f"version {version}, address of type {kind}")
    agent = str(ipaddress.ip_address(x.take(4 if kind == 1 else 16)))
    sub_agent, sequence, uptime = x.numbers(3)
    samples = []
    for _ in range(x.number()):
        form, body = x.block()
        if form not in (3, 4):
            raise ValueError(f"a sample of format {form}")
        samples.append(_packet(body) if form == 3 else _counters(body))
        body.end()
    x.end()
    return Datagram(agent, sub_agent, sequence, uptime, samples)
