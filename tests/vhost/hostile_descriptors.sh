#!/bin/bash
# hostile_descriptors.sh - a guest whose descriptors lie, one threat after the other; see support/hostile.sh.
# timeout: 300
set -u
. "$(dirname "$0")/../support/hostile.sh"

hostile_begin
for name in outside wrapping across_the_end of_no_length shorter_than_a_header of_a_runt endless larger_than_any_frame in_a_loop \
    of_all_descriptors beyond_the_ring for_writing indirect_outside indirect_of_odd_length indirect_endless indirect_in_indirect \
    indirect_in_a_loop; do
    threat $name
done
hostile_finish
