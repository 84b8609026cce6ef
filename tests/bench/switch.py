"""switch.py - what every contender of a benchmark is: a switch of so many vhost-user ports that can be started and ended.

A contender listens on its sockets (vhost-user server); its guests connect. It is started afresh for each round, so that no
two of them share a machine and no round inherits the memory layout of the one before.
"""


class Switch:
    """A contender. Subclasses say how; a bench (see bench.py) says where and on which CPUs."""

    name = "?"         # in tables
    sentence = "?"     # what is compared, for the reader
    bounces = False    # gives each frame back with MACs swapped: deliveries are at a "wrong" MAC
    taps = False       # its ports are the kernel's taps, not vhost-user
    hugepages_mib = 0  # to be free before it starts
    measures = False   # it is a program that measures itself: only measure() is called

    def missing(self, bench):
        """Why it cannot be run here, or None."""
        return None

    def start(self, bench, load, workers):
        """Start with load.ports ports and one worker on each of these CPUs. The sockets' paths, busy ports first in pairs."""
        raise NotImplementedError

    def measure(self, bench, seconds):
        """Figures of one round as a dict with "void", of one that measures itself."""
        raise NotImplementedError

    def load_cpus(self, workers, generators):
        """Where the load runs: beside the switch, unless the load's threads are the switch's too."""
        return generators

    def stop(self, bench):
        """End what start() began, also after a start() that failed."""
        raise NotImplementedError

    def after(self, bench, load):
        """Once the load is over and the switch still runs: why the round is void all the same, or None."""
        return None

    def pid(self):
        """Of the process that forwards, for its memory."""
        return None

    def mbuf_mib(self):
        """What of its memory is packet buffers."""
        return 0
