# shellcheck shell=bash
# lib.sh - what the scripts of this tree share: where they are, how they speak, how they wait. Sourced, never run.

TW_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export TW_TOP

# The system's own python3, meson and sbin first: a pyenv or conda ahead of them lacks the modules that Debian's meson needs.
export PATH="/usr/bin:/bin:/usr/sbin:/sbin:$PATH"

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    C_BOLD=$'\e[1m' C_RED=$'\e[31m' C_GREEN=$'\e[32m' C_YELLOW=$'\e[33m' C_OFF=$'\e[0m'
else
    C_BOLD='' C_RED='' C_GREEN='' C_YELLOW='' C_OFF=''
fi
export C_BOLD C_RED C_GREEN C_YELLOW C_OFF

say() { printf '%s\n' "$*"; }
warn() { printf '%s\n' "${0##*/}: $*" >&2; }

die()
{
    warn "$*"
    exit 1
}

need_root() { [ "$(id -u)" -eq 0 ] || die "must run as root (it $1)"; }

# now_ms: milliseconds of a clock that only goes forward
now_ms()
{
    local up
    read -r up _ </proc/uptime
    echo $((${up/./} * 10))
}

# wait_until SECONDS COMMAND...: run it every 50 ms until it succeeds; its last status otherwise
wait_until()
{
    local limit=$1 end status=1
    shift
    end=$(($(now_ms) + limit * 1000))
    while :; do
        if "$@" >/dev/null 2>&1; then
            return 0
        else
            status=$?
        fi
        [ "$(now_ms)" -lt "$end" ] || return "$status"
        sleep 0.05
    done
}
