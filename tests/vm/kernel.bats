#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A second kernel, Debian's own: what is most likely to differ from one to the other, and what
# needs links that not every kernel has.

load lib

setting() { on_host cat "/proc/sys/net/$1"; }

# The host's way out: a link "up0" that leads nowhere.
uplink() {
	on_host ip link add up0 type dummy
	on_host ip link set up0 mtu "$1" up
	on_host ip addr add 192.0.2.2/24 dev up0
	on_host ip route add default via 192.0.2.1
}

mtu_of() { grep -oE 'mtu [0-9]+'; }

# A router beyond up0, from which the host has its default route.
router() {
	ip netns add router
	on_host ip link add up0 type veth peer name up1 netns router
	on_host sysctl -qw net.ipv6.conf.up0.accept_ra=1 net.ipv6.conf.up0.accept_dad=0
	in_pod router ip link set up1 addrgenmode none
	in_pod router ip addr add fe80::1/64 dev up1 nodad
	in_pod router ip link set up1 up
	on_host ip link set up0 up
	advertise
}

# One may come too early for the host, whose link has just come up.
advertise() {
	local tries

	for tries in {1..50}; do
		[ $((tries % 10)) != 1 ] || send_advertisement
		has_way_out && return
		sleep 0.1
	done
	echo "no route came of the advertisement"
	return 1
}

send_advertisement() {
	in_pod router python3 - <<-'END'
		import socket, struct
		s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
		s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
		advertisement = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, 1800, 0, 0)
		s.sendto(advertisement, ("ff02::1", 0, 0, socket.if_nametoindex("up1")))
	END
}

has_way_out() { on_host ip -6 route show default | grep -q 'via fe80::1 dev up0 proto ra'; }

@test "a pod's life: both families, the first packet, CHECK, DEL, nothing left but the bridge" {
	lease "$RANGE4" "$RANGE6"
	keys='"isDefaultGateway": true'
	pod p1 p2
	before=$(state p1 p2)
	add p1
	at_once p1 10.1.0.1
	at_once p1 fd00:1::1
	add p2
	at_once p2 10.1.0.2
	at_once p2 fd00:1::2
	check p1
	check p2
	del p1
	del p2
	on_host ip link delete cni0
	on_host sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
	unchanged "$before" p1 p2
}

@test "two first pods at once both work" {
	lease "$RANGE4" "$RANGE6"
	pod p1 p2
	add p1 &
	add p2
	wait $!
	at_once p1 10.1.0.1
	at_once p2 10.1.0.1
	check p1
	check p2
}

@test "a pod that gets the address of another has its MAC, and neighbours find it at once" {
	lease '[{"subnet": "10.1.0.0/24", "rangeStart": "10.1.0.2", "rangeEnd": "10.1.0.3"}]'
	pod p1 p2 p3
	add p1
	add p2
	at_once p1 10.1.0.3
	del p2
	add p3
	at_once p1 10.1.0.3
}

@test "loopback goes up, passes CHECK, and goes down" {
	pod p1
	loopback() {
		CNI_COMMAND=$1 CNI_CONTAINERID=p1 CNI_NETNS=/run/netns/p1 CNI_IFNAME=lo \
			on_host "$BIN/loopback" <<-END
				{"cniVersion": "1.1.0", "name": "lo", "type": "loopback"${2:-}}
			END
	}
	loopback ADD >"$T/result"
	like "$(cat "$T/result")" '[.ips[].address] == ["127.0.0.1/8", "::1/128"]'
	loopback CHECK ", \"prevResult\": $(cat "$T/result")"
	loopback DEL
	run -1 loopback CHECK ", \"prevResult\": $(cat "$T/result")"
}

@test "GC takes many stale pods at once and leaves the others" {
	pod p1 p2 p3 p4
	for p in p1 p2 p3 p4; do add $p; done
	cni GC p1 '"cni.dev/valid-attachments": [{"containerID": "p3", "ifname": "eth0"}]'
	[ "$(on_host ip -o link show type veth | wc -l)" = 1 ]
	[ "$(cd /var/lib/cni/networks/net && echo 10*)" = 10.1.0.4 ]
	check p3
	at_once p3 10.1.0.1
}

