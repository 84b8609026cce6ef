# shellcheck shell=bash
# lab.sh - a small data centre in network namespaces, as functions. Sourced by tools/lab, tools/demo and tests.
#
#   NAME-a, NAME-b, …   hosts: eth0 = management 10.77.0.11, .12, …; eth1 = the uplink that tw-switch owns (no address)
#   NAME-ctl            tw-controller, 10.77.0.1
#   NAME-col            a place for flow collectors, 10.77.0.9
#   NAME-wire           two plain Linux bridges: `wire` joins the hosts' eth1 as a physical switch would, `mgmt` joins eth0
#
# Everything lives in LAB_DIR: HOST/ is that host's run directory, ctl/ the controller's, log/ what programs said,
# pids/ one file a process: "PID START-TIME", so that a number that was given to someone else meanwhile is left alone.

LAB_DIR=${LAB_DIR:-/run/tradewind-lab}
LAB_NAME=${LAB_NAME:-twlab}
LAB_BUILD=${TW_BUILD:-$TW_TOP/build}
LAB_PORT=7470                # tw-controller
LAB_PEER_PORT=7471           # tw-agents among themselves
LAB_MEMORY=256               # MiB of each tw-switch
LAB_HUGE_PER_HOST=$((LAB_MEMORY / 2 + 32)) # pages of 2 MiB; EAL rounds up here and there
LAB_NR_HUGE=/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages
LAB_LINK_MTU=9018            # 9000 and a tag or two

# lab_host_name N: a, b, … of 0, 1, …
lab_host_name() { printf '%b' "\\$(printf '%03o' $((97 + $1)))"; }
lab_host_address() { echo "10.77.0.$((11 + $1))"; }
lab_hosts() { cat "$LAB_DIR/hosts"; }

# lab_in NAMESPACE COMMAND...: run it there (NAMESPACE without the lab's name)
lab_in()
{
    local ns=$LAB_NAME-$1
    shift
    ip netns exec "$ns" "$@"
}

# lab_on HOST COMMAND...: run it on a host, with that host's run directory and the programs of the build
lab_on()
{
    local host=$1
    shift
    TW_RUN_DIR=$LAB_DIR/$host TW_CONTROLLER=$(lab_controller_url) lab_in "$host" "$@"
}

lab_controller_url() { echo "ipc://$LAB_DIR/ctl/controller.ipc"; }
lab_twctl() { TW_CONTROLLER=$(lab_controller_url) command twctl "$@"; }

# The folders of the build that hold programs, in front of PATH; tw-agent starts tw-vm by name too.
lab_use_build()
{
    local program dir
    for program in tw-switch tw-agent tw-controller twctl tw-vm; do
        dir=$(find "$LAB_BUILD" -maxdepth 3 -type f -name "$program" -perm -u+x -printf '%h\n' | head -n 1)
        [ -n "$dir" ] || die "no $program in $LAB_BUILD: run tools/setup first"
        case ":$PATH:" in
        *":$dir:"*) ;;
        *) PATH=$dir:$PATH ;;
        esac
    done
    export PATH
}

# --- processes ---

lab_start_time() { awk '{ sub(/.*\) /, ""); print $20 }' "/proc/$1/stat" 2>/dev/null; }

# lab_alive NAME: whether the process that was recorded under NAME still runs
lab_alive()
{
    local pid start
    [ -f "$LAB_DIR/pids/$1" ] || return 1
    read -r pid start <"$LAB_DIR/pids/$1" || return 1
    [ -n "$start" ] && [ "$(lab_start_time "$pid")" = "$start" ] && [ "$(lab_state "$pid")" != Z ]
}

lab_state() { awk '{ sub(/.*\) /, ""); print $1 }' "/proc/$1/stat" 2>/dev/null; }
lab_pid() { cut -d' ' -f1 "$LAB_DIR/pids/$1"; }
lab_record() { echo "$2 $(lab_start_time "$2")" >"$LAB_DIR/pids/$1"; }

