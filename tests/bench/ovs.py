"""ovs.py - Open vSwitch with DPDK as a contender: its own database and daemon in a folder of ours, none of the system's touched."""
import os
import signal
import socket

import process
import switch

DAEMON = "/usr/lib/openvswitch-switch-dpdk/ovs-vswitchd-dpdk"
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
BRIDGE = "twbench"
VLAN = 10


class Ovs(switch.Switch):
    sentence = "Open vSwitch 3.1 with DPDK, access VLAN, flow caches as Debian ships them"
    hugepages_mib = 1024

    def __init__(self, name="OVS", netflow=False, mirror=False):
        self.name, self.netflow = name, netflow
        self.mirror = mirror  # of the first port, to the third
        self.database = self.daemon = self.sink = None
        self.env = {}

    def missing(self, bench):
        return None if os.path.exists(DAEMON) else "OVS with DPDK is not installed (package openvswitch-switch-dpdk)"

    def start(self, bench, load, workers):
        folder = bench.fresh("ovs")
        self.env = {**bench.env, "OVS_RUNDIR": folder, "OVS_DBDIR": folder, "OVS_LOGDIR": folder}
        self._start_database(bench, folder)
        self._vsctl(bench, "--no-wait", "init")
        mask = hex(sum(1 << cpu for cpu in workers))
        self._vsctl(bench, "--no-wait", "set", "Open_vSwitch", ".", "other_config:dpdk-init=true",
                    f"other_config:pmd-cpu-mask={mask}", f"other_config:dpdk-socket-mem={self.hugepages_mib // 2}",
                    "other_config:dpdk-extra=--no-pci --in-memory --no-telemetry")
        self.daemon = process.Child([DAEMON, f"unix:{folder}/db.sock", f"--unixctl={folder}/ovs.ctl", "--no-chdir"],
                                    bench.log("ovs-vswitchd"), self.env)
        self.daemon.until(lambda: os.path.exists(f"{folder}/ovs.ctl"), "control socket")
        self._add_bridge(bench, load)
        sockets = [f"{folder}/p{i}" for i in range(load.ports)]
        self.daemon.until(lambda: all(os.path.exists(s) for s in sockets), "ports")
        return sockets

    def _start_database(self, bench, folder):
        process.run(["ovsdb-tool", "create", f"{folder}/conf.db", SCHEMA], self.env)
        self.database = process.Child(["ovsdb-server", f"{folder}/conf.db", f"--remote=punix:{folder}/db.sock",
                                       f"--unixctl={folder}/db.ctl"], bench.log("ovsdb-server"), self.env)
        self.database.until(lambda: os.path.exists(f"{folder}/db.sock"), "database socket")

    def _vsctl(self, bench, *args):
        return process.run(["ovs-vsctl", f"--db=unix:{bench.path('ovs')}/db.sock", "--timeout=20", *args], self.env)

    def _add_bridge(self, bench, load):
        args = ["add-br", BRIDGE, "--", "set", "bridge", BRIDGE, "datapath_type=netdev"]
        for i in range(load.ports):
            args += ["--", "add-port", BRIDGE, f"p{i}", f"tag={VLAN}", "--", "set", "Interface", f"p{i}", "type=dpdkvhostuser"]
        if self.netflow:
            # A collector that is there and does not read: the kernel drops what it has no room for, which costs least.
            self.sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self.sink.bind(("127.0.0.1", 0))
            args += ["--", "set", "bridge", BRIDGE, "netflow=@nf", "--", "--id=@nf", "create", "NetFlow",
                     f'targets="127.0.0.1:{self.sink.getsockname()[1]}"', "active-timeout=60"]
        if self.mirror:
            args += ["--", "--id=@from", "get", "Port", "p0", "--", "--id=@to", "get", "Port", "p2", "--", "set", "bridge", BRIDGE,
                     "mirrors=@m", "--", "--id=@m", "create", "Mirror", "name=m", "select-src-port=@from",
                     "select-dst-port=@from", "output-port=@to"]
        self._vsctl(bench, *args)

    def stop(self, bench):
        for child in (self.daemon, self.database):
            if child:
                child.stop(signal.SIGTERM)
        if self.sink:
            self.sink.close()
        self.daemon = self.database = self.sink = None

    def pid(self):
        return self.daemon.pid if self.daemon else None
