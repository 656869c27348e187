#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A pod's life on one node, with bridge and host-local: what holds when all goes well.

load lib

dual_stack='.ipam.ranges = [[{subnet: "10.1.0.0/24"}], [{subnet: "fd00:1::/64"}]] |
	.ipam.routes = [{dst: "0.0.0.0/0"}, {dst: "::/0"}]'

@test "a pod gets an address, a route and a way to its gateway" {
	pod p1
	add p1
	like "$(cat "$T/p1.result")" '.cniVersion == "1.1.0" and .ips == [{interface: 2,
		address: "10.1.0.2/24", gateway: "10.1.0.1"}] and .routes == [{dst: "0.0.0.0/0"}]'
	in_pod p1 ip route | grep -q '^default via 10.1.0.1 dev eth0'
	in_pod p1 ping -c1 -W1 10.1.0.1
}

@test "the result names the bridge, the host's end and the container's end, with MAC and MTU" {
	pod p1
	add p1 '.mtu = 1400'
	like "$(cat "$T/p1.result")" '(.interfaces | map(.mtu) == [1400, 1400, 1400]) and
		.interfaces[0].name == "cni0" and (.interfaces[1].name | test("^veth[0-9a-f]{11}$")) and
		.interfaces[2] == {name: "eth0", mac: "0a:58:0a:01:00:02", mtu: 1400,
			sandbox: "/run/netns/p1"}'
}

@test "the host's end tells people whose it is" {
	pod p1
	add p1
	on_host ip -d link | grep -q 'alias net/p1/eth0'
}

@test "pods reach each other and both gateways with their very first packet" {
	local family address

	pod p1 p2
	add p1 "$dual_stack"
	add p2 "$dual_stack"
	for address in 10.1.0.1 10.1.0.2 fd00:1::1 fd00:1::2; do
		in_pod p2 ping -c1 -W1 "$address" | grep -oP 'time=\K[0-9]+' >"$T/ms"
		[ "$(cat "$T/ms")" -lt 500 ]
	done
	silent_on tentative in_pod p2 ip -6 addr show scope global
	silent_on tentative on_host ip -6 addr show scope global
}

@test "a reused address reaches neighbours that hold the old entry, because its MAC is the same" {
	local version

	pod p1 p2 p3
	for version in '.' '.ipam.ranges = [[{subnet: "fd00:1::/64"}]] | .ipam.routes = []'; do
		add p1 "$version"
		add p2 "$version"
		address=$(jq -r '.ips[0].address | split("/")[0]' "$T/p2.result")
		in_pod p1 ping -c1 -W1 "$address"
		neighbour=$(in_pod p1 ip neigh show "$address" | grep -o 'lladdr [^ ]*')
		del p2 "$version"
		add p3 "$version | .runtimeConfig.ips = [\"$address\"]"
		in_pod p1 ip neigh replace "$address" $neighbour dev eth0 nud reachable
		in_pod p1 ping -c1 -W1 "$address"
		in_pod p3 ip link show eth0 | grep -q "${neighbour#lladdr }"
		del p1 "$version"
		del p3 "$version"
	done
}

@test "isDefaultGateway adds the default routes of both families, unless the lease has them" {
	pod p1 p2
	add p1 "$dual_stack | .isDefaultGateway = true | del(.ipam.routes)"
	like "$(cat "$T/p1.result")" '.routes == [{dst: "0.0.0.0/0", gw: "10.1.0.1"},
		{dst: "::/0", gw: "fd00:1::1"}]'
	add p2 '.isDefaultGateway = true | .ipam.routes = [{dst: "0.0.0.0/0", gw: "10.1.0.9"}]'
	[ "$(in_pod p2 ip route show default)" = "default via 10.1.0.9 dev eth0 " ]
}

@test "routes are made with their mtu, advmss, priority, table and scope" {
	pod p1
	add p1 '.ipam.routes = [{dst: "10.9.0.0/16", gw: "10.1.0.7", mtu: 1300, advmss: 1200,
		priority: 77}, {dst: "10.8.0.0/16", table: 100, scope: 253}]'
	in_pod p1 ip route | grep -q '^10.9.0.0/16 via 10.1.0.7 dev eth0 metric 77 mtu 1300 advmss 1200'
	like "$(cat "$T/p1.result")" '.routes[0].advmss == 1200 and .routes[1].table == 100'
	check p1 '.ipam.routes = []'
}

@test "a MAC can be asked for in three ways, the later one counts" {
	pod p1 p2 p3
	CNI_ARGS='MAC=02:00:00:00:00:01' add p1
	CNI_ARGS='MAC=02:00:00:00:00:01' add p2 '.args.cni.mac = "02:00:00:00:00:02"'
	CNI_ARGS='MAC=02:00:00:00:00:01' add p3 '.args.cni.mac = "02:00:00:00:00:02" |
		.runtimeConfig.mac = "02:00:00:00:00:03"'
	for n in 1 2 3; do
		in_pod "p$n" ip link show eth0 | grep -q "02:00:00:00:00:0$n"
		jq -e ".interfaces[2].mac == \"02:00:00:00:00:0$n\"" "$T/p$n.result"
		CNI_ARGS='MAC=02:00:00:00:00:01' check "p$n" ".runtimeConfig.mac = \"02:00:00:00:00:0$n\""
	done
}

