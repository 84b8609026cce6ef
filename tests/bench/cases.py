"""cases.py - what is measured: each case with its contenders, its load and the bar it is held against."""
import dataclasses

import central_way
import machine
import own
import want
from kernel_bridge import KernelBridge
from load import SUPERFRAME, Load
from ovs import Ovs
from testpmd import Testpmd
from tradewind import Tradewind, option

TW = "tw-switch"


@dataclasses.dataclass
class Contender:
    switch: object
    load: Load
    n_workers: int = 1

    def __post_init__(self):
        if self.switch.bounces:
            self.load = dataclasses.replace(self.load, wrong_macs=True)
        if self.switch.taps:
            self.load = dataclasses.replace(self.load, taps=True)

    @property
    def name(self):
        return self.switch.name


@dataclasses.dataclass
class Case:
    name: str
    sentence: str
    contenders: list = dataclasses.field(default_factory=list)
    wants: list = dataclasses.field(default_factory=list)
    needs: list = dataclasses.field(default_factory=list)  # functions of the bench: what is missing, or None
    unit: str = "Mpps"    # of a contender's speed: one of results.FIGURES
    memory: bool = False  # look at the memory while the load runs

    @staticmethod
    def workers(contender):
        return contender.n_workers

    def hugepages_mib(self, generator_mib):
        """The most that any of its contenders needs together with its guests."""
        return max((c.switch.hugepages_mib * c.n_workers + generator_mib * c.load.pairs for c in self.contenders), default=0)


def _cores(n):
    return lambda bench: None if machine.core_count() >= n else f"needs {n} cores, this machine has {machine.core_count()}: by instructions a packet, below"


def _against_testpmd(name, sentence, bar, load, table=65536):
    return Case(name, sentence, [Contender(Tradewind(flows=table), load), Contender(Testpmd(), load)],
                [want.ratio(TW, "testpmd", bar)])


def _speed():
    yield _against_testpmd("pvp-64", "access VLAN, MAC policy, metering of every packet; 64 flows each way", 0.95, Load())
    yield _against_testpmd("pvp-4096", "the same, 4,096 flows each way", 0.88, Load(flows=4096))
    yield _against_testpmd("pvp-100k", "the same, 100,000 flows each way", 0.80, Load(flows=100_000), 2**18)
    yield _against_testpmd("pvp-1m", "the same, 1 million flows each way", 0.72, Load(flows=1_000_000), 2**21)
    yield _against_testpmd("no-mergeable", "guests without mergeable buffers", 0.95, Load(mergeable=False))
    yield _against_testpmd("size-1518", "frames of 1,518 octets", 0.93, Load(size=1518))


def _peers():
    load = Load()
    yield Case("ovs", "beside Open vSwitch with DPDK, without and with NetFlow; 64 flows each way",
               [Contender(Tradewind(), load), Contender(Ovs(), load), Contender(Ovs("OVS + NetFlow", netflow=True), load)],
               [want.ratio(TW, "OVS", 1.4), want.ratio(TW, "OVS + NetFlow", 1.6)])


def _neighbours():
    def beside(n):
        return Contender(Tradewind(f"tw-switch, {n} idle"), Load(idle=n))
    yield Case("idle-guests", "connected guests that are silent beside the two busy ones",
               [Contender(Tradewind(), Load()), beside(32), beside(128)],
               [want.ratio("tw-switch, 32 idle", TW, 0.97), want.ratio("tw-switch, 128 idle", TW, 0.90)])


def _features():
    off = Tradewind("tw-switch --no-metering", options=["--no-metering"])
    yield Case("metering", "metering of every packet / none at all", [Contender(Tradewind(), Load()), Contender(off, Load())],
               [want.ratio(TW, off.name, 0.92)], needs=[option("--no-metering")])
    every = Tradewind("tw-switch, everything", everything=True)
    yield Case("everything", "trunk, access lists of 1,000 rules both ways, guards, policers, metering / VLAN and metering alone",
               [Contender(Tradewind(), Load()), Contender(every, Load())], [want.ratio(every.name, TW, 0.90)])
    # TCP does not lose frames between two guests that keep to a window, so neither may the switch.
    one_core = KernelBridge("kernel bridge, one core", one_core=True)
    stream = Load(tso=True, size=SUPERFRAME, flows=1, loss_most=0)
    yield Case("tso", "64 KB TCP frames between two guests with TSO / the kernel's bridge with taps and user-space virtio",
               [Contender(Tradewind(), stream), Contender(KernelBridge(), stream), Contender(one_core, stream)],
               [want.ratio(TW, "kernel bridge", 1.0), want.ratio(TW, one_core.name)], unit="Gbit/s")


def _flows():
    # Short timeouts, so that the table empties as fast as it fills; room for what 2 s of new flows leave in it.
    def fresh(name):
        return Tradewind(name, flows=2**22, timeouts=(1, 1))
    short = Load(short=5, loss_most=0)
    offered = Load(short=5, loss_most=0, rate=2.5)
    yield Case("new-flows", "new flows a second with no packet lost; flows of 5 packets that never come again",
               [Contender(fresh("tw-switch, all it takes"), short), Contender(fresh("tw-switch, 500,000/s offered"), offered)],
               [want.at_least("tw-switch, all it takes", "flows_per_s", 500_000, "flows/s"),
                want.at_least("tw-switch, 500,000/s offered", "flows_per_s", 495_000, "flows/s")])
    yield Case("memory", "128 ports and 1 million flows: memory beside the packet buffers",
               [Contender(Tradewind(flows=2**20), Load(flows=500_000, idle=126))],
               [want.at_most(TW, "memory_mib", 512, "MiB")], memory=True)


