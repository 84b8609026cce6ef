#!/bin/bash
# hostile_messages.sh - a front-end that says what makes no sense, one threat after the other; see support/hostile.sh.
# timeout: 300
set -u
. "$(dirname "$0")/../support/hostile.sh"

hostile_begin
threat says_half_a_head
threat says_half_a_message
threat does_not_listen
threat says_wrong_lengths 'a message shorter than its kind'
threat says_what_nobody_knows
threat sends_too_few_or_many_descriptors
threat asks_for_in_flight_areas 'in-flight areas were not offered'
threat talks_of_an_iommu 'no IOMMU was negotiated'
threat grows_a_ring_in_use 'a ring in use changes its size'
threat starts_rings_without_size 'a ring without size or addresses is started'
threat says_wrong_sizes_and_indices 'no power of 2'
threat turns_split_rings_into_packed_ones 'packed rings become split ones'
threat calls_that_make_one_wait 'no eventfd'
threat says_anything
hostile_finish
