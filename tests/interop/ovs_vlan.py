#!/usr/bin/python3
# timeout: 180
"""ovs_vlan.py - the same frames through Open vSwitch and through our packet path: octet for octet the same comes out.

Frames are generated over modes x tags x ethertypes x priorities x directions. Open vSwitch runs with a private folder and its
dummy devices in the userspace datapath, so it needs neither root nor the kernel module; ours is vlan_frames. Differences are
none, or one of KNOWN, which docs/vlan.md explains. Prints `ok NAME` or `not ok NAME`; exit 0, 1, 77 = skipped.
"""
import collections
import itertools
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

BUILD = os.environ.get("TW_BUILD", "build")
FILTER = f"{BUILD}/tests/interop/vlan_frames"
SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
PORTS, UPLINK = range(1, 7), 7
STRANGER, BROADCAST = 99, 255
BATCH = 50  # frames of one call of ovs-appctl: its device queues at most 100
REFUSALS = ("datapath_drop_lock_error", "datapath_drop_upcall_error")

Port = collections.namedtuple("Port", "mode vlan first last ethertype", defaults=(0, 0, "88a8"))
CONFIGS = {
    "one of each": [Port("access", 10), Port("access", 20), Port("trunk", 0, 10, 20), Port("native-tagged", 10, 20, 30),
                    Port("native-untagged", 10, 20, 30), Port("dot1q-tunnel", 10)],
    "tunnels": [Port("dot1q-tunnel", 10, 0, 0, "8100"), Port("dot1q-tunnel", 10, 5, 9), Port("trunk", 0, 1, 4094),
                Port("native-untagged", 20, 10, 10), Port("native-tagged", 20, 10, 10),
                Port("dot1q-tunnel", 20, 10, 20, "8100")],
}
TAGS = [()] + [(t,) for t in itertools.product((0x8100, 0x88A8), (0x0000, 0xA000, 10, 0x600A, 20, 0xF014, 30, 40, 7))]
TAGS += [(a, b) for a, b in itertools.product(((0x8100, 10), (0x88A8, 0xA00A), (0x8100, 0x2000), (0x88A8, 20)),
                                              ((0x8100, 7), (0x8100, 0x4014), (0x88A8, 10), (0x8100, 0x6000)))]

failed = 0


def claim(name, holds, *evidence):
    global failed
    print(("ok " if holds else "not ok ") + name, flush=True)
    if not holds:
        failed = 1
        for line in evidence:
            print(f"# {line}"[:2000], flush=True)


def mac(who):
    return b"\xff" * 6 if who == BROADCAST else bytes((2, 0, 0, 0, 0, who))


def make_frame(src, dst, tags, ident):
    """A frame of an ethertype for experiments, with its number in it."""
    head = mac(dst) + mac(src) + b"".join(struct.pack(">HH", *tag) for tag in tags)
    return head + struct.pack(">HI", 0x88B5, ident) + bytes(range(44))


def ident_of(frame):
    at = frame.index(b"\x88\xb5", 12)
    return struct.unpack_from(">I", frame, at + 2)[0]


