#!/bin/bash
# hostile_rings.sh - a guest that abuses its rings and virtio headers, one threat after the other; see support/hostile.sh.
# timeout: 300
set -u
. "$(dirname "$0")/../support/hostile.sh"

hostile_begin
for name in index_jumps heads_beyond_the_ring random_rings nothing_to_receive_into receive_buffers_in_a_loop \
    receives_into_its_own_rings headers_that_lie frames_for_others puts_rings_outside_memory puts_rings_over_each_other; do
    threat $name
done
hostile_finish
