#!/usr/bin/python3
# timeout: 180
"""collectors_doc.py - the set-ups of docs/collectors.md work as they stand there, and show what it says that they show.

Blocks of the page are told apart by comments in front of them: "file NAME" is written, "start" runs while records come in (its last
command is the collector), "show" runs afterwards, and each line of "shown" must be in what that printed, but for the number of blanks.
Needs root, nfdump, pmacct and tshark. Prints `ok NAME` or `not ok NAME`; exit 0, 1, 77 = skipped.
"""
import os
import re
import signal
import socket
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "support"))

import flow_lab as lab_  # noqa: E402
from flow_lab import claim, wait_for  # noqa: E402

PAGE = f"{lab_.TOP}/docs/collectors.md"
REPLAY = f"{lab_.BUILD}/tests/support/flow-replay"
PORT = 4739


def sections():
    """[(title, [(what, text)])] of those that have blocks to run."""
    with open(PAGE, encoding="utf-8") as f:
        parts = re.split(r"^## (.*)$", f.read(), flags=re.M)[1:]
    for title, body in zip(parts[::2], parts[1::2], strict=True):
        blocks = re.findall(r"<!-- (start|show|shown|file \S+) -->\n```\w*\n(.*?)```", body, re.S)
        if blocks:
            yield title, blocks


def plain(text):
    return re.sub(r"\s+", " ", text)


def listening(pid):
    """A collector has its socket, of whatever kind."""
    return lab_.listens("udp", PORT) or subprocess.run(["ss", "-0lnp"], capture_output=True, text=True, check=False).stdout.count(f"pid={pid}")


def check(lab, title, blocks):
    folder = lab.path(re.sub(r"\W+", "-", title))
    os.mkdir(folder)
    for what, text in blocks:
        if what.startswith("file "):
            with open(f"{folder}/{what[5:]}", "w", encoding="utf-8") as f:
                f.write(text)
    start = next(text for what, text in blocks if what == "start")
    *before, last = start.strip().splitlines()
    collector = lab.start(re.sub(r"\W+", "-", title), ["bash", "-ec", "\n".join([*before, "exec " + last])], cwd=folder)
    sink = None
    if "dumpcap" in last:  # it looks on while another one collects
        sink = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sink.bind(("127.0.0.1", PORT))
    wait_for(lambda: listening(collector.popen.pid), f"the start of the collector of {title}")
    time.sleep(1)
    lab_.run(REPLAY, "--rounds", "2", f"127.0.0.1:{PORT}")
    if sink:
        sink.close()
    else:
        lab_.let_read(PORT)
    time.sleep(1.5)
    claim(f"{title}: the collector runs", collector.popen.poll() is None, collector.said())
    collector.end(signal.SIGINT if "nfacctd" in last or "dumpcap" in last else signal.SIGTERM)
    shown = next(text for what, text in blocks if what == "show")
    said = ""
    for command in shown.strip().splitlines():
        done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
        claim(f"{title}: {command[:90]}", done.returncode == 0, done.stderr)
        said += done.stdout
    for line in next(text for what, text in blocks if what == "shown").strip().splitlines():
        claim(f"{title}: shows {line[:110]}", plain(line) in plain(said), said[:1500])


def main():
    lab_.alone_in_a_namespace(__file__, ("nfcapd", "nfdump", "nfacctd", "tshark", "dumpcap"))
    with lab_.Lab("doc") as lab:
        done = [title for title, blocks in sections() if check(lab, title, blocks) is None]
        claim("three set-ups are run", len(done) == 3, done)
    sys.exit(lab_.failed)


if __name__ == "__main__":
    main()
