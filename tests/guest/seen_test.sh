#!/bin/bash
# seen_test.sh - what an operator sees of two real guests on two hosts: one conversation with both names, its screen, and every MAC.
# timeout: 200
set -eu
. "$(dirname "$0")/../support/lab.sh"
test_lab 2
twctl network create blue --vlan 10
for vm in web db; do twctl port create $vm/eth0 --network blue; done
twctl port set web/eth0 --learn accept
boot web a 192.168.1.1/24
boot db b 192.168.1.2/24

# flows_say PYTHON-EXPRESSION OPTION...: of the conversations c
flows_say()
{
    local what=$1
    shift
    twctl --json flows "$@" | python3 -c '
import json, sys
c = json.load(sys.stdin)["conversations"]
sys.exit(not eval(sys.argv[1]))' "$what"
}
macs_say() # PYTHON-EXPRESSION: of the MACs m
{
    twctl --json mac list | python3 -c '
import json, sys
m = json.load(sys.stdin)["macs"]
sys.exit(not eval(sys.argv[1]))' "$1"
}

expect "web reaches db" guest_reaches web 192.168.1.2
expect "that is one conversation, its ways counted on two hosts" flows_say \
    'len(c) == 1 and (c[0]["from"], c[0]["to"], c[0]["hosts"]) == ("web/eth0", "db/eth0", ["a", "b"]) and c[0]["packets"] == c[0]["packets_back"] == 3' \
    --protocol icmp
expect "a VM, an address and the greatest find it, too" flows_say 'len(c) == 1 and c[0]["to"] == "db/eth0"' \
    --vm db --address 192.168.1.0/24 --protocol icmp --top bytes --limit 1
expect "another address does not" flows_say 'len(c) == 0' --address 192.168.2.0/24

cat >"$LAB_DIR/top.py" <<'P'
import os, pty, select, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.environ["TERM"] = "vt100"
    os.execv(sys.argv[1], [sys.argv[1], "flows", "top"])
heard, end = b"", time.monotonic() + 30
while not (b"web" in heard and b"bit/s" in heard) and time.monotonic() < end:
    if select.select([fd], [], [], 0.5)[0]:
        heard += os.read(fd, 65536)
os.write(fd, b"q")
try:
    while os.read(fd, 65536):
        pass
except OSError:
    pass
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) or b"web" not in heard)
P
expect "the screen shows web" python3 "$LAB_DIR/top.py" "$LAB_DIR/twctl"

expect "each port's MAC is known, and where it is" macs_say \
    'sorted((x["port"], x["host"], x["vlan"], x["kind"]) for x in m) == [("db/eth0", "b", 10, "own"), ("web/eth0", "a", 10, "own")]'
on_guest web 'ip link set eth0 address 02:00:00:00:77:01; ip addr add 192.168.1.1/24 dev eth0 2>/dev/null; true'
expect "with another MAC web reaches db still" wait_until 20 guest_reaches web 192.168.1.2
expect "that MAC is learned behind web's port, on its host alone" wait_until 10 macs_say \
    '[(x["port"], x["vm"], x["host"], x["kind"]) for x in m if x["mac"] == "02:00:00:00:77:01"] == [("web/eth0", "web", "a", "learned")]'
