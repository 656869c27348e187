#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# node-routes on Debian's own kernel: tunnel, neighbours and routes, both ways of life.

load lib

@test "a sync makes all of it, show finds it in place, a change is followed, and clean leaves nothing" {
	on_host ip link add eth0 type veth peer name far
	on_host ip link set far up
	on_host ip addr add 192.168.1.1/24 dev eth0
	on_host ip addr add fd01:1::1/64 dev eth0 nodad
	on_host ip link set eth0 up
	printf '[{"name": "n%s", "podCIDRs": ["10.244.%s.0/24", "fd00:244:%s::/64"], "addresses": ["192.168.%s"]},' \
		1 1 1 1.1 >"$T/nodes.json"
	echo '{"name": "n2", "podCIDRs": ["10.244.2.0/24", "fd00:244:2::/64"], "addresses": ["192.168.1.2", "fd01:1::2"]},
		{"name": "n3", "podCIDRs": ["10.244.3.0/24", "fd00:244:3::/64"], "addresses": ["192.168.3.3"]}]' >>"$T/nodes.json"
	on_host "$BIN/node-routes" sync --nodes "$T/nodes.json"
	on_host "$BIN/node-routes" show --nodes "$T/nodes.json"
	[ "$(on_host ip route show proto 201 | wc -l)" = 3 ]
	[ "$(on_host ip -6 route show proto 201 | wc -l)" = 3 ]
	for backend in vxlan auto; do
		on_host "$BIN/node-routes" sync --nodes "$T/nodes.json" --backend $backend
		on_host "$BIN/node-routes" show --nodes "$T/nodes.json" --backend $backend
	done
	on_host ip link delete podwire.vxlan
	not on_host "$BIN/node-routes" show --nodes "$T/nodes.json"
	on_host "$BIN/node-routes" sync --nodes "$T/nodes.json" --checksumOffload false
	on_host "$BIN/node-routes" show --nodes "$T/nodes.json" --checksumOffload false
	on_host "$BIN/node-routes" clean
	[ -z "$(on_host ip route show proto 201; on_host ip -6 route show proto 201)" ]
	silent_on podwire.vxlan on_host ip link
}
