"""callgrind.py - reads what callgrind wrote: instructions by function, and by the file of what was inlined into it."""
import collections
import os
import re

NAMED = re.compile(r"^(fn|ob|fl|fi|fe|cfn|cob|cfi|cfl)=\((\d+)\)(?: (.*))?$")
COST = re.compile(r"^(?:[+-]?\d+|\*) (\d+)$")
KINDS = {"fn": "fn", "cfn": "fn", "ob": "ob", "cob": "ob", "fl": "fl", "fi": "fl", "fe": "fl", "cfi": "fl", "cfl": "fl"}


class Reader:
    """Names are given once with a number and then by number alone; a line of cost belongs to the names set last."""

    def __init__(self):
        self.names = {"fn": {}, "ob": {}, "fl": {}}
        self.now = {"fn": "?", "ob": "?", "fl": "?"}
        self.own = None  # the file of the function itself, while now["fl"] may be one inlined into it
        self.costs = collections.Counter()
        self.called = False

    def line(self, text):
        m = NAMED.match(text)
        if m:
            self._name(m)
        elif text.startswith("calls="):
            self.called = True  # the next line is what the callee cost: not this function's
        elif COST.match(text):
            if not self.called:
                self.costs[self._key()] += int(COST.match(text)[1])
            self.called = False

    def _name(self, m):
        what, number, name = m[1], m[2], m[3]
        known = self.names[KINDS[what]]
        if name is not None:
            known[number] = name
        if what in ("fn", "ob", "fl", "fi", "fe"):
            self.now[KINDS[what]] = known.get(number, "?")
        if what == "fn":
            self.own = self.now["fl"]

    def _key(self):
        inlined = os.path.basename(self.now["fl"]) if self.now["fl"] != self.own else ""
        library = os.path.basename(self.now["ob"]).split(".so")[0]
        return self.now["fn"].split("'")[0], inlined, library


def read(path):
    """{(function, file of inlined code or "", program or library): instructions}, callees not included."""
    reader = Reader()
    with open(path, encoding="utf-8", errors="replace") as f:
        for line in f:
            reader.line(line.rstrip("\n"))
    return reader.costs


def label(key):
    """For a table."""
    function, inlined, library = key
    if function.startswith("0x"):
        return f"{library}+0x{int(function, 16):x}"
    return f"{function}, inlined from {inlined}" if inlined else function
