#!/bin/bash
# hostile_connections.sh - front-ends that come and go, or come twice, one threat after the other; see support/hostile.sh.
# timeout: 200
set -u
. "$(dirname "$0")/../support/hostile.sh"

hostile_begin
threat comes_and_goes
threat comes_twice 'a second front-end refused'
threat turns_its_rings_on_and_off
hostile_finish
