#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# VLANs: the keys vlan, vlanTrunk and preserveDefaultVlan of bridge, and the gateway of a VLAN.

load lib

# A layer 2 network: links only, addresses by hand.
layer2() {
	keys=$1
	ipam=
}

filtering() { on_host ip -d link show cni0 | grep -o 'vlan_filtering [01]'; }

setting() { on_host cat "/proc/sys/net/$1"; }

sorted() { printf '%s\n' "$@" | sort | paste -sd ' '; }

# The host's links, without lo.
links() { sorted $(on_host ip -o link | sed -nE 's/^[0-9]+: ([^:@]+)[:@].*/\1/p' | grep -vx lo); }

leased() { ls /var/lib/cni/networks/net | grep -v -e lock -e last_reserved | paste -sd ' '; }

mac_of() { on_host ip -o link show "$1" | sed -nE 's/.*ether ([^ ]+).*/\1/p'; }

address_of() { grep -oE '"10[0-9.]+/24"' "$T/$1.result" | tr -d '"' | cut -d/ -f1; }

# The port behind the gateway of VLAN $1.
gateway_port() {
	on_host ip -o link show master cni0 | grep -oE "veth[0-9a-f]+@cni0\.$1:" | cut -d@ -f1
}

@test "a new bridge filters VLANs, if there is one to keep apart" {
	layer2 '"vlan": 0'
	pod p1 p2 p3
	add p1
	[ "$(filtering)" = "vlan_filtering 0" ]
	has_vlans "$(port p1)" 1pu
	on_host ip link delete cni0
	layer2 '"vlan": 100'
	add p2
	[ "$(filtering)" = "vlan_filtering 1" ]
	on_host ip link delete cni0
	layer2 '"vlanTrunk": [{"id": 7}]'
	add p3
	[ "$(filtering)" = "vlan_filtering 1" ]
}

@test "a bridge that is there begins to filter, and keeps the VLANs of its other ports" {
	layer2
	pod p1 p2
	add p1
	layer2 '"vlan": 100'
	add p2
	[ "$(filtering)" = "vlan_filtering 1" ]
	has_vlans "$(port p1)" 1pu
	has_vlans "$(port p2)" 100pu
	has_vlans cni0 1pu
}

@test "a port is in the VLANs that are configured, and CHECK agrees" {
	pod p1
	while IFS='|' read -r config wanted; do
		layer2 "$config"
		echo "$config"
		add p1 && has_vlans "$(port p1)" "$wanted" && check p1 && del p1 || return
	done <<-'END'
		"vlan": 100|100pu
		"vlan": 1|1pu
		"vlan": 4094|4094pu
		"vlan": 100, "preserveDefaultVlan": true|1u 100pu
		"vlan": 1, "preserveDefaultVlan": true|1pu
		"vlan": 100, "vlanTrunk": []|100pu
		"vlan": 100, "vlanTrunk": [{"id": 7}]|7 100pu
		"vlan": 100, "vlanTrunk": [{"id": 1}]|1 100pu
		"vlan": 100, "vlanTrunk": [{"minID": 99, "maxID": 101}]|99 100pu 101
		"vlan": 100, "vlanTrunk": [{"minID": 5, "maxID": 5}]|5 100pu
		"vlan": 100, "vlanTrunk": [{"minID": 200, "maxID": 210, "id": 7}]|7 100pu 200-210
		"vlan": 100, "vlanTrunk": [{"id": 9}, {"minID": 7, "maxID": 8}, {"id": 8}]|7-9 100pu
		"vlan": 100, "vlanTrunk": [{"id": 7}], "preserveDefaultVlan": true|1u 7 100pu
		"vlanTrunk": [{"id": 7}]|1pu 7
		"vlanTrunk": [{"id": 1}]|1pu
		"vlanTrunk": [{"minID": 1, "maxID": 3}]|1pu 2-3
		"vlanTrunk": [{"minID": 4093, "maxID": 4094}, {"id": 30}]|1pu 30 4093-4094
		"vlanTrunk": [{"id": 7}], "preserveDefaultVlan": true|1pu 7
	END
}

@test "a port leaves the VLAN that its bridge gives by itself, whichever that is" {
	on_host ip link add cni0 type bridge vlan_default_pvid 5
	pod p1 p2 p3
	layer2 '"vlan": 100'
	add p1
	has_vlans "$(port p1)" 100pu
	check p1
	layer2 '"vlan": 100, "preserveDefaultVlan": true'
	add p2
	has_vlans "$(port p2)" "5u 100pu"
	check p2
	layer2 '"vlanTrunk": [{"id": 7}]'
	add p3
	has_vlans "$(port p3)" "1pu 7"
	check p3
}

