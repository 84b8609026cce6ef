#!/bin/bash
# matrix.sh - split and packed rings, mergeable buffers or not, in-order or not, 1500 and 9000 octets: every frame arrives octet
# for octet, is counted, and one too many octets is refused.
# timeout: 300
set -u
. "$(dirname "$0")/../support/vhost.sh"

config() { # MTU
    cat <<J
{"revision": $1, "ports": [$(port 1 10 "\"vhost\":\"server\",\"mtu\":$1"), $(port 2 10 "\"vhost\":\"server\",\"mtu\":$1"),
                           $(port 3 10 "\"vhost\":\"server\",\"mtu\":9000")]}
J
}

start_switch
config 9000 | apply
start_guests

# totals: counters of both ports, as one word
totals()
{
    ctl status | python3 -c '
import json, sys
for port in json.load(sys.stdin)["ports"][:2]:
    c = port["counters"]
    print(c["rx_packets"], c["rx_octets"], c["tx_packets"], c["tx_octets"], *(f"{d['"'reason'"']}={d['"'packets'"']}" for d in c["drops"]))' | paste -sd' '
}

features() { ctl status | python3 -c '
import json, sys
f = int(json.load(sys.stdin)["ports"][0]["features"], 0)
print(f >> 34 & 1, f >> 15 & 1, f >> 35 & 1, f >> 28 & 1)'; }

sent=0 octets=0 refused=0
crosses() # PAYLOAD N: UDP both ways; several sizes, so that frames end anywhere in a buffer
{
    local len=$1 n=$2
    g send 1 "$n" "1>2 udp port=5>6 len=$len seq=3" && g expect 2 "$n" "1>2 udp port=5>6 len=$len seq=3" &&
        g send 2 "$n" "2>1 udp port=6>5 len=$len seq=9" && g expect 1 "$n" "2>1 udp port=6>5 len=$len seq=9" || return 1
    sent=$((sent + n))
    octets=$((octets + n * (len + 42)))
}

for packed in 0 1; do
    for mergeable in 1 0; do
        for in_order in 0 1; do
            about="packed $packed, mergeable $mergeable, in order $in_order"
            sent=0 octets=0 bad=0
            for n in 1 2; do # a frame must fit one buffer where buffers cannot be joined
                guest $n "packed_vq=$packed,mrg_rxbuf=$mergeable,in_order=$in_order" "$([ $mergeable = 1 ] || echo buffers=10240,)" ||
                    die "guest $n: $answer"
                up $n || die "guest $n: no link"
            done
            ok "$about: that is what was negotiated" equal "$(features)" "$packed $mergeable $in_order 1"
            before=$(totals)
            for len in 22 23 470 1000 1471 1472; do
                crosses $len 60 || bad=$((bad + 1))
            done
            ok "$about: frames of up to 1500 octets arrive both ways, octet for octet" equal $bad 0
            for len in 1473 2047 2134 2135 4096 8971 8972; do
                crosses $len 40 || bad=$((bad + 1))
            done
            ok "$about: and of up to 9000" equal $bad 0
            for len in 22 8972 60 8972 22 8972 1472; do # of the largest, a mergeable ring of 1024 holds 204
                crosses $len $((len < 2000 ? 400 : 150)) || bad=$((bad + 1))
            done
            ok "$about: and more than the rings hold, one after the other" equal $bad 0
            ok "$about: sends a frame of 9001 octets" g send 1 3 '1>2 udp len=8973'
            ok "$about: and nothing else arrives" g silence 20
            refused=$((refused + 3))
            read -r -a was <<<"$before"
            # Counters of port 1, counters and drops of port 2; drops come first after those of a port.
            ok "$about: all is counted to the octet" equal "$(totals)" \
                "$((was[0] + sent + 3)) $((was[1] + octets + 3 * 9015)) $((was[2] + sent)) $((was[3] + octets)) $((was[4] + sent)) $((was[5] + octets)) $((was[6] + sent)) $((was[7] + octets)) over_mtu=$refused"
            ok "$about: both leave" eval 'g close 1 && g close 2'
        done
    done
done

# A guest whose buffers are too small for its network's MTU: what fits arrives, also from the same burst.
config 1500 | apply
config 9000 | apply
for packed in 0 1; do
    guest 1 || die "guest 1: $answer"
    guest 3 "packed_vq=$packed,mrg_rxbuf=0" || die "guest 3: $answer"
    up 1 && up 3 || die "no link"
    small=$(counter 3 tx_packets) big=$(counter 3 drops.guest_buffer)
    bad=0
    for i in $(seq 20); do
        g send 1 4 '1>3 udp port=5>6 len=8972' && g send 1 20 "1>3 udp port=5>6 len=$((100 + i))" || bad=$((bad + 1))
    done
    for i in $(seq 20); do
        g expect 3 20 "1>3 udp port=5>6 len=$((100 + i))" || bad=$((bad + 1))
    done
    ok "packed $packed: frames that do not fit a guest's buffers cost no other its place" equal $bad 0
    ok "packed $packed: and nothing else arrives" g silence 20
    ok "packed $packed: the one kind is counted as sent, the other as too large for the buffer" \
        equal "$(counter 3 tx_packets) $(counter 3 drops)" "$((small + 400)) guest_buffer=$((big + 80))"
    ok "both leave" eval 'g close 1 && g close 3'
done
