"""process.py - the programs a benchmark starts: each by its process id, each with its log, none outliving the run."""
import ctypes
import os
import signal
import subprocess
import time

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)
_running = []


class Failed(Exception):
    """A program did not do what it should; the text says which and shows the end of its log."""


def _die_with_parent():
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Child:
    """A program that runs beside us. Its output goes to `log`."""

    def __init__(self, argv, log, env=None):
        self.name, self.log = os.path.basename(argv[0]), log
        with open(log, "w", encoding="utf-8") as out:
            # A session of its own: Ctrl-C is for us alone, and we end it in order. Its input stays open and silent.
            self.popen = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT,
                                          env={**os.environ, **(env or {})}, start_new_session=True,
                                          preexec_fn=_die_with_parent)
        _running.append(self)

    @property
    def pid(self):
        return self.popen.pid

    def output(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def tail(self, lines=12):
        return "\n".join(self.output().splitlines()[-lines:])

    def alive(self):
        return self.popen.poll() is None

    def wait(self, seconds):
        """Until it ends by itself. Its output; Failed if it takes too long or says that it failed."""
        try:
            status = self.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            self.stop()
            raise Failed(f"{self.name} still ran after {seconds:.0f} s:\n{self.tail()}") from None
        self._forget()
        if status:
            raise Failed(f"{self.name} ended with status {status}:\n{self.tail()}")
        return self.output()

    def until(self, condition, what, seconds=20):
        """Wait for a condition that this program shall bring about."""
        end = time.monotonic() + seconds
        while not condition():
            if not self.alive():
                raise Failed(f"{self.name} ended before {what}:\n{self.tail()}")
            if time.monotonic() > end:
                raise Failed(f"{self.name}: no {what} after {seconds} s:\n{self.tail()}")
            time.sleep(0.02)

    def stop(self, sig=signal.SIGTERM, patience=8):
        """Ask it to end; if it does not, end it."""
        for wanted, seconds in ((sig, patience), (signal.SIGKILL, 10)):
            if self.alive():
                try:
                    self.popen.send_signal(wanted)
                    self.popen.wait(seconds)
                except subprocess.TimeoutExpired:
                    continue
        self._forget()

    def _forget(self):
        if self.popen.stdin:
            self.popen.stdin.close()
        if self in _running:
            _running.remove(self)


def run(argv, env=None, seconds=30):
    """A program that is over soon. Its output; Failed with what it said otherwise."""
    try:
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=seconds,
                              env={**os.environ, **(env or {})}, check=False)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise Failed(f"{argv[0]}: {e}") from None
    if done.returncode:
        raise Failed(f"{' '.join(argv)}: status {done.returncode}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def stop_all():
    """Whatever still runs, last started first."""
    for child in reversed(list(_running)):
        child.stop(patience=3)


def signals_end_the_run():
    """SIGINT and SIGTERM unwind the run, so that every `finally` has its turn; a second one no longer disturbs that."""
    def end(number, _frame):
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        raise SystemExit(128 + number)
    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
