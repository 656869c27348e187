#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A node changes its plugins under running pods, in either direction: what the reference
# (containernetworking-plugins) made we can take over, and what we made it can.

bats_require_minimum_version 1.5.0

load lib

# Who is at work: whose bridge plugin, and whose host-local it runs.
mixes=("our our" "our their" "their our" "their their")

ipv4='.'
dual='.ipam.ranges += [[{"subnet": "fd00:1::/64"}]] | .ipam.routes += [{"dst": "::/0"}]'

# The reference speaks no newer version.
newest='.cniVersion = "1.0.0"'

plugins_of() { [ "$1" = our ] && echo "$BIN" || echo "$REFERENCE"; }

# by BRIDGE IPAM COMMAND...: calls of the command go to those plugins.
by() { CNI_DIR=$(plugins_of "$1") CNI_PATH=$(plugins_of "$2") "${@:3}"; }

# give IPAM VERB POD [FILTER]: host-local alone, as an interface plugin would run it.
give() { PLUGIN=host-local by "$1" "$1" cni "${@:2}"; }

address_of() { jq -r ".ips[${2:-0}].address" "$T/$1.result"; }

ip_of() { address_of "$@" | sed 's,/.*,,'; }

# What the deletion of a pod must leave as it was: all but where the round robin stands.
remains() { state | grep -v last_reserved_ip; }

links_of() { "$@" ip -o link | sed 's/^[0-9]*: \([^:@]*\).*/\1/' | xargs; }

# Some kernels put tunnels into every new namespace.
links_of_a_new_one() {
	pod new
	links_of in_pod new
	ip netns delete new
}

nothing_left() {
	[ "$(links_of on_host)" = "$(links_of_a_new_one) cni0" ] &&
		[ -z "$(find /var/lib/cni -type f ! -name lock ! -name 'last_reserved_ip.*')" ] ||
		{ state; return 1; }
}

# As runtimes do: with the result that ADD printed.
del_with_result() { del "$1" "${2:-.} | .prevResult = $(cat "$T/$1.result")"; }

# What a pod's deletion left of it: nothing, and of the others everything.
deleted() {
	diff <(echo "$1") <(remains) && [ "$(links_of in_pod "$2")" = "$(links_of_a_new_one)" ]
}

neighbours() {
	pod n1 n2
	by our our add n1
	by their their add n2
	# A ping goes out when the reference's port is open, too; after that nothing changes.
	in_pod n1 ping -qc1 -W5 "$(ip_of n2)" >/dev/null
}

# delete_by_each_mix: whoever added it, whoever deletes it, twice.
delete_by_each_mix() {
	local adder deleter before failed=

	conf=$(configuration "$newest | $1")
	neighbours
	pod p1
	before=$(remains)
	for adder in "${mixes[@]}"; do
		for deleter in "${mixes[@]}"; do
			[ "$adder$deleter" != "their theirtheir their" ] || continue
			by $adder add p1 && [ "$before" != "$(remains)" ] &&
				by $deleter del_with_result p1 && deleted "$before" p1 &&
				by $deleter del p1 && deleted "$before" p1 && continue
			echo "added by $adder, deleted by $deleter (bridge, host-local)"
			failed=yes
		done
	done
	by their our del n1
	by our their del n2
	nothing_left
	[ ! "$failed" ]
}

@test "an IPv4 pod of every mix of plugins is deleted by every mix, others are left alone" {
	delete_by_each_mix "$ipv4"
}

@test "a dual-stack pod of every mix of plugins is deleted by every mix, others are left alone" {
	delete_by_each_mix "$dual"
}

# Another process keeps the pod's veth alive no longer than the kernel needs to clear it away.
links_settle() {
	for _ in $(seq 50); do
		[ "$(on_host ip -o link show type veth)" ] || return 0
		sleep 0.1
	done
	on_host ip link
	return 1
}

@test "a pod of either is deleted by the other when its namespace is gone" {
	local netns adder deleter

	conf=$(configuration "$newest | $dual")
	for netns in /run/netns/p1 "" "$T/plain"; do
		: >"$T/plain"
		for adder in our their; do
			[ $adder = our ] && deleter=their || deleter=our
			# The reference takes a plain file for an error; to us it is gone.
			[ "$deleter $netns" != "their $T/plain" ] || deleter=our
			pod p1
			by $adder $adder add p1
			ip netns delete p1
			CNI_NETNS=$netns by $deleter $deleter del_with_result p1
			links_settle
			nothing_left
		done
	done
}