@test "a trunk can have all 4094 VLANs, on several ports, and CHECK sees one that is missing" {
	layer2 '"vlanTrunk": [{"minID": 1, "maxID": 4094}]'
	pod p1 p2
	add p1
	add p2
	has_vlans "$(port p1)" "1pu 2-4094"
	has_vlans "$(port p2)" "1pu 2-4094"
	check p1
	check p2
	on_host bridge vlan del dev "$(port p2)" vid 4094
	check p1
	fails 103 'not in VLAN 4094' check p2
	del p1
	del p2
}

@test "a trunk can have every other VLAN, which no range makes shorter, and CHECK sees one more" {
	layer2 "\"vlan\": 1, \"vlanTrunk\": [$(seq -s ', ' -f '{"id": %g}' 2 2 4094)]"
	pod p1
	add p1
	has_vlans "$(port p1)" "1pu $(seq -s ' ' 2 2 4094)"
	check p1
	on_host bridge vlan add dev "$(port p1)" vid 4093
	fails 103 'in VLAN 4093' check p1
	del p1
}

@test "frames of a trunk's VLANs pass its port with their tag, others do not" {
	pod trunk p7 p8
	layer2 '"vlanTrunk": [{"id": 7}]'
	add trunk
	layer2 '"vlan": 7'
	add p7
	layer2 '"vlan": 8'
	add p8
	for id in 7 8; do
		in_pod trunk ip link add link eth0 name "eth0.$id" type vlan id "$id"
		in_pod trunk ip addr add "10.$id.0.1/24" dev "eth0.$id"
		in_pod trunk ip link set "eth0.$id" up
		in_pod "p$id" ip addr add "10.$id.0.2/24" dev eth0
	done
	at_once trunk 10.7.0.2
	unreachable trunk 10.8.0.2
}

@test "frames without a tag, from a trunk without vlan, are VLAN 1's" {
	pod trunk p1 p7
	layer2 '"vlanTrunk": [{"id": 7}]'
	add trunk
	layer2 '"vlan": 1'
	add p1
	layer2 '"vlan": 7'
	add p7
	in_pod trunk ip addr add 10.9.0.1/24 dev eth0
	in_pod p1 ip addr add 10.9.0.2/24 dev eth0
	in_pod p7 ip addr add 10.9.0.3/24 dev eth0
	at_once trunk 10.9.0.2
	unreachable trunk 10.9.0.3
}

@test "pods of one VLAN reach each other with the first packet, those of another not at all" {
	pod p1 p2 p3 p4
	keys=
	add p1 '"vlan": 100'
	add p2 '"vlan": 100'
	add p3 '"vlan": 200'
	add p4
	at_once p1 10.1.0.3
	unreachable p1 10.1.0.4
	unreachable p1 10.1.0.5
}

@test "the gateway of a VLAN is a link of its own, up, and its port is in that VLAN only" {
	pod p1
	keys='"isGateway": true, "vlan": 100'
	add p1
	on_host ip -d -o link show cni0.100 | grep -Eq '[<,]UP[,>].* veth '
	[ "$(links)" = "$(sorted cni0 cni0.100 "$(port p1)" "$(gateway_port 100)")" ]
	has_vlans "$(gateway_port 100)" 100pu
	on_host ip -o -4 addr show cni0.100 | grep -w 'inet 10.1.0.1/24 brd 10.1.0.255'
	[ -z "$(on_host ip -4 addr show cni0)" ]
	[ "$(setting ipv4/ip_forward)" = 1 ]
	at_once p1 10.1.0.1
	check p1
}

@test "no foreign router is listened to on the gateway of a VLAN" {
	pod p1
	add p1 '"vlan": 100'
	[ "$(setting ipv6/conf/cni0/accept_ra)" = 0 ]
	[ "$(setting ipv6/conf/cni0.100/accept_ra)" = 0 ]
}

