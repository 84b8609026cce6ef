#!/usr/bin/python3
# timeout: 240
"""learned_once.py - a packet from a MAC that was learned behind a port is in one flow record, whichever hosts it crosses.

Two switches with agents and a controller, their uplinks the two ends of a wire, guests without VMs that send from MACs of their own
making. What they sent is compared with what nfdump adds up, flow by flow: of flows that began before the other host could know whose
they are, of a single packet, of a MAC that moves to the other host; while the controller, an agent, or a switch is started anew. Each
once more with the records of both hosts by way of the controller.
Needs root and nfdump. Prints `ok NAME` or `not ok NAME`; exit 0, 1, 77 = skipped.
"""
import collections
import json
import os
import signal
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))

import flow_lab as lab_  # noqa: E402
from flow_lab import claim, wait_for  # noqa: E402

VLAN, IDLE_S, DIRECT, CENTRAL = 10, 2, 4739, 4740
HOST_OF = {1: "a", 2: "a", 3: "b", 4: "b"}  # ports
NESTED, OTHER, THIRD = 50, 51, 52           # who lives behind one
HEADERS = 28                                # of IPv4 and UDP
ANNOUNCED_S = 2                             # so long a switch tells the wire of a guest that has come


class Switches(lab_.Lab):
    """Hosts a and b. sent: {(from, to, source port): packets}"""

    def __init__(self):
        super().__init__("learned")
        self.sent, self.port, self.ran = collections.Counter(), 1000, {}

    def twctl(self, *words):
        return lab_.run(f"{lab_.BUILD}/controlplane/twctl/twctl", "--controller", f"ipc://{self.dir}/controller.ipc", *words)

    def answers(self):
        try:
            return self.twctl("status")
        except RuntimeError:
            return None

    def run_controller(self):
        self.ran["controller"] = self.start("controller", [f"{lab_.BUILD}/controlplane/tw-controller", "--run-dir", self.dir, "--store",
                                                           self.path("store.db")])
        wait_for(self.answers, "the controller's start")

    def run_switch(self, host):
        self.ran[f"{host}-switch"] = self.start(f"{host}-switch", [
            f"{lab_.BUILD}/dataplane/tw-switch", "--run-dir", self.path(host), "--cpus", str(os.cpu_count() - 1), "--memory", "96", "--no-huge",
            "--idle-sleep", "500"])

    def run_agent(self, host):
        self.ran[f"{host}-agent"] = self.start(f"{host}-agent", [
            f"{lab_.BUILD}/agent/tw-agent", "--host", host, "--run-dir", self.path(host), "--state-dir", self.path(f"{host}/state"),
            "--controller", f"ipc://{self.dir}/controller.ipc"])

    def kill(self, name):
        self.ran[name].end(signal.SIGKILL)

    def status_of(self, host):
        done = subprocess.run([f"{lab_.BUILD}/tests/support/switchctl", "--run-dir", self.path(host), "status"], capture_output=True, text=True,
                              env=self.env, check=False)
        return json.loads(done.stdout) if done.returncode == 0 else {"ports": []}

    def flows_of(self, host):
        shown = lab_.run(f"{lab_.BUILD}/tests/support/switchctl", "--run-dir", self.path(host), "flows", "--limit", "1")
        return int(json.loads(shown).get("total", 0))

    def set_up(self):
        lab_.run("ip", "link", "add", "ua", "type", "veth", "peer", "name", "ub")
        self.run_controller()
        self.twctl("network", "create", "n", "--vlan", str(VLAN), "--learn", "accept")
        for host in "ab":
            os.makedirs(self.path(f"{host}/state"))
            lab_.run("sysctl", "-qw", f"net.ipv6.conf.u{host}.disable_ipv6=1")
            lab_.run("ip", "link", "set", f"u{host}", "up", "promisc", "on")
            self.twctl("host", "create", host, "--uplink", f"up0=net_af_packet0,iface=u{host}", "--netdev", f"up0=u{host}")
            self.run_switch(host)
            self.run_agent(host)
        for n, host in HOST_OF.items():
            self.twctl("port", "create", f"vm{n}/eth0", "--network", "n", "--vhost-server", "--mac", f"02:00:00:00:00:{n:02x}")
            self.twctl("port", "bind", f"vm{n}/eth0", "--host", host)
        for name, port, way in (("direct", DIRECT, "direct"), ("central", CENTRAL, "central")):
            self.twctl("exporter", "create", name, "--way", way, "--collector", f"127.0.0.1:{port}", "--active", "60s", "--idle", f"{IDLE_S}s",
                       "--template-refresh", "1s", "--wait=30s")
        self.guests = self.start("guests", [f"{lab_.BUILD}/tests/support/vguest", self.dir, "--no-huge", "-m", "256", "--no-pci",
                                            "--no-telemetry", "--no-shconf", "--iova-mode=va", "-l", "0", "--log-level=4"],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.hear_guest()
        self.connect("ab")

    def connect(self, hosts):
        for n, host in HOST_OF.items():
            if host in hosts:
                path = self.path(f"{host}/vhost/{n}.sock")
                wait_for(lambda p=path: os.path.exists(p), f"port {n}'s socket")
                self.guest(f"open {n} path={path},queues=1,queue_size=256")
                self.guest(f"link {n} up 20000")
        for host in hosts:
            wait_for(lambda h=host: len(s := self.status_of(h)["ports"]) == 2 and all(p["link"] == "up" for p in s), f"{host}'s links")
        time.sleep(ANNOUNCED_S)

    def send(self, at, who, to, packets, reaches):
        """A new flow. @param at port it comes in by @param reaches port it is to come out of"""
        self.port += 1
        self.go_on(at, who, to, packets, reaches, self.port)

    def go_on(self, at, who, to, packets, reaches, port):
        frame = f"{who}>{to} udp port={port}>9 len=100"
        self.guest(f"received {reaches}")  # what switches announce
        self.guest(f"send {at} {packets} {frame}")
        self.guest(f"expect {reaches} {packets} {frame}")
        self.sent[(who, to, port)] += packets

    def knows(self, host, who, port):
        """Does the host's switch know that this MAC is behind that port, its own or the other host's?"""
        try:
            shown = json.loads(self.twctl("--json", "mac", "list", "--host", host))["macs"]
        except RuntimeError:  # its agent is not there
            return False
        kinds = ("learned", "moved") if HOST_OF[port] == host else ("elsewhere",)
        return any(m["mac"] == f"02:00:00:00:00:{who:02x}" and m["port"] == f"vm{port}/eth0" and m["kind"] in kinds for m in shown)

    def settle(self):
        wait_for(lambda: self.flows_of("a") == self.flows_of("b") == 0, "the end of every flow")


def compare(name, lab, rows):
    """Each flow has just its packets; nothing comes from nobody's port."""
    found, nobodys = collections.Counter(), []
    for source, target, port, packets, octets, ingress in rows:
        if not source.startswith("10.0.0."):
            continue
        who, to = (int(a.rsplit(".", 1)[1]) for a in (source, target))
        found[(who, to, int(port))] += int(packets)
        if int(octets) != int(packets) * (HEADERS + 100) or ingress == "0":
            nobodys.append((source, target, port, packets, octets, ingress))
    wrong = {k: (lab.sent[k], found[k]) for k in lab.sent.keys() | found.keys() if lab.sent[k] != found[k]}
    claim(f"{name}: each of {sum(lab.sent.values())} packets of {len(lab.sent)} flows is counted once", not wrong,
          f"{{(from, to, port): (sent, counted)}}: {wrong}")
    claim(f"{name}: each record names the port that it came from", not nobodys, nobodys)


def scenario(lab):
    # Nobody knows NESTED: one packet, and a flow that goes on while it becomes known.
    lab.send(1, NESTED, 3, 1, 3)
    lab.send(1, NESTED, 3, 5, 3)
    again = lab.port
    wait_for(lambda: lab.knows("a", NESTED, 1), "host a's learning of the MAC")
    lab.send(3, 3, NESTED, 4, 1)
    wait_for(lambda: lab.knows("b", NESTED, 1), "host b's knowledge of the MAC", 10)
    claim("what host a learned host b knows", True)
    lab.go_on(1, NESTED, 3, 7, 3, again)
    for n in range(1, 20):
        lab.send(1, NESTED, 3, n, 3)
        lab.send(3, 3, NESTED, n, 1)
    # Between two such, both learned.
    lab.send(4, OTHER, NESTED, 3, 1)
    wait_for(lambda: lab.knows("b", OTHER, 4), "host b's learning of the MAC")
    lab.send(1, NESTED, OTHER, 3, 4)
    wait_for(lambda: lab.knows("a", OTHER, 4), "host a's knowledge of the MAC", 10)
    lab.settle()

    # Without controller what is known stays so; when it is back a new MAC is known in time.
    lab.kill("controller")
    lab.send(1, NESTED, 3, 10, 3)
    lab.kill("b-agent")
    lab.send(1, NESTED, 3, 10, 3)
    lab.run_controller()
    lab.run_agent("b")
    wait_for(lambda: lab.knows("b", NESTED, 1), "host b's knowledge after the restart", 20)
    lab.send(2, THIRD, 3, 1, 3)
    wait_for(lambda: lab.knows("b", THIRD, 2), "host b's knowledge of another", 20)
    lab.settle()

    # The MAC is on the other host now.
    lab.send(3, NESTED, 1, 1, 1)
    lab.send(3, NESTED, 1, 6, 1)
    wait_for(lambda: lab.knows("a", NESTED, 3), "host a's knowledge of the move", 10)
    lab.send(1, 1, NESTED, 6, 3)
    lab.send(3, NESTED, 1, 6, 1)
    lab.settle()

    # A switch that begins anew is told all; its guests' MACs it learns again.
    for n in (1, 2):
        lab.guest(f"close {n}")
    lab.kill("a-switch")
    for n in (1, 2):
        os.unlink(lab.path(f"a/vhost/{n}.sock"))
    lab.run_switch("a")
    lab.connect("a")
    wait_for(lambda: lab.knows("a", NESTED, 3), "the new switch's knowledge", 20)
    lab.send(3, NESTED, 1, 8, 1)
    lab.send(2, THIRD, 3, 8, 3)
    lab.settle()


def main():
    lab_.alone_in_a_namespace(__file__, ("nfcapd", "nfdump"))
    with Switches() as lab:
        collectors = {name: lab_.Nfcapd(lab, name, port) for name, port in (("direct", DIRECT), ("central", CENTRAL))}
        lab.set_up()
        scenario(lab)
        time.sleep(3)  # by the controller it takes a little longer
        for name, collector in collectors.items():
            _, gaps, bad = collector.end()
            claim(f"{name}: nothing bad arrives", bad == 0, gaps, bad)
            compare(name, lab, collector.rows(["%sa", "%da", "%sp", "%ipkt", "%ibyt", "%in"]))
        lab.end_guests()
    sys.exit(lab_.failed)


main()
