#!/bin/bash
# hostile_iommu.sh - a guest behind an IOMMU that abuses it, one threat after the other; see support/hostile.sh.
# timeout: 300
set -u
bad_port=',"iommu":true'
. "$(dirname "$0")/../support/hostile.sh"

hostile_begin
threat translates_outside_its_memory "outside the guest's memory"
threat gives_channels_that_are_none 'nobody can be asked'
threat never_answers 'more addresses asked for than are translated'
threat fills_the_table
threat sends_in_pieces_behind_a_full_table
threat invalidates_in_a_storm
threat overlaps_its_entries
threat crosses_the_end_of_its_memory "the guest's memory is not there"
hostile_finish
