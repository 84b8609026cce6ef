#!/bin/bash
# flows.sh - what guests sent is in the records to the packet and octet, dropped flows too, as an IPFIX collector reads them.
set -u
. "$(dirname "$0")/../support/vhost.sh"

port=$((20000 + $$ % 10000))
"$TW_BUILD/tests/support/ipfix-dump" --help >"$dir/usage.log" 2>&1
start_switch
apply <<J
{"host": "a", "observation_domain": 5, "ports": [$(port 1 10 '"vhost":"server"'), $(port 2 10 '"vhost":"server"'), $(port 3 20 '"vhost":"server"')],
 "exporters": [{"name": "e", "collector": "127.0.0.1:$port", "active_timeout_s": 2, "idle_timeout_s": 1}]}
J
