#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# DEL always works: it fails only when something that is there could not be removed.

load lib

# Only the bridge, and no reservation.
nothing_left() {
	[ "$(on_host ip -br link | awk '{print $1}' | sort | tr '\n' ' ')" = "cni0 lo " ]
	[ -z "$(find /var/lib/cni -name '10.*')" ]
}

setup_pod() {
	pod p1
	add p1
}

@test "DEL again and again succeeds" {
	setup_pod
	del p1
	del p1
	del p1
	nothing_left
}

@test "DEL of what never was succeeds" {
	del p1
	pod p2
	del p2
	[ ! -e /var/lib/cni ]
}

@test "DEL works when the network namespace is gone" {
	setup_pod
	ip netns delete p1
	del p1
	nothing_left
}

@test "DEL works when the network namespace is gone and the bridge's end hangs about" {
	setup_pod
	on_host ip link add "$(jq -r '.interfaces[1].name' "$T/p1.result")x" type veth peer name peer || true
	exec 9</run/netns/p1 # keeps the namespace, and so the pair, alive without a path to it
	ip netns delete p1
	del p1
	exec 9<&-
	not on_host ip link show "$(jq -r '.interfaces[1].name' "$T/p1.result")"
}

@test "DEL works when the network namespace is a plain file, or something else that is none" {
	local path

	for path in "$T/file" "$T/directory" "$T/file/below" "$T/socket"; do
		pod p1
		add p1
		ip netns delete p1
		[ -e "$T/file" ] || : >"$T/file"
		mkdir -p "$T/directory"
		[ -e "$T/socket" ] || mkfifo "$T/socket"
		CNI_NETNS=$path del p1
		nothing_left
	done
}

@test "DEL works without CNI_NETNS" {
	setup_pod
	CNI_NETNS= del p1
	nothing_left
}

@test "DEL works when the bridge is gone" {
	setup_pod
	on_host ip link delete cni0
	del p1
	[ -z "$(find /var/lib/cni -name '10.*')" ]
	not in_pod p1 ip link show eth0
}

@test "DEL works with any configuration of the plugin, however broken" {
	local filter

	for filter in '.mtu = "much"' '.vlan = 5000' '.hairpinMode = true | .promiscMode = true' \
		'.bridge = "a/b"' '.bridge = 7' '.isGateway = "yes"' '.ipMasqBackend = "x"' \
		'.runtimeConfig = 5' '.args = []' '.vlanTrunk = {}' 'del(.prevResult)' \
		'.prevResult = 7' '.ipam.ranges = []' '.ipam.ranges = [[{subnet: "10.9.0.0/33"}]]' \
		'.ipam.ranges = 5' '.ipam.routes = 5' '.runtimeConfig.ips = ["x"]'; do
		echo "$filter"
		setup_pod
		del p1 "$filter"
		nothing_left
		ip netns delete p1
	done
}

@test "DEL where the store cannot be, because a file is there, has nothing to release" {
	setup_pod
	echo >"$T/file"
	for where in file file/below; do
		del p1 ".ipam.dataDir = \"$T/$where\""
	done
	not in_pod p1 ip link show eth0
	del p1
	nothing_left
}

@test "DEL with a broken ipam section removes everything else, and says what is wrong" {
	local filter

	for filter in '.ipam = "host-local"' '.ipam.type = 5' '.ipam.type = "../x"' '.ipam = []'; do
		echo "$filter"
		setup_pod
		fails '6|7' 'ipam' cni DEL p1 "$filter"
		on_host ip -br link | grep -q veth && return 1
		not in_pod p1 ip link show eth0
		del p1
		nothing_left
		ip netns delete p1
	done
}

@test "DEL without the delegate removes everything else, and names it" {
	setup_pod
	fails 7 'no plugin absent' cni DEL p1 '.ipam.type = "absent"'
	silent_on veth on_host ip -br link
	CNI_PATH=/nowhere fails 7 'host-local.*/nowhere' cni DEL p1
	CNI_PATH= fails 4 'CNI_PATH' cni DEL p1
	del p1
	nothing_left
}

@test "DEL with a delegate that fails removes everything else, and passes its error on" {
	setup_pod
	mkdir "$T/bin"
	printf '#!/bin/sh\necho %s\nexit 1\n' "'{\"code\": 5, \"msg\": \"disk gone\"}'" >"$T/bin/host-local"
	chmod +x "$T/bin/host-local"
	CNI_PATH=$T/bin fails 5 'disk gone' cni DEL p1
	silent_on veth on_host ip -br link
	not in_pod p1 ip link show eth0
}

@test "DEL does not need the configuration that ADD had" {
	setup_pod
	del p1 '{cniVersion: "0.3.1", name, type, bridge: "another", ipam: {type: "host-local"}}'
	nothing_left
}

@test "an address becomes free only when nothing answers to it any more" {
	setup_pod
	mkdir "$T/bin"
	cat >"$T/bin/host-local" <<-END
		#!/bin/sh
		nsenter --net=/run/netns/p1 ip link show eth0 >"$T/seen" 2>&1
		exec $BIN/host-local
	END
	chmod +x "$T/bin/host-local"
	CNI_PATH=$T/bin del p1
	grep -q 'does not exist' "$T/seen"
}

@test "DEL in the plugin's own namespace touches nothing" {
	setup_pod
	CNI_NETNS=/run/netns/host fails 4 'own network namespace' cni DEL p1
	check p1
}
