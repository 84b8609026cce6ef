"""memory.py - what a process holds of the machine's memory, its guests' memory left out.

A vhost-user switch maps the memory of its guests. Those mappings are the guests', so each mapping of a file that a guest
has mapped too (the same device and inode) is not counted.
"""
import re

SHARED_KINDS = ("/memfd:", "/dev/hugepages/")
HEADER = re.compile(r"^[0-9a-f]+-[0-9a-f]+ \S+ \S+ (\S+) (\d+)\s*(.*)$")
FIELD = re.compile(r"^(Rss|Shared_Hugetlb|Private_Hugetlb):\s+(\d+) kB")


def _shared_files(pid):
    """(device, inode) of the shareable memory a process has mapped."""
    found = set()
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        for line in maps:
            m = HEADER.match(line)
            if m and m[3].startswith(SHARED_KINDS):
                found.add((m[1], m[2]))
    return found


def held_mib(pid, guests):
    """(resident, hugepages) of a process in MiB; guests: process ids whose memory is not the process's own."""
    theirs = set().union(*(_shared_files(g) for g in guests))
    sums, counted = {"Rss": 0, "Shared_Hugetlb": 0, "Private_Hugetlb": 0}, True
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as smaps:
        for line in smaps:
            m = HEADER.match(line)
            if m:
                counted = (m[1], m[2]) not in theirs
                continue
            m = FIELD.match(line)
            if m and counted:
                sums[m[1]] += int(m[2])
    return sums["Rss"] / 1024, (sums["Shared_Hugetlb"] + sums["Private_Hugetlb"]) / 1024


class Watch:
    """Looks at a process while it is under load and keeps the most it saw."""

    def __init__(self, pid):
        self.pid, self.resident, self.huge = pid, 0.0, 0.0

    def __call__(self, guests):
        try:
            resident, huge = held_mib(self.pid, guests)
        except OSError:
            return  # one of them is just going
        self.resident, self.huge = max(self.resident, resident), max(self.huge, huge)
