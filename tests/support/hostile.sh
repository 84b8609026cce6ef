# shellcheck shell=bash
# hostile.sh - guests that misbehave beside two that do not, for tests/vhost/hostile_*.sh: sourced, never run.
#
# Ports 1 and 2 are in VLAN 10, good and never to notice anything. 3 is where the bad guest comes (tests/support/badguest.c),
# 4 its good neighbour, both in VLAN 20. `threat NAME` is one test: while NAME goes on, what 1 and 2 send each other arrives,
# frame for frame, in order, and nothing else; the switch answers; when it is over, a good guest can have the port.

. "$(dirname "${BASH_SOURCE[0]}")/vhost.sh"
threatening=
bad_port=${bad_port:-} # what the snapshot says of port 3 besides

hostile_begin()
{
    start_switch
    apply <<J
{"ports": [$(port 1 10 '"vhost":"server"'), $(port 2 10 '"vhost":"server"'), $(port 3 20 '"vhost":"server"'"$bad_port"),
           $(port 4 20 '"vhost":"server"')]}
J
    start_guests
    for n in 1 2 4; do
        guest $n || die "guest $n: $answer"
        up $n 15 || die "guest $n: no link"
    done
    trap hostile_end EXIT
}

hostile_end()
{
    local status=$?
    [ -z "$threatening" ] || kill -9 "$threatening" 2>/dev/null
    (exit "$status")
    vhost_end
}

# Both ways, to the frame.
neighbours_are_well()
{
    g send 1 300 '1>2 udp len=200' && g expect 2 300 '1>2 udp len=200' &&
        g send 2 300 '2>1 tcp len=1000' && g expect 1 300 '2>1 tcp len=1000'
}

is_alive() { kill -0 "$switch" 2>/dev/null && ctl --timeout 10000 status >/dev/null; }

# The port is a good guest's: with it come the frames of 4, and nothing older.
port_is_as_before()
{
    local done=1
    guest 3 || return 1
    if up 3 15 && g send 4 20 '4>3 udp len=100' && g expect 3 20 '4>3 udp len=100' && g send 3 20 '3>4 udp len=50'; then
        done=0
    fi
    g close 3 && wait_until 15 switch_says absent 3 && return $done
}

log_says() { tail -n +$(($1 + 1)) "$dir/switch.log" | grep -q "$2"; } # LINES-BEFORE WHAT

# threat NAME [REFUSED]: one threat; REFUSED is what the switch's log must say of it
threat()
{
    local name=$1 refused=${2:-} in out said='' before
    before=$(grep -c . "$dir/switch.log")
    mkfifo "$dir/bad.in" "$dir/bad.out"
    "$TW_BUILD/tests/support/badguest" "$dir/3.sock" "$name" <"$dir/bad.in" >"$dir/bad.out" 2>>"$dir/bad.log" &
    threatening=$!
    exec {in}>"$dir/bad.in" {out}<"$dir/bad.out"
    rm "$dir/bad.in" "$dir/bad.out"
    read -r -t 90 -u "$out" said
    answer=$said
    ok "$name: it goes on" [ "$said" = ok ]
    g send 4 50 '4>3 udp len=300'
    ok "$name: the neighbours are well" neighbours_are_well
    ok "$name: the switch answers" is_alive
    if [ -n "$refused" ]; then
        answer=$refused
        ok "$name: the switch says why" wait_until 15 log_says "$before" "$refused"
    fi
    exec {in}>&- {out}<&-
    wait "$threatening"
    answer="status $?"
    ok "$name: it ends" [ "$answer" = "status 0" ]
    threatening=
    wait_until 15 switch_says absent 3
    ok "$name: a good guest has the port" port_is_as_before
    is_alive || exit 1
}

hostile_finish()
{
    ok "nothing else reached the neighbours" eval 'g received 1 && [ "$answer" = 0 ] && g received 2 && [ "$answer" = 0 ]'
    ok "and what they lost is nothing" equal "$(counter 1 drops)/$(counter 2 drops)" "/"
}
