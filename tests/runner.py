#!/usr/bin/python3
"""runner.py - runs the tests of one suite, a line each, and looks for what they left behind.

Tests are the meson tests of the suite in a build folder and the executable scripts of tests/SUITE. tests/run calls
this once per suite and build, and adds up the lines PASS, FAIL and SKIP of the results file.
A process counts as left behind if it carries the TW_TEST_RUN of this run in its environment: that holds for daemons
whatever they call themselves, and never touches a stranger's. Namespaces and hugepage files are compared before and after.
"""
import argparse
import concurrent.futures
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

SKIPPED = 77          # exit status of a test that cannot run here
DEFAULT_TIMEOUT = 120  # seconds a script may take
SHOWN_LINES = 400     # of a failing test's output
CONCURRENT = ("unit", "fuzz", "lint")  # these share nothing, so they may run side by side

print_lock = threading.Lock()


def colour(word, code):
    return f"\033[{code}m{word}\033[0m" if sys.stdout.isatty() and "NO_COLOR" not in os.environ else word


class Test:
    def __init__(self, name, command, timeout, env=None, workdir=None):
        self.name, self.command, self.timeout = name, command, timeout
        self.env, self.workdir = env or {}, workdir


def meson_listing(build):
    listing = subprocess.run(["meson", "introspect", "--tests", build], check=True, capture_output=True, text=True)
    return json.loads(listing.stdout)


def in_suite(test, suite):
    return suite in [s.rsplit(":", 1)[-1] for s in test["suite"]]


def test_targets(build, suites):
    """What ninja must make for the tests of some suites: the programs they are, name in arguments or environment, need."""
    listing = subprocess.run(["meson", "introspect", "--targets", build], check=True, capture_output=True, text=True)
    files = {t["id"]: [os.path.relpath(name, os.path.realpath(build)) for name in t["filename"]] for t in json.loads(listing.stdout)}
    known = {name for names in files.values() for name in names}
    wanted = set()
    for t in meson_listing(build):
        if any(in_suite(t, suite) for suite in suites):
            words = [*t["cmd"], *(t["env"] or {}).values()]
            wanted.update(os.path.relpath(os.path.join(build, word), build) for word in words)
            wanted.update(name for target in t["depends"] for name in files.get(target, []))
    return sorted(wanted & known)


def meson_tests(build, suite):
    for t in meson_listing(build):
        if in_suite(t, suite):
            yield Test(t["name"], t["cmd"], t["timeout"], t["env"], t["workdir"] or build)


def script_tests(top, build, suite):
    """The executable scripts of the suite's folder, but those that meson calls itself, with arguments of its own."""
    called = {os.path.realpath(word) for t in meson_listing(build) for word in t["cmd"]}
    for path in sorted(glob.glob(f"{top}/tests/{suite}/*.sh") + glob.glob(f"{top}/tests/{suite}/*.py")):
        if os.access(path, os.X_OK) and os.path.realpath(path) not in called:
            with open(path, encoding="utf-8") as script:
                head = "".join(script.readline() for _ in range(20))
            found = re.search(r"^# timeout: (\d+)", head, re.M)
            yield Test(os.path.basename(path), [path], int(found[1]) if found else DEFAULT_TIMEOUT)


def lint_tests(top):
    lint = f"{top}/tools/lint"
    for check in subprocess.run([lint, "--list"], check=True, capture_output=True, text=True).stdout.split():
        yield Test(check, [lint, check], 600)


def our_processes(mark):
    """Processes that carry the mark, this one and its ancestors aside: {pid: command line}."""
    found, needle = {}, f"TW_TEST_RUN={mark}".encode()
    for entry in os.scandir("/proc"):
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            with open(f"/proc/{entry.name}/environ", "rb") as f:
                if needle not in f.read().split(b"\0"):
                    continue
            with open(f"/proc/{entry.name}/cmdline", "rb") as f:
                line = f.read().replace(b"\0", b" ").decode(errors="replace").strip()
            if line:  # a zombie has none
                found[int(entry.name)] = line
        except OSError:
            continue  # it went away, which is what we want of it
    return found


def places():
    """What a test may leave in the system besides processes."""
    names = subprocess.run(["ip", "netns", "list"], capture_output=True, text=True).stdout
    found = {f"namespace {line.split()[0]}" for line in names.splitlines() if line.startswith("tw")}
    return found | {f"hugepage file {path}" for path in glob.glob("/dev/hugepages/**", recursive=True) if os.path.isfile(path)}


