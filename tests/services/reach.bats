#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Services of Kubernetes reach our pods, and these see whom they should: ./table, with real packets.
# Each case of the table is tried with TCP, UDP and SCTP, IPv4 and IPv6.

load lib

everything() {
	serve "$@"
	traffic "$SERVICES/table"
}

@test "kube-proxy with iptables, then our nftables" { everything before chains nftables brnf; }
@test "kube-proxy with iptables, then our iptables" { everything before chains iptables brnf; }
@test "our nftables, then kube-proxy with iptables" { everything after chains nftables brnf; }
@test "our iptables, then kube-proxy with iptables" { everything after chains iptables brnf; }
@test "kube-proxy with nftables, then our nftables" { everything before maps nftables brnf; }
@test "kube-proxy with nftables, then our iptables" { everything before maps iptables brnf; }
@test "our nftables, then kube-proxy with nftables" { everything after maps nftables brnf; }
@test "our iptables, then kube-proxy with nftables" { everything after maps iptables brnf; }

# Bridged packets do not go through the IP hooks: Kubernetes asks for more, but who has less shall know.

@test "kube-proxy with iptables, our nftables, no br_netfilter" { everything before chains nftables; }
@test "kube-proxy with iptables, our iptables, no br_netfilter" { everything after chains iptables; }
@test "kube-proxy with nftables, our nftables, no br_netfilter" { everything after maps nftables; }
@test "kube-proxy with nftables, our iptables, no br_netfilter" { everything before maps iptables; }