@test "the result names the gateway's link as its fourth interface, in the shape of each version" {
	pod p1
	add p1 '"vlan": 100'
	mac=$(mac_of cni0.100)
	like "$(cat "$T/p1.result")" '(.interfaces | length) == 4 and (.ips[0].interface == 2) and
		.ips[0].gateway == "10.1.0.1" and (.interfaces[3] | .name == "cni0.100" and
		.mac == "'"$mac"'" and .mtu == 1500 and ((.sandbox // "") == ""))'
	del p1
	version=0.4.0
	add p1 '"vlan": 100'
	like "$(cat "$T/p1.result")" '.ips[0].interface == 2 and (.interfaces[3] |
		.name == "cni0.100" and .mac == "'"$mac"'" and (has("mtu") | not))'
	check p1 '"vlan": 100'
}

@test "the next pod of a VLAN uses the gateway that is there" {
	pod p1 p2
	add p1 '"vlan": 100'
	before=$(on_host ip -o addr show cni0.100; gateway_port 100)
	add p2 '"vlan": 100'
	[ "$(on_host ip -o addr show cni0.100; gateway_port 100)" = "$before" ]
	at_once p2 10.1.0.1
	at_once p2 10.1.0.2
	check p1 '"vlan": 100'
	check p2 '"vlan": 100'
}

@test "each VLAN of a bridge has its own gateway, and between them the host forwards" {
	pod p1 p2
	add p1 '"vlan": 100'
	lease '[{"subnet": "10.2.0.0/24"}]'
	add p2 '"vlan": 200'
	has_vlans "$(gateway_port 100)" 100pu
	has_vlans "$(gateway_port 200)" 200pu
	at_once p1 10.2.0.2
	in_pod p1 ip neigh | grep -q '^10.1.0.1 '
	run -1 in_pod p1 sh -c 'ip neigh | grep -F 10.2.0.2'
}

@test "a VLAN is dual stack, and both gateways answer the pod's first packet" {
	lease "$RANGE4" "$RANGE6"
	keys='"isDefaultGateway": true, "vlan": 100'
	pod p1 p2
	add p1
	at_once p1 fd00:1::1
	at_once p1 10.1.0.1
	add p2
	at_once p2 fd00:1::2
	in_pod p2 ip route | grep -q '^default via 10.1.0.1 dev eth0'
	in_pod p2 ip -6 route | grep -q '^default via fd00:1::1 dev eth0'
	on_host ip -o -6 addr show cni0.100 | grep -w 'inet6 fd00:1::1/64'
	[ "$(setting ipv6/conf/all/forwarding)" = 1 ]
	check p1
	check p2
}

@test "a gateway that the lease does not name is the first address of the network" {
	cat >"$T/leaser" <<-'END'
		#!/bin/sh
		[ "$CNI_COMMAND" != ADD ] ||
			echo '{"cniVersion": "1.1.0", "ips": [{"address": "10.3.0.9/24"}]}'
	END
	chmod +x "$T/leaser"
	ln -s "$BIN/bridge" "$T"
	ipam='{"type": "leaser"}'
	pod p1
	CNI_DIR=$T add p1 '"vlan": 100'
	on_host ip -o addr show cni0.100 | grep -w 'inet 10.3.0.1/24'
	at_once p1 10.3.0.1
}

@test "another address on the VLAN's gateway is error 7, and forceAddress replaces it" {
	pod p1 p2
	keys='"isGateway": true, "vlan": 100'
	add p1
	lease '[{"subnet": "10.2.0.0/24"}]'
	before=$(state p2)
	fails 7 'cni0\.100.*10\.1\.0\.1/24' cni ADD p2
	unchanged "$before" p2
	add p2 '"forceAddress": true'
	[ "$(on_host ip -o -4 addr show cni0.100 | grep -o 'inet [^ ]*')" = "inet 10.2.0.1/24" ]
	at_once p2 10.2.0.1
}

# add, del: VLANs of $port; filter: the bridge's VLAN filtering; all else is a command.
change() {
	case $1 in
	add | del) on_host bridge vlan "$1" dev "$port" vid "${@:2}" ;;
	filter) on_host ip link set cni0 type bridge vlan_filtering "$2" ;;
	*) on_host "$@" ;;
	esac
}

# Rows of "what breaks it|what mends it|what CHECK says".
check_notices() {
	local break mend says

	while IFS='|' read -r break mend says; do
		echo "$break"
		change $break && fails 103 "$says" check p1 && change $mend && check p1 || return
	done
}

@test "CHECK fails for each thing that is not as configured, and passes when it is again" {
	pod p1
	keys='"isGateway": true, "vlan": 100, "vlanTrunk": [{"minID": 200, "maxID": 210}]'
	add p1
	check p1
	port=$(port p1)
	check_notices <<-'END'
		del 100|add 100 pvid untagged|not in VLAN 100
		add 100 untagged|add 100 pvid untagged|100.*PVID
		add 100 pvid|add 100 pvid untagged|100.*untagged
		add 1|del 1|in VLAN 1\b
		add 300 untagged|del 300|in VLAN 300
		add 211-220|del 211-220|in VLAN 211
		del 205|add 205|not in VLAN 205
		add 210 untagged|add 210|210.*untagged
		filter 0|filter 1|cni0 does not filter VLANs
		ip link set cni0.100 down|ip link set cni0.100 up|cni0\.100 is down
		ip addr del 10.1.0.1/24 dev cni0.100|ip addr add 10.1.0.1/24 dev cni0.100|has no
	END
}

