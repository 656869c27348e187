#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# node-routes on one node: as a plugin, as a command, and what it says of bad lists.

load lib

# A host n1 in two subnets, and a list of three nodes: n2 is a neighbour, n3 behind a router.
setup_node() {
	on_host ip link add eth0 type veth peer name far
	on_host ip link set far up
	on_host ip addr add 192.168.1.1/24 dev eth0
	on_host ip addr add fd01:1::1/64 dev eth0 nodad
	on_host ip link set eth0 up
	list='[{"name": "n1", "podCIDRs": ["10.244.1.0/24", "fd00:244:1::/64"], "addresses": ["192.168.1.1", "fd01:1::1"]},
		{"name": "n2", "podCIDRs": ["10.244.2.0/24", "fd00:244:2::/64"], "addresses": ["192.168.1.2", "fd01:1::2"]},
		{"name": "n3", "podCIDRs": ["10.244.3.0/24", "fd00:244:3::/64"], "addresses": ["192.168.2.3"]}]'
	write_list
	conf='{"cniVersion": "1.1.0", "name": "net", "type": "node-routes", "nodes": "'$T/nodes.json'"}'
	prev='{"cniVersion": "1.1.0", "interfaces": [{"name": "eth0", "sandbox": "/x", "vendor": 7}],
		"ips": [{"address": "10.244.1.5/24", "interface": 0}]}'
}

# write_list [FILTER]: the list, through a filter.
write_list() { jq "${1:-.}" <<<"$list" >"$T/nodes.json"; }

routes() { on_host "$BIN/node-routes" "$1" --nodes "$T/nodes.json" "${@:2}"; }

chained() { cni "$1" p1 "${2:-.} | .prevResult = $prev"; }

# The command fails and says so on stderr.
refuses() {
	not "${@:2}" 2>"$T/said" >/dev/null
	grep -Eq -e "$1" "$T/said" || { cat "$T/said"; return 1; }
	not grep -E 'Sanitizer|runtime error' "$T/said"
}

ours() {
	on_host ip route show proto 201
	on_host ip -6 route show proto 201
	on_host ip neigh show nud permanent
	on_host bridge fdb show dev podwire.vxlan 2>/dev/null || true
}

@test "ADD makes what is missing and passes prevResult through; a second one changes nothing" {
	setup_node
	pod p1
	like "$(chained ADD)" '.ips[0].address == "10.244.1.5/24" and .interfaces[0].vendor == 7'
	ours >"$T/first"
	[ "$(wc -l <"$T/first")" = 9 ]
	on_host timeout 5 ip monitor route neigh link >"$T/monitor" 3>&- &
	sleep 0.2
	chained ADD >/dev/null
	ours | diff "$T/first" -
	kill %1
	not grep -E '10[.]244|fd00:244|podwire' "$T/monitor"
	[ "$(on_host sysctl -n net.ipv4.ip_forward)" = 1 ]
	on_host ip -d link show podwire.vxlan | grep -q 'alias podwire node-routes'
}

@test "ADD that is not chained is error 7" {
	setup_node
	pod p1
	fails 7 'prevResult is missing' cni ADD p1
}

@test "while nothing has changed an ADD looks at no table; it does when the list, the device or the host changed" {
	setup_node
	pod p1
	touch -d '1 minute ago' "$T/nodes.json"
	chained ADD
	ours >"$T/whole"
	on_host ip route del 10.244.2.0/24
	chained ADD
	[ -z "$(on_host ip route show 10.244.2.0/24)" ]
	on_host ip link delete podwire.vxlan
	chained ADD
	ours | diff "$T/whole" -
	on_host ip route del 10.244.2.0/24
	write_list '.[2].addresses = ["192.168.2.33"]'
	touch -d '50 seconds ago' "$T/nodes.json"
	chained ADD
	routes show
	on_host ip addr add 192.168.2.1/24 dev eth0
	chained ADD
	on_host ip route show 10.244.3.0/24 | grep -q 'via 192.168.2.33 dev eth0'
	routes clean
	chained ADD
	routes show
}

@test "DEL touches nothing, with and without a list" {
	setup_node
	pod p1
	chained ADD
	ours >"$T/before"
	[ -z "$(chained DEL)" ]
	rm "$T/nodes.json"
	[ -z "$(chained DEL)" ]
	ours | diff "$T/before" -
}