def leftovers(mark, before):
    """Sentences about what is still there a second after a test's end. Processes are then killed; they are ours for certain."""
    for _ in range(20):
        processes = our_processes(mark)
        extra = places() - before
        if not processes and not extra:
            return []
        time.sleep(0.05)
    for pid in processes:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
    return [f"left behind: process {pid} {line[:200]}" for pid, line in processes.items()] + [
        f"left behind: {place}" for place in sorted(extra)]


def execute(test, log):
    """Exit status, or None when time ran out. Its whole session is gone afterwards."""
    tmp = tempfile.mkdtemp(prefix="tw-test.")
    env = {**os.environ, "MALLOC_PERTURB_": "153", **test.env, "TW_TMP": tmp}
    child = subprocess.Popen(test.command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=env,
                             cwd=test.workdir, start_new_session=True)
    try:
        status = child.wait(test.timeout)
    except subprocess.TimeoutExpired:
        status = None
        for sig, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
            try:
                os.killpg(child.pid, sig)
                child.wait(patience)
                break
            except (subprocess.TimeoutExpired, ProcessLookupError):
                continue
    finally:
        shutil.rmtree(tmp, ignore_errors=True)
    return status


class Suite:
    def __init__(self, options):
        self.options = options
        self.mark = os.environ["TW_TEST_RUN"]
        self.jobs = os.cpu_count() if options.suite in CONCURRENT else 1

    def report(self, verdict, name, seconds, text="", reason=""):
        shown = {"PASS": colour("ok  ", 32), "FAIL": colour("FAIL", 31), "SKIP": colour("SKIP", 33)}[verdict]
        label = self.options.label
        with print_lock:
            print(f"{shown} {label:<10} {name:<44} {seconds:6.2f} s{'  ' + reason if reason else ''}", flush=True)
            for line in text.splitlines()[-SHOWN_LINES:]:
                print(f"     | {line}", flush=True)
            with open(self.options.results, "a", encoding="utf-8") as results:
                results.write(f"{verdict} {label} {name}\n")

    def run_one(self, test):
        before = places() if self.jobs == 1 else None
        start = time.monotonic()
        with tempfile.TemporaryFile() as log:
            status = execute(test, log)
            seconds = time.monotonic() - start
            log.seek(0)
            text = log.read().decode(errors="replace")
        problems = leftovers(self.mark, before) if self.jobs == 1 else []
        if status is None:
            problems.insert(0, f"still running after {test.timeout} s")
        elif status not in (0, SKIPPED):
            problems.insert(0, f"exit status {status}")
        if problems:
            self.report("FAIL", test.name, seconds, text.rstrip() + "\n" + "\n".join(problems), problems[0])
        elif status == SKIPPED:
            lines = text.strip().splitlines() or ["no reason given"]
            self.report("SKIP", test.name, seconds, reason=lines[-1])
        else:
            self.report("PASS", test.name, seconds)

    def run(self):
        opt = self.options
        if opt.suite == "lint":
            tests = list(lint_tests(opt.top))
        else:
            tests = list(meson_tests(opt.build, opt.suite))
            tests += script_tests(opt.top, opt.build, opt.suite) if opt.scripts else []
        for test in tests:
            test.timeout *= opt.slow
        if not tests:
            if not opt.may_be_empty:
                self.report("SKIP", "-", 0, reason="the suite has no tests")
            return
        before = places()
        with concurrent.futures.ThreadPoolExecutor(self.jobs) as pool:
            list(pool.map(self.run_one, tests))
        if self.jobs > 1:
            left = leftovers(self.mark, before)
            if left:
                self.report("FAIL", "leftovers", 0, "\n".join(left), left[0])


def main():
    if sys.argv[1:2] == ["--targets"]:  # BUILD SUITE...
        print(" ".join(test_targets(sys.argv[2], sys.argv[3:])))
        return
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--top", required=True)
    p.add_argument("--build", required=True)
    p.add_argument("--results", required=True, help="file that gets a line PASS|FAIL|SKIP LABEL NAME per test")
    p.add_argument("--label", help="shown beside each test; default the suite")
    p.add_argument("--slow", type=int, default=1, help="factor for time limits")
    p.add_argument("--scripts", action="store_true", help="run tests/SUITE/*.sh and *.py too")
    p.add_argument("--may-be-empty", action="store_true", help="no tests is no news")
    p.add_argument("suite")
    options = p.parse_args()
    options.label = options.label or options.suite
    Suite(options).run()


if __name__ == "__main__":
    main()