@test "CHECK fails when the VLAN's gateway is cut off: its port in no VLAN, without PVID, or down" {
	pod p1
	keys='"isGateway": true, "vlan": 100'
	add p1
	port=$(gateway_port 100)
	check_notices <<-END
		del 100|add 100 pvid untagged|cni0\\.100|VLAN 100
		add 100 untagged|add 100 pvid untagged|cni0\\.100|VLAN 100
		ip link set $port down|ip link set $port up|cni0\\.100|$port
	END
}

@test "an ADD mends what CHECK found of the VLAN's gateway" {
	pod p1 p2 p3
	keys='"isGateway": true, "vlan": 100'
	add p1
	on_host ip link delete cni0.100
	fails '(103|999)' 'cni0\.100' check p1
	add p2
	check p1
	at_once p1 10.1.0.1
	on_host ip link set cni0 type bridge vlan_filtering 0
	on_host ip link set cni0.100 down
	add p3
	check p1
	at_once p3 10.1.0.1
}

@test "on a new bridge the gateway of a VLAN that was there before answers too" {
	pod p1 p2
	keys='"isGateway": true, "vlan": 100'
	add p1
	on_host ip link delete cni0
	del p1
	add p2
	at_once p2 10.1.0.1
}

@test "preserveDefaultVlan lets CHECK pass with other VLANs, but not without its own" {
	pod p1
	layer2 '"vlan": 100, "preserveDefaultVlan": true'
	add p1
	port=$(port p1)
	on_host bridge vlan del dev "$port" vid 1
	check p1
	on_host bridge vlan add dev "$port" vid 300
	check p1
	on_host bridge vlan del dev "$port" vid 100
	fails 103 'not in VLAN 100' check p1
}

@test "DEL leaves the bridge and the VLAN's gateway, and nothing else" {
	lease "$RANGE4" "$RANGE6"
	keys='"isGateway": true, "vlan": 100, "vlanTrunk": [{"id": 7}]'
	pod p1 p2
	add p1
	del p1
	before=$(state p1 p2)
	add p1
	add p2
	del p2
	del p1
	del p1
	unchanged "$before" p1 p2
	[ "$(links)" = "cni0 cni0.100 $(gateway_port 100)" ]
	[ -z "$(leased)" ]
}

@test "DEL of a pod in a VLAN without gateway leaves the bridge" {
	keys='"vlan": 100'
	pod p1
	add p1
	del p1
	[ "$(links)" = cni0 ]
}

@test "DEL works when VLAN filtering is off, the gateway gone, the bridge gone, the netns gone" {
	keys='"isGateway": true, "vlan": 100'
	pod p1 p2
	add p1
	add p2
	on_host ip link set cni0 type bridge vlan_filtering 0
	on_host ip link delete cni0.100
	on_host ip link delete cni0
	del p1
	ip netns delete p2
	del p2
	[ -z "$(links)" ]
}

@test "GC takes the stale pods of a VLAN, and leaves its gateway and the others" {
	keys='"isGateway": true, "vlan": 100'
	pod p1 p2 p3
	add p1
	add p2
	NETWORK=other add p3 '"args": {}'
	kept=$(port p1)
	out=$(cni GC p1 '"cni.dev/valid-attachments": [{"containerID": "p1", "ifname": "eth0"}]')
	[ -z "$out" ]
	[ "$(links)" = "$(sorted cni0 cni0.100 "$kept" "$(port p3)" "$(gateway_port 100)")" ]
	[ "$(leased)" = 10.1.0.2 ]
	check p1
	at_once p1 10.1.0.1
	has_vlans "$kept" 100pu
}

@test "two first pods of a VLAN at once both work, and share one gateway" {
	keys='"isGateway": true, "vlan": 100'
	lease "$RANGE4" "$RANGE6"
	pod p1 p2
	for round in 1 2 3; do
		add p1 &
		add p2
		wait $!
		[ "$(links | wc -w)" = 5 ]
		check p1
		check p2
		has_vlans "$(gateway_port 100)" 100pu
		has_vlans "$(port p1)" 100pu
		has_vlans "$(port p2)" 100pu
		del p1
		del p2
		on_host ip link delete cni0.100
		on_host ip link delete cni0
	done
}

