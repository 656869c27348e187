# SPDX-License-Identifier: Apache-2.0
# A cluster on one machine: every node, the router between their subnets and the outside world are
# network namespaces, and the pods on the nodes are wired by the real plugins.
#
#      n1 192.168.1.1   n2 192.168.1.2   |   n3 192.168.2.3   n4 192.168.2.4     (fd01:1::1, ...)
#          └─────── subnet 1 ────────── router ────────── subnet 2 ───────┘
#                                          └── out 203.0.113.2, 2001:db8::2
#
# The pods of node nI have 10.244.I.0/24 and fd00:10:244:I::/64. The router knows nothing of them.
#
#   cluster                     makes it all, and the node list of all four: $T/nodes.json
#   node_list NAME...           writes the list of these nodes, from $cidrs and $addresses
#   on NODE COMMAND...          runs it in a node's namespace (or router, out)
#   routes NODE WORD...         node-routes on a node, with that list and $backend
#   everywhere WORD...          the same on every node
#   attach NODE POD TYPE...     a pod: ADD of these plugins, whose configurations go through ${also[TYPE]}
#   start NODE POD              one of bridge and node-routes, which answers talk.py
#   talk POD "POD..." [OPTION...]  TCP and UDP, both families: they see the sender's address
#   background NODE COMMAND...  runs it there until the test ends
#   settles SECONDS COMMAND...  the command succeeds before so many seconds are over

load ../lib.bash

NODES='n1 n2 n3 n4'
talk_py=$BATS_TEST_DIRNAME/talk.py

setup() {
	T=$(mktemp -d)
	mkdir -p /run/netns
	backend=auto pod_mtu=1450 families='4 6'
	declare -gA cidrs addresses also
	local i

	for i in 1 2 3 4; do
		cidrs[n$i]="10.244.$i.0/24 fd00:10:244:$i::/64"
		addresses[n$i]="192.168.$(subnet_of n$i).$i fd01:$(subnet_of n$i)::$i"
	done
}

teardown() {
	local ns

	[ ! -e "$T/pids" ] || kill -9 $(cat "$T/pids") 2>/dev/null || true
	wait 2>/dev/null || true
	for ns in /run/netns/*; do
		ip netns delete "${ns##*/}" 2>/dev/null || true
	done
	rm -rf "$T"
}

on() { nsenter --net="/run/netns/$1" -- "${@:2}"; }

subnet_of() { case $1 in n1 | n2) echo 1 ;; *) echo 2 ;; esac; }

# background NODE COMMAND...: until the test ends. A function's process would not be the command's.
background() {
	nsenter --net="/run/netns/$1" -- "${@:2}" >>"$T/log" 2>&1 3>&- &
	echo $! >>"$T/pids"
}

make_router() {
	local s

	ip netns add router
	ip netns add out
	on router sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1
	for s in 1 2; do
		# A MAC of its own: else it changes with the ports, and the nodes' neighbour tables are wrong.
		on router ip link add "lan$s" address "02:00:00:00:00:0$s" type bridge
		plug router "lan$s" "192.168.$s.254/24" "fd01:$s::fe/64"
	done
	on router ip link add world type veth peer name eth0 netns out
	plug router world 203.0.113.1/24 2001:db8::1/64
	plug out eth0 203.0.113.2/24 2001:db8::2/64
	on out ip route add 192.168.0.0/16 via 203.0.113.1
	on out ip -6 route add fd01::/16 via 2001:db8::1
}

# What is plugged in here can ask for its neighbours at once, as those do that have long been up.
plug() {
	on "$1" sysctl -qw "net.ipv6.conf.$2.accept_dad=0"
	on "$1" ip -batch - <<-END
		addr add $3 dev $2
		addr add $4 dev $2 nodad
		link set $2 up
	END
}

make_node() {
	local s

	s=$(subnet_of "$1")
	ip netns add "$1"
	on "$1" ip link set lo up
	on "$1" ip link add eth0 type veth peer name "$1" netns router
	on router ip link set "$1" master "lan$s" up
	plug "$1" eth0 "192.168.$s.${1#n}/24" "fd01:$s::${1#n}/64"
	default_routes "$1"
}

