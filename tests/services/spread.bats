#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A Service of two pods, one here and one on another node, and one whose clients stay with their pod.

load lib

@test "kube-proxy with iptables" {
	serve before chains nftables brnf
	spread
}

@test "kube-proxy with nftables" {
	serve before maps nftables brnf
	spread
}
