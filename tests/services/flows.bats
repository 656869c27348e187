#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A Service of two pods, one of which is on another node, and one whose clients stay with their pod;
# and flows as large as the way lets them be.

load lib

# bulk POD OWN4 OWN6 [SIZE]: a megabyte and a datagram of this size, to web, which sees these addresses.
bulk() {
	on "$1" python3 "$talk_py" talk --udp "${4:-$pod_mtu}" "10.96.0.19@$2" "fd96::19@$3"
}

large() {
	background web python3 "$talk_py" serve
	settles 3 bulk near 10.244.1.4 fd00:10:244:1::4
	bulk web 10.244.1.1 fd00:10:244:1::1
	bulk next 10.244.2.2 fd00:10:244:2::2
	bulk far 10.244.3.3 fd00:10:244:3::3 1450
}

@test "kube-proxy with iptables" {
	serve before chains nftables brnf
	spread
	large
	no_fragments
}

@test "kube-proxy with nftables; pods' MTU is larger than the tunnel's" {
	local pod_mtu=1500

	serve before maps iptables brnf
	spread
	large
}
