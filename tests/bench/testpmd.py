"""testpmd.py - dpdk-testpmd as a contender: it swaps MACs and sends each frame out of the other port. No switch does less."""
import os
import shutil

import machine
import process
import switch

PROGRAM = "dpdk-testpmd"
MBUFS = 32768


class Testpmd(switch.Switch):
    name = "testpmd"
    sentence = "dpdk-testpmd --forward-mode=macswap, which switches nothing: the ceiling"
    bounces = True
    hugepages_mib = 256

    def __init__(self):
        self.child = None

    def missing(self, bench):
        return None if shutil.which(PROGRAM) else f"{PROGRAM} is not installed (package dpdk)"

    def start(self, bench, load, workers):
        folder = bench.fresh("testpmd")
        sockets = [f"{folder}/{i}" for i in range(load.ports)]
        lcores = ",".join([f"0@{machine.all_cpus()}"] + [f"{i + 1}@{cpu}" for i, cpu in enumerate(workers)])
        argv = [shutil.which(PROGRAM), "--lcores", lcores, "--main-lcore", "0", "--no-pci", "--in-memory", "--no-telemetry",
                "-m", str(self.hugepages_mib)]
        for i, path in enumerate(sockets):
            argv += ["--vdev", f"net_vhost{i},iface={path},queues=1"]
        argv += ["--", "--forward-mode=macswap", "--auto-start", "--disable-link-check", f"--nb-cores={len(workers)}", f"--total-num-mbufs={MBUFS}"]
        self.child = process.Child(argv, bench.log("testpmd"), bench.env)
        self.child.until(lambda: all(os.path.exists(s) for s in sockets), "ports")
        return sockets

    def stop(self, bench):
        if self.child:
            self.child.stop()
            self.child = None

    def pid(self):
        return self.child.pid if self.child else None
