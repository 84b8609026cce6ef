"""bench.py - where a run of the benchmarks takes place: its folder, its build, its logs."""
import os
import shutil
import tempfile


class Bench:
    """Folder of one run. Short paths: a socket's may have 107 octets."""

    def __init__(self, build):
        self.build = os.path.abspath(build)
        self.dir = tempfile.mkdtemp(prefix="tw-bench.", dir="/tmp")
        # DPDK's run-time files go here and not to /run/dpdk, where they would stay.
        self.env = {"RUNTIME_DIRECTORY": self.dir}
        self.keep_logs = False
        self.n_logs = 0
        os.mkdir(f"{self.dir}/log")

    def program(self, path):
        return os.path.join(self.build, path)

    def path(self, name):
        return os.path.join(self.dir, name)

    def log(self, name):
        self.n_logs += 1
        return f"{self.dir}/log/{self.n_logs:03}-{name}.log"

    def fresh(self, name):
        """An empty folder of this name."""
        path = self.path(name)
        shutil.rmtree(path, ignore_errors=True)
        os.mkdir(path)
        return path

    def close(self):
        if self.keep_logs:
            return
        shutil.rmtree(self.dir, ignore_errors=True)