@test "each end has the one queue that the kernel uses, and none that it would have to take away" {
	pod p1
	add p1
	for link in "$(on_host ip -j -d link show type veth)" "$(in_pod p1 ip -j -d link show eth0)"; do
		like "$link" 'map([.num_tx_queues, .num_rx_queues]) == [[1, 1]]'
	done
}

@test "port flags, promiscuous mode and MTU are as configured" {
	pod p1 p2
	add p1 '.hairpinMode = true | .mtu = 1300'
	add p2 '.promiscMode = true | .portIsolation = true'
	on_host ip -d link show "$(jq -r '.interfaces[1].name' "$T/p1.result")" >"$T/one"
	on_host ip -d link show "$(jq -r '.interfaces[1].name' "$T/p2.result")" >"$T/other"
	grep -q 'mtu 1300' "$T/one" && grep -q 'hairpin on .* isolated off' "$T/one"
	grep -q 'mtu 1500' "$T/other" && grep -q 'hairpin off .* isolated on' "$T/other"
	on_host ip link show cni0 | grep -q PROMISC
	check p1 '.hairpinMode = true | .mtu = 1300'
	check p2 '.promiscMode = true | .portIsolation = true'
}

@test "isolated pods reach the gateway, but not each other" {
	pod p1 p2
	add p1 '.portIsolation = true'
	add p2 '.portIsolation = true'
	in_pod p1 ping -c1 -W1 10.1.0.1
	not in_pod p1 ping -c1 -W1 10.1.0.3
}

@test "mtu auto is that of the host's way out" {
	pod p1
	on_host ip link add up0 mtu 1337 type bridge
	on_host ip link set up0 up
	on_host ip addr add 192.0.2.2/24 dev up0
	on_host ip route add default via 192.0.2.1
	add p1 '.mtu = "auto"'
	in_pod p1 ip link show eth0 | grep -q 'mtu 1337'
	check p1 '.mtu = "auto"'
}

@test "duplicate address detection, if asked for, is over when ADD ends" {
	pod p1
	add p1 "$dual_stack | .enabledad = true"
	in_pod p1 ip -6 addr show dev eth0 scope global >"$T/addr"
	not grep -E 'tentative|nodad' "$T/addr"
}

@test "a duplicate address is an error that names it, and nothing is left" {
	pod p1
	add p1 "$dual_stack"
	on_host ip addr add fd00:1::77/64 dev cni0 nodad
	state >"$T/before"
	pod p2
	fails 999 'fd00:1::77/64.*another host' cni ADD p2 \
		"$dual_stack | .enabledad = true | .runtimeConfig.ips = [\"fd00:1::77\"]"
	state >"$T/after"
	diff <(grep -v last_reserved "$T/before") <(grep -v last_reserved "$T/after")
}

@test "a layer 2 network has links and no addresses, and passes CHECK" {
	local filter='del(.ipam) | .isGateway = false'

	pod p1
	add p1 "$filter"
	like "$(cat "$T/p1.result")" '(.ips // []) == [] and (.interfaces | length) == 3'
	in_pod p1 ip link show eth0 up | grep -q eth0
	[ -z "$(in_pod p1 ip -4 addr show dev eth0)" ]
	check p1 "$filter"
	del p1 "$filter"
}

@test "disableContainerInterface leaves the container's end down" {
	pod p1
	add p1 'del(.ipam) | .isGateway = false | .disableContainerInterface = true'
	in_pod p1 ip link show eth0 | grep -q 'state DOWN'
	check p1 'del(.ipam) | .isGateway = false | .disableContainerInterface = true'
}

@test "dns of the configuration goes before that of the lease" {
	pod p1 p2
	printf 'nameserver 192.0.2.53\n' >"$T/resolv.conf"
	add p1 ".ipam.resolvConf = \"$T/resolv.conf\""
	like "$(cat "$T/p1.result")" '.dns.nameservers == ["192.0.2.53"]'
	add p2 ".ipam.resolvConf = \"$T/resolv.conf\" | .dns = {domain: \"example.org\"}"
	like "$(cat "$T/p2.result")" '.dns == {domain: "example.org"}'
}

@test "the container's interface is set up for a long life: announcements, no foreign routers" {
	pod p1
	add p1 "$dual_stack"
	[ "$(in_pod p1 sh -c 'cd /proc/sys/net; cat ipv4/conf/eth0/arp_notify \
		ipv6/conf/eth0/ndisc_notify ipv6/conf/eth0/keep_addr_on_down ipv6/conf/eth0/accept_ra' |
		tr '\n' ' ')" = "1 1 1 0 " ]
	[ "$(on_host cat /proc/sys/net/ipv6/conf/cni0/accept_ra)" = 0 ]
	[ "$(on_host cat /proc/sys/net/ipv4/ip_forward)" = 1 ]
	[ "$(on_host cat /proc/sys/net/ipv6/conf/all/forwarding)" = 1 ]
}