@test "a bridge's name too long for the gateway of the VLAN is error 7, and nothing is made" {
	pod p1
	before=$(state p1)
	BRIDGE=longest-bridge fails 7 'longest-bridge.*vlan' cni ADD p1 '"vlan": 4'
	unchanged "$before" p1
	BRIDGE=longer-bridge add p1 '"vlan": 4'
	on_host ip link show longer-bridge.4
	BRIDGE=longer-bridge check p1 '"vlan": 4'
}

@test "isolated pods of a VLAN reach their gateway, but not each other" {
	keys='"isGateway": true, "vlan": 100, "portIsolation": true'
	pod p1 p2
	add p1
	add p2
	on_host bridge -d link show dev "$(port p1)" | grep -q 'isolated on'
	on_host bridge -d link show dev "$(gateway_port 100)" | grep -q 'isolated off'
	at_once p1 10.1.0.1
	unreachable p1 10.1.0.3
	check p1
}

@test "hairpin mode is the pod's port's, not the gateway's" {
	keys='"isGateway": true, "vlan": 100, "hairpinMode": true'
	pod p1
	add p1
	on_host bridge -d link show dev "$(port p1)" | grep -q 'hairpin on'
	on_host bridge -d link show dev "$(gateway_port 100)" | grep -q 'hairpin off'
	check p1
}

@test "mtu is that of the bridge, the pod's pair and the gateway's pair" {
	keys='"isGateway": true, "vlan": 100, "mtu": 1400'
	pod p1
	add p1
	for link in cni0 cni0.100 "$(port p1)" "$(gateway_port 100)"; do
		on_host ip link show "$link" | grep -q ' mtu 1400 ' || {
			echo "$link"
			return 1
		}
	done
	in_pod p1 ip link show eth0 | grep -q ' mtu 1400 '
	like "$(cat "$T/p1.result")" '[.interfaces[].mtu] == [1400, 1400, 1400, 1400]'
	in_pod p1 ping -c1 -W3 -M do -s 1372 10.1.0.1
	check p1
	on_host ip link set "$(port p1)" mtu 1390
	fails 103 MTU check p1
}

@test "MAC addresses: the pod's follows its address or is asked for, the shared ones stay" {
	keys='"isGateway": true, "vlan": 100'
	pod p1 p2
	add p1
	in_pod p1 ip link show eth0 | grep -qw 0a:58:0a:01:00:02
	bridge=$(mac_of cni0)
	gateway=$(mac_of cni0.100)
	[ "$bridge" != "$gateway" ]
	add p2 '"runtimeConfig": {"mac": "02:00:00:00:00:09"}'
	in_pod p2 ip link show eth0 | grep -qw 02:00:00:00:00:09
	check p2 '"runtimeConfig": {"mac": "02:00:00:00:00:09"}'
	del p1
	del p2
	[ "$(mac_of cni0)" = "$bridge" ]
	on_host ip link delete cni0.100
	on_host ip link delete cni0
	add p1
	[ "$(mac_of cni0)" = "$bridge" ]
	[ "$(mac_of cni0.100)" = "$gateway" ]
}

@test "pods of the reference plugins share a VLAN's gateway with ours, and either deletes both" {
	version=1.0.0
	keys='"isGateway": true, "vlan": 100'
	pod p1 p2
	for first in "$REFERENCE" "$BIN"; do
		[ "$first" = "$BIN" ] && second=$REFERENCE || second=$BIN
		CNI_DIR=$first add p1
		CNI_DIR=$second add p2
		at_once p1 10.1.0.1
		at_once p2 10.1.0.1
		at_once p1 "$(address_of p2)"
		CNI_DIR=$BIN check "$([ "$first" = "$BIN" ] && echo p1 || echo p2)"
		CNI_DIR=$second del p1
		CNI_DIR=$first del p2
		[ "$(links)" = "$(sorted cni0 cni0.100 "$(gateway_port 100)")" ]
		[ -z "$(in_pod p1 ip link show type veth)$(in_pod p2 ip link show type veth)" ]
		[ -z "$(leased)" ]
		on_host ip link delete cni0.100
		on_host ip link delete cni0
	done
}

@test "a pod of the reference plugins that keeps VLAN 1 does not meet ours there" {
	version=1.0.0
	pod p1 p2 p3
	keys='"vlan": 100'
	CNI_DIR=$REFERENCE add p1
	add p2
	has_vlans "$(port p1)" "1u 100pu"
	has_vlans "$(port p2)" 100pu
	keys=
	add p3
	at_once p2 "$(address_of p1)"
	unreachable p1 "$(address_of p3)"
	unreachable p2 "$(address_of p3)"
}