damages='
ip route del 10.244.2.0/24 | node n2: route 10.244.2.0/24 via 192.168.1.2 dev eth0 is missing
ip -6 route del fd00:244:3::/64 | node n3: route fd00:244:3::/64 via fd00:244:3:: dev podwire.vxlan onlink is missing
ip route del blackhole 10.244.1.0/24 | route blackhole 10.244.1.0/24 is missing
ip route change 10.244.2.0/24 via 192.168.1.9 proto 201 | node n2: route is 10.244.2.0/24 via 192.168.1.9 .*, not
ip route add 10.244.9.0/24 via 192.168.1.9 proto 201 | route 10.244.9.0/24 via 192.168.1.9 .* is nobody.s any more
ip neigh del 10.244.3.0 dev podwire.vxlan | node n3: neighbour 10.244.3.0 at .* is missing
ip neigh change 10.244.3.0 lladdr 02:00:00:00:00:01 dev podwire.vxlan nud permanent | node n3: neighbour is
bridge fdb flush dev podwire.vxlan | node n3: tunnel end 192.168.2.3 at .* is missing
bridge fdb add 02:00:00:00:00:01 dev podwire.vxlan dst 192.168.9.9 | tunnel end 192.168.9.9 at .* is nobody.s any more
ip link delete podwire.vxlan | there is no VXLAN device podwire.vxlan
ip link set podwire.vxlan down | VXLAN device podwire.vxlan is not as it should be
ip link set podwire.vxlan mtu 1400 | VXLAN device podwire.vxlan is not as it should be
ip link set podwire.vxlan address 02:00:00:00:00:01 | VXLAN device podwire.vxlan is not as it should be
ip link set podwire.vxlan alias mine | VXLAN device podwire.vxlan is not as it should be
ip addr del 10.244.1.0/32 dev podwire.vxlan | podwire.vxlan has no address 10.244.1.0
ip addr add 10.244.7.0/32 dev podwire.vxlan | podwire.vxlan has another address
sysctl -qw net.ipv4.ip_forward=0 | ip_forward is not 1
'

@test "CHECK names each thing that is not in place; show and GC see it too, and GC mends it" {
	local command says

	setup_node
	pod p1
	chained ADD >/dev/null
	ours >"$T/whole"
	chained CHECK
	routes show
	while IFS='|' read -r command says; do
		[ "$command" ] || continue
		echo "$command"
		on_host $command
		fails '103' "${says# }" chained CHECK
		not routes show
		[ -z "$(cni GC p1 '."cni.dev/valid-attachments" = []')" ]
		chained CHECK
		ours | diff "$T/whole" -
	done < <(sed 's/ | /|/' <<<"$damages")
}

@test "STATUS: 50 while the list cannot be read or this node is not in it, 51 when a peer is out of reach" {
	setup_node
	cni STATUS p1
	fails 50 'open the node list .*No such file' cni STATUS p1 '.nodes = "/nowhere"'
	echo '[{' >"$T/nodes.json"
	fails 50 'ends in the middle' cni STATUS p1
	write_list '.[1:]'
	fails 50 'this node is not in the node list' cni STATUS p1
	write_list '.[0].podCIDRs = []'
	fails 50 'this node, n1, has no podCIDR' cni STATUS p1
	write_list
	fails 51 'node n3: no way to 10.244.3.0/24: 192.168.2.3 is on no subnet' cni STATUS p1 '.backend = "host-gw"'
	on_host ip route add 10.244.2.0/24 via 192.168.1.77
	fails 51 'node n2: in the place of its route is one that others made: 10.244.2.0/24 via 192.168.1.77' \
		cni STATUS p1
}