def _export():
    def of(format_, rate):
        return Contender(own.exporter(f"{format_}, {rate:,}/s offered" if rate else f"{format_}, all it takes", format_, rate),
                         own.NoLoad("records of IPv4 flows by UDP to a collector on this machine"))
    every = [of(format_, rate) for format_ in ("ipfix", "v9", "v5") for rate in (200_000, 0)]
    yield Case("export-rate", "records a second that the exporter thread sends with none lost", every,
               [want.at_least(c.name, "records_per_s", 180_000, "records/s") for c in every if "offered" in c.name], unit="records/s")


def _export_ways():
    load = own.NoLoad("100,000 records/s of IPv4 flows for a collector on this machine")
    ways = {central: Contender(central_way.Way(central), load) for central in (False, True)}
    by = ways[True].name
    yield Case("export-ways", "processor time of the same records, exported by the host and by the controller", [*ways.values()],
               [want.figure(ways[False].name, "switch_cpu_s_per_million", "the switch"),
                *(want.figure(by, f"{who}_cpu_s_per_million", f"the {who}") for who in ("switch", "agent", "controller"))],
               unit="CPU s/million records")


def _export_cost():
    # 100,000 flows, of each of which a record leaves every second.
    load, table = Load(flows=50_000), 2**18
    busy = Tradewind("tw-switch, 100,000 records/s", flows=table, timeouts=(1, 15))
    quiet = Tradewind("tw-switch, no exporter", flows=table, exports=False)
    blind = Tradewind("tw-switch --no-metering, no exporter", flows=table, exports=False, options=["--no-metering"])
    yield Case("export-cost", "100,000 flows a second exported / metered alone / not even metered",
               [Contender(busy, load), Contender(quiet, load), Contender(blind, load)],
               [want.ratio(busy.name, quiet.name, 0.9), want.ratio(busy.name, blind.name)], needs=[option("--no-metering")])


def _pauses():
    what = {"live": "a million live flows", "all idle": "all of them idle at once", "port removed": "their port removed"}
    every = [Contender(own.rounds(text, situation), own.NoLoad("1,000,000 flows, no frames")) for situation, text in what.items()]
    bars = {"a million live flows": ("p9999_us", 50), "all of them idle at once": ("p99_us", 200), "their port removed": ("p99_us", 200)}
    wants = [want.at_most(c.name, *bars[c.name], "µs") for c in every]
    wants += [want.at_most(c.name, "longest_us", None, "µs") for c in every]
    for judged, text in zip(wants, ["99.99 %", "99 %", "99 %", *["the longest"] * 3], strict=True):
        judged.text = f"{judged.text}: {text} of a worker's rounds"
    yield Case("flow-pauses", "how long a worker's rounds take while flows live and end", every, wants, unit="µs")


def _mirrors():
    # The third port's guest is there in every round, so that only the copies make the difference.
    reads, stalls, away = Load(readers=1), Load(idle=1), Load(absent=1)

    def of(name, load, copies=None, **what):
        mirror = {"name": "m", "ports": [1], "to_port": 3, **what}
        return Contender(Tradewind(f"tw-switch, {name}", mirrors=[mirror]), dataclasses.replace(load, copies=copies))
    plain = Contender(Tradewind(), dataclasses.replace(reads, copies=0))
    every = [of("mirrored", reads, copies=1), of("stalled reader", stalls), of("absent reader", away),
             of("all filtered out", reads, copies=0, filter="tcp port 9"), of("one in 100", reads, copies=0.01, sample=100)]
    ovs = [Contender(Ovs(), reads), Contender(Ovs("OVS, mirrored", mirror=True), reads),
           Contender(Ovs("OVS, stalled reader", mirror=True), stalls)]
    bars = (0.65, 0.95, 0.95, 0.95, 0.97)
    yield Case("mirror", "every packet of a busy port copied to a third one / no mirror", [plain, *every, *ovs],
               [*(want.ratio(c.name, TW, bar) for c, bar in zip(every, bars, strict=True)),
                *(want.ratio(c.name, "OVS") for c in ovs[1:])])
    large = Load(size=1518, readers=1, copies=1)
    whole, cut = of("by reference", large, copies=1), of("copied but for an octet", large, copies=1, snaplen=1513)
    yield Case("mirror-1518", "frames of 1,518 octets mirrored as one more reference / copied", [whole, cut],
               [want.ratio(whole.name, cut.name, 1.0)])
    others = Tradewind("tw-switch, 32 mirrors", mirrors=[{"name": f"m{n}", "ports": [n], "to_port": 35} for n in range(3, 35)])
    yield Case("mirrors-beside", "32 mirrors on other ports / none",
               [Contender(Tradewind(), Load(absent=33)), Contender(others, Load(absent=33))], [want.ratio(others.name, TW, 0.98)])


def _workers():
    four = Contender(Tradewind("tw-switch, 4 workers"), Load(pairs=4), 4)
    yield Case("workers-4", "4 workers and 8 busy ports / 1 worker and 2 ports",
               [Contender(Tradewind(), Load()), four], [want.ratio("tw-switch, 4 workers", TW, 3.6)], needs=[_cores(9)])


def all_cases():
    return [*_speed(), *_peers(), *_features(), *_mirrors(), *_flows(), *_export(), *_export_ways(), *_export_cost(), *_pauses(), *_neighbours(), *_workers()]


def quick_cases():
    """What a test of the bench runs: that figures come out, not which, and not how many frames a busy machine lost."""
    quick = [next(_speed()), *(case for case in _features() if case.name == "tso")]
    for case in quick:
        for contender in case.contenders:
            contender.load = dataclasses.replace(contender.load, loss_most=1)
    return quick