@test "a pod that the reference made under an older version is deleted under 1.1.0" {
	local version

	pod p1
	for version in 0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0; do
		by their their add p1 ".cniVersion = \"$version\""
		by our our del_with_result p1 '.cniVersion = "1.1.0"'
		nothing_left
	done
}

# The oldest tell of addresses only: what a result does not tell, it cannot contradict.
@test "a pod that the reference made under an older version passes CHECK under 1.1.0" {
	local version

	pod p1
	for version in 0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0; do
		by their their add p1 ".cniVersion = \"$version\""
		by our our check p1 '.cniVersion = "1.1.0"'
		by our our del p1
	done
}

@test "a pod of the reference passes our CHECK with the result the reference printed" {
	local adder checker family

	pod p1
	for family in "$ipv4" "$dual"; do
		conf=$(configuration "$newest | $family")
		for adder in "their their" "their our"; do
			by $adder add p1
			for checker in "our our" "our their" "their our"; do
				by $checker check p1
			done
			by our our check p1 '.cniVersion = "1.1.0"'
			by our our del p1
		done
	done
}

@test "a pod of ours passes the reference's CHECK with the result we printed" {
	local adder checker family

	pod p1
	for family in "$ipv4" "$dual"; do
		conf=$(configuration "$newest | $family")
		for adder in "our our" "our their"; do
			by $adder add p1
			for checker in "their their" "their our" "our their"; do
				by $checker check p1
			done
			by their their del p1
		done
	done
}

# pattern of our answer | how it is broken
damage() {
	cat <<'END'
no address 10.1.0.2/24|in_pod p1 ip addr del 10.1.0.2/24 dev eth0
no route to 0.0.0.0/0|in_pod p1 ip route del default
eth0 is down|in_pod p1 ip link set eth0 down
MAC of eth0|in_pod p1 ip link set eth0 address 02:00:00:00:00:01
not a port of cni0|on_host ip link set $veth nomaster
is down|on_host ip link set $veth down
hairpin mode|on_host ip link set $veth type bridge_slave hairpin on
no gateway address|on_host ip addr del 10.1.0.1/24 dev cni0
no interface eth0|in_pod p1 ip link set eth0 down name eth1
10.1.0.2 is not reserved|rm /var/lib/cni/networks/net/10.1.0.2
10.1.0.2 is not reserved|printf 'p2\r\neth0' >/var/lib/cni/networks/net/10.1.0.2
END
}

@test "our CHECK finds what is broken on a pod of the reference" {
	local pattern how veth

	conf=$(configuration "$newest | .ipam.ranges[0][0].rangeStart = \"10.1.0.2\" |
		.ipam.ranges[0][0].rangeEnd = \"10.1.0.2\"")
	while IFS='|' read -r pattern how; do
		pod p1
		by their their add p1
		by our our check p1
		veth=$(jq -r '.interfaces[1].name' "$T/p1.result")
		eval "$how"
		fails 103 "$pattern" by our our check p1
		ip netns delete p1
		rm -r /var/lib/cni/networks
		on_host ip link del cni0
	done < <(damage)
}

@test "pods of all mixes on one bridge reach each other and both gateways at once" {
	local i j ip to=()

	conf=$(configuration "$newest | $dual")
	for i in 0 1 2 3; do
		pod "p$i"
		by ${mixes[i]} add "p$i"
	done
	for i in 0 1 2 3; do
		for j in 0 1 2 3; do
			[ $j != $i ] || continue
			to+=("$(ip_of "p$j")" "$(ip_of "p$j" 1)")
		done
		for ip in 10.1.0.1 fd00:1::1 "${to[@]}"; do
			in_pod "p$i" ping -qc1 -W5 "$ip" || { echo "p$i to $ip"; return 1; }
		done
		to=()
	done
}

