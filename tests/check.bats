#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# CHECK notices what is no longer as ADD made it, and names it. STATUS and GC.

load lib

filter='.isDefaultGateway = true | .hairpinMode = true | .mtu = 1400 |
	.ipam.ranges = [[{subnet: "10.1.0.0/24"}], [{subnet: "fd00:1::/64"}]] |
	.ipam.routes = [{dst: "10.99.0.0/16"}, {dst: "fd00:99::/64", gw: "fd00:1::5"}]'

# where | what to break | how to mend it | what CHECK must say
damages='
pod  | ip addr del 10.1.0.2/24 dev eth0 | - | eth0 has no address 10.1.0.2/24
pod  | ip addr del fd00:1::2/64 dev eth0 | - | eth0 has no address fd00:1::2/64
pod  | ip route del default | - | no route to 0.0.0.0/0 via 10.1.0.1
pod  | ip route del 10.99.0.0/16 | - | no route to 10.99.0.0/16
pod  | ip -6 route del default | - | no route to ::/0 via fd00:1::1
pod  | ip -6 route del fd00:99::/64 | - | no route to fd00:99::/64
pod  | ip link set eth0 address 02:00:00:00:00:99 | - | MAC of eth0 is 02:00:00:00:00:99, not 0a:58
pod  | ip link set eth0 mtu 1300 | - | MTU of eth0 is 1300, not 1400
pod  | ip link set eth0 down | - | eth0 is down
pod  | ip link delete eth0 | - | no interface eth0
host | ip link set VETH mtu 1300 | - | MTU of VETH is 1300
host | ip link set VETH down | - | VETH is down
host | ip link set VETH nomaster | - | VETH is not a port of cni0
host | bridge link set dev VETH hairpin off | - | hairpin mode of VETH is off
host | bridge link set dev VETH isolated on | - | isolation of VETH is on
host | ip link set cni0 down | - | cni0 is down
host | ip link delete cni0 | - | no interface cni0
host | ip addr del 10.1.0.1/24 dev cni0 | - | cni0 has no gateway address 10.1.0.1/24
host | ip addr del fd00:1::1/64 dev cni0 | - | cni0 has no gateway address fd00:1::1/64
host | sysctl -qw net.ipv4.ip_forward=0 | - | ip_forward is not 1
host | sysctl -qw net.ipv6.conf.all.forwarding=0 | - | forwarding is not 1
host | sysctl -qw net.ipv6.conf.cni0.accept_ra=1 | - | cni0/accept_ra is 1, not 0
host | rm /var/lib/cni/networks/net/10.1.0.2 | - | address 10.1.0.2 is not reserved for container p1
host | cd /var/lib/cni/networks/net && echo other >new && mv new fd00:1::2 | - | fd00:1::2 is not reserved
'

@test "CHECK fails for each thing that was changed, and says which" {
	local where command mend says veth

	while IFS='|' read -r where command mend says; do
		[ "$where" ] || continue
		pod p1
		add p1 "$filter"
		veth=$(jq -r '.interfaces[1].name' "$T/p1.result")
		command=${command//VETH/$veth} says=$(sed 's/^ *//; s/\([.]\)/\\\1/g' <<<"${says//VETH/$veth}")
		echo "$command"
		check p1 "$filter"
		case $where in
		pod*) in_pod p1 bash -c "$command" ;;
		host*) on_host bash -c "$command" ;;
		esac
		fails '103|999' "$says" check p1 "$filter"
		del p1 "$filter"
		ip netns delete p1
		on_host ip link delete cni0 2>/dev/null || true
		rm -rf /var/lib/cni
	done <<<"$damages"
}

@test "CHECK allows what later plugins of a chain change: routes in other tables, MAC, MTU, more routes" {
	pod p1
	add p1 "$filter"
	in_pod p1 ip route del default
	in_pod p1 ip route add default via 10.1.0.1 table 200
	in_pod p1 ip route add 10.77.0.0/16 via 10.1.0.1
	in_pod p1 ip link set eth0 address 02:00:00:00:00:99 mtu 1300
	jq '.interfaces[2].mac = "02:00:00:00:00:99" | .interfaces[2].mtu = 1300' "$T/p1.result" >"$T/told"
	mv "$T/told" "$T/p1.result"
	check p1 "$filter"
}

