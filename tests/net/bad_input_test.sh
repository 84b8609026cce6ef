#!/bin/bash
# bad_input_test.sh - what the controller refuses, it refuses by the name of the field, and nothing has changed afterwards.
set -eu
. "$(dirname "$0")/../support/lab.sh"
test_lab 1
twctl network create blue --vlan 10
twctl port create web/eth0 --network blue --mac 02:00:00:00:00:01
twctl port create db/eth0 --network blue

# What the controller has on disk and gives out: everything but what changes by itself.
model()
{
    local kind
    for kind in host network port mirror exporter; do twctl --json $kind list; done
}

# refused FIELD COMMAND...: exit status 1, the field is in the message, the model is as before
refused()
{
    local field=$1 before out status=0
    shift
    before=$(model)
    out=$(twctl "$@" 2>&1) || status=$?
    say "$ twctl $*: $out"
    [ "$status" -eq 1 ] || die "exit status $status instead of 1"
    grep -qF "$field" <<<"$out" || die "the message does not name $field"
    [ "$(model)" = "$before" ] || die "something has changed"
}

refused network.vlan.access network create red --vlan 5000
refused network.vlan.access network create red --vlan 4095
refused network.vlan network create red --trunk 30-20
refused network.mtu network create red --vlan 3 --mtu 9001
refused network.name network create 'no/slash' --vlan 3
refused network.name network create blue --vlan 3
refused network network delete blue
refused port.network port create x/eth0 --network nowhere
refused port.mac port create x/eth0 --network blue --mac 02:00:00:00:00:01
refused port.mac port create x/eth0 --network blue --mac 03:00:00:00:00:01
refused port.name port create noslash --network blue
refused port.vlan.access port set web/eth0 --vlan 5000
refused port.mac port set db/eth0 --mac 02:00:00:00:00:01
refused host port bind web/eth0 --host nowhere
refused mirror.ports mirror create m --port nobody/eth0 --file m.pcapng
refused mirror.file mirror create m --port web/eth0 --file ../../etc/m.pcapng
refused 'from character 5 on: prot 443' mirror create m --port web/eth0 --file m.pcapng --filter 'tcp prot 443'
refused mirror.filter mirror create m --port web/eth0 --file m.pcapng --filter 'host web.example'
refused mirror.max_bytes mirror create m --port web/eth0 --file m.pcapng --files 5 --max-size 1k
refused mirror.files mirror create m --port web/eth0 --to-port db/eth0 --files 5
refused mirror.to_port mirror create m --port web/eth0 --to-port web/eth0
refused mirror.to_port mirror create m --vm web --to-port web/eth0
refused mirror.networks mirror create m --network nowhere --to-port web/eth0
refused mirror.uplinks mirror create m --uplink a/nowhere --to-port web/eth0
refused mirror.rspan_vlan mirror create m --port web/eth0 --rspan-vlan 10
refused 'exporter.collectors[0]' exporter create e --collector 10.0.0.9
refused 'exporter.collectors[0]' exporter create e --collector 10.0.0.9:99999
refused vm migrate nobody --to a

status=0
twctl network create red --nonsense >/dev/null 2>&1 || status=$?
expect "what is no command exits with status 2" test "$status" -eq 2
