"""tradewind.py - tw-switch as a contender: one snapshot, every guest in one access VLAN, every packet metered and exported."""
import json
import os
import socket

import process
import switch

PROGRAM = "dataplane/tw-switch"
CONTROL = "tests/support/switchctl"
VLAN = 10
MBUFS = 32768
MBUF_OCTETS = 2048 + 128 + 128 + 64 + 64  # data, headroom, struct rte_mbuf, private area, mempool's header
FLOW_OCTETS = 152                         # of the flow table, all included
FIXED_MIB = 64                            # DPDK, rings, counters


def option(name):
    """A need: tw-switch has this option."""
    def missing(bench):
        if not os.path.exists(bench.program(PROGRAM)):
            return "tw-switch is not built"
        return None if name in process.run([bench.program(PROGRAM), "--help"]) else f"tw-switch has no option {name}"
    return missing


class Tradewind(switch.Switch):
    sentence = "tw-switch: access VLAN, MAC policy, every packet metered, records exported as IPFIX"

    def __init__(self, name="tw-switch", flows=65536, options=(), timeouts=(60, 15), everything=False, exports=True, mirrors=()):
        self.name, self.flows, self.options, self.timeouts = name, flows, list(options), timeouts
        self.everything = everything  # trunks, access lists, guards, policers that let all pass
        self.exports = exports
        self.mirrors = list(mirrors)
        self.child = self.sink = None
        self.memory_mib = FIXED_MIB + (flows * FLOW_OCTETS + MBUFS * MBUF_OCTETS * 5 // 4) // 2**20
        self.hugepages_mib = self.memory_mib + 16

    def missing(self, bench):
        for path in (PROGRAM, CONTROL):
            if not os.path.exists(bench.program(path)):
                return f"{path} is not built"
        return None

    def start(self, bench, load, workers):
        folder = bench.fresh("tw")
        memory = self.memory_mib + (len(workers) - 1) * (16 + self.flows * FLOW_OCTETS // 2**20)
        argv = [bench.program(PROGRAM), "--run-dir", folder, "--cpus", ",".join(map(str, workers)), "--idle-sleep", "0",
                "--memory", str(memory), "--mbufs", str(MBUFS), "--flows", str(self.flows), *self.options]
        self.child = process.Child(argv, bench.log("tw-switch"), bench.env)
        self.child.until(lambda: os.path.exists(f"{folder}/switch.ipc"), "control socket")
        # A collector that is there and does not read: the kernel drops what it has no room for, which costs least.
        self.sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sink.bind(("127.0.0.1", 0))
        snapshot = self._snapshot(folder, load)
        with open(f"{folder}/snapshot.json", "w", encoding="utf-8") as f:
            json.dump(snapshot, f, indent=1)
        self._control(bench, "apply", f"{folder}/snapshot.json")
        sockets = [p["socket"] for p in snapshot["ports"]]
        self.child.until(lambda: all(os.path.exists(s) for s in sockets), "ports")
        return sockets

    def _snapshot(self, folder, load):
        # Guest 2i and 2i+1 are a pair with the MACs tw-pvp uses; idle ones come after them.
        ports = [{"number": i + 1, "name": f"vm{i}/eth0", "mac": self._mac(load, i), "vlan": VLAN,
                  "socket": f"{folder}/{i}", "vhost": "server"} for i in range(load.ports)]
        active, idle = self.timeouts
        acls = []
        if self.everything:
            acls = [{"name": "thousand", "rules": self._rules(), "default_action": "ALLOW"}]
            for i, port in enumerate(ports):
                port.update(self._everything(i))
        snapshot = {"host": "bench", "observation_domain": 1, "revision": 1, "ports": ports, "acls": acls}
        if self.exports:
            snapshot["exporters"] = [{"name": "sink", "collectors": [f"127.0.0.1:{self.sink.getsockname()[1]}"],
                                      "active_timeout_s": active, "idle_timeout_s": idle}]
        if self.mirrors:
            snapshot["mirrors"] = self.mirrors
        return snapshot

    @staticmethod
    def _rules():
        """A thousand that no frame of tw-pvp fits."""
        return [f"deny udp from 192.0.2.{i % 250 + 1} to 198.51.100.{i // 250}/32 port {i + 1}" for i in range(1000)]

    @staticmethod
    def _everything(i):
        """Every feature that looks at what a guest sends or gets, on a port of tw-pvp's guest i."""
        fast = {"per_second": 10**12}
        return {"vlan": {"trunk": [[20, 99]], "native": VLAN}, "addresses": [f"10.0.0.{i + 1}"],
                "guards": {g: True for g in ("source", "arp", "nd", "dhcp", "dhcp6", "ra", "bpdu")},
                "ingress_acl": "thousand", "egress_acl": "thousand", "ingress_rate": fast, "egress_rate": fast,
                "ingress_pps": fast, "egress_pps": fast}

    @staticmethod
    def _mac(load, i):
        if i < 2 * load.pairs:
            return f"02:00:00:00:{i // 2:02x}:{1 + i % 2:02x}"
        return f"02:00:00:01:00:{i:02x}"

    def _control(self, bench, *args):
        return process.run([bench.program(CONTROL), "--run-dir", bench.path("tw"), *args], bench.env)

    def after(self, bench, load):
        """The claim is that every packet is metered: frames in no flow record make the round void."""
        status = json.loads(self._control(bench, "status"))
        missed = sum(int(w.get("flow_overflows", 0)) for w in status["workers"])
        return f"{missed} frames in no flow record: the flow table was full" if missed else None

    def stop(self, bench):
        if self.child:
            self.child.stop()
        if self.sink:
            self.sink.close()
        self.child = self.sink = None

    def pid(self):
        return self.child.pid if self.child else None

    def mbuf_mib(self):
        return MBUFS * MBUF_OCTETS / 2**20
