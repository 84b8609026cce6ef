"""flow_lab.py - a real tw-switch, guests without VMs, and other people's collectors, in one network namespace of the test's own.

For tests/interop/flow_*.py. Whatever is started here ends with Lab; nothing outlives the test.
"""
import ctypes
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

import flow_count

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("TW_BUILD", f"{TOP}/build"))
PR_SET_PDEATHSIG = 1
PATIENCE = 30  # seconds; long, as the machine may be busy
_libc = ctypes.CDLL(None)
failed = 0


def claim(name, holds, *evidence):
    global failed
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        failed = 1
        for line in evidence:
            print(f"# {line}"[:2000], flush=True)
    return holds


def skip(reason):
    print(reason, file=sys.stderr)
    sys.exit(77)


def alone_in_a_namespace(script, tools):
    """Start the script again in a network namespace without a name; skip where that, or a tool, is not to be had."""
    if os.geteuid() != 0:
        skip("needs root for a network namespace")
    for tool in tools:
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    if os.environ.get("TW_FLOW_NETNS") != "1":
        os.environ["TW_FLOW_NETNS"] = "1"
        os.execvp("unshare", ["unshare", "--net", "--", sys.executable, os.path.abspath(script), *sys.argv[1:]])
    os.environ.update(TZ="UTC", LC_ALL="C.UTF-8", TW_FLOW_NETNS="")
    run("ip", "link", "set", "lo", "up")
    run("sysctl", "-qw", "net.ipv4.tcp_tw_reuse=1")


