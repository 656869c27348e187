#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What changes while `watch` runs on every node: state is right again within two seconds, and who is
# not touched loses no packet.

load lib

watch() { NODE_NAME=$1 background "$1" "$BIN/node-routes" watch --nodes "$T/nodes.json" --backend "$backend"; }

right() { on "$1" python3 "$BATS_TEST_DIRNAME/state.py" "$T/nodes.json" "$1" "$backend"; }

everywhere_right() {
	local node

	for node in ${*:-$NODES}; do right "$node" || return; done
}

# Watched nodes with a pod each, and a ping between c and d that nothing may interrupt.
live() {
	local node

	cluster
	for node in $NODES; do watch "$node"; done
	settles 5 everywhere_right
	start n1 a
	start n2 c
	start n3 d
	start n4 e
	nsenter --net=/run/netns/c -- env --default-signal=INT ping -q -i 0.02 "$(address d 4)" \
		>"$T/ping" 2>&1 3>&- &
	pinger=$!
	echo $pinger >>"$T/pids"
	settles 3 talk a 'c d e' --udp 1200
}

uninterrupted() {
	kill -INT "$pinger"
	wait "$pinger" || true
	cat "$T/ping"
	grep -q ' 0% packet loss' "$T/ping"
}

@test "a node leaves, and joins again" {
	live
	node_list n1 n2 n3
	settles 2 everywhere_right n1 n2 n3
	not talk a e --udp 1200
	node_list $NODES
	settles 2 everywhere_right
	talk a 'c d e'
	uninterrupted
}

@test "a node changes its address" {
	live
	on n4 ip addr del 192.168.2.4/24 dev eth0
	on n4 ip addr add 192.168.2.44/24 dev eth0
	default_routes n4
	addresses[n4]="192.168.2.44 fd01:2::4"
	node_list $NODES
	settles 2 everywhere_right
	settles 2 talk a 'c d e'
	uninterrupted
}

@test "a node moves to the other subnet" {
	live
	on router ip link set n4 master lan1
	on n4 ip addr flush dev eth0 scope global
	on n4 ip addr add 192.168.1.4/24 dev eth0
	on n4 ip addr add fd01:1::4/64 dev eth0 nodad
	addresses[n4]="192.168.1.4 fd01:1::4"
	on n4 ip route replace default via 192.168.1.254
	on n4 ip -6 route replace default via fd01:1::fe
	node_list $NODES
	settles 2 everywhere_right
	settles 2 talk a 'c d e'
	uninterrupted
}

@test "a node gets other podCIDRs" {
	live
	cidrs[n4]="10.244.44.0/24 fd00:10:244:44::/64"
	node_list $NODES
	settles 2 everywhere_right
	uninterrupted
}

@test "the tunnel's device is deleted by hand" {
	live
	on n1 ip link delete podwire.vxlan
	settles 2 right n1
	talk a 'c d e'
	uninterrupted
}

@test "the tunnel's device is set down, renumbered, and loses its address" {
	live
	on n1 ip link set podwire.vxlan down
	settles 2 talk a 'c d e'
	settles 2 right n1
	on n1 ip link set podwire.vxlan address 02:00:00:00:00:01
	settles 2 talk a 'c d e'
	on n1 ip addr flush dev podwire.vxlan
	settles 2 routes n1 show
	uninterrupted
}

@test "routes, neighbours and tunnel ends are flushed" {
	live
	on n1 ip route flush proto 201
	on n1 ip -6 route flush proto 201
	settles 2 right n1
	on n1 ip neigh flush dev podwire.vxlan nud permanent
	settles 2 right n1
	on n1 bridge fdb del "$(on n1 bridge -j fdb show dev podwire.vxlan | jq -r '.[0].mac')" dev podwire.vxlan
	settles 2 right n1
	talk a 'c d e'
	uninterrupted
}

@test "a route of ours is bent by hand" {
	live
	on n1 ip route replace 10.244.3.0/24 via 192.168.1.254
	settles 2 routes n1 show || true
	on n1 ip route del 10.244.3.0/24 via 192.168.1.254
	settles 2 right n1
	uninterrupted
}

@test "the uplink goes down, and up" {
	live
	on n1 ip link set eth0 down
	sleep 0.5
	on n1 ip link set eth0 up
	on n1 ip addr replace fd01:1::1/64 dev eth0 nodad
	default_routes n1
	settles 2 right n1
	settles 2 talk a 'c d e'
	uninterrupted
}

@test "watch is killed with -9 while a node leaves, and started again" {
	local pid

	live
	for pid in $(cat "$T/pids"); do
		[ "$(readlink "/proc/$pid/exe")" != "$(readlink -f "$BIN/node-routes")" ] || kill -9 "$pid"
	done
	node_list n1 n2 n3
	not right n1
	watch n1
	watch n2
	watch n3
	settles 2 everywhere_right n1 n2 n3
	talk a 'c d'
	uninterrupted
}

@test "a half-written list, a broken one and none at all leave everything as it is" {
	local broken

	live
	cp "$T/nodes.json" "$T/whole"
	for broken in "$(head -c 300 "$T/whole")" '' '[]' '{}' '[{"name": "n1"}]' 'null'; do
		printf '%s' "$broken" >"$T/nodes.json"
		sleep 0.2
		on n1 python3 "$BATS_TEST_DIRNAME/state.py" "$T/whole" n1
	done
	rm "$T/nodes.json"
	sleep 0.2
	on n1 python3 "$BATS_TEST_DIRNAME/state.py" "$T/whole" n1
	node_list n1 n2 n3
	settles 2 everywhere_right n1 n2 n3
	uninterrupted
}

@test "systemd hears that it is ready, how it goes, and that it stops" {
	local pid

	cluster
	python3 - "$T/notify" >"$T/heard" 3>&- <<-'END' &
		import socket, sys
		sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		sock.bind(sys.argv[1])
		while "STOPPING" not in (text := sock.recv(4096).decode()):
		    print(text, flush=True)
		print(text)
	END
	echo $! >>"$T/pids"
	settles 2 test -S "$T/notify"
	NOTIFY_SOCKET=$T/notify background n1 "$BIN/node-routes" watch --nodes "$T/nodes.json"
	pid=$(tail -n1 "$T/pids")
	settles 2 grep -q 'STATUS=4 nodes, 8 routes, 4 through the tunnel' "$T/heard"
	grep -q READY=1 "$T/heard"
	echo '[' >"$T/nodes.json"
	settles 2 grep -q 'STATUS=.*ends in the middle' "$T/heard"
	kill -TERM "$pid"
	wait "$pid"
	settles 2 grep -q STOPPING=1 "$T/heard"
	[ "$(on n1 ip route show proto 201 | wc -l)" = 4 ]
}
