"""load.py - what the guests of a benchmark do: tw-pvp on pairs of virtio_user ports, and guests that only are there.

A stream with TSO is the work of tw-tso-guests, or of tw-tso-taps where the ports are taps.
"""
import dataclasses
import json

import process

RING = 1024
GUESTS_A_PROCESS = 26  # DPDK has room for 32 devices in one; 128 idle guests are five processes
GENERATOR_MIB = 192
WARM_UP_S = 3          # tw-pvp's own, before it counts
SUPERFRAME = 65226 + 4  # tw-tso-guests' and tw-tso-taps' frame, with FCS
LOSS_MOST = 0.01       # of the frames sent; a figure with more is void
COPIES_OFF_MOST = 0.01  # copies too few or too many, of the frames


@dataclasses.dataclass(frozen=True)
class Load:
    """Frames of `size` octets with FCS, `flows` each way of a pair; short > 0: flows of so many frames that never come
    again; rate: million frames a second offered, 0 = all that is taken. tso: one TCP stream in super-frames, one way."""
    flows: int = 64
    size: int = 64
    short: int = 0
    rate: float = 0
    mergeable: bool = True
    pairs: int = 1
    readers: int = 0     # guests that send nothing and take whatever comes
    copies: float = None  # that they get of each frame; None: does not matter
    idle: int = 0
    absent: int = 0      # ports without a guest
    tso: bool = False
    taps: bool = False  # the ports are taps
    loss_most: float = LOSS_MOST
    wrong_macs: bool = False  # a switch that bounces frames delivers them to the wrong MAC, and that is right

    @property
    def ports(self):
        return 2 * self.pairs + self.readers + self.idle + self.absent

    def describe(self):
        if self.tso:
            return f"{self.size - 4:,} octets, TSO with 1,448, one way" + (", virtio played in user space" if self.taps else "")
        said = [f"{self.size} octets", f"flows of {self.short} frames" if self.short else f"{self.flows:,} flows each way"]
        said += [f"{self.rate:g} Mpps offered"] if self.rate else []
        said += [] if self.mergeable else ["no mergeable buffers"]
        said += [f"{self.pairs} pairs of guests"] if self.pairs > 1 else []
        said += [f"{self.readers} guest that reads copies"] if self.readers else []
        said += [f"{self.idle} idle guest{'s' * (self.idle > 1)} beside"] if self.idle else []
        said += [f"{self.absent} port{'s' * (self.absent > 1)} without a guest beside"] if self.absent else []
        return ", ".join(said)


def _vdevs(sockets, queue_size, mergeable=True):
    for i, path in enumerate(sockets):
        tail = "" if mergeable else ",mrg_rxbuf=0"
        yield "--vdev"
        yield f"net_virtio_user{i},path={path},queues=1,queue_size={queue_size}{tail}"


def _eal(cpu, memory):
    return ["--lcores", f"0@{cpu}", "--no-pci", "--no-telemetry", "--log-level", "3", *memory]


class IdleGuests:
    """Guests connected to these sockets, as long as the block lasts."""

    def __init__(self, bench, sockets, cpu):
        self.bench, self.sockets, self.cpu, self.children = bench, sockets, cpu, []

    def __enter__(self):
        try:
            for first in range(0, len(self.sockets), GUESTS_A_PROCESS):
                # Normal pages will do for who does nothing, and leave the hugepages to the others.
                argv = [self.bench.program("tests/bench/tw-idle-guests"), *_eal(self.cpu, ["--no-huge", "-m", "64"]),
                        "--no-shconf", *_vdevs(self.sockets[first:first + GUESTS_A_PROCESS], 256)]
                child = process.Child(argv, self.bench.log(f"idle-{first}"), self.bench.env)
                self.children.append(child)
                child.until(lambda c=child: "ready" in c.output(), "idle guests connected", 60)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for child in self.children:
            child.stop()


