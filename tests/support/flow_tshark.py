"""flow_tshark.py - flow export as tshark decodes it: records with their fields, sequence numbers, what it objects to."""
import re
import xml.etree.ElementTree as ET

from flow_lab import run

OURS = "(Example Enterprise Number for Documentation Use)"  # 32473: our private elements, which type records explain


class Capture:
    """A capture of the exports of one switch. @param decode tshark's -d for each port, e.g. "udp.port==4739,cflow" """

    def __init__(self, path, decode):
        self.arguments = ["-r", path]
        for way in decode:
            self.arguments += ["-d", way]

    def tshark(self, *arguments):
        return run("tshark", *self.arguments, *arguments)

    def objections(self, what="", expert="expert"):
        """Lines: what the expert says, unknown or malformed fields, sequence gaps. @param what display filter"""
        only = ["-Y", what] if what else []
        said = self.tshark("-q", "-z", f"{expert},{what}" if what else expert).splitlines()
        said = [line for line in said if line.strip()]
        tree = self.tshark(*only, "-V").splitlines()
        said += [line for line in tree if OURS not in line and re.search(r"Unknown ?\(\d|Value \(hex bytes\)|[Mm]alformed|No template found|Unreassembled", line)]
        gaps = "cflow.sequence_analysis.expected_sn"
        return said + self.tshark("-Y", f"({what}) && {gaps}" if what else gaps).splitlines()

    def records(self, what):
        """A dict of PDML's fields by name (the last part of it) for each data record. @param what display filter"""
        text = self.tshark("-Y", what, "-T", "pdml")
        for packet in ET.fromstring(text).iter("packet"):
            for proto in packet.findall("proto"):
                if proto.get("name") == "cflow":
                    yield from _of(proto)


def number(field):
    """A number as the record has it; 0 where there is no such field."""
    octets = (field.get("unmaskedvalue") or field.get("value")) if field is not None else None
    return int(octets, 16) if octets else 0


def _of(proto):
    for field in proto.iter("field"):
        if re.match(r"(Flow|pdu) \d+|DataRecord \(", field.get("show", "")):
            found = {}
            for part in field.iter("field"):
                name = part.get("name", "").rsplit(".", 1)[-1]
                name = f"reverse_{name}" if name and "(Reverse Type" in part.get("showname", "") else name
                if name and name not in found:
                    found[name] = part
            yield found
