"""machine.py - the machine a benchmark runs on: what it is called, its CPUs, its hugepages, a network of one's own."""
import ctypes
import glob
import os
import platform
import re
import subprocess

PAGES = "/sys/kernel/mm/hugepages/hugepages-2048kB"
PAGE_MIB = 2
HUGETLBFS = "/dev/hugepages"
CLONE_NEWNET = 0x40000000


class TooSmall(Exception):
    """The machine lacks what a case needs; the text says what."""


def _read(path):
    with open(path, encoding="utf-8") as f:
        return f.read().strip()


def cpu_model():
    found = re.search(r"^model name\s*: (.+)$", _read("/proc/cpuinfo"), re.M)
    return re.sub(r"\s+", " ", found[1]) if found else platform.machine()


def dpdk_version():
    try:
        asked = subprocess.run(["pkg-config", "--modversion", "libdpdk"], capture_output=True, text=True, check=True)
        return asked.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def describe():
    """What a reader needs to place the figures."""
    memory_kib = int(re.search(r"MemTotal:\s+(\d+)", _read("/proc/meminfo"))[1])
    virtual = bool(re.search(r"^flags\s*:.*\bhypervisor\b", _read("/proc/cpuinfo"), re.M))
    return {"cpu": cpu_model(), "cores": len(os.sched_getaffinity(0)), "virtual": virtual,
            "memory_gib": round(memory_kib / 2**20), "kernel": platform.release(), "dpdk": dpdk_version()}


def _cores():
    """CPUs by core, hyperthreads of one core together, as this process may use them."""
    usable, cores = os.sched_getaffinity(0), {}
    for cpu in sorted(usable):
        siblings = f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list"
        cores.setdefault(_read(siblings) if os.path.exists(siblings) else str(cpu), []).append(cpu)
    return list(cores.values())


def core_count():
    return len(_cores())


def lay_out(workers, generators):
    """CPUs for `workers` workers of the switch and `generators` generators: a core each, workers on the last ones."""
    firsts = [core[0] for core in _cores()]
    if len(firsts) < workers + generators:
        raise TooSmall(f"needs {workers + generators} cores, this machine has {len(firsts)}")
    return firsts[-workers:], firsts[:generators]


def all_cpus():
    """The CPUs that threads without a CPU of their own may float over, as EAL's --lcores takes them."""
    return "(" + ",".join(str(c) for c in sorted(os.sched_getaffinity(0))) + ")"


class Hugepages:
    """2 MB pages for as long as the block lasts. What was there before is there afterwards, and no file of ours."""

    def __init__(self, mib):
        self.wanted = (mib + PAGE_MIB - 1) // PAGE_MIB
        self.before = self.taken = 0
        self.mounted = False

    def __enter__(self):
        if not os.path.isdir(PAGES):
            raise TooSmall("the kernel has no 2 MB hugepages")
        if not os.path.ismount(HUGETLBFS):
            os.makedirs(HUGETLBFS, exist_ok=True)
            subprocess.run(["mount", "-t", "hugetlbfs", "none", HUGETLBFS], check=True)
            self.mounted = True
        total, free = int(_read(f"{PAGES}/nr_hugepages")), int(_read(f"{PAGES}/free_hugepages"))
        if free < self.wanted:
            self.before, self.taken = total, self.wanted - free
            self._set(total + self.taken)
            if int(_read(f"{PAGES}/free_hugepages")) < self.wanted:
                self.__exit__()
                raise TooSmall(f"needs {self.wanted * PAGE_MIB} MB of hugepages, the kernel has no such room")
        return self

    def __exit__(self, *_):
        now = int(_read(f"{PAGES}/nr_hugepages"))
        if self.taken and now > self.before:  # what others took meanwhile stays theirs
            self._set(max(self.before, now - self.taken))
        if self.mounted:
            subprocess.run(["umount", HUGETLBFS], check=False)

    @staticmethod
    def _set(pages):
        with open(f"{PAGES}/nr_hugepages", "w", encoding="utf-8") as f:
            f.write(str(pages))


def remove_hugepage_files(prefix):
    """Files in hugetlbfs that a program with this EAL file prefix left."""
    for path in glob.glob(f"{HUGETLBFS}/{prefix}*"):
        os.unlink(path)


def enter_private_network():
    """From here on this process and its children have a network of their own, with nothing in it but loopback.
    Call before any thread is started."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "unshare: a network namespace is needed (run as root)")
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
