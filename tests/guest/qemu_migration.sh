#!/bin/bash
# qemu_migration.sh - a guest moves from one QEMU to another, both started by tw-vm, with its memory and its processes.
# timeout: 180
set -u
. "$(dirname "$0")/../support/guest.sh"
need_image

a=$TW_RUN_DIR
b=$(mktemp -d "${TW_TMP:-/tmp}/tw-guest.XXXXXX")
run_dirs="$a $b"

check "a guest runs on host a" guest run db --run-dir "$a"
check "it takes commands" guest wait db --run-dir "$a"
check "it has something to remember" guest exec db --run-dir "$a" \
    'echo precious >/tmp/kept; (while :; do echo x >>/tmp/ticks; usleep 100000; done) >/dev/null 2>&1 &'

# Host b starts the same guest, from what host a has on file, and waits for it.
line=$(run_again "$a" "$b" db tcp:127.0.0.1:0)
check "host b says where it waits" grep -qE '^incoming tcp:127\.0\.0\.1:[1-9][0-9]*$' <<<"$line"
check "both have the same specification on file" cmp "$a/vm/db.json" "$b/vm/db.json"

figures=$("$TW_BUILD/tests/support/qmp_migrate" "$a/vm/db.qmp" "${line#incoming }" 2>"$a/migrate.log")
check "the migration completes" grep -q '^completed downtime [0-9]* total [0-9]*$' <<<"$figures"
[ -n "$figures" ] || cat "$a/migrate.log"
echo "# $figures"

check "the guest takes commands on host b" guest exec db --run-dir "$b" true
check "it remembers" equal "$(guest exec db --run-dir "$b" 'cat /tmp/kept')" precious
ticks=$(guest exec db --run-dir "$b" 'wc -l </tmp/ticks; sleep 1; wc -l </tmp/ticks' | xargs)
check "its processes go on ($ticks)" test "${ticks#* }" -gt "${ticks% *}"
check "the one left behind ends" guest stop db --keep --run-dir "$a"
check "and the moved one does not" guest exec db --run-dir "$b" true
check "until it is told to" guest stop db --run-dir "$b"

# A destination that nobody calls can be called off.
check "the same guest runs on host a again" guest run db --run-dir "$a"
run_again "$a" "$b" db tcp:127.0.0.1:0 >/dev/null
check "a guest that never came is called off" "$tw_vm" stop db --run-dir "$b"
finish