default_routes() {
	local s

	s=$(subnet_of "$1")
	on "$1" ip route replace default via "192.168.$s.254"
	on "$1" ip -6 route replace default via "fd01:$s::fe"
}

cluster() {
	local node

	make_router
	for node in $NODES; do make_node "$node"; done
	node_list $NODES
}

node_list() {
	local node

	for node; do
		printf '%s\n' "$node" "${cidrs[$node]}" "${addresses[$node]}"
	done | jq -nR '[inputs as $name | {$name, podCIDRs: (input / " "), addresses: (input / " ")}]' \
		>"$T/new.json"
	mv "$T/new.json" "$T/nodes.json"
}

routes() { on "$1" "$BIN/node-routes" "$2" --nodes "$T/nodes.json" --backend "$backend" "${@:3}"; }

everywhere() {
	local node

	for node in $NODES; do routes "$node" "$@"; done
}

# plugin NODE POD TYPE VERB [FILTER]: one call, with what the call before it said as prevResult.
plugin() {
	jq -nc --arg type "$3" --arg cidrs "${cidrs[$1]}" --arg store "$T/store-$1" --argjson mtu "$pod_mtu" \
		--arg nodes "$T/nodes.json" --arg backend "$backend" --argjson masq "${masq:-false}" \
		--argjson prev "$(cat "$T/$2.result" 2>/dev/null || echo null)" '
		{cniVersion: "1.1.0", name: "pods", type: $type, bridge: "cni0", isDefaultGateway: true, ipMasq: $masq, mtu: $mtu,
		ipam: {type: "host-local", dataDir: $store, ranges: ($cidrs / " " | map([{subnet: .}]))}, $nodes, $backend} |
		if $type == "node-routes" then {cniVersion, name, type, nodes, backend, prevResult: $prev} else . end |
		'"${5:-.}" |
		CNI_COMMAND=$4 CNI_CONTAINERID=$2 CNI_IFNAME=eth0 CNI_NETNS=/run/netns/$2 CNI_PATH=$BIN \
			on "$1" "$BIN/$3"
}

attach() {
	local type

	ip netns add "$2"
	on "$2" ip link set lo up
	for type in "${@:3}"; do
		plugin "$1" "$2" "$type" ADD "${also[$type]:-.}" >"$T/$2.json" || { cat "$T/$2.json"; return 1; }
		mv "$T/$2.json" "$T/$2.result"
	done
}

start() {
	attach "$1" "$2" bridge node-routes
	background "$2" python3 "$talk_py" serve
}

# address POD FAMILY
address() {
	jq -r --arg v6 "$([ "$2" = 6 ] && echo : || echo .)" \
		'[.ips[].address | select(contains($v6)) | split("/")[0]][0]' "$T/$1.result"
}

talk() {
	local from=$1 pairs=() pod f

	for pod in $2; do
		for f in $families; do
			[ "$from" = "$pod" ] || pairs+=("$(address "$pod" "$f")@$(address "$from" "$f")")
		done
	done
	on "$from" python3 "$talk_py" talk --udp "$pod_mtu" "${@:3}" "${pairs[@]}" || {
		echo "$from talked to $2"
		return 1
	}
}

settles() {
	local end=$(($(date +%s%N) + $1 * 1000000000))

	until "${@:2}" >/dev/null 2>&1; do
		[ "$(date +%s%N)" -lt "$end" ] || {
			echo "not within $1 s: ${*:2}"
			"${@:2}"
			return 1
		}
		sleep 0.05
	done
}

# No packet was cut in pieces anywhere.
no_fragments() {
	local ns

	for ns in /run/netns/*; do
		on "${ns##*/}" awk '/^Ip: [0-9]/ { print $15 + $20 } /^Ip6(Frag(Creates|OKs)|ReasmReqds)/ { print $2 }' \
			/proc/net/snmp /proc/net/snmp6
	done | not grep -v '^0$'
}