@test "a route of others is never touched: error 104 names it, and every other peer gets its own" {
	local metric

	setup_node
	pod p1
	for metric in 0 100; do
		on_host ip route add 10.244.2.0/24 via 192.168.1.77 metric $metric proto static
		on_host ip route add 10.77.0.0/16 via 192.168.1.77
		fails 104 'node n2: in the place of its route .*10.244.2.0/24 via 192.168.1.77' chained ADD
		on_host ip route show 10.244.2.0/24 | grep -q '192.168.1.77.*static'
		on_host ip route show 10.244.3.0/24 | grep -q podwire.vxlan
		refuses 'n2: in the place' routes sync
		fails 103 'node n2: in the place' chained CHECK
		on_host "$BIN/node-routes" clean
		on_host ip route del 10.244.2.0/24
		on_host ip route del 10.77.0.0/16 via 192.168.1.77
	done
	chained ADD
}

@test "a device of others is never touched" {
	setup_node
	on_host ip link add podwire.vxlan type vxlan id 7 dstport 4790 local 192.168.1.1 dev eth0
	refuses 'device: podwire.vxlan exists, is not podwire.s, and has VNI 7' routes sync
	on_host ip link delete podwire.vxlan
	on_host ip link add podwire.vxlan type bridge
	refuses 'podwire.vxlan' routes sync
	fails 51 'podwire.vxlan exists and is no VXLAN device' cni STATUS p1
	on_host ip link delete podwire.vxlan
	on_host ip link add other type vxlan id 4096 dstport 4789 local 192.168.1.1 dev eth0
	refuses 'create VXLAN device podwire.vxlan with VNI 4096' routes sync
	on_host ip link show other
	routes sync --vni 4097
	on_host "$BIN/node-routes" clean
	on_host ip link show other
}

@test "device, VNI, port, MTU and checksum offload are as configured; a new name replaces the old" {
	setup_node
	routes sync
	routes sync --device pods --vni 42 --port 8472 --mtu 1300 --checksumOffload false
	silent_on podwire.vxlan on_host ip link
	like "$(on_host ip -j -d link show pods)" \
		'.[0] | .mtu == 1300 and .linkinfo.info_data.id == 42 and .linkinfo.info_data.port == 8472 and
		.linkinfo.info_data.learning == false'
	routes show --device pods --vni 42 --port 8472 --mtu 1300 --checksumOffload false
	not routes show --device pods --vni 42 --port 8472 --mtu 1300
	routes sync
	like "$(on_host ip -j -d link show podwire.vxlan)" '.[0].mtu == 1450'
	on_host ip link set eth0 mtu 9000
	not routes show
	routes sync
	like "$(on_host ip -j -d link show podwire.vxlan)" '.[0].mtu == 8950'
}

@test "peers that need no tunnel any more take its device with them" {
	setup_node
	routes sync
	write_list '.[2].addresses = ["192.168.1.3", "fd01:1::3"]'
	routes sync
	silent_on podwire.vxlan on_host ip link
	on_host ip route show 10.244.3.0/24 | grep -q 'via 192.168.1.3 dev eth0'
}

@test "clean removes everything and nothing else" {
	setup_node
	on_host sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	state >"$T/before"
	routes sync
	on_host "$BIN/node-routes" clean
	state | diff "$T/before" -
}

@test "which node this is: node, else NODE_NAME, else by address, else by the host's name" {
	setup_node
	routes show | grep -q 'n1 .*10.244.1.0/24 .*this node'
	[ "$(NODE_NAME=n2 routes plan --backend host-gw | grep -c 'n2: blackhole')" = 2 ]
	[ "$(NODE_NAME=n2 routes plan --node n1 | grep -c 'n1: blackhole')" = 2 ]
	refuses 'none is called n9, as "node" says' routes plan --node n9
	NODE_NAME=n8 refuses 'none is called n8, as NODE_NAME says' routes plan
	write_list '.[1].addresses += ["192.168.1.1"]'
	refuses 'nodes n1 and n2 both have an address of this host' routes plan
	write_list '.[0].addresses = ["192.168.7.7"] | .[0].name = "'"$(hostname)"'"'
	routes plan --backend host-gw | grep -q "$(hostname): blackhole 10.244.1.0/24"
	refuses 'is one of this host.s: there is nothing to send' routes plan
}

