#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A pod's life on one node: ADD, CHECK, DEL with bridge and host-local.

load lib

@test "a pod gets an address and reaches its gateway" {
	pod p1
	add p1
	like "$(cat "$T/p1.result")" '.ips[0].address == "10.1.0.2/24" and .ips[0].interface == 2'
	in_pod p1 ping -c1 -W2 10.1.0.1
	check p1
	del p1
}