def _generator(bench, load, pair, sockets, cpu, seconds):
    """One program at work on one pair of ports."""
    eal = [*_eal(cpu, ["--in-memory", "--single-file-segments", "-m", str(GENERATOR_MIB)]), *_vdevs(sockets, RING, load.mergeable), "--"]
    if load.tso:
        return process.Child([bench.program("tests/bench/tw-tso-guests"), *eal, str(seconds)], bench.log("tso-guests"), bench.env)
    argv = [bench.program("tests/bench/tw-pvp"), *eal, "--json", "--seconds", str(seconds), "--size", str(load.size),
            "--flows", str(load.flows), "--first-pair", str(pair)]
    argv += ["--short", str(load.short)] if load.short else []
    argv += ["--rate", str(load.rate)] if load.rate else []
    argv += ["--readers", str(load.readers)] if load.readers else []
    return process.Child(argv, bench.log(f"pvp-{pair}"), bench.env)


def _tap_generator(bench, taps, cpus, seconds):
    """The first tap's guest and the kernel's work on what it sends on the last CPU, where a switch's worker would be."""
    argv = [bench.program("tests/bench/tw-tso-taps"), taps[0], str(cpus[-1]), taps[1], str(cpus[0]), str(seconds)]
    return process.Child(argv, bench.log("tso-taps"), bench.env)


def _counted(output):
    counted = {}
    for line in output.splitlines():
        if line.startswith("{"):
            counted.update(json.loads(line))
    if "mpps" not in counted or "lost" not in counted:
        raise process.Failed(f"the load gave no figures:\n{output[-500:]}")
    return counted


def void_because(load, total):
    """Why a round is no figure, or None."""
    if total["received"] == 0:
        return "nothing came through"
    if total["wrong"] and not load.wrong_macs:
        return f"{total['wrong']} frames " + ("not whole, marked for TSO and in order" if load.tso else "at a wrong MAC")
    if total["lost"] > load.loss_most * total["sent"]:
        return f"{total['lost']} of {total['sent']} frames lost"
    if load.copies is not None and abs(total["copies"] - load.copies * total["received"]) > COPIES_OFF_MOST * total["received"]:
        return f"{total['copies']} copies of {total['received']} frames"
    return None


def _of_pair(load, busy, i):
    """Sockets of the guests that one generator plays: the first has the readers, too."""
    return busy[2 * i:2 * i + 2] + (busy[2 * load.pairs:] if i == 0 else [])


def run(bench, load, sockets, cpus, seconds, watch=None):
    """One round: the figures of all generators added up, as a dict; "void" says why they do not count, or is None.
    `watch` is called again and again while the load runs, with the generators' process ids."""
    played = 2 * load.pairs + load.readers
    busy, idle = sockets[:played], sockets[played:played + load.idle]
    with IdleGuests(bench, idle, cpus[0]) as idlers:
        if load.taps:
            generators = [_tap_generator(bench, busy, cpus, seconds)]
        else:
            generators = [_generator(bench, load, i, _of_pair(load, busy, i), cpus[i], seconds) for i in range(load.pairs)]
        pids = [g.pid for g in generators + idlers.children]
        try:
            if watch:
                end = generators[0]
                while end.alive():
                    watch(pids)
                    try:
                        end.popen.wait(0.5)
                    except process.subprocess.TimeoutExpired:
                        pass
            counts = [_counted(g.wait(seconds + WARM_UP_S + 30)) for g in generators]
        finally:
            for g in generators:
                g.stop()
    total = {key: sum(c[key] for c in counts) for key in ("mpps", "sent_mpps", "wrong", "sent", "received", "lost")}
    total["copies"] = sum(c.get("copies", 0) for c in counts)
    total["void"] = void_because(load, total)
    if load.tso:
        total["gbps"] = total["mpps"] * (load.size - 4) * 8 / 1e3
    if load.short:
        total["flows_per_s"] = total["mpps"] * 1e6 / load.short
    return total
