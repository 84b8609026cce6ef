"""central_way.py - what the same flow records cost by either way: the switch's exporter thread alone, or with agent and controller."""
import json
import os
import signal
import socket
import threading
import time

import machine
import process
from switch import Switch

RATE = 100_000
PATIENCE = 60  # seconds


def _cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        words = f.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


class _Sink:
    """A collector that reads and forgets, in this process."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.ended = False
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    @property
    def port(self):
        return self.socket.getsockname()[1]

    def _read(self):
        while not self.ended:
            try:
                self.socket.recv(65536)
            except TimeoutError:
                pass

    def end(self):
        self.ended = True
        self.thread.join()
        self.socket.close()


class Way(Switch):
    """A switch's exporter thread that is fed records; by the controller, also a tw-agent and a tw-controller."""

    measures = True

    def __init__(self, central):
        self.central = central
        self.name = "by the controller" if central else "by the host"

    def _twctl(self, bench, *words):
        return process.run([bench.program("controlplane/twctl/twctl"), "--controller", f"ipc://{self.folder}/controller.ipc", *words], bench.env)

    def _answers(self, bench):
        try:
            self._twctl(bench, "status")
        except process.Failed:
            return False
        return True

    def _start_daemons(self, bench, port):
        url = f"ipc://{self.folder}/controller.ipc"
        os.makedirs(f"{self.folder}/a/state")
        controller = process.Child([bench.program("controlplane/tw-controller"), "--run-dir", self.folder, "--store", f"{self.folder}/store.db"],
                                   bench.log("controller"), bench.env)
        controller.until(lambda: self._answers(bench), "an answer")
        self._twctl(bench, "host", "create", "a")
        self._twctl(bench, "exporter", "create", "sink", "--way", "central", "--collector", f"127.0.0.1:{port}")
        agent = process.Child([bench.program("agent/tw-agent"), "--host", "a", "--run-dir", f"{self.folder}/a", "--state-dir",
                               f"{self.folder}/a/state", "--controller", url], bench.log("agent"), bench.env)
        return {"agent": agent, "controller": controller}

    def _exported(self, bench):
        shown = json.loads(self._twctl(bench, "--json", "exporter", "show", "sink"))
        return int(shown.get("central", {}).get("records", 0))

    def _feed(self, bench, seconds, *more):
        workers, generators = machine.lay_out(1, 1)
        said = process.run([bench.program("tests/bench/tw-export-rate"), "--rate", str(RATE), "--seconds", str(seconds), "--cpus",
                            f"{workers[0]},{generators[0]}", *more], bench.env, 120 + seconds)
        return json.loads(said.splitlines()[-1])

    def measure(self, bench, seconds):
        if not self.central:
            return self._figures(self._feed(bench, seconds), {})
        self.folder = bench.fresh("central")
        sink, daemons = _Sink(), {}
        try:
            daemons = self._start_daemons(bench, sink.port)
            before = {name: _cpu_seconds(child.pid) for name, child in daemons.items()}
            fed = self._feed(bench, seconds, "--spool", f"{self.folder}/a/state/records")
            end = time.monotonic() + PATIENCE
            while (exported := self._exported(bench)) < fed["offered"] and time.monotonic() < end:
                time.sleep(0.5)
            spent = {name: _cpu_seconds(child.pid) - before[name] for name, child in daemons.items()}
            return self._figures({**fed, "lost": fed["offered"] - exported}, spent)
        finally:
            for child in reversed(list(daemons.values())):
                child.stop(signal.SIGTERM)
            sink.end()

    @staticmethod
    def _figures(fed, spent):
        millions = fed["offered"] / 1e6
        each = {"switch": fed["thread_cpu_s"], **spent}
        figures = {**fed, "void": None, "cpu_s_per_million": sum(each.values()) / millions,
                   **{f"{name}_cpu_s_per_million": seconds / millions for name, seconds in each.items()}}
        if fed["lost"] or fed["missed"] > 0:
            figures["void"] = f"{fed['lost']} records lost, {fed['missed']} messages did not arrive"
        return figures
