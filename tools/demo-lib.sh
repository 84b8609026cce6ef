# shellcheck shell=bash
# demo-lib.sh - how tools/demo tells its story, what it asks guests and collector, and how it checks what it says. Sourced.
# shellcheck disable=SC2034 # what is set here is read there

CLAIMS=0
CLAIMS_FAILED=0
declare -A DEMO_IP=([web]=192.168.10.11 [db]=192.168.10.12 [client]=192.168.10.13)

# --- telling ---

step() { printf '\n%s== %s%s\n' "$C_BOLD" "$*" "$C_OFF"; }
tell() { printf '%s\n' "$@"; }
indent() { sed 's/^/    /'; }

# show COMMAND...: a command as the reader would type it, and what it says; the demo ends if it is refused
show()
{
    local out
    printf '%s  $ %s%s\n' "$C_BOLD" "$*" "$C_OFF"
    if ! out=$("$@" 2>&1); then
        [ -z "$out" ] || indent <<<"$out"
        lab_failed "this should not have been refused: $*"
    fi
    [ -z "$out" ] || indent <<<"$out"
}

twctl() { lab_twctl "$@"; }

# claim SENTENCE COMMAND...: the sentence holds if the command succeeds
claim()
{
    local sentence=$1 start
    shift
    CLAIMS=$((CLAIMS + 1))
    start=$(now_ms)
    if "$@"; then
        printf '  %sok%s    %s (%s s)\n' "$C_GREEN" "$C_OFF" "$sentence" "$(seconds_since "$start")"
    else
        CLAIMS_FAILED=$((CLAIMS_FAILED + 1))
        printf '  %sNOT SO%s %s\n' "$C_RED" "$C_OFF" "$sentence"
    fi
}

seconds_since()
{
    local ms=$(($(now_ms) - $1))
    printf '%d.%d' $((ms / 1000)) $((ms % 1000 / 100))
}