@test "both take addresses from one store in turn: the round robin goes on, nobody gets one twice" {
	local i who expected=2

	conf=$(configuration "$newest | $dual")
	for i in $(seq 6); do
		for who in our their; do
			give $who ADD "$who$i" >"$T/$who$i.result"
			[ "$(address_of $who$i)" = "10.1.0.$expected/24" ]
			[ "$(address_of $who$i 1)" = "$(printf 'fd00:1::%x/64' $expected)" ]
			expected=$((expected + 1))
			# What is free again is not given again before its turn.
			[ $who != our ] || give their DEL "our$i"
		done
	done
}

@test "both count the other's reservations: one range is exhausted for both" {
	conf=$(configuration "$newest | .ipam.ranges[0][0].rangeEnd = \"10.1.0.3\"")
	give our ADD p1
	give their ADD p2
	fails 100 '10.1.0.1-10.1.0.3.*reserved' give our ADD p3
	run ! give their ADD p3
	give our DEL p2
	like "$(give our ADD p3)" '.ips[0].address == "10.1.0.3/24"'
	give their DEL p1
	like "$(give their ADD p4)" '.ips[0].address == "10.1.0.2/24"'
}

@test "an attachment that has its address from one is refused another by the other" {
	conf=$(configuration "$newest")
	give our ADD p1
	run ! give their ADD p1
	give our DEL p1
	give their ADD p1
	run ! give our ADD p1
	[ "$(find /var/lib/cni -name '10.*' | wc -l)" = 1 ]
}

@test "an address that is asked for is refused when the other gave it away" {
	conf=$(configuration "$newest | .args.cni.ips = [\"10.1.0.9\"]")
	give our ADD p1
	run ! give their ADD p2
	give our DEL p1
	give their ADD p1
	fails 102 '10\.1\.0\.9' give our ADD p2
}

@test "asked at the same time, both together give every address once" {
	local i who

	conf=$(configuration "$newest")
	for i in $(seq 12); do
		for who in our their; do
			give $who ADD "$who$i" >"$T/$who$i.result" &
		done
	done
	wait
	[ "$(jq -r '.ips[].address' "$T"/*.result | sort -u | wc -l)" = 24 ]
	[ "$(find /var/lib/cni -name '10.*' | wc -l)" = 24 ]
	for i in $(seq 12); do
		give our DEL "their$i" &
		give their DEL "our$i" &
	done
	wait
	[ -z "$(find /var/lib/cni -name '10.*')" ]
}

@test "while one holds the store's lock the other waits" {
	local who

	conf=$(configuration "$newest")
	give our ADD p1
	for who in our their; do
		exec 9</var/lib/cni/networks/net/lock
		flock 9
		give $who ADD "$who" >"$T/$who.result" 9<&- &
		sleep 0.3
		[ ! -s "$T/$who.result" ]
		exec 9<&-
		wait $!
		like "$(cat "$T/$who.result")" '.ips | length == 1'
	done
}

# Names, sizes and bytes, and the directories' modes. (Those of the files changed with the
# reference's versions: this one's can be read by all.)
# The networks' directories; what lies beside them under a dot is podwire's own (the index).
store_of() {
	local beside=(-name '.?*.index' -prune -o)

	(cd "$1" && find . "${beside[@]}" -type d -printf '%p %M\n' &&
		find . "${beside[@]}" -type f -printf '%p %s\n' &&
		find . "${beside[@]}" -type f -exec md5sum {} +) | sort
}

@test "the store is the reference's byte for byte, through ADD and DEL" {
	local step verb who

	conf=$(configuration "$newest | $dual | .ipam.ranges[0] += [{\"subnet\": \"10.2.0.0/29\"}]")
	for step in ADD:p1 ADD:p2 ADD:a.b_c-d DEL:p1 ADD:p3 DEL:nobody DEL:p3; do
		verb=${step%:*}
		for who in our their; do
			give $who "$verb" "${step#*:}" ".ipam.dataDir = \"$T/$who\""
		done
		diff <(store_of "$T/their/net") <(store_of "$T/our/net") || { echo "after $step"; return 1; }
	done
}

