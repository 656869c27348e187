#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Every pod of a cluster reaches every other: four nodes, two of them behind a router.

load lib

# Two pods on n1, one on each other node.
populate() {
	start n1 a
	start n1 b
	start n2 c
	start n3 d
	start n4 e
	settles 5 talk d e --udp 1200
}

# Each to each, with packets as large as their MTU lets them be.
everyone_talks() {
	local from

	for from in a b c d e; do talk "$from" 'a b c d e'; done
	no_fragments
}

@test "auto: neighbours by route, the others by tunnel; everyone reaches everyone, unmasked" {
	cluster
	populate
	everywhere sync
	everyone_talks
	[ "$(routes n1 show | awk 'NR > 1 { print $1, $3, $NF }' | sort -u | tr '\n' ';')" = \
		"n1 this ok;n2 via ok;n3 tunnel ok;n4 tunnel ok;" ]
}

@test "vxlan: everyone through the tunnel" {
	backend=vxlan
	cluster
	populate
	everywhere sync
	everyone_talks
	silent_on 'via 192' on n1 ip route show proto 201
}

@test "vxlan over IPv6: the nodes have no IPv4 addresses, their pods do" {
	local node

	backend=vxlan pod_mtu=1430
	for node in $NODES; do addresses[$node]=${addresses[$node]#* }; done
	cluster
	for node in $NODES; do on "$node" ip -4 addr flush dev eth0; done
	populate
	everywhere sync
	everyone_talks
	[ "$(on n1 ip -j link show podwire.vxlan | jq ".[0].mtu")" = 1430 ]
}

@test "host-gw: in one subnet plain routes are enough, at full size" {
	backend=host-gw pod_mtu=1500
	subnet_of() { echo 1; }
	setup
	backend=host-gw pod_mtu=1500
	cluster
	populate
	everywhere sync
	everyone_talks
	silent_on vxlan on n1 ip link
}

@test "IPv4 only, and IPv6 only" {
	local node

	for node in $NODES; do
		cidrs[$node]=${cidrs[$node]%% *} addresses[$node]=${addresses[$node]%% *}
	done
	families=4
	cluster
	populate
	everywhere sync
	everyone_talks
	teardown
	setup
	for node in $NODES; do
		cidrs[$node]=${cidrs[$node]##* } addresses[$node]=${addresses[$node]##* }
	done
	families=6 pod_mtu=1430
	cluster
	populate
	everywhere sync
	everyone_talks
}

@test "pods whose MTU is too large for the tunnel learn what fits, and TCP does not stall" {
	backend=vxlan pod_mtu=1500
	cluster
	populate
	everywhere sync
	talk a d --udp 1200
	talk d a --udp 1200
	on a ip route get "$(address d 4)" | grep -q 'mtu 1450'
	on a ip route get "$(address d 6)" | grep -q 'mtu 1450'
	no_fragments
}

@test "a node's own processes reach remote pods, and are answered" {
	cluster
	populate
	everywhere sync
	on n1 python3 "$talk_py" talk "$(address c 4)@192.168.1.1"
	on n1 python3 "$talk_py" talk "$(address d 4)@10.244.1.0"
	on n1 python3 "$talk_py" talk "$(address d 6)@fd00:10:244:1::"
	on n1 python3 "$talk_py" talk "$(address c 6)@fd01:1::1"
	on n3 ping -q -c1 -W1 "$(address a 4)"
	on n3 ping -q -c1 -W1 "$(address a 6)"
}

@test "strict reverse path filtering on every node changes nothing" {
	local node

	cluster
	for node in $NODES; do
		on "$node" sysctl -qw net.ipv4.conf.all.rp_filter=1 net.ipv4.conf.default.rp_filter=1
	done
	populate
	everywhere sync
	everyone_talks
	on n1 python3 "$talk_py" talk "$(address d 4)@10.244.1.0"
}

@test "the first ADD on each node is enough: no sync was ever run" {
	cluster
	populate
	everyone_talks
}

@test "what leaves for the world is masqueraded by bridge, what goes to pods of other nodes is not" {
	local masq=true

	cluster
	populate
	background out python3 "$talk_py" serve
	settles 5 on a python3 "$talk_py" talk 203.0.113.2@192.168.1.1
	on a python3 "$talk_py" talk 2001:db8::2@fd01:1::1
	on d python3 "$talk_py" talk 203.0.113.2@192.168.2.3
	everyone_talks
}

@test "a packet to an address that no pod of the node has ends there, and does not loop" {
	cluster
	populate
	everywhere sync
	on n1 ip link set cni0 down
	not on n3 ping -q -c1 -W1 10.244.1.77
	not on n1 ip route get 10.244.1.77
	not on n1 ip -6 route get fd00:10:244:1::77
}
