#!/bin/bash
# guest.sh - sourced by tests that run guests: a run directory of their own, `guest`, ok/not ok, and a clean end.
#
# Gives $TW_RUN_DIR, $tw_vm, guest ..., check 'claim' command..., skip 'reason', finish. Every guest of the run directory
# (and of those named in $run_dirs) is ended when the test ends, however it ends.
: "${TW_BUILD:?the build folder}"
support=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
TW_RUN_DIR=$(mktemp -d "${TW_TMP:-/tmp}/tw-guest.XXXXXX")
export TW_BUILD TW_RUN_DIR
tw_vm=$TW_BUILD/hypervisor-hooks/tw-vm
run_dirs=$TW_RUN_DIR
failed=0

guest() { "$support/guest" "$@"; }

end_guests() {
    local dir file
    for dir in $run_dirs; do
        for file in "$dir"/vm/*.json; do
            [ -e "$file" ] || continue
            file=${file##*/}
            "$tw_vm" stop "${file%.json}" --keep --run-dir "$dir" || true
        done
        rm -rf "$dir"
    done
}
trap end_guests EXIT
trap 'exit 130' INT TERM

# check CLAIM COMMAND...: the command's output is shown only if it fails.
check() {
    local claim=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "ok $claim"
    else
        echo "not ok $claim: $* (status $?)"
        printf '  %s\n' "${output//$'\n'/$'\n'  }"
        failed=1
    fi
}

# run_again FROM TO NAME URI: what run directory FROM has on file is started in TO and waits there, as agents do it.
run_again() {
    local words
    mapfile -t words < <(python3 - "$1/vm/$3.json" <<'PY'
import json, sys
spec = json.load(open(sys.argv[1]))
print(*(w for port in spec["ports"] for w in ("--port", port)), "--uuid", spec["uuid"], "--memory", spec["memory_mib"],
      "--cpus", spec["cpus"], "--kernel", spec["kernel"], "--initrd", spec["initrd"], "--append", spec["append"],
      "--", *spec["extra"], sep="\n")
PY
    )
    "$tw_vm" run "$3" --run-dir "$2" --incoming "$4" "${words[@]}"
}

equal() {
    [ "$1" = "$2" ] || {
        echo "\"$1\" is not \"$2\""
        return 1
    }
}

skip() {
    echo "skipped: $*"
    exit 77
}

need_image() {
    local why
    why=$("$support/../guest/image/build.sh" 2>&1 >/dev/null) || skip "no guest image: ${why##*$'\n'}"
    command -v "${TW_QEMU:-qemu-system-x86_64}" >/dev/null || skip "there is no QEMU"
}

finish() { exit "$failed"; }