def run(*command, seconds=120):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=seconds)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)[:200]}: {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def wait_for(condition, what, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise RuntimeError(f"{what} did not happen within {seconds} s")
        time.sleep(0.03)
    return value


def listens(kind, port):
    """Does somebody in this namespace? @param kind udp or tcp"""
    tables = [f"/proc/self/net/{kind}", f"/proc/self/net/{kind}6"]
    for name in tables:
        if not os.path.exists(name):
            continue
        with open(name, encoding="ascii") as table:
            for line in table.readlines()[1:]:
                words = line.split()
                if words[1].endswith(f":{port:04X}") and (kind == "udp" or words[3] == "0A"):
                    return True
    return False


def has_read(port):
    """Has whoever has this UDP port taken all that came for it?"""
    with open("/proc/self/net/udp", encoding="ascii") as table:
        queues = [line.split()[4] for line in table.readlines()[1:] if line.split()[1].endswith(f":{port:04X}")]
    return all(q.endswith(":00000000") for q in queues)


def let_read(port):
    """A collector that is told to end reads no more: it must have read before."""
    wait_for(lambda: has_read(port), "the reading of every datagram")
    time.sleep(0.3)


class Child:
    """A program that runs beside the test; its output is in `log`."""

    def __init__(self, argv, log, **more):
        with open(log, "ab") as out:
            self.popen = subprocess.Popen(argv, stdout=more.pop("stdout", out), stderr=out, **more,
                                          preexec_fn=lambda: _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL))
        self.log = log

    def end(self, sig=signal.SIGTERM):
        """@return its exit status"""
        if self.popen.poll() is None:
            self.popen.send_signal(sig)
        try:
            return self.popen.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            return self.popen.wait()

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()


class Lab:
    """A folder, and all that was started, in the order in which it is to end: last first."""

    def __init__(self, name):
        self.dir = tempfile.mkdtemp(prefix=f"tw-{name}.", dir=os.environ.get("TW_TMP"))
        self.children = []
        self.env = {**os.environ, "RUNTIME_DIRECTORY": self.dir, "TW_RUN_DIR": self.dir}

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        for child in reversed(self.children):
            child.end()
        if kind or failed:
            for name in sorted(os.listdir(self.dir)):
                if name.endswith(".log"):
                    with open(f"{self.dir}/{name}", encoding="utf-8", errors="replace") as f:
                        print("".join(f"# {name}: {line}" for line in f.readlines()[-12:]), end="")
        if not os.environ.get("TW_KEEP"):
            shutil.rmtree(self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)

    def start(self, name, argv, **more):
        child = Child(argv, self.path(f"{name}.log"), env=self.env, **more)
        self.children.append(child)
        return child

    # --- the switch ---

    def start_switch(self, *options):
        self.switch = self.start("switch", [f"{BUILD}/dataplane/tw-switch", "--run-dir", self.dir, "--cpus", str(os.cpu_count() - 1),
                                            "--memory", "128", "--no-huge", *options])
        wait_for(lambda: self.ctl_try("--timeout", "300", "status"), "the switch's start")

    def end_switch(self):
        claim("the switch ends cleanly", self.switch.end() == 0)

    def ctl_try(self, *words):
        done = subprocess.run([f"{BUILD}/tests/support/switchctl", "--run-dir", self.dir, *words], capture_output=True, text=True,
                              env=self.env, check=False)
        return done.stdout if done.returncode == 0 else None

    def ctl(self, *words):
        return run(f"{BUILD}/tests/support/switchctl", "--run-dir", self.dir, *words)

    def status(self):
        return json.loads(self.ctl("status"))

    def apply(self, snapshot):
        with open(self.path("snapshot.json"), "w", encoding="utf-8") as f:
            json.dump(snapshot, f)
        self.ctl("apply", self.path("snapshot.json"))

    def port(self, number, vlan, **more):
        """Access port N of MAC 02:00:00:00:00:0N, whose guest connects to it."""
        return {"number": number, "name": f"vm{number}/eth0", "vm_name": f"vm{number}", "network": "n", "vlan": vlan,
                "mac": f"02:00:00:00:00:{number:02x}", "socket": self.path(f"{number}.sock"), "vhost": "server", **more}

    def exporters(self):
        """{name: what status says of it}, numbers as such"""
        return {e["name"]: {k: int(v) if re.fullmatch(r"\d+", str(v)) else v for k, v in e.items()} for e in self.status().get("exporters", [])}

    def flows_alive(self):
        return int(json.loads(self.ctl("flows", "--limit", "1")).get("total", 0))

    def wire(self, name="up0", mtu=1500):
        """An uplink: a veth whose other end is called NAME."""
        run("ip", "link", "add", f"tw{name}", "mtu", str(mtu), "type", "veth", "peer", "name", name, "mtu", str(mtu))
        for end in (f"tw{name}", name):
            run("sysctl", "-qw", f"net.ipv6.conf.{end}.disable_ipv6=1")
            run("ip", "link", "set", end, "up", "promisc", "on")
        return {"name": name, "devargs": f"net_af_packet0,iface=tw{name}", "netdev": f"tw{name}"}

    # --- guests ---

    def start_guests(self, *numbers):
        self.guests = self.start("guests", [f"{BUILD}/tests/support/vguest", self.dir, "--no-huge", "-m", "256", "--no-pci", "--no-telemetry",
                                            "--no-shconf", "--iova-mode=va", "-l", "0", "--log-level=4"],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)
        self.hear_guest()
        for n in numbers:
            self.guest(f"open {n} path={self.path(f'{n}.sock')},queues=1,queue_size=256")
            self.guest(f"link {n} up 20000")
        wait_for(lambda: all(p["link"] == "up" for p in self.status()["ports"] if p["number"] in numbers), "the guests' links")

    def hear_guest(self):
        answer = self.guests.popen.stdout.readline().strip()
        if not answer.startswith("ok"):
            raise RuntimeError(f"a guest says: {answer}")
        return answer[3:]

    def guest(self, command):
        self.guests.popen.stdin.write(command + "\n")
        return self.hear_guest()

    def end_guests(self):
        self.guests.popen.stdin.close()
        self.guests.popen.wait(PATIENCE)

    def capture(self, name, interface, wanted=lambda frame, outgoing: True):
        """A capture that has begun. @param wanted of (octets, does it leave by that interface?)"""
        capture = PortCapture(self.path(f"{name}.pcap"), interface, wanted)
        self.children.append(capture)
        return capture


class PortCapture:
    """What crosses an interface, with the kernel's own times. It has begun when it is made, and misses nothing before end()."""

    SO_TIMESTAMPNS, PACKET_AUXDATA, SOL_PACKET, SO_RCVBUFFORCE = 35, 8, 263, 33
    STATUS_VLAN_VALID, STATUS_TPID_VALID = 0x10, 0x40
    ALL, OUTGOING = 3, 4

    def __init__(self, path, interface, wanted):
        self.path, self.wanted, self.frames, self.stopped = path, wanted, [], False
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        self.socket.setsockopt(socket.SOL_SOCKET, self.SO_RCVBUFFORCE, 64 << 20)
        self.socket.setsockopt(socket.SOL_SOCKET, self.SO_TIMESTAMPNS, 1)
        self.socket.setsockopt(self.SOL_PACKET, self.PACKET_AUXDATA, 1)
        self.socket.bind((interface, self.ALL))
        self.socket.settimeout(0.2)
        self.thread = threading.Thread(target=self._take, daemon=True)
        self.thread.start()

    def _one(self, octets, extra, address):
        """The kernel takes a frame's first tag out; here it is put back."""
        ns = 0
        for level, kind, data in extra:
            if kind == self.SO_TIMESTAMPNS and level == socket.SOL_SOCKET:
                ns = struct.unpack("qq", data[:16])[0] * 10**9 + struct.unpack("qq", data[:16])[1]
            elif level == self.SOL_PACKET and kind == self.PACKET_AUXDATA:
                status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", data[:20])
                if status & self.STATUS_VLAN_VALID:
                    tpid = tpid if status & self.STATUS_TPID_VALID else 0x8100
                    octets = octets[:12] + struct.pack(">HH", tpid, tci) + octets[12:]
        if self.wanted(octets, address[2] == self.OUTGOING):
            self.frames.append((ns, octets))

    def _take(self):
        while True:
            try:
                octets, extra, _, address = self.socket.recvmsg(70000, 256)
            except TimeoutError:
                if self.stopped:
                    return
                continue
            self._one(octets, extra, address)

    def end(self):
        if self.stopped:
            return
        self.stopped = True
        self.thread.join()
        self.socket.close()
        flow_count.write(self.path, self.frames)


class Nfcapd:
    """nfcapd, and what nfdump shows of its files."""

    PROGRAM = "nfcapd"

    def __init__(self, lab, name, port, address="127.0.0.1"):
        self.folder, self.port = lab.path(name), port
        os.makedirs(self.folder, exist_ok=True)
        # A file a day: one that ends at the full five minutes would split what a test looks at.
        self.child = lab.start(name, [self.PROGRAM, "-4", "-b", address, "-p", str(port), "-w", self.folder, "-t", "86400", "-v", "-B", "8000000"])
        wait_for(lambda: listens("udp", port), "nfcapd's listening")

    def end(self):
        """@return (flows, sequence errors, bad packets)"""
        let_read(self.port)
        self.child.end()
        said = re.findall(r"Flows: (\d+), .* Sequence Errors: (\d+), Bad Packets: (\d+)", self.child.said())  # a line a file
        return tuple(sum(int(line[i]) for line in said) for i in range(3))

    def rows(self, columns):
        """[[text, …]] of every record"""
        shown = run("nfdump", "-q", "-N", "-6", "-R", self.folder, "-o", "fmt:" + "|".join(columns))
        return [[c.strip() for c in line.split("|")] for line in shown.splitlines()]


class Nfacctd:
    """nfacctd of pmacct with its print plugin, one line of JSON for all records that agree in the primitives."""

    PROGRAM = "nfacctd"
    PRIMITIVES = "src_host,dst_host,src_port,dst_port,proto,tos,tcpflags,in_iface,out_iface,src_mac,dst_mac,vlan,timestamp_start,timestamp_end"

    def __init__(self, lab, name, port, primitives=PRIMITIVES):
        self.port, self.out, conf = port, lab.path(f"{name}.json"), lab.path(f"{name}.conf")
        with open(conf, "w", encoding="utf-8") as f:
            f.write(f"daemonize: false\n{self.PROGRAM}_ip: 127.0.0.1\n{self.PROGRAM}_port: {port}\n{self.PROGRAM}_pipe_size: 8000000\n"
                    f"{self.PROGRAM}_renormalize: true\n"
                    f"plugins: print[p]\naggregate[p]: {primitives}\nprint_output[p]: json\nprint_output_file[p]: {self.out}\n"
                    "print_output_file_append[p]: true\nprint_refresh_time[p]: 600\nplugin_pipe_size: 64000000\nplugin_buffer_size: 4000\n"
                    "print_cache_entries[p]: 99991\n")
        self.child = lab.start(name, [self.PROGRAM, "-f", conf])
        wait_for(lambda: listens("udp", port), "nfacctd's listening")

    def end(self):
        """It writes once, at the end: two of its writers at a time would write what they both have twice."""
        let_read(self.port)
        self.child.end(signal.SIGINT)

    # Names that it prints instead of numbers, whatever num_protos says.
    PROTOCOLS = {"icmp": 1, "igmp": 2, "ipencap": 4, "tcp": 6, "udp": 17, "ipv6": 41, "gre": 47, "esp": 50, "ipv6-icmp": 58, "ipv6-nonxt": 59,
                 "ospf": 89, "pim": 103, "vrrp": 112, "sctp": 132}

    @classmethod
    def protocol(cls, name):
        return cls.PROTOCOLS[name] if name in cls.PROTOCOLS else int(name)

    def rows(self):
        if not os.path.exists(self.out):
            return []
        with open(self.out, encoding="utf-8") as f:
            return [json.loads(line) for line in f if line.startswith("{")]


class TcpSink:
    """Takes connections and reads all they say. Slow, if told so, and deaf."""

    def __init__(self, port, address="127.0.0.1"):
        self.listener = socket.create_server((address, port))
        self.octets, self.connections, self.stopped = 0, 0, False
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while not self.stopped:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                try:
                    while data := connection.recv(65536):
                        self.octets += len(data)
                except OSError:
                    pass

    def end(self):
        self.stopped = True
        self.listener.close()