def shown(frame):
    tags, at = [], 12
    while frame[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
        tags.append(frame[at:at + 4].hex())
        at += 4
    return "/".join(tags) or "untagged"


class Ours:
    def __init__(self):
        self.filter = subprocess.Popen([FILTER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                       stderr=subprocess.DEVNULL)

    def configure(self, ports):
        for number, p in enumerate(ports, 1):
            self.say(f"port {number} {p.mode} {p.vlan} {p.first} {p.last} {p.ethertype}")
        self.say("publish")

    def say(self, line):
        self.filter.stdin.write(line + "\n")
        self.filter.stdin.flush()

    def send(self, frames):
        """[(port, frame)] -> {ident: {port: frame}}"""
        result = collections.defaultdict(dict)
        for port, frame in frames:
            self.say(f"send {port} {frame.hex()}")
            while (line := self.filter.stdout.readline().strip()) != ".":
                if not line:
                    raise RuntimeError("vlan_frames is gone")
                out, octets = line.split()
                result[ident_of(frame)][int(out)] = bytes.fromhex(octets)
        return result

    def end(self):
        self.filter.stdin.close()
        self.filter.wait()


class Ovs:
    def __init__(self, top):
        self.top, self.env = top, dict(os.environ, OVS_RUNDIR=top, OVS_LOGDIR=top, OVS_DBDIR=top, OVS_SYSCONFDIR=top)
        self.children = []
        self.run("ovsdb-tool", "create", f"{top}/conf.db", SCHEMA)
        self.start("ovsdb-server", f"{top}/conf.db", f"--remote=punix:{top}/db.sock", f"--unixctl={top}/db.ctl")
        self.wait_for(f"{top}/db.sock")
        self.vsctl("--no-wait", "init")
        self.start("ovs-vswitchd", f"unix:{top}/db.sock", "--enable-dummy=override", "--disable-system",
                   f"--unixctl={top}/v.ctl")
        self.wait_for(f"{top}/v.ctl")
        self.vsctl("--no-wait", "set", "Open_vSwitch", ".", "other_config:vlan-limit=2")
        self.appctl("upcall/disable-megaflows")  # they forget the inner tag, and answers then depend on what came before

    def start(self, *command):
        with open(f"{self.top}/{command[0]}.log", "wb") as log:
            self.children.append(subprocess.Popen(command, env=self.env, stdout=log, stderr=log))

    def run(self, *command):
        done = subprocess.run(command, env=self.env, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)[:200]}: {done.stderr}")
        return done.stdout

    def vsctl(self, *command):
        return self.run("ovs-vsctl", f"--db=unix:{self.top}/db.sock", *command)

    def appctl(self, *command):
        return self.run("ovs-appctl", "-t", f"{self.top}/v.ctl", *command)

    @staticmethod
    def wait_for(path):
        deadline = time.monotonic() + 20
        while not os.path.exists(path):
            if time.monotonic() > deadline:
                raise RuntimeError(f"{path} did not come")
            time.sleep(0.05)

    def configure(self, ports):
        command = ["add-br", "br0", "--", "set", "bridge", "br0",
                   "datapath_type=dummy", "fail-mode=standalone"]
        for number, p in enumerate([*ports, Port("trunk", 0)], 1):
            command += ["--", "add-port", "br0", f"p{number}", "--", "set", "interface", f"p{number}", "type=dummy",
                        f"options:tx_pcap={self.pcap(number)}", "--", "set", "port", f"p{number}",
                        f"vlan_mode={p.mode}"]
            if p.vlan:
                command += [f"tag={p.vlan}"]
            if p.first:
                ids = ",".join(str(v) for v in range(p.first, p.last + 1))
                command += [f"{'cvlans' if p.mode == 'dot1q-tunnel' else 'trunks'}={ids}"]
            if p.mode == "dot1q-tunnel":
                command += [f"other_config:qinq-ethtype={'802.1q' if p.ethertype == '8100' else '802.1ad'}"]
        self.vsctl(*command)

    def pcap(self, number):
        return f"{self.top}/{number}.pcap"

    def refused(self):
        """Frames dropped because the slow path was closed while it changed its threads: no answer about VLANs."""
        return sum(int(self.appctl("coverage/read-counter", name)) for name in REFUSALS)

    def written(self):
        return [os.path.getsize(self.pcap(number)) for number in [*PORTS, UPLINK]]

    def settle(self):
        """The devices' transmit side has no barrier: wait until nothing has come out for half a second."""
        deadline, sizes, since = time.monotonic() + 30, self.written(), time.monotonic()
        while time.monotonic() < min(deadline, since + 0.5):
            time.sleep(0.05)
            if (now := self.written()) != sizes:
                sizes, since = now, time.monotonic()

    def receive(self, port, frames):
        """Hands frames to a port's device, and again those of a batch of which the slow path refused some."""
        for _ in range(50):
            before = self.refused()
            self.appctl("netdev-dummy/receive", f"p{port}", *frames)
            if self.refused() == before:
                return
            time.sleep(0.1)
        raise RuntimeError(f"Open vSwitch keeps refusing frames of port {port}")

    def send(self, frames):
        for port, group in itertools.groupby(frames, key=lambda f: f[0]):
            group = [frame.hex() for _, frame in group]
            for i in range(0, len(group), BATCH):
                self.receive(port, group[i:i + BATCH])
        self.appctl("revalidator/wait")
        self.settle()
        result = collections.defaultdict(dict)
        for number in [*PORTS, UPLINK]:
            for frame in self.frames_of(number):
                result[ident_of(frame)][number] = frame
        return result

    def frames_of(self, number):
        with open(self.pcap(number), "rb") as capture:
            data = capture.read()
        at = 24
        while at + 16 <= len(data):
            length = struct.unpack_from("<I", data, at + 8)[0]
            yield data[at + 16:at + 16 + length]
            at += 16 + length

    def end(self):
        for child in reversed(self.children):
            child.terminate()
            child.wait(20)


def generate(first):
    """Group frames of every port with every tag, then unicast frames to every port: by then Open vSwitch knows the MACs."""
    ident = itertools.count(first)
    for dst in [BROADCAST, *PORTS]:
        for port in [*PORTS, UPLINK]:
            for tags in TAGS:
                if port != dst:
                    number = next(ident)
                    yield number, port, dst, tags, make_frame(STRANGER if port == UPLINK else port, dst, tags, number)


def without_dei(frame):
    return frame[:14] + bytes((frame[14] & 0xEF,)) + frame[15:]


def known(ports, port, tags, out, theirs, ours, flooded):
    """Which of the differences that docs/vlan.md gives reasons for this is; None if it is none of them.

    flooded: Open vSwitch let a group frame of this sender and these tags out there."""
    sender = ports[port - 1].mode if port != UPLINK else "trunk"
    receiver = ports[out - 1].mode if out != UPLINK else "trunk"
    if tags and tags[0][1] & 0x1000 and theirs and ours and theirs == without_dei(ours):
        return "drop eligible"
    if sender == "access" and len(tags) == 2 and ours is None:
        return "tag behind a priority tag"
    if receiver == "access" and len(tags) + (sender == "dot1q-tunnel") >= 2 and ours is None:
        return "second tag at an access port"
    if receiver == "native-untagged" and len(tags) + (sender == "dot1q-tunnel") >= 2 and ours is None:
        return "second tag in an untagged native VLAN"
    if receiver == "dot1q-tunnel" and ports[out - 1].first and not flooded and ours is None:
        return "customer VLAN that the tunnel lacks"
    if sender == "dot1q-tunnel" and len(tags) == 2 and ours:
        return "three tags"
    if sender == "dot1q-tunnel" and tags and tags[0][1] == 0 and theirs and ours and len(ours) == len(theirs) + 4:
        return "empty tag in a tunnel"
    return None


def compare(name, ports, ovs, ours):
    cases = list(generate(1))
    frames = [(port, frame) for _, port, _, _, frame in cases]
    ovs.configure(ports)
    ours.configure(ports)
    theirs, mine = ovs.send(frames), ours.send(frames)
    flooded = {(port, tags): theirs[number] for number, port, dst, tags, _ in cases if dst == BROADCAST}
    wrong, meant, passed = [], collections.Counter(), 0
    for number, port, dst, tags, frame in cases:
        outs = [dst] if dst != BROADCAST else [*PORTS, UPLINK]  # unknown unicast: Open vSwitch floods, we never do
        for out in outs:
            a, b = theirs[number].get(out), mine[number].get(out)
            if a == b:
                passed += a is not None
                continue
            why = known(ports, port, tags, out, a, b, out in flooded[port, tags])
            if why:
                meant[why] += 1
            else:
                wrong.append(f"{'group' if dst == BROADCAST else 'unicast'} {port} {shown(frame)} -> {out}: Open vSwitch "
                             f"{shown(a) if a else 'nothing'}, ours {shown(b) if b else 'nothing'}")
    print(f"# {name}: {len(cases)} frames sent, {passed} the same came out; known differences: {dict(meant) or 'none'}")
    claim(f"{name}: frames came through", passed > 800, passed)
    claim(f"{name}: the same as Open vSwitch, octet for octet", not wrong, f"{len(wrong)} differ", *wrong[:100])


def main():
    for tool in ("ovs-vswitchd", "ovsdb-server", "ovs-vsctl"):
        if not shutil.which(tool):
            print(f"{tool} is not installed (package openvswitch-switch)", file=sys.stderr)
            sys.exit(77)
    for name, ports in CONFIGS.items():
        # A fresh Open vSwitch each: one that is reconfigured goes on for a while with flows of what it was before.
        with tempfile.TemporaryDirectory(prefix="tw-ovs.", dir=os.environ.get("TW_TMP")) as top:
            ours, ovs = Ours(), Ovs(top)
            try:
                compare(name, ports, ovs, ours)
            finally:
                ovs.end()
                ours.end()
    sys.exit(failed)


main()