# subnet, first address, gateway: addresses whose text could be written in more than one way
spellings() {
	cat <<'END'
fd00:0:0:1::/64          fd00:0:0:1::2        fd00:0:0:1::1
fd00:0:0:1:0:0:0:0/64    fd00:0:0:1::9        fd00:0:0:1:0:0:0:1
FD00:ABCD:0:0::/96       fd00:abcd::5         FD00:ABCD::A
fd00:1:0:0:2:0:0:0/112   fd00:1:0:0:2::3      fd00:1::2:0:0:1
fd00:1:2:3:4:5:0:0/120   fd00:1:2:3:4:5:0:7   fd00:1:2:3:4:5:0:1
fd00:0:1:0:1:0:1:0/112   fd00:0:1:0:1:0:1:a   fd00:0:1:0:1:0:1:1
::1.2.3.0/120            ::1.2.3.4            ::1.2.3.1
64:ff9b::1.2.3.0/120     64:ff9b::1.2.3.4     64:ff9b::1.2.3.1
2001:db8:0:0:1:0:0:0/112 2001:db8::1:0:0:8    2001:db8::1:0:0:1
10.9.0.0/24              10.9.0.44            10.9.0.43
END
}

@test "an address is written as the reference writes it" {
	local subnet start gateway who

	while read -r subnet start gateway; do
		for who in our their; do
			rm -rf "$T/$who"
			give $who ADD p1 "$newest | .ipam = {type: \"host-local\", dataDir: \"$T/$who\",
				ranges: [[{subnet: \"$subnet\", rangeStart: \"$start\",
					gateway: \"$gateway\"}]]}" |
				jq -S . >"$T/$who.result"
		done
		diff "$T/their.result" "$T/our.result"
		diff <(store_of "$T/their/net") <(store_of "$T/our/net")
	done < <(spellings)
}

bridge_is() { on_host ip -j -d addr show cni0 | jq -cS "[.[0] | .ifindex, .address,
	(.addr_info[] | select(.scope == \"global\") | .local, .prefixlen)]"; }

@test "each adds to a bridge that the other made, also after its last port went" {
	local first then before

	conf=$(configuration "$newest | $dual")
	pod p1 p2
	for first in our their; do
		[ $first = our ] && then=their || then=our
		by $first $first add p1
		before=$(bridge_is)
		by $then $then add p2
		in_pod p1 ping -qc1 -W5 "$(ip_of p2)"
		[ "$(bridge_is)" = "$before" ]
		by $then $then del p1
		by $first $first del p2
		[ "$(bridge_is)" = "$before" ]
		by $then $then add p1
		in_pod p1 ping -qc1 -W5 10.1.0.1
		[ "$(bridge_is)" = "$before" ]
		by $first $first del p1
		on_host ip link del cni0
	done
}

@test "each adds a layer-2 pod to a layer-2 bridge that the other made" {
	local first then

	conf=$(configuration "$newest | del(.ipam) | .isGateway = false")
	pod p1 p2
	for first in our their; do
		[ $first = our ] && then=their || then=our
		by $first $first add p1
		by $then $then add p2
		[ "$(on_host ip -o link show master cni0 | wc -l)" = 2 ]
		by our our check p1
		by our our check p2
		by $then $then del_with_result p1
		by $first $first del_with_result p2
		nothing_left
		on_host ip link del cni0
	done
}

@test "our GC knows the reference's pods by their reservations: the valid stay, the others' go" {
	conf=$(configuration "$newest")
	pod p1 p2
	by their their add p1
	by their their add p2
	by our our cni GC p1 '.cniVersion = "1.1.0" |
		.["cni.dev/valid-attachments"] = [{containerID: "p1", ifname: "eth0"}]'
	by our our check p1
	[ "$(find /var/lib/cni -name '10.*')" = /var/lib/cni/networks/net/10.1.0.2 ]
}

@test "loopback set up by one is checked and taken down by the other" {
	local first then

	conf='{"cniVersion": "1.0.0", "name": "lo", "type": "loopback"}'
	pod p1
	for first in our their; do
		[ $first = our ] && then=their || then=our
		CNI_IFNAME=lo
		by $first $first add p1
		by $then $then check p1
		in_pod p1 ping -qc1 -W2 127.0.0.1
		by $then $then del p1
		in_pod p1 sh -c 'ip -j link show lo' | jq -e '.[0].flags | index("UP") | not'
	done
}
