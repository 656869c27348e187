#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What kube-proxy does with IPVS, which not every kernel has: services/table on Debian's.

load ../services/lib

# Seen once in a dozen guests on a busy machine, and not understood: one UDP flow of 222, through IPVS
# of another node, reached its backend and was never answered. So what fails has to fail twice.
everything() {
	modprobe -a br_netfilter ip_vs
	serve "$@"
	traffic "$SERVICES/table" || traffic "$SERVICES/table"
}

@test "kube-proxy with IPVS, then our backends as they choose" {
	everything before ipvs brnf
	spread
}
@test "our nftables, then kube-proxy with IPVS, no br_netfilter" { everything after ipvs nftables; }
