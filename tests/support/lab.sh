# shellcheck shell=bash
# lab.sh - a lab of one's own for a test script: hosts, guests, commands in them. Sourced; ends with the script.
#
# A script sources this, calls test_lab N, and finds LAB_DIR and the lab_* functions of tools/lab.sh; guests are booted by
# boot and asked by the functions of tools/guests.sh. What a failing test needs to be understood, the ends of all logs, is printed at its end.

. "$(dirname "${BASH_SOURCE[0]}")/../../tools/lib.sh"
LAB_DIR=${TW_TMP:-/tmp/tw-test.$$}/lab
LAB_NAME=tw$(basename "$0" | tr -cd a-z | cut -c1-8)
. "$TW_TOP/tools/lab.sh"
. "$TW_TOP/tools/guests.sh"

# test_lab N: N hosts, each forwarding on a CPU of its own as far as there are any
test_lab()
{
    lab_free
    trap 'test_end $?' EXIT
    trap 'exit 130' INT TERM
    lab_up "$1" "$(seq -s, 0 $(($(nproc) - 1)))"
}

test_end()
{
    trap - EXIT
    if [ "$1" -ne 0 ] && [ "$1" -ne 77 ]; then
        (lab_failed "the test failed") || true
    fi
    lab_down
    exit "$1"
}

twctl() { lab_twctl "$@"; }

# expect SENTENCE COMMAND...: the test ends if the command fails
expect()
{
    local sentence=$1
    shift
    "$@" || die "not so: $sentence"
    say "ok: $sentence"
}

# boot VM HOST ADDRESS/LENGTH [TW-VM-OPTION...]: a guest with port VM/eth0; returns when it takes commands
boot()
{
    guest_image || exit $?
    guest_boot "$@"
    guest_wait "$1"
}