@test "an IPv6 pod gets its address where IPv6 is off by default" {
	pod p1
	in_pod p1 sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
	on_host sh -c 'echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6'
	add p1 "$dual_stack"
	in_pod p1 ping -c1 -W1 fd00:1::1
}

@test "a bridge keeps its MAC address, whatever comes and goes" {
	pod p1 p2
	add p1
	before=$(on_host cat /sys/class/net/cni0/address 2>/dev/null || on_host ip -j link show cni0 | jq -r '.[0].address')
	add p2
	del p1
	del p2
	[ "$(on_host ip -j link show cni0 | jq -r '.[0].address')" = "$(jq -r '.interfaces[0].mac' "$T/p1.result")" ]
	add p1
	[ "$(jq -r '.interfaces[0].mac' "$T/p1.result")" = "$(jq -r '.interfaces[0].mac' "$T/p2.result")" ]
}

@test "a bridge made by other hands is used as it is, and set up" {
	pod p1
	on_host ip link add cni0 address 02:aa:bb:cc:dd:ee type bridge
	add p1
	like "$(cat "$T/p1.result")" '.interfaces[0].mac == "02:aa:bb:cc:dd:ee"'
	in_pod p1 ping -c1 -W1 10.1.0.1
	check p1
}

@test "a link of the bridge's name that is no bridge is error 7, and left alone" {
	pod p1
	on_host ip link add cni0 type veth peer name other
	state >"$T/before"
	fails 7 'cni0.*no bridge' cni ADD p1
	state | diff "$T/before" -
}

@test "another address on the bridge is error 7, and forceAddress replaces it" {
	pod p1
	on_host ip link add cni0 type bridge
	on_host ip addr add 10.1.0.77/24 dev cni0
	on_host ip addr add fd00:2::1/64 dev cni0
	fails 7 '10.1.0.77/24.*10.1.0.1/24' cni ADD p1
	add p1 "$dual_stack | .forceAddress = true"
	on_host ip -j addr show cni0 | jq -e '[.[0].addr_info[] | select(.scope == "global").local] |
		sort == ["10.1.0.1", "fd00:1::1", "fd00:2::1"]'
}

@test "an interface of that name in the container is an error, and left alone" {
	pod p1
	in_pod p1 ip link add eth0 type bridge
	state >"$T/before"
	fails 999 'eth0 exists in the container' cni ADD p1
	state | diff "$T/before" -
	in_pod p1 ip link show eth0
}

@test "a second ADD of an attachment is an error, and the first one lives on" {
	pod p1
	add p1
	fails 999 'exists' cni ADD p1
	in_pod p1 ping -c1 -W1 10.1.0.1
	check p1
}

@test "a container has several networks, and DEL of one leaves the others alone" {
	pod p1
	add p1
	CNI_IFNAME=net1 add p1 '.name = "other" | .bridge = "cni1" |
		.ipam.ranges[0][0].subnet = "10.2.0.0/24" | .ipam.routes = []'
	CNI_IFNAME=net1 del p1 '.name = "other" | .bridge = "cni1"'
	in_pod p1 ping -c1 -W1 10.1.0.1
	not in_pod p1 ip link show net1
	# DEL of an attachment whose ADD failed because another network has the interface.
	del p1 '.name = "other" | .bridge = "cni1"'
	in_pod p1 ping -c1 -W1 10.1.0.1
}

@test "DEL leaves the bridge, its address and nothing else" {
	pod p1 p2
	add p1 "$dual_stack"
	state | grep -v last_reserved >"$T/with-one"
	add p2 "$dual_stack"
	del p2 "$dual_stack"
	state | grep -v last_reserved | diff "$T/with-one" -
	del p1 "$dual_stack"
	on_host ip -br link | awk '{print $1}' | sort | tr '\n' ' ' | grep -qx 'cni0 lo '
	[ "$(ls /var/lib/cni/networks/net)" = "$(printf 'last_reserved_ip.0\nlast_reserved_ip.1\nlock')" ]
}

@test "loopback sets lo up, says so in every version, and down again" {
	local version

	pod p1
	conf='{"name": "lo", "type": "loopback"}'
	for version in 0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0; do
		add p1 ".cniVersion = \"$version\""
		grep -q 127.0.0.1/8 "$T/p1.result" && grep -q ::1/128 "$T/p1.result"
		in_pod p1 ping -c1 -W1 127.0.0.1
		del p1 ".cniVersion = \"$version\""
		in_pod p1 ip link show lo | grep -q 'state DOWN'
	done
	CNI_IFNAME=whatever add p1 '.cniVersion = "1.1.0"'
	check p1 '.cniVersion = "1.1.0"'
	in_pod p1 ip addr add 192.0.2.1/32 dev lo
	fails 103 '192.0.2.1' check p1 '.cniVersion = "1.1.0"'
}