@test "mtu auto is that of the way out: for the bridge, for both ends, in CHECK, in a VLAN" {
	keys='"isGateway": true, "mtu": "auto"'
	uplink 1380
	pod p1 p2
	add p1
	[ "$(on_host ip link show cni0 | mtu_of)" = "mtu 1380" ]
	[ "$(on_host ip link show "$(port p1)" | mtu_of)" = "mtu 1380" ]
	[ "$(in_pod p1 ip link show eth0 | mtu_of)" = "mtu 1380" ]
	grep -Eq '"mtu":[[:space:]]*1380' "$T/p1.result"
	check p1
	on_host ip link set up0 mtu 1300
	fails 103 'MTU.*1380.*1300' check p1
	on_host ip link set up0 mtu 1380
	lease '[{"subnet": "10.2.0.0/24"}]'
	add p2 '"vlan": 100'
	[ "$(on_host ip link show cni0.100 | mtu_of)" = "mtu 1380" ]
}

@test "mtu auto without a way out is the kernel's default" {
	keys='"mtu": "auto"'
	pod p1
	add p1
	[ "$(in_pod p1 ip link show eth0 | mtu_of)" = "mtu 1500" ]
	check p1
}

@test "a host that lives by router advertisements keeps its default route when it forwards" {
	router
	lease "$RANGE4" "$RANGE6"
	pod p1
	add p1
	has_way_out
	[ "$(setting ipv6/conf/up0/accept_ra)" = 2 ]
	[ "$(setting ipv6/conf/cni0/accept_ra)" = 0 ]
	[ "$(setting ipv6/conf/all/forwarding)" = 1 ]
	check p1
	del p1
	has_way_out
	[ "$(setting ipv6/conf/up0/accept_ra)" = 2 ]
}

@test "a host that lives by router advertisements does so after an ADD that failed" {
	router
	lease "$RANGE4" "$RANGE6"
	pod p1
	before=$(state p1)
	PODWIRE_FAULT=report:1 fails 999 fault cni ADD p1
	unchanged "$before" p1
	has_way_out
	[ "$(setting ipv6/conf/up0/accept_ra)" = 1 ]
}

@test "without an IPv6 gateway on the bridge the uplink is left alone" {
	router
	pod p1 p2
	add p1
	keys=
	lease "$RANGE6"
	NETWORK=other add p2
	[ "$(setting ipv6/conf/up0/accept_ra)" = 1 ]
	[ "$(setting ipv6/conf/all/forwarding)" = 0 ]
	has_way_out
}

@test "with enabledad an address that another host has is an error, and nothing is left" {
	keys='"isGateway": true, "enabledad": true'
	lease "$RANGE4" "$RANGE6"
	pod p1 other
	ipam='' NETWORK=other add other
	in_pod other ip addr add fd00:1::2/64 dev eth0 nodad
	before=$(state p1)
	fails 999 'fd00:1::2.*used by another host' cni ADD p1
	unchanged "$before" p1
	add p1
	in_pod p1 ip -o -6 addr show eth0 | grep -w 'inet6 fd00:1::3/64'
}

@test "with enabledad the address is settled when ADD ends" {
	keys='"isGateway": true, "enabledad": true'
	lease "$RANGE4" "$RANGE6"
	pod p1
	add p1
	run -1 in_pod p1 sh -c 'ip -6 addr show eth0 scope global | grep -e tentative -e dadfailed'
	at_once p1 fd00:1::1
	check p1
}

@test "without enabledad no address is ever tentative" {
	lease "$RANGE4" "$RANGE6"
	pod p1
	add p1
	run -1 in_pod p1 sh -c 'ip -6 addr show eth0 scope global | grep tentative'
	run -1 on_host sh -c 'ip -6 addr show cni0 scope global | grep tentative'
}