# lab_spawn NAME NAMESPACE COMMAND...: in the background, output to log/NAME.log. With LAB_SUPERVISE=1 it is started again
# half a second after it dies, until lab_kill ends the watcher.
lab_spawn()
{
    local name=$1 ns=$LAB_NAME-$2 log=$LAB_DIR/log/$1.log
    shift 2
    if [ "${LAB_SUPERVISE:-0}" -eq 1 ]; then
        # shellcheck disable=SC2016 # expands in the watcher
        setsid bash -c '
            name=$1 dir=$2 ns=$3; shift 3
            trap "kill \$child 2>/dev/null; wait \$child; exit 0" TERM INT
            while :; do
                ip netns exec "$ns" "$@" & child=$!
                sleep 0.05
                echo "$child $(awk "{ sub(/.*\\) /, \"\"); print \$20 }" /proc/$child/stat)" >"$dir/pids/$name"
                wait $child; status=$?
                echo "lab: $name ended with status $status; starting it again"
                sleep 0.5 & wait $!
            done' lab-watch "$name" "$LAB_DIR" "$ns" "$@" </dev/null >>"$log" 2>&1 &
        lab_record "$name.watch" $!
        wait_until 2 test -s "$LAB_DIR/pids/$name"
    else
        setsid ip netns exec "$ns" "$@" </dev/null >>"$log" 2>&1 &
        lab_record "$name" $!
    fi
    disown
}

# lab_kill NAME [SIGNAL]: end a recorded process and wait until it is gone; SIGKILL after 5 s
lab_kill()
{
    local name=$1 signal=${2:-TERM} pid
    if lab_alive "$name.watch"; then
        kill -TERM "$(lab_pid "$name.watch")" 2>/dev/null || true
        wait_until 6 lab_gone "$name.watch" || kill -KILL "$(lab_pid "$name.watch")" 2>/dev/null || true
    fi
    rm -f "$LAB_DIR/pids/$name.watch"
    if lab_alive "$name"; then
        pid=$(lab_pid "$name")
        kill -"$signal" "$pid" 2>/dev/null || true
        if ! wait_until 5 lab_gone "$name"; then
            warn "$name did not end on SIG$signal; killing it"
            kill -KILL "$pid" 2>/dev/null || true
            wait_until 2 lab_gone "$name" || true
        fi
    fi
    rm -f "$LAB_DIR/pids/$name"
}

lab_gone() { ! lab_alive "$1"; }