@test "CHECK without a prevResult is an error" {
	pod p1
	add p1
	fails 7 'prevResult is missing' cni CHECK p1
}

@test "CHECK of a namespace that is gone is code 3" {
	pod p1
	add p1
	ip netns delete p1
	fails 3 'no network namespace' check p1
}

@test "STATUS succeeds when an ADD would, before there is anything and after" {
	cni STATUS none
	pod p1
	add p1
	cni STATUS none
}

@test "STATUS is 50 with the reason when an ADD would fail" {
	pod p1
	fails 50 'no plugin absent' cni STATUS none '.ipam.type = "absent"'
	fails 50 'hairpinMode and promiscMode' cni STATUS none '.hairpinMode = true | .promiscMode = true'
	on_host ip link add wrong type veth peer name other
	fails 50 'wrong exists and is no bridge' cni STATUS none '.bridge = "wrong"'
	add p1 '.ipam.ranges = [[{subnet: "10.1.0.0/30"}]]'
	fails 50 'no IP addresses available in 10.1.0.1-10.1.0.2: 1 reserved \| oldest by p1' \
		cni STATUS none '.ipam.ranges = [[{subnet: "10.1.0.0/30"}]]'
}

@test "GC removes exactly what belongs to no valid attachment of this network" {
	pod p1 p2 p3
	add p1
	add p2
	add p3
	CNI_IFNAME=net1 add p1
	CNI_IFNAME=eth9 add p2 '.name = "other" | .bridge = "cni9" | .ipam.ranges[0][0].subnet = "10.9.0.0/24" |
		.ipam.routes = []'
	on_host ip link add foreign type veth peer name foreign-peer
	on_host ip link set foreign alias 'net/not/ours'
	[ -z "$(cni GC none '."cni.dev/valid-attachments" = [{containerID: "p1", ifname: "eth0"},
		{containerID: "p3", ifname: "eth0"}]')" ]
	[ "$(on_host ip -d link | grep -o 'alias .*' | sort | tr '\n' ' ')" = \
		"alias net/not/ours alias net/p1/eth0 alias net/p3/eth0 alias other/p2/eth9 " ]
	[ "$(cat /var/lib/cni/networks/net/10.* | tr -d '\r' | tr '\n' ' ')" = "p1 eth0p3 eth0" ]
	[ "$(ls /var/lib/cni/networks/other)" = "$(printf '10.9.0.2\nlast_reserved_ip.0\nlock')" ]
	in_pod p1 ping -c1 -W1 10.1.0.1
}

@test "GC with an empty list removes everything of the network" {
	pod p1 p2
	add p1
	add p2
	cni GC none '."cni.dev/valid-attachments" = []'
	silent_on veth on_host ip link
	[ -z "$(find /var/lib/cni -name '10.*')" ]
}

@test "GC without a list removes nothing" {
	pod p1
	add p1
	cni GC none
	check p1
}

@test "GC of fifty stale pods deletes their pairs together" {
	local pods

	mapfile -t pods < <(printf 'pod-%d\n' $(seq 50))
	pod "${pods[@]}"
	for p in "${pods[@]}"; do add "$p"; done
	cni GC none '."cni.dev/valid-attachments" = []'
	silent_on veth on_host ip link
}

@test "GC goes on when the delegate fails, and reports it" {
	pod p1
	add p1
	fails 7 'no plugin absent' cni GC none '.ipam.type = "absent" | ."cni.dev/valid-attachments" = []'
	silent_on veth on_host ip link
}

@test "STATUS and GC of a layer 2 network work too" {
	pod p1
	add p1 'del(.ipam) | .isGateway = false'
	cni STATUS none 'del(.ipam) | .isGateway = false'
	cni GC none 'del(.ipam) | .isGateway = false | ."cni.dev/valid-attachments" = []'
	silent_on veth on_host ip link
}
