"""kernel_bridge.py - the kernel's bridge as a contender: two taps on it, all in the network namespace of this run."""
import os

import process
import switch

BRIDGE = "twbench"
TAPS = ("twbench-a", "twbench-b")
TUN = "/dev/net/tun"


class KernelBridge(switch.Switch):
    sentence = "the kernel's bridge with two taps, whose guests' virtio is user space's"
    taps = True

    def __init__(self, name="kernel bridge", one_core=False):
        self.name, self.one_core = name, one_core

    def missing(self, bench):
        return None if os.path.exists(TUN) else f"the kernel has no {TUN}"

    def start(self, bench, load, workers):
        self.stop(bench)
        process.run(["ip", "link", "add", "name", BRIDGE, "type", "bridge"])
        for tap, mac in zip(TAPS, ("02:00:00:00:00:01", "02:00:00:00:00:02")):
            process.run(["ip", "tuntap", "add", "name", tap, "mode", "tap", "vnet_hdr"])
            process.run(["ip", "link", "set", "dev", tap, "master", BRIDGE, "up"])
            # As libvirt does it: no queue in front of the tap's own. And the bridge need not flood to who never sends.
            process.run(["tc", "qdisc", "replace", "dev", tap, "root", "noqueue"])
            process.run(["bridge", "fdb", "add", mac, "dev", tap, "master", "static"])
        process.run(["ip", "link", "set", "dev", BRIDGE, "up"])
        return list(TAPS)

    def load_cpus(self, workers, generators):
        # The bridge works in the threads of who writes and reads. They are a switch's work only, so one core is what a worker has.
        return workers if self.one_core else generators + workers

    def stop(self, bench):
        for name in (*TAPS, BRIDGE):
            if self._exists(name):
                process.run(["ip", "link", "del", "dev", name])

    @staticmethod
    def _exists(name):
        with open("/proc/self/net/dev", encoding="utf-8") as devices:
            return any(line.strip().startswith(f"{name}:") for line in devices)