@test "what kubectl prints is the same list" {
	setup_node
	routes plan >"$T/short"
	jq '{apiVersion: "v1", kind: "List", metadata: {resourceVersion: ""}, items: map({kind: "Node",
		metadata: {name, labels: {"items": "[", "name": "no"}, annotations: {x: "\"}]\\"}},
		spec: {podCIDR: .podCIDRs[0], podCIDRs},
		status: {addresses: ([{type: "Hostname", address: .name}] +
			(.addresses | map({type: "InternalIP", address: .})) + [{type: "ExternalIP", address: "198.51.100.1"}]),
			images: [{names: ["a", "b"], sizeBytes: 1}], ready: true, nothing: null}})}' \
		<<<"$list" >"$T/nodes.json"
	routes plan | diff "$T/short" -
	jq -c . "$T/nodes.json" >"$T/compact"
	on_host "$BIN/node-routes" plan --nodes - <"$T/compact" | diff "$T/short" -
	jq '.items |= map(del(.spec.podCIDRs))' "$T/compact" >"$T/nodes.json"
	routes plan | grep -q 'n2: 10.244.2.0/24 via 192.168.1.2 dev eth0'
}

@test "nodes without a podCIDR or without an address are left out, and it is said" {
	setup_node
	write_list '. + [{name: "n4", addresses: ["192.168.1.4"]}, {name: "n5", podCIDRs: ["10.244.5.0/24"]}]'
	routes sync 2>"$T/said"
	grep -q 'node n4 is left out: it has no podCIDR' "$T/said"
	grep -q 'node n5 is left out: it has no address' "$T/said"
	routes show | grep -q 'n4 .*has no podCIDR'
}

# filter of the list | what is said
bad_lists='
.[1].podCIDRs = ["10.244.0.0/16"] | podCIDR 10.244.0.0/16 of node n2 overlaps 10.244.1.0/24 of node n1
.[1].podCIDRs = ["10.244.3.128/25"] | podCIDR 10.244.3.0/24 of node n3 overlaps 10.244.3.128/25 of node n2
.[1].podCIDRs = ["10.244.2.0/24", "10.244.2.0/25"] | of node n2 overlaps 10.244.2.0/25 of node n2
.[1].podCIDRs = ["10.244.2.0"] | podCIDR of node n2 must be a network
.[1].podCIDRs = [7] | podCIDR of node n2 must be a network
.[1].podCIDRs = "10.244.2.0/24" | podCIDRs must be a list
.[1].addresses = ["host"] | address of node n2 must be an IP address
.[1].name = "n3" | node n3 is there twice
.[1].name = "" | name is "", which is no name
del(.[1].name) | name is missing
.[1] = 3 | must be an object
{nodes: .} | must be a list, or an object with the list "items"
{items: 3} | not JSON
'

@test "bad lists are errors that say what is wrong, and leave everything as it is" {
	local filter says

	setup_node
	routes sync
	ours >"$T/before"
	while IFS='|' read -r filter says; do
		[ "$filter" ] || continue
		echo "$filter"
		write_list "$filter"
		refuses "$(sed 's/^ *//; s/[.[]/\\&/g' <<<"$says")" routes sync
		ours | diff "$T/before" -
	done <<<"$bad_lists"
}

@test "a list that is cut short anywhere is an error, and leaves everything as it is" {
	local n size

	setup_node
	routes sync
	ours >"$T/before"
	jq -c . <<<"$list" >"$T/whole"
	size=$(($(wc -c <"$T/whole") - 1))
	for ((n = 0; n < size; n += 7)); do
		head -c "$n" "$T/whole" >"$T/nodes.json"
		refuses 'node-routes sync: ' routes sync
	done
	printf '%s]' "$(cat "$T/whole")" >"$T/nodes.json"
	refuses 'something follows the JSON' routes sync
	ours | diff "$T/before" -
}

@test "two nodes of the same derived MAC are an error that names both" {
	setup_node
	write_list '.[1].name = "node-6129881" | .[2].name = "node-11284357"'
	refuses 'nodes node-(6129881 and node-11284357|11284357 and node-6129881) both have the derived MAC' routes sync
}

# keys | what is said
bad_keys='
{backend: "udp"} | backend is "udp", must be auto, host-gw or vxlan
{backend: 3} | backend must be a string
{nodes: ""} | nodes is empty
{device: "a/b"} | device is "a/b", which no interface can be called
{vni: 0} | vni must be between 1 and 16777215, not 0
{vni: 16777216} | vni must be between 1 and 16777215
{port: 65536} | port must be between 1 and 65535
{mtu: 100} | mtu must be between 576 and 65535
{checksumOffload: "no"} | checksumOffload must be true or false
'

