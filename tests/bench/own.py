"""own.py - programs that measure a part of the switch by themselves: the exporter thread, a worker's rounds."""
import dataclasses
import json

import machine
import process
from switch import Switch


@dataclasses.dataclass
class NoLoad:
    """What a program does that is its own load."""
    text: str
    pairs: int = 1
    wrong_macs: bool = False
    taps: bool = False

    def describe(self):
        return self.text


class Program(Switch):
    """Prints its figures as a line of JSON, or one for each of several situations."""

    measures = True

    def __init__(self, name, path, *arguments, situation=None):
        self.name, self.path, self.arguments, self.situation = name, path, arguments, situation

    def measure(self, bench, seconds):
        argv = [bench.program(self.path), *(a.format(seconds=seconds) for a in self.arguments)]
        lines = [json.loads(line) for line in process.run(argv, bench.env, 120 + seconds).splitlines() if line.startswith("{")]
        found = [line for line in lines if self.situation in (None, line.get("situation"))]
        if not found:
            raise process.Failed(f"{self.path} gave no figures")
        figures = {**found[0], "void": None}
        if figures.get("missed") or figures.get("lost"):
            figures["void"] = f"{figures['lost']} records lost, {figures['missed']} messages did not arrive"
        return figures


def exporter(name, format_, rate):
    """The exporter thread and its collector share one core, what stands for a worker has the other."""
    workers, generators = machine.lay_out(1, 1)
    return Program(name, "tests/bench/tw-export-rate", "--format", format_, "--rate", str(rate), "--seconds", "{seconds}",
                   "--cpus", f"{workers[0]},{generators[0]}")


def rounds(name, situation):
    return Program(name, "tests/bench/tw-flow-pause", situation=situation)
