# shellcheck shell=bash
# processes.sh - programs by name that end with the script, and claims: for a test that runs daemons on this machine alone.
#
# Sourced behind tools/lib.sh, with $dir made: it goes at the end, the logs in it are shown if something failed. `answer`, if
# set, is said with a claim that does not hold.
: "${dir:?}"
failed=0
answer=
declare -A pid

# shellcheck disable=SC2317 # called by the trap
finish()
{
    local status=$? name
    trap - EXIT
    exec 8>&- 9<&-
    for name in "${!pid[@]}"; do
        kill "${pid[$name]}" 2>/dev/null
    done
    for name in "${!pid[@]}"; do
        wait "${pid[$name]}" 2>/dev/null
    done
    [ "$failed" -eq 0 ] || status=1
    [ "$status" -eq 0 ] || tail -n 30 "$dir"/*.log >&2
    rm -rf "$dir"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

# start NAME COMMAND...
start()
{
    local name=$1
    shift
    "$@" >>"$dir/$name.log" 2>&1 &
    pid[$name]=$!
}

# stop NAME [SIGNAL]
stop()
{
    kill "-${2:-TERM}" "${pid[$1]}"
    wait "${pid[$1]}" 2>/dev/null
    unset "pid[$1]"
}

ok()
{
    local sentence=$1
    shift
    if "$@"; then
        say "ok $sentence"
    else
        say "not ok $sentence${answer:+ (answer: $answer)}"
        failed=1
    fi
}
