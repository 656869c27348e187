#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# traffic/table on Debian's kernel, and what many other kernels cannot do: bridges with VLANs.

load ../lib
load ../traffic/world

everything() {
	modprobe br_netfilter
	prepare "$@"
	[ -z "${vlan:-}" ] || for pod in p1 p2 p3 p4 p5; do
		change "$pod" bridge ".vlan = $vlan"
	done
	attach p1 p2 p3 p4 p5
	recheck p1 p2 p3 p4 p5
	try_localhost
	traffic "$TRAFFIC/table"
}

@test "nftables, bridged packets go through the IP hooks" { everything nftables brnf; }
@test "iptables" { everything iptables; }
@test "pods of a VLAN" { vlan=100 everything nftables; }
