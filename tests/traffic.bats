#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What pods' traffic meets, and whom the server sees: traffic/table, with real packets. Each case of
# the table is tried with TCP, UDP and SCTP, IPv4 and IPv6.

load lib
load traffic/world

everything() {
	prepare "$@"
	attach p1 p2 p3 p4 p5
	try_localhost
	traffic "$TRAFFIC/table"
}

# beside_kube before|after PROGRAM WORD...: kube-proxy's rules are loaded before ours or after them.
beside_kube() {
	prepare "${@:3}"
	[ "$1" = after ] || kube "$2"
	attach p1 p2 p3 p4 p5
	[ "$1" = before ] || kube "$2"
	try_localhost
	cat "$TRAFFIC/table" "$TRAFFIC/kube.table" >"$T/table"
	traffic "$T/table" kube
}

# That the tests themselves are right.

@test "the reference's plugins do what the table says of them" { everything reference; }
@test "the same, bridged packets go through the IP hooks" { everything reference brnf; }
@test "the same, beside kube-proxy" { beside_kube before iptables-nft reference brnf; }

# Ours.

@test "left to the plugins" { everything; }
@test "nftables" { everything nftables; }
@test "nftables, bridged packets go through the IP hooks" { everything nftables brnf; }
@test "iptables" { everything iptables; }
@test "iptables, bridged packets go through the IP hooks" { everything iptables brnf; }
@test "iptables-legacy" { everything iptables legacy; }
@test "iptables-legacy, bridged packets go through the IP hooks" { everything iptables legacy brnf; }

@test "nftables, after kube-proxy" { beside_kube before iptables-nft nftables; }
@test "nftables, before kube-proxy" { beside_kube after iptables-nft nftables; }
@test "nftables, after kube-proxy, bridged packets go through the IP hooks" {
	beside_kube before iptables-nft nftables brnf
}
@test "nftables, before kube-proxy, bridged packets go through the IP hooks" {
	beside_kube after iptables-nft nftables brnf
}
@test "nftables, after kube-proxy with iptables-legacy" {
	beside_kube before iptables-legacy nftables
}
@test "nftables, before kube-proxy with iptables-legacy" {
	beside_kube after iptables-legacy nftables
}
@test "nftables, after kube-proxy with iptables-legacy, bridged packets go through the IP hooks" {
	beside_kube before iptables-legacy nftables brnf
}
@test "nftables, before kube-proxy with iptables-legacy, bridged packets go through the IP hooks" {
	beside_kube after iptables-legacy nftables brnf
}

@test "iptables, after kube-proxy" { beside_kube before iptables-nft iptables; }
@test "iptables, before kube-proxy" { beside_kube after iptables-nft iptables; }
@test "iptables, after kube-proxy, bridged packets go through the IP hooks" {
	beside_kube before iptables-nft iptables brnf
}
@test "iptables, before kube-proxy, bridged packets go through the IP hooks" {
	beside_kube after iptables-nft iptables brnf
}
@test "iptables-legacy, after kube-proxy" { beside_kube before iptables-legacy iptables legacy; }
@test "iptables-legacy, before kube-proxy" { beside_kube after iptables-legacy iptables legacy; }