# json EXPRESSION: of the JSON value `d` on standard input, as Python sees it
json() { python3 -c 'import json, sys; d = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }

# --- the machine ---

demo_cpus() { seq -s, 0 $(($(nproc) - 1)); }

demo_accelerator()
{
    if grep -qwE '^flags.*(vmx|svm)' /proc/cpuinfo && [ -w /dev/kvm ]; then
        echo "KVM is there."
    else
        echo "This CPU offers no virtualisation: QEMU emulates one, slowly."
    fi
}

# --- guests ---

demo_boot() # VM HOST
{
    printf '%s  $ on %s: tw-vm run %s --port %s/eth0 --kernel vmlinuz --initrd initrd --append tw.ip0=%s/24%s\n' "$C_BOLD" \
        "$2" "$1" "$1" "${DEMO_IP[$1]}" "$C_OFF"
    guest_boot "$1" "$2" "${DEMO_IP[$1]}/24" || {
        indent <"$LAB_DIR/log/$1-vm.log"
        lab_failed "guest $1 did not start"
    }
}

reaches() { guest_reaches "$1" "${DEMO_IP[$2]}"; }
reaches_both() { reaches client "$1" && reaches web "$1"; }
cut_off() { guest_cut_off "$1" "${DEMO_IP[$2]}"; }

# fetches CLIENT SERVER: a random file of 2 MB by HTTP; both ends' checksums agree
fetches()
{
    local there here
    there=$(on_guest "$2" '[ -f /tmp/www/f ] || { mkdir -p /tmp/www; dd if=/dev/urandom of=/tmp/www/f bs=64k count=32 2>/dev/null
        httpd -h /tmp/www; }; md5sum </tmp/www/f')
    here=$(on_guest "$1" "wget -q -O - http://${DEMO_IP[$2]}/f | md5sum")
    [ -n "$there" ] && [ "$there" = "$here" ]
}

# --- mirror ---

demo_capture() { echo "$LAB_DIR/$1/capture/db.pcapng"; }
demo_capture_count() { tshark -n -r "$(demo_capture "$1")" 2>/dev/null | wc -l; }
demo_captured() { [ "$(demo_capture_count "$1")" -ge "$2" ]; }
# demo_mirror_has N: the two hosts' files together hold N different answers of db to the long ping
demo_mirror_has()
{
    mergecap -w "$LAB_DIR/db-all.pcapng" "$(demo_capture a)" "$(demo_capture b)" 2>/dev/null || return 1
    [ "$(tshark -n -r "$LAB_DIR/db-all.pcapng" -Y "icmp.type == 0 && ip.src == ${DEMO_IP[db]}" -T fields -e icmp.ident -e icmp.seq \
        2>/dev/null | sort -u | awk '{ n[$1]++ } END { for (i in n) if (n[i] > most) most = n[i]; print most + 0 }')" -ge "$1" ]
}
demo_tshark() { tshark -n -t a -r "$(demo_capture "$1")" -c "$2" 2>/dev/null; }

# --- flows ---

demo_start_collector()
{
    mkdir -p "$LAB_DIR/flows"
    lab_spawn collector col nfcapd -4 -b 10.77.0.9 -p 4739 -w "$LAB_DIR/flows" -t 2 -I tradewind
    wait_until 5 lab_in col sh -c 'grep -q :1283 /proc/net/udp' || lab_failed "nfcapd does not listen" # 0x1283 = 4739
    # nfdump does not show what a switch refused (elements 133 and 424): the decoder of our tests does.
    lab_spawn refused col "$LAB_BUILD/tests/support/ipfix-dump" --no-options 10.77.0.9 4740
    wait_until 5 lab_in col sh -c 'grep -q :1284 /proc/net/udp' || lab_failed "ipfix-dump does not listen"
}

# demo_records FORMAT: every record the collector has filed, a line each, fields separated by "|"
demo_records() { TZ=UTC nfdump -q -N -R "$LAB_DIR/flows" -o "fmt:$1" 2>/dev/null | grep -F '|' || true; }

demo_port_numbers() { lab_twctl --json port list | json '"\n".join("%d %s" % (p["number"], p["name"]) for p in d["ports"])'; }
demo_port_number() { demo_port_numbers | awk -v name="$1/eth0" '$2 == name { print $1 }'; }

# demo_refused VM: "packets octets" that entered at its port and that the switch refused, octets as frames
demo_refused()
{
    python3 - "$(demo_port_number "$1")" "$LAB_DIR/log/refused.log" <<'P'
import json
import sys
flows = [json.loads(line) for line in open(sys.argv[2], encoding="utf-8") if line.startswith("{") and line.endswith("}\n")]
ours = [f for f in flows if f.get("ingressInterface") == int(sys.argv[1])]
print(sum(f.get("droppedPacketDeltaCount", 0) for f in ours), sum(f.get("droppedLayer2OctetDeltaCount", 0) for f in ours))
P
}

# demo_metered VM: "packets octets" of all records that entered at its port, octets as frames: those let through and those refused
demo_metered()
{
    demo_records '%in|%pr|%pkt|%byt' | awk -F '|' -v port="$(demo_port_number "$1")" -v refused="$(demo_refused "$1")" '
        BEGIN { split(refused, more, " "); packets = more[1]; octets = more[2] }
        $1 + 0 == port { packets += $3; octets += $2 + 0 == 0 ? 42 * $3 : $4 + 14 * $3 }
        END { printf "%d %d\n", packets, octets }'
}

demo_flows_exact()
{
    local vm
    for vm in web db client; do
        [ "$(guest_sent $vm)" = "$(demo_metered $vm)" ] || return 1
    done
}

# Flows end two seconds after their last packet, and nfcapd files them within two more. Guests send an ARP now and then by
# themselves, so what holds is that there is a moment when nothing is under way.
demo_flows_settle() { wait_until 20 demo_flows_exact; }

demo_flow_totals()
{
    local vm sent metered
    printf '%-8s %22s   %22s\n' guest 'eth0: packets, octets' 'flows: packets, octets'
    for vm in web db client; do
        read -r -a sent <<<"$(guest_sent $vm)"
        read -r -a metered <<<"$(demo_metered $vm)"
        printf '%-8s %10d %11d   %10d %11d\n' $vm "${sent[@]}" "${metered[@]}"
    done
}

# demo_flow_difference: "P packets, O octets" that the guests counted and the collector did not, or the other way round
demo_flow_difference()
{
    local vm packets=0 octets=0 sent metered
    for vm in web db client; do
        read -r -a sent <<<"$(guest_sent $vm)"
        read -r -a metered <<<"$(demo_metered $vm)"
        packets=$((packets + sent[0] - metered[0])) octets=$((octets + sent[1] - metered[1]))
    done
    echo "$packets packets, $octets octets"
}

demo_flow_sum()
{
    demo_records '%pkt|%byt' | awk -F '|' '{ n++; p += $1; b += $2 } END {
        printf "%d records, %d packets, %d octets of layer 3", n, p, b }'
}