@test "bad keys are errors 6 and 7 that name them, and the command says the same" {
	local keys says

	setup_node
	pod p1
	while IFS='|' read -r keys says; do
		[ "$keys" ] || continue
		says=$(sed 's/^ *//' <<<"$says")
		fails '6|7' "$says" chained ADD ". + $keys"
		jq -n "{type: \"node-routes\"} + $keys" >"$T/conf"
		refuses "$says" on_host "$BIN/node-routes" sync --config "$T/conf"
	done <<<"$bad_keys"
	refuses 'there is no option --vnix' routes sync --vnix 3
	refuses '--vni needs a value' routes sync --vni
	refuses 'sideways is no option' routes sync sideways
	refuses 'vni must be' routes sync --vni many
}

@test "a command takes its options from a network configuration list" {
	setup_node
	jq -n --arg nodes "$T/nodes.json" '{name: "net", plugins: [{type: "bridge"},
		{type: "node-routes", $nodes, vni: 42}]}' >"$T/net.conflist"
	on_host "$BIN/node-routes" plan --config "$T/net.conflist" | grep -q 'podwire.vxlan vni 42'
	on_host "$BIN/node-routes" plan --config "$T/net.conflist" --vni 43 | grep -q 'podwire.vxlan vni 43'
	echo '{"plugins": [{"type": "bridge"}]}' >"$T/net.conflist"
	refuses 'there is no plugin node-routes in it' on_host "$BIN/node-routes" plan --config "$T/net.conflist"
}

@test "a dry run changes nothing" {
	setup_node
	state >"$T/before"
	routes plan >/dev/null
	routes show >/dev/null || true
	state | diff "$T/before" -
}

@test "fifty ADDs and syncs at once, with and without anything to do, all succeed" {
	local i

	setup_node
	pod p1
	export T BIN conf prev
	export -f on_host cni configuration chained routes
	for i in 1 2 3; do
		seq 25 | xargs -P16 -I{} bash -c 'chained ADD >/dev/null && routes sync'
		chained CHECK
		on_host ip link delete podwire.vxlan
		on_host ip route flush proto 201
	done
}

# The firewall's set of the cluster's pods, as a line.
cluster_pods() {
	on_host nft -j list set inet podwire "$1" |
		jq -r '[.nftables[].set.elem? // [] | .[] | .prefix | "\(.addr)/\(.len)"] | sort | join(" ")'
}

@test "pods of the cluster are not masqueraded to each other, whichever came first" {
	setup_node
	pod p1 p2
	masquerading='{"cniVersion": "1.1.0", "name": "net", "type": "bridge", "isGateway": true, "ipMasq": true,
		"ipam": {"type": "host-local", "ranges": [[{"subnet": "10.244.1.0/24"}]]}}'
	chained ADD >/dev/null
	not on_host nft list table inet podwire 2>/dev/null
	PLUGIN=bridge conf=$masquerading add p1
	[ "$(cluster_pods cluster4)" = "10.244.1.0/24 10.244.2.0/23" ]
	[ "$(cluster_pods cluster6)" = "fd00:244:1::/64 fd00:244:2::/64 fd00:244:3::/64" ]
	write_list '. + [{"name": "n4", "podCIDRs": ["10.244.8.0/24"], "addresses": ["192.168.1.4"]}]'
	fails 103 n4 chained CHECK
	routes sync >/dev/null
	on_host nft delete element inet podwire cluster4 '{ 10.244.8.0/24 }'
	fails 103 cluster4 chained CHECK
	routes sync
	[ "$(cluster_pods cluster4)" = "10.244.1.0/24 10.244.2.0/23 10.244.8.0/24" ]
	chained CHECK
	on_host nft flush ruleset
	PLUGIN=bridge conf=$masquerading add p2
	[ "$(cluster_pods cluster4)" = "10.244.1.0/24 10.244.2.0/23 10.244.8.0/24" ]
	on_host "$BIN/node-routes" clean
	[ "$(cluster_pods cluster4)$(cluster_pods cluster6)" = "" ]
}
