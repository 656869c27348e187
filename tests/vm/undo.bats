#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# An ADD into a VLAN that fails leaves everything as it was, wherever it fails. The failures are
# ordered with PODWIRE_FAULT (lib/value/fault.h), one after the other, until none is met any more.

load lib

dual_stack_vlan() {
	lease "$RANGE4" "$RANGE6"
	keys='"isDefaultGateway": true, "vlan": 100, "vlanTrunk": [{"id": 7}]'
	pod p1
}

# Every ADD of p1 with a fault at WHAT:1, 2, ... fails and changes nothing; there are at least
# MINIMUM such places, and then the ADD works.
fails_everywhere() {
	local what=$1 minimum=$2 before n

	before=$(state p1)
	for ((n = 1; ; n++)); do
		PODWIRE_FAULT=$what:$n cni ADD p1 >"$T/p1.result" 2>"$T/stderr" && break
		echo "$what:$n"
		says_error "$T/p1.result" && [ ! -s "$T/stderr" ] && unchanged "$before" p1 || {
			cat "$T/p1.result" "$T/stderr"
			return 1
		}
	done
	[ "$n" -gt "$minimum" ] || {
		echo "only $((n - 1)) faults of \"$what\" were met"
		return 1
	}
	check p1
}

says_error() { grep -Eq '"code":[[:space:]]*999,' "$1" && grep -Eq '"msg":' "$1"; }

@test "where nothing was before, a want that fails leaves nothing" {
	dual_stack_vlan
	fails_everywhere want 18
}

@test "where nothing was before, a request that the kernel refuses leaves nothing" {
	dual_stack_vlan
	fails_everywhere talk 16
}

@test "where nothing was before, a report that fails leaves nothing" {
	dual_stack_vlan
	fails_everywhere report 4
}

# A bridge that does not filter VLANs, with a pod of another network.
plain_bridge() {
	pod p0
	lease '[{"subnet": "10.9.0.0/24"}]'
	keys=
	NETWORK=before add p0
	dual_stack_vlan
}

@test "a bridge that did not filter VLANs does not when a want fails" {
	plain_bridge
	fails_everywhere want 18
	on_host ip -d link show cni0 | grep -q 'vlan_filtering 1'
}

@test "a bridge that did not filter VLANs does not when a request is refused" {
	plain_bridge
	fails_everywhere talk 16
}

@test "a VLAN that has a pod keeps its gateway when a request is refused" {
	dual_stack_vlan
	pod p0
	add p0
	fails_everywhere talk 8
	check p0
}

@test "an ADD that gets no address leaves nothing" {
	pod p0 p1
	lease '[{"subnet": "10.1.0.0/24", "rangeStart": "10.1.0.7", "rangeEnd": "10.1.0.7"}]'
	keys=
	add p0
	keys='"isGateway": true, "vlan": 100'
	before=$(state p1)
	fails 100 'no IP addresses' cni ADD p1
	unchanged "$before" p1
}
