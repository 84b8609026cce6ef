#!/bin/bash
# hostile_memory.sh - a front-end whose memory is not what it says, one threat after the other; see support/hostile.sh.
# timeout: 200
set -u
. "$(dirname "$0")/../support/hostile.sh"

hostile_begin
threat shares_less_than_it_says 'memory beyond the end of its file'
threat shares_a_file_on_disk 'neither in memory nor of huge pages'
threat takes_its_memory_back_in_use
for _ in 1 2 3; do
    threat cuts_its_memory 'memory is not there'
done
hostile_finish