# The ten largest, with the names that the collector itself was told of (IPFIX options); "-": the frame reached nobody.
demo_flow_table()
{
    printf '%-4s %-4s %-11s %-11s %-5s %-20s %-20s %7s %8s\n' HOST VLAN FROM TO PROTO SOURCE DESTINATION PACKETS OCTETS
    demo_records '%ra|%svln|%inam|%onam|%pr|%sap|%dap|%pkt|%byt' | awk -F '|' '
        BEGIN { proto[1] = "ICMP"; proto[6] = "TCP"; proto[17] = "UDP"; proto[0] = "ARP" }
        function word(field) { sub(/^ +/, "", field); sub(/ .*/, "", field); return field == "" ? "-" : field }
        { printf "%-4s %-4s %-11s %-11s %-5s %-20s %-20s %7d %8d\n", $1 ~ /\.11 *$/ ? "a" : "b", word($2), word($3), word($4),
            proto[$5 + 0], word($6), word($7), $8, $9 }' | sort -k9,9nr | head -n 10
}

# --- counters ---

demo_port_counter() { lab_twctl --json port stats "$1/eth0" | json 'next(iter(d["ports"]))["counters"]["'"$2"'"]'; }
demo_rx_packets() { demo_port_counter "$1" rx_packets; }
demo_counters_equal() { [ "$(demo_port_counter "$1" rx_packets) $(demo_port_counter "$1" rx_octets)" = "$(guest_sent "$1")" ]; }

# --- migration ---

demo_bound() { [ "$(lab_twctl --json port show "$1/eth0" | json 'd["binding"]["host"]')" = "$2" ]; }

demo_read_migration()
{
    local list
    list=$(lab_twctl --json migration list)
    read -r M_PHASE M_START_MS M_END_MS M_DOWNTIME M_TOTAL M_HANDOVER M_HELD M_FRAMES_LOST M_FLOWS <<<"$(json '
(lambda m: " ".join(str(x) for x in (m["phase"], m["started_ms"], m["ended_ms"], m["vm_downtime_ms"], m["total_ms"],
    round(m["handover_us"] / 1000, 1), m["frames_held"], m["frames_lost"], m["flows_moved"])))(d["migrations"][-1])' <<<"$list")"
    M_START=$(demo_clock "$M_START_MS")
    M_END=$(demo_clock "$M_END_MS")
}

demo_clock() { date -u -d "@$(($1 / 1000)).$(printf '%03d' $(($1 % 1000)))" +%H:%M:%S.%3N; }

# The record of db's answers that is longest: sets R_PACKETS, R_FIRST, R_LAST
demo_spanning_record()
{
    read -r R_PACKETS R_FIRST R_LAST <<<"$(demo_records '%in|%pr|%pkt|%ts|%te' |
        awk -F '|' -v port="$(demo_port_number db)" '$1 + 0 == port && $2 + 0 == 1 {
            split($4, first, " "); split($5, last, " "); print $3 + 0, first[2], last[2] }' | sort -n | tail -n 1)"
}

# demo_record_spans ANSWERS: times of one day compare as text; a demo at midnight is allowed to be run again.
demo_record_spans() { [[ $R_FIRST < $M_START && $M_END < $R_LAST ]] && [ "$R_PACKETS" -ge "$1" ]; }

demo_how_to_use()
{
    cat <<U

The lab is still running:
  $LAB_DIR/twctl status                         the controller's view; try network, port, mirror, flows, migrate
  $LAB_DIR/on b tw-vm console db                a shell in a guest (web and client: see \`twctl port list\`)
  tshark -r $LAB_DIR/b/capture/db.pcapng        db's mirror
  nfdump -R $LAB_DIR/flows                      the collector's files
  tools/lab status; tools/lab down              what runs; end it
U
}
