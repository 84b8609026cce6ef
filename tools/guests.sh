# shellcheck shell=bash
# guests.sh - test guests on the lab's hosts: boot them, run commands in them, ping and measure. Sourced after lab.sh.
#
# Commands reach a guest over its second serial port, so that asking it anything sends no frame.

GUEST=$TW_TOP/tests/support/guest
export TW_CACHE=${TW_CACHE:-$TW_TOP/.cache}
declare -A HOST_OF=() # guest -> host it runs on

# guest_image: makes the kernel and the file system, once; status 77 if that cannot be done here
guest_image() { "$TW_TOP/tests/guest/image/build.sh" >/dev/null; }

# guest_boot VM HOST ADDRESS/LENGTH [TW-VM-OPTION...]: a guest with the port VM/eth0
guest_boot()
{
    local vm=$1 host=$2 address=$3
    shift 3
    HOST_OF[$vm]=$host
    lab_on "$host" "$GUEST" run "$vm" --ip "$address" --port "$vm/eth0" "$@" >"$LAB_DIR/log/$vm-vm.log" 2>&1
}

guest_wait() { "$GUEST" wait --run-dir "$LAB_DIR/${HOST_OF[$1]}" "$1" --timeout 90; }

# on_guest VM COMMAND: its output and its status
on_guest() { "$GUEST" exec --run-dir "$LAB_DIR/${HOST_OF[$1]}" "$1" "$2"; }

# guest_reaches VM ADDRESS
guest_reaches() { on_guest "$1" "ping -c 3 -i 0.2 -W 2 $2" >/dev/null; }

# guest_cut_off VM ADDRESS: not one answer to five pings; a ping that could not even be sent would prove nothing
guest_cut_off() { on_guest "$1" "ping -c 5 -i 0.2 -W 1 $2" | grep -qE '^5 packets transmitted, 0 (packets )?received'; }

# guest_sent VM: "packets octets" that its own eth0 counted as sent since boot
guest_sent() { on_guest "$1" 'cd /sys/class/net/eth0/statistics; echo $(cat tx_packets) $(cat tx_bytes)'; }

# ping_start VM ADDRESS: a ping every 10 ms until ping_stop VM, which leaves its log in LAB_DIR/ping.log
ping_start() { on_guest "$1" "/bin/ping -D -i 0.01 $2 >/tmp/ping.log 2>&1 &"; }
ping_stop()
{
    on_guest "$1" 'killall -INT ping; sleep 0.2' && on_guest "$1" 'cat /tmp/ping.log' >"$LAB_DIR/ping.log"
}

# ping_figures [SECONDS]: "sent lost gap quiet": pings sent (but for the last if its answer was not awaited), those of them
# without an answer, the longest time between two answers in ms, and the same within the first SECONDS (default 1)
ping_figures()
{
    python3 - "$LAB_DIR/ping.log" "${1:-1}" <<'P'
import re, sys
answers, sent = {}, 0
for line in open(sys.argv[1], errors="replace"):
    m = re.match(r"\[(\d+\.\d+)\].* icmp_seq=(\d+) .*time=", line)
    if m:
        answers.setdefault(int(m[2]), float(m[1]))
    m = re.match(r"(\d+) packets transmitted", line)
    if m:
        sent = int(m[1])
if len(answers) < 2 or not sent:
    sys.exit("there are no two answers in the log")
sent -= sent not in answers
times = sorted(answers.values())
def longest_gap(until):
    return round(1000 * max((b - a for a, b in zip(times, times[1:]) if b < until), default=0))
print(sent, sent - len(answers), longest_gap(times[-1] + 1), longest_gap(times[0] + float(sys.argv[2])))
P
}