lab_start_switch() # HOST INDEX
{
    local list cpu
    read -r -a list <<<"$(tr , ' ' <"$LAB_DIR/cpus")"
    cpu=${list[$(($2 % ${#list[@]}))]}
    # shellcheck disable=SC2046 # options
    lab_spawn "$1-switch" "$1" tw-switch --run-dir "$LAB_DIR/$1" --cpus "$cpu" \
        --memory "$LAB_MEMORY" --idle-sleep 200 $(cat "$LAB_DIR/switch-options")
}

lab_start_agent() # HOST INDEX
{
    local address
    address=$(lab_host_address "$2")
    lab_spawn "$1-agent" "$1" tw-agent --host "$1" --run-dir "$LAB_DIR/$1" --state-dir "$LAB_DIR/$1/state" \
        --controller "tcp://10.77.0.1:$LAB_PORT" --peer-url "tcp://$address:$LAB_PEER_PORT" --migrate-address "$address"
}

lab_start_controller()
{
    lab_spawn controller ctl tw-controller --run-dir "$LAB_DIR/ctl" --store "$LAB_DIR/ctl/controller.db" \
        --listen "$(lab_controller_url)" --listen "tcp://10.77.0.1:$LAB_PORT"
}

# --- the network ---

# lab_link NAMESPACE INTERFACE BRIDGE: a veth from the namespace to a bridge of the wire
lab_link()
{
    local ns=$LAB_NAME-$1 interface=$2 bridge=$3 wire=$LAB_NAME-wire far=$3-$1
    ip link add "$interface" netns "$ns" mtu $LAB_LINK_MTU type veth peer name "$far" netns "$wire" mtu $LAB_LINK_MTU
    # A physical switch neither finishes checksums nor cuts segments for its neighbours, nor speaks IPv6 on its own.
    ip netns exec "$ns" ethtool -K "$interface" tx off rx off tso off gso off gro off sg off rxvlan off txvlan off \
        >/dev/null 2>&1 || true
    ip netns exec "$wire" ethtool -K "$far" tx off rx off tso off gso off gro off sg off rxvlan off txvlan off \
        >/dev/null 2>&1 || true
    ip -n "$wire" link set "$far" master "$bridge" up
    ip -n "$ns" link set "$interface" up
}

lab_namespace()
{
    ip netns add "$LAB_NAME-$1"
    lab_in "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 2>/dev/null || true
    ip -n "$LAB_NAME-$1" link set lo up
}

lab_network()
{
    local bridge host i=0
    lab_namespace wire
    for bridge in wire mgmt; do
        ip -n "$LAB_NAME-wire" link add "$bridge" mtu $LAB_LINK_MTU type bridge stp_state 0 forward_delay 0 mcast_snooping 0
        ip -n "$LAB_NAME-wire" link set "$bridge" up
    done
    lab_namespace ctl
    lab_link ctl eth0 mgmt
    ip -n "$LAB_NAME-ctl" addr add 10.77.0.1/24 dev eth0
    lab_namespace col
    lab_link col eth0 mgmt
    ip -n "$LAB_NAME-col" addr add 10.77.0.9/24 dev eth0
    for host in $(lab_hosts); do
        lab_namespace "$host"
        lab_link "$host" eth0 mgmt
        ip -n "$LAB_NAME-$host" addr add "$(lab_host_address $i)/24" dev eth0
        lab_link "$host" eth1 wire
        i=$((i + 1))
    done
}

# --- huge pages ---

# Asks the kernel for what the switches need; without it they run on ordinary pages, slower.
lab_take_hugepages()
{
    local hosts=$1 before free want
    echo "" >"$LAB_DIR/switch-options"
    if [ ! -w $LAB_NR_HUGE ]; then
        echo "--no-huge" >"$LAB_DIR/switch-options"
        return
    fi
    before=$(cat $LAB_NR_HUGE)
    free=$(cat "${LAB_NR_HUGE%/*}/free_hugepages")
    want=$((hosts * LAB_HUGE_PER_HOST))
    [ "$free" -ge "$want" ] && return
    echo $((before + want - free)) >$LAB_NR_HUGE
    if [ "$(cat "${LAB_NR_HUGE%/*}/free_hugepages")" -lt "$want" ]; then
        echo "$before" >$LAB_NR_HUGE
        echo "--no-huge" >"$LAB_DIR/switch-options"
        return
    fi
    echo $((want - free)) >"$LAB_DIR/hugepages"
}

# Gives back as many as were taken, whatever others have asked for since.
lab_return_hugepages()
{
    local taken
    [ -f "$LAB_DIR/hugepages" ] || return 0
    taken=$(cat "$LAB_DIR/hugepages")
    rm -f "$LAB_DIR/hugepages"
    echo $(($(cat $LAB_NR_HUGE) - taken)) >$LAB_NR_HUGE || true
}

# --- up and down ---

lab_is_up() { [ -d "$LAB_DIR/pids" ]; }

# lab_wrappers: $LAB_DIR/twctl speaks to this lab's controller, $LAB_DIR/on HOST COMMAND runs something on a host
lab_wrappers()
{
    cat >"$LAB_DIR/twctl" <<W
#!/bin/bash
export PATH='$PATH'
exec twctl --controller '$(lab_controller_url)' "\$@"
W
    cat >"$LAB_DIR/on" <<W
#!/bin/bash
# on HOST COMMAND... - run a command on a host of the lab: its network, its run directory
[ \$# -ge 2 ] || { echo "usage: \$0 HOST COMMAND..." >&2; exit 2; }
export PATH='$PATH' TW_CONTROLLER='$(lab_controller_url)' TW_RUN_DIR="$LAB_DIR/\$1"
host=\$1
shift
exec ip netns exec "$LAB_NAME-\$host" "\$@"
W
    chmod 755 "$LAB_DIR/twctl" "$LAB_DIR/on"
}

# Whether N hosts are connected, with a living switch that forwards by what the controller said and has its uplink.
lab_hosts_ready()
{
    lab_twctl --json status | python3 -c '
import json, sys
hosts = json.load(sys.stdin)["hosts"]
def ready(h):
    uplinks = h.get("status", {}).get("uplinks", [])
    return h["connected"] and h["switch_alive"] and h["realised"] > 0 and uplinks and all(u["up"] for u in uplinks)
sys.exit(len(hosts) < int(sys.argv[1]) or not all(ready(h) for h in hosts))' "$1"
}

# lab_free: ends the script if there is a lab already; so call it before any trap that would take that lab down
lab_free()
{
    need_root "makes network namespaces"
    lab_is_up && die "a lab is up in $LAB_DIR: use it, or end it by \`tools/lab down\`"
    if ip netns list 2>/dev/null | grep -q "^$LAB_NAME-"; then
        die "namespaces called $LAB_NAME-… are there already: \`tools/lab down --name $LAB_NAME\` removes them"
    fi
}

# lab_up N CPUS: after lab_free; returns when all hosts are ready; on failure says what the programs said
lab_up()
{
    local n=$1 cpus=$2 i host
    lab_use_build
    mkdir -p "$LAB_DIR"/{pids,log,ctl}
    echo "$LAB_NAME" >"$LAB_DIR/name"
    echo "$cpus" >"$LAB_DIR/cpus"
    for ((i = 0; i < n; i++)); do lab_host_name $i; echo; done >"$LAB_DIR/hosts"
    lab_take_hugepages "$n"
    lab_network
    lab_wrappers
    lab_start_controller
    wait_until 10 lab_twctl status || lab_failed "tw-controller does not answer"
    i=0
    for host in $(lab_hosts); do
        mkdir -p "$LAB_DIR/$host/state"
        lab_twctl host create "$host" --uplink up0=net_af_packet0,iface=eth1 --netdev up0=eth1 >/dev/null ||
            lab_failed "host $host was refused"
        lab_start_switch "$host" $i
        lab_start_agent "$host" $i
        i=$((i + 1))
    done
    wait_until 30 lab_hosts_ready "$n" || lab_failed "not all hosts became ready"
}

lab_failed()
{
    local log
    warn "$1; the ends of the logs:"
    for log in "$LAB_DIR"/log/*.log; do
        [ -f "$log" ] || continue
        printf '%s\n' "--- ${log##*/}" >&2
        tail -n 12 "$log" >&2
    done
    exit 1
}

# Processes first, the switch last so that guests never lose it; then whatever else runs inside the namespaces.
lab_down()
{
    local name ns host
    if [ -d "$LAB_DIR/pids" ]; then
        for host in $(lab_hosts); do
            lab_stop_guests "$host"
        done
        for name in $(lab_recorded | grep -vE -e '-(switch|agent)$' -e '^controller$') $(lab_recorded | grep -e '-agent$') \
            controller $(lab_recorded | grep -e '-switch$'); do
            lab_kill "$name"
        done
    fi
    for ns in $(ip netns list 2>/dev/null | awk -v p="$LAB_NAME-" 'index($1, p) == 1 { print $1 }'); do
        for pid in $(ip netns pids "$ns"); do
            kill -KILL "$pid" 2>/dev/null || true
        done
        ip netns del "$ns"
    done
    lab_return_hugepages
    if [ -d "$LAB_DIR/pids" ]; then
        rm -rf "$LAB_DIR"
    fi
}

lab_recorded()
{
    local file
    for file in "$LAB_DIR"/pids/*; do
        file=${file##*/}
        case $file in
        '*' | *.watch) ;;
        *) echo "$file" ;;
        esac
    done
}

# Guests are in vm/NAME.pid of their host's run directory and in its namespace.
lab_stop_guests()
{
    local file pid inside
    inside=$(ip netns pids "$LAB_NAME-$1" 2>/dev/null || true)
    for file in "$LAB_DIR/$1"/vm/*.pid; do
        [ -f "$file" ] || continue
        pid=$(cat "$file")
        if grep -qx "$pid" <<<"$inside"; then kill -TERM "$pid" 2>/dev/null || true; fi
    done
}
