#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What is in the firewall of a host and whose it is: masquerade, host ports, the MAC check. What the
# traffic makes of it is in traffic.bats, what a reload does to it in reload.bats.

load lib
load traffic/world

export_all() {
	export T BIN TRAFFIC words
	export -f on_host cni configuration plugin
}

# All of the owner's elements, as the kernel has them.
is_in_the_firewall() { diff <(sort) <(elements "$1" | sed 's/masq-\(.*\)-[0-9a-f]*$/masq-\1-HASH/'); }

port_of() { jq -r '.interfaces[1].name' "$T/$1.result"; }

# What is there of everybody but p1.
of_others() { { elements; chains -A; journal; } | grep -vE 'podnet/(pods/)?p1[/:]|10\.244\.1\.5|fd00:244:1::5|PW-'; }

check_names() { # PATTERN
	fails 103 "$1" recheck p1
}

# delete or add ELEMENT [OWNER]: a line of elements.
element() {
	local family set rest data=

	read -r family set rest <<<"$2"
	[ "$1" = delete ] || [ "$rest" = "${rest#* : }" ] || data=" : ${rest#* : }"
	on_host nft "$1 element $family podwire $set { ${rest% : *}${3:+ comment \"$3\"}$data }"
}

# Reading it.

@test "a pod's elements: what they say and whose they are" {
	prepare
	change p1 bridge '.macspoofchk = true'
	attach p1
	is_in_the_firewall podnet/p1/eth0 <<-END
		bridge macs $(port_of p1) . $(in_pod p1 ip -j link show eth0 | jq -r '.[0].address')
		bridge ports $(port_of p1)
		inet hairpin4 10.244.1.5 . 10.244.1.5
		inet hairpin6 fd00:244:1::5 . fd00:244:1::5
		inet hostip4 127.0.0.1 . sctp . 8082 : 10.244.1.5 . 80
		inet hostip4 127.0.0.1 . tcp . 8082 : 10.244.1.5 . 80
		inet hostip4 127.0.0.1 . udp . 8082 : 10.244.1.5 . 80
		inet hostip4 192.168.50.1 . sctp . 8081 : 10.244.1.5 . 80
		inet hostip4 192.168.50.1 . sctp . 8086 : 10.244.1.5 . 80
		inet hostip4 192.168.50.1 . tcp . 8081 : 10.244.1.5 . 80
		inet hostip4 192.168.50.1 . tcp . 8086 : 10.244.1.5 . 80
		inet hostip4 192.168.50.1 . udp . 8081 : 10.244.1.5 . 80
		inet hostip4 192.168.50.1 . udp . 8086 : 10.244.1.5 . 80
		inet hostip6 fd50::1 . sctp . 8081 : fd00:244:1::5 . 80
		inet hostip6 fd50::1 . tcp . 8081 : fd00:244:1::5 . 80
		inet hostip6 fd50::1 . udp . 8081 : fd00:244:1::5 . 80
		inet hostport4 sctp . 8080 : 10.244.1.5 . 80
		inet hostport4 tcp . 8080 : 10.244.1.5 . 80
		inet hostport4 udp . 8080 : 10.244.1.5 . 80
		inet hostport6 sctp . 8080 : fd00:244:1::5 . 80
		inet hostport6 tcp . 8080 : fd00:244:1::5 . 80
		inet hostport6 udp . 8080 : fd00:244:1::5 . 80
		inet masq4 10.244.1.5 : jump masq-podnet-HASH
		inet masq6 fd00:244:1::5 : jump masq-podnet-HASH
	END
}

@test "each element of the ruleset says whose it is, each rule what it is for" {
	prepare
	change p1 bridge '.macspoofchk = true'
	attach p1 p2 p3 p4 p5
	not grep -vE '^((podnet/p[124]|plainnet/p3|lonenet/p5)/eth0|pods with host ports)	' <(elements)
	[ "$(on_host nft list table inet podwire | grep -cE 'dnat ip|masquerade|drop')" -ge 10 ]
	not grep -E 'map @|vmap|masquerade|jump|drop' <(on_host nft list ruleset | grep -v comment |
		grep -vE 'map masq|jump masq-|^		masquerade')
}

@test "the rules are the same, whatever the number of pods" {
	local rules

	prepare
	attach p1 p4
	rules=$(on_host nft -s list ruleset | grep -v 'elements\|: \(10\|fd\|jump\)')
	copy p2 q1 q2 q3 q4 q5
	attach p2 q1 q2 q3 q4 q5
	diff <(echo "$rules") <(on_host nft -s list ruleset | grep -v 'elements\|: \(10\|fd\|jump\)')
}

@test "nft can read back what it lists" {
	prepare
	attach p1 p2 p3 p4 p5
	on_host nft list ruleset >"$T/ruleset"
	on_host nft flush ruleset
	on_host nft -f "$T/ruleset"
	diff "$T/ruleset" <(on_host nft list ruleset)
	recheck p1 p2 p3 p4 p5
}

@test "a pod without host ports and without masquerade has no firewall" {
	prepare
	change p3 portmap 'del(.runtimeConfig)'
	attach p3
	diff "$T/p3.result" <(plugin ADD portmap p3 | jq .) || [ "$(jq -Sc . "$T/p3.result")" = \
		"$(plugin ADD portmap p3 | jq -Sc .)" ]
	[ -z "$(on_host nft list ruleset)" ]
	[ ! -e /run/podwire ] || [ -z "$(journal)" ]
	detach p3
}

# Host ports that are taken.

@test "a container on two networks: the first serves its host ports, and both go" {
	prepare nftables
	change p1 portmap '.runtimeConfig.portMappings = [{hostPort: 8080, containerPort: 80, protocol: "tcp"},
		{hostPort: 53, containerPort: 53, protocol: "udp"}]'
	attach p1
	jq '.name = "second" | .bridge = "cni9" | .ipam.ranges = [[{"subnet": "10.9.0.0/24"}]] |
		del(.runtimeConfig)' \
		"$T/p1.bridge" >"$T/second.bridge"
	jq '.name = "second" | .runtimeConfig.portMappings += [{hostPort: 81, containerPort: 80,
		protocol: "tcp"}]' "$T/p1.portmap" >"$T/second.portmap"
	export CNI_CONTAINERID=p1 CNI_NETNS=/run/netns/p1 CNI_IFNAME=eth1
	attach second
	recheck second
	elements | grep -E '8080|53' | not grep second/p1/eth1
	elements | grep -w 81 | grep second/p1/eth1
	detach second
	elements | grep -w 8080 | grep p1/eth0
	unset CNI_CONTAINERID CNI_NETNS CNI_IFNAME
	detach p1
	gone podnet/p1/eth0
	gone second/p1/eth1
}

taken() {
	local backend=$1 before

	prepare "$backend"
	attach p1 p3
	change p3 portmap '.runtimeConfig.portMappings += [{hostPort: 8080, containerPort: 1,
		protocol: "tcp"}]'
	plugin DEL portmap p3
	before=$(elements; chains; journal)
	fails 101 '8080/tcp.*podnet/p1/eth0' plugin ADD portmap p3
	diff <(echo "$before") <(elements; chains; journal)
	detach p1
	plugin ADD portmap p3 >/dev/null
}

@test "a host port that another pod has: error 101 names it, and nothing is changed" { taken nftables; }

@test "iptables: a host port that another pod has: error 101 names it, and nothing is changed" {
	taken iptables
}

not_taken() {
	local backend=$1 pod port

	prepare "$backend"
	while IFS='|' read -r pod port; do
		change "$pod" portmap "del(.masqAll) | .runtimeConfig.portMappings = [{hostPort: 53,
			containerPort: 80} + $port]"
	done <<-END
		p1|{protocol: "tcp"}
		p2|{protocol: "udp"}
		p3|{protocol: "tcp", hostIP: "fd50::1"}
		p4|{protocol: "tcp", hostIP: "192.168.50.1"}
		p5|{protocol: "tcp", hostIP: "192.168.50.1"}
	END
	attach p1 p2 p3 p4
	plugin ADD bridge p5 >"$T/p5.result"
	fails 101 '53/tcp.*podnet/p4/eth0' plugin ADD portmap p5
	traffic - <<-END
		one address goes before all | out | eth0:53 | p4 as out | udp: p2 as out; sctp: refused; ipv6: p3 as out
		all others                  | out | cni0:53 | p1 as out | udp: p2 as out; sctp: refused
	END
}

@test "one port is another of each protocol, family and address" { not_taken nftables; }

@test "iptables: one port is another of each protocol, family and address" {
	not_taken iptables
}

twenty_at_once() {
	local backend=$1 winner pods

	mapfile -t pods < <(printf 'q%d\n' {1..20})
	prepare "$backend"
	copy p1 "${pods[@]}"
	for pod in "${pods[@]}"; do
		plugin ADD bridge "$pod" >"$T/$pod.result"
	done
	export_all
	printf '%s\n' "${pods[@]}" | xargs -P20 -I{} bash -c \
		'plugin ADD portmap {} >$T/{}.answer 2>&1 && echo {} >>$T/winners; true'
	[ "$(wc -l <"$T/winners")" = 1 ]
	winner=$(cat "$T/winners")
	rm "$T/$winner.answer"
	[ "$(jq -s "map(select(.code == 101 and (.msg | test(\"podnet/$winner/eth0\")))) | length" \
		"$T"/q*.answer)" = 19 ]
	[ "$({ elements; chains; } | grep -o 'podnet/q[0-9]*/' | sort -u |
		while read -r owner; do { elements | grep "^$owner" | grep -q hostport ||
			chains "$owner" | grep -q dport; } && echo "$owner"; done)" = "podnet/$winner/" ]
}

@test "twenty pods want one host port at once: one has it, nineteen are told who" { twenty_at_once nftables; }

@test "iptables: twenty pods want one host port at once: one has it, nineteen are told who" {
	twenty_at_once iptables
}

held_in_the_other() {
	prepare "$1"
	attach p1
	change p3 portmap ".backend = \"$2\" | .runtimeConfig.portMappings[].hostPort = 8080"
	plugin ADD bridge p3 >"$T/p3.result"
	fails 101 '8080/tcp.*podnet/p1/eth0' plugin ADD portmap p3
	gone plainnet/p3/eth0
}

@test "a host port that a pod has in the other backend is taken" {
	held_in_the_other nftables iptables
}

@test "iptables: a host port that a pod has in the other backend is taken" {
	held_in_the_other iptables nftables
}

every_address_of_a_family() {
	prepare "$1"
	change p3 portmap '.runtimeConfig.portMappings[].hostIP = "0.0.0.0"'
	change p4 portmap '.runtimeConfig.portMappings[].hostIP = "::"'
	attach p3 p4
	traffic - <<-END
		0.0.0.0 | out | eth0:8083 | p3 as out  | ipv6: refused
		::      | out | eth0:8084 | p4 as cni0 | ipv4: refused
	END
}

@test "hostIP 0.0.0.0 and :: are all addresses of their family" { every_address_of_a_family nftables; }

@test "iptables: hostIP 0.0.0.0 and :: are all addresses of their family" {
	every_address_of_a_family iptables
}

pods_of_one_family() {
	prepare "$1"
	change p1 bridge '.ipam.ranges |= .[:1] | .runtimeConfig.ips |= .[:1]'
	change p4 bridge '.ipam.ranges |= .[1:] | .runtimeConfig.ips |= .[1:]'
	attach p1 p4
	traffic - <<-END
		IPv4, every address | out | eth0:8080 | p1 as out   | ipv6: refused
		IPv4, one address   | out | eth0:8081 | p1 as out   | ipv6: refused
		IPv6                | out | eth0:8084 | p4 as cni0  | ipv4: refused
		IPv4, masqueraded   | p1  | out:80    | out as eth0 | ipv6: -
		IPv6, masqueraded   | p4  | out:80    | out as eth0 | ipv4: -
	END
	recheck p1 p4
	detach p1 p4
	[ -z "$(elements | grep /)" ]
}

@test "pods of one family have what that family can" { pods_of_one_family nftables; }

@test "iptables: pods of one family have what that family can" { pods_of_one_family iptables; }

other_exceptions() {
	prepare "$1"
	attach p1
	change p2 bridge '.nonMasqueradeCIDRs = ["192.168.50.77/24", "192.168.50.0/24", "fd50::/64",
		"192.168.0.0/16"]'
	attach p2
	cat >"$T/table" <<-END
		with the old ones | p1 | out:80 | out as eth0 |
		with the old ones | p1 | far:80 | out as p1   |
		with the new ones | p2 | out:80 | out as p2   |
		with the new ones | p2 | far:80 | out as eth0 |
	END
	traffic "$T/table"
	recheck p1 p2
	detach p1
	traffic - < <(grep new "$T/table")
}

@test "pods keep the exceptions from masquerading that they were added with" {
	other_exceptions nftables
}

@test "iptables: pods keep the exceptions from masquerading that they were added with" {
	other_exceptions iptables
}

@test "tools are found with the PATH of a runtime, or none" {
	local backend

	for backend in nftables iptables; do
		prepare "$backend"
		cp "$(type -P nsenter)" "$T/nsenter"
		nsenter() { PATH=/nowhere "$T/nsenter" "$@"; }
		attach p1
		detach p1
		unset -f nsenter
		teardown
		setup
	done
}

@test "an ADD that cannot write the journal leaves nothing in the firewall" {
	prepare nftables
	attach p4
	mount -t tmpfs -o ro tmpfs /run/podwire
	fails '[0-9]+' 'podwire' plugin ADD bridge p1
	umount /run/podwire
	gone podnet/p1/eth0
	[ "$(on_host ip -br link | grep -c veth)" = 1 ] # p4's
	attach p1
}

@test "what portmap does not know of a result it passes on" {
	prepare
	plugin ADD bridge p3 >"$T/p3.result"
	like "$(plugin ADD portmap p3 '.prevResult.what = {a: [1.5, "ü"]} | .prevResult.ips[0].more = true')" \
		'.what == {a: [1.5, "ü"]} and .ips[0].more'
}

# A plugin of the reference's, which gives each pod a link of its own.
routed() {
	in_pod "$1" sysctl -qw net.ipv6.conf.default.accept_dad=0 # it would wait
	change "$1" bridge '.type = "ptp" | .cniVersion = "1.0.0"'
	mv "$T/$1.bridge" "$T/$1.ptp"
	CNI_DIR=$REFERENCE CNI_PATH=$REFERENCE plugin ADD ptp "$1" >"$T/$1.new"
	mv "$T/$1.new" "$T/$1.result"
	plugin ADD portmap "$1" >/dev/null
}

@test "portmap serves pods whose links other plugins made" {
	local backend

	for backend in nftables iptables; do
		prepare "$backend"
		routed p1
		routed p2
		traffic - <<-END
			from outside             | out  | eth0:8080 | p1 as out  |
			from localhost           | host | lo:8080   | p1 as cni0 |
			from the pod to itself   | p1   | eth0:8080 | p1 as cni0 |
			from the other           | p2   | eth0:8080 | p1 as p2   | iptables: p1 as cni0
		END
		plugin CHECK portmap p1
		plugin DEL portmap p1
		gone podnet/p1/eth0
		teardown
		setup
	done
}

# DEL.

# removed_after FILTER COMMAND...: p1 has its ADD, COMMAND happens; DEL with the configuration so changed
# removes all that p1 has, and nothing of others.
removed_after() {
	local filter=$1 type out

	echo "$*"
	[ -e /run/netns/p1 ] || pod p1
	attach p1
	"${@:2}"
	for type in portmap bridge; do
		out=$(CNI_NETNS=${netns-/run/netns/p1} plugin DEL "$type" p1 "$filter") && [ -z "$out" ] || {
			echo "DEL of $type: $out"
			return 1
		}
	done
	gone podnet/p1/eth0
	diff <(echo "$others") <(of_others)
}

forget_p1() { rm $(journal podnet/pods/p1:); }

all_removed_by_del() {
	local filter netns others

	prepare "$1"
	attach p2 p4
	others=$(of_others)
	removed_after . true
	removed_after . detach p1
	removed_after . ip netns delete p1
	removed_after 'del(.prevResult)' ip netns delete p1
	netns='' removed_after 'del(.prevResult)' ip netns delete p1
	for filter in 'del(.runtimeConfig)' 'del(.prevResult)' 'del(.prevResult, .runtimeConfig)' \
		'.prevResult = 7' '.runtimeConfig.portMappings[]?.hostPort = 70' \
		'.runtimeConfig.portMappings = "x"' '.snat = false | .masqAll = true' '.ipMasq = false' \
		'.backend = "nftables" | .ipMasqBackend = "nftables"' '.backend = "none"' \
		'.backend = "iptables" | .ipMasqBackend = "iptables"' '.ipMasqBackend = "none"' \
		'.nonMasqueradeCIDRs = ["10.0.0.0/8"]' '.nonMasqueradeCIDRs = 5' '.bridge = "cni7"'; do
		removed_after "$filter" true
	done
	removed_after . forget_p1
	recheck p2 p4
	reach out eth0:8084 'p4 as cni0'
}

@test "DEL removes what ADD made, whatever became of the pod and its configuration" {
	all_removed_by_del nftables
}

@test "DEL with iptables removes what ADD made, whatever became of the pod and its configuration" {
	all_removed_by_del iptables
}

del_after_reload() {
	local backend=$1

	prepare "$backend"
	attach p1 p4
	on_host nft flush ruleset
	detach p1
	recheck p4
	gone podnet/p1/eth0
	reach out eth0:8080 refused
	reach out eth0:8084 'p4 as cni0'
}

@test "DEL after a reload has nothing to remove, and what it removed does not come back" { del_after_reload nftables; }

@test "iptables: DEL after a reload has nothing to remove, and what it removed does not come back" {
	del_after_reload iptables
}

@test "beside kube-proxy's IPVS, host ports are iptables', and the masquerade nftables'" {
	prepare
	on_host ip link add kube-ipvs0 type bridge
	attach p1
	chains podnet/p1/eth0 | grep -q PW-tcp-8080
	silent_on hostport elements podnet/p1/eth0
	elements podnet/p1/eth0 | grep -q masq4
	recheck p1
	detach p1
	gone podnet/p1/eth0
}

@test "DEL needs no nft: elements are removed without it" {
	prepare nftables
	attach p1 p4
	hide nft
	detach p1
	unhide
	gone podnet/p1/eth0
	recheck p4
}

@test "DEL without iptables removes everything else, and names what it could not run" {
	prepare iptables
	attach p1 p4
	hide iptables-nft iptables-legacy
	fails '[0-9]+' 'iptables' plugin DEL portmap p1
	fails '[0-9]+' 'iptables' plugin DEL bridge p1
	not on_host ip link show "$(port_of p1)"
	[ -z "$(find /var/lib/cni -name 10.244.1.5)" ]
	unhide
	detach p1
	gone podnet/p1/eth0
	recheck p4
}

one_of_two_networks() {
	local backend=$1

	prepare "$backend"
	copy p3 second
	change second portmap '.runtimeConfig.portMappings[].hostPort = 8087'
	attach p1
	CNI_CONTAINERID=p1 CNI_NETNS=/run/netns/p1 CNI_IFNAME=eth1 attach second
	elements plainnet/p1/eth1 | sort >"$T/elements"
	chains plainnet/p1/eth1 >"$T/chains"
	[ -s "$T/elements" ] || [ -s "$T/chains" ]
	detach p1
	gone podnet/p1/eth0
	diff "$T/elements" <(elements plainnet/p1/eth1)
	diff "$T/chains" <(chains plainnet/p1/eth1)
	CNI_CONTAINERID=p1 CNI_NETNS=/run/netns/p1 CNI_IFNAME=eth1 recheck second
	CNI_CONTAINERID=p1 CNI_NETNS=/run/netns/p1 CNI_IFNAME=eth1 detach second
	gone plainnet/p1/eth1
}

@test "DEL of one network leaves the other networks of the container alone" { one_of_two_networks nftables; }

@test "iptables: DEL of one network leaves the other networks of the container alone" {
	one_of_two_networks iptables
}

@test "DEL removes what the reference's plugins left of the attachment, and only that" {
	local before

	prepare reference
	attach p3 p4
	before=$(saved)
	attach p1
	unset CNI_DIR CNI_PATH
	detach p1
	diff <(echo "$before") <(saved)
	detach p3 p4
	not grep -E 'CNI-(DN-)?[0-9a-f]{8}' <(saved)
}

@test "GC removes what the reference's plugins left of gone attachments" {
	prepare reference
	attach p1 p3
	unset CNI_DIR CNI_PATH
	gc podnet
	not grep -E 'podnet|10\.244\.1\.5' <(saved)
	grep -q plainnet <(saved)
}

# Both families' rules, without counters.
saved() {
	on_host iptables-save -t nat | grep -v '^#' | sed 's/ \[.*//'
	on_host ip6tables-save -t nat | grep -v '^#' | sed 's/ \[.*//'
}

# CHECK.

@test "CHECK notices each element that is missing, and names it" {
	local element

	prepare nftables
	change p1 bridge '.macspoofchk = true'
	attach p1
	elements podnet/p1/eth0 >"$T/elements"
	[ "$(wc -l <"$T/elements")" -ge 20 ]
	while read -r element; do
		echo "$element"
		element delete "$element"
		check_names "$(cut -d' ' -f2 <<<"$element")"
		element add "$element" podnet/p1/eth0
	done <"$T/elements"
	recheck p1
}

@test "CHECK notices each element that is somebody else's, or leads elsewhere" {
	local element

	prepare nftables
	change p1 bridge '.macspoofchk = true'
	attach p1
	elements podnet/p1/eth0 >"$T/elements"
	while read -r element; do
		echo "$element"
		element delete "$element"
		element add "$element" podnet/p9/eth0
		check_names "$(cut -d' ' -f2 <<<"$element")"
		element delete "$element"
		if grep -q ' : .* \. 80$' <<<"$element"; then
			element add "${element% . 80} . 81" podnet/p1/eth0
			check_names "$(cut -d' ' -f2 <<<"$element")"
			element delete "$element"
		fi
		element add "$element" podnet/p1/eth0
	done <"$T/elements"
	recheck p1
}

@test "CHECK notices each rule that is missing, and names it" {
	local n family chain handle comment

	prepare nftables
	change p1 bridge '.macspoofchk = true'
	attach p1 p4
	on_host nft list ruleset >"$T/ruleset"
	for ((n = 1; ; n++)); do
		IFS='|' read -r family chain handle comment < <(rules | sed -n "${n}p") || break
		echo "$family $chain $comment"
		on_host nft delete rule "$family" podwire "$chain" handle "$handle"
		check_names "${comment:-$chain}"
		{ echo flush ruleset && cat "$T/ruleset"; } | on_host nft -f -
	done
	recheck p1 p4
	[ "$n" -ge 20 ]
}

rules() {
	on_host nft -j list ruleset | jq -r '.nftables[].rule | objects | select(.table == "podwire") |
		"\(.family)|\(.chain)|\(.handle)|\(.comment // "")"'
}

@test "CHECK notices each missing rule of iptables" {
	local program rule

	prepare iptables
	attach p1
	chains -A | grep -F -e podnet/p1 -e 10.244.1.5 -e fd00:244:1::5 >"$T/rules"
	[ "$(wc -l <"$T/rules")" -ge 20 ]
	on_host iptables-save -t nat >"$T/iptables"
	on_host ip6tables-save -t nat >"$T/ip6tables"
	while read -r program rule; do
		echo "$program $rule"
		eval "on_host $program -t nat ${rule/-A/-D}"
		fails 103 . recheck p1
		on_host "$program-restore" <"$T/${program%-nft}"
	done <"$T/rules"
	recheck p1
}

@test "CHECK notices that localhost cannot reach the pod any more" {
	prepare
	attach p1
	on_host sysctl -qw net.ipv4.conf.cni0.route_localnet=0
	fails 103 'route_localnet' recheck p1
}

# GC.

gc() { # NETWORK POD...
	local type pods

	pods=$(printf '%s\n' "${@:2}" | jq -Rn '[inputs | select(. != "") | {containerID: ., ifname: "eth0"}]')
	for type in portmap bridge; do
		plugin GC "$type" p1 "del(.prevResult, .runtimeConfig) | .cniVersion = \"1.1.0\" | .name = \"$1\" |
			.[\"cni.dev/valid-attachments\"] = $pods"
	done
}

garbage() {
	local backend=$1 kept

	prepare "$backend"
	change p1 bridge '.macspoofchk = true'
	attach p1 p2 p3 p4 p5
	kept=$(of_others)
	gc podnet p2 p4
	gone podnet/p1/eth0
	diff <(echo "$kept") <(of_others)
	recheck p2 p3 p4 p5
	gc podnet
	gone podnet/p2/eth0
	gone podnet/p4/eth0
	recheck p3 p5
	not grep podnet <(on_host nft list ruleset; chains; journal)
}

@test "GC removes exactly what belongs to no valid attachment" { garbage nftables; }

@test "iptables: GC removes exactly what belongs to no valid attachment" {
	garbage iptables
}

@test "GC without a list does nothing" {
	local before

	prepare
	attach p1
	before=$(elements; journal)
	plugin GC portmap p1 'del(.prevResult)'
	plugin GC bridge p1 'del(.prevResult)'
	diff <(echo "$before") <(elements; journal)
}

# Faults.

# fail_at_each TYPE SORT POD LEAST: ADD of that plugin fails at each point in turn, until it goes through.
fail_at_each() {
	local n

	host_as_it_is >"$T/before"
	for ((n = 1; n < 100; n++)); do
		PODWIRE_FAULT=$2:$n plugin ADD "$1" "$3" >"$T/out" 2>"$T/err" && break
		echo "$1 $2:$n" && cat "$T/out" "$T/err"
		jq -e '.code == 999 and (.msg | length) > 10' "$T/out" >/dev/null
		[ ! -s "$T/err" ]
		host_as_it_is | diff "$T/before" -
	done
	[ "$n" -gt "$4" ] && [ "$n" -lt 100 ]
}

faults() {
	local backend=$1 sort

	prepare "$backend"
	change p2 bridge '.macspoofchk = true'
	attach p2 p4
	change p1 bridge '.macspoofchk = true | .ipMasqBackend = "'"$backend"'"'
	for sort in want talk; do
		echo "$backend $sort"
		rm -f "$T/p1.result"
		fail_at_each bridge "$sort" p1 1
		plugin DEL bridge p1
		plugin ADD bridge p1 >"$T/p1.result"
		fail_at_each portmap "$sort" p1 0
		detach p1
	done
	recheck p4
	reach out eth0:8084 'p4 as cni0'
}

@test "an ADD that fails at any want or request leaves nothing in the firewall" { faults nftables; }

@test "iptables: an ADD that fails at any want or request leaves nothing in the firewall" {
	faults iptables
}

# Flows.

earlier_flow() {
	local backend=$1

	prepare "$backend"
	attach p2
	reach out:5000 eth0:8080 refused 'tcp: -'
	reach p2:5000 eth0:8080 refused 'tcp: -'
	attach p1
	reach out:5000 eth0:8080 'p1 as out' 'tcp: -'
	reach p2:5000 eth0:8080 'p1 as cni0' 'tcp: -'
}

@test "a flow that began before the ADD reaches the pod after it" { earlier_flow nftables; }

@test "iptables: a flow that began before the ADD reaches the pod after it" {
	earlier_flow iptables
}

old_flow() {
	local backend=$1

	prepare "$backend"
	attach p1
	reach out:5000 eth0:8080 'p1 as out' 'tcp: -'
	reach out:5000 eth0:8081 'p1 as out' 'tcp: -'
	detach p1
	reach out:5000 eth0:8080 refused 'tcp: -'
	jq -c .runtimeConfig.portMappings "$T/p1.portmap" >"$T/ports"
	change p2 portmap ".runtimeConfig.portMappings = $(cat "$T/ports")"
	attach p2
	reach out:5000 eth0:8080 'p2 as out' 'tcp: -'
	reach out:5000 eth0:8081 'p2 as out' 'tcp: -'
}

@test "a flow does not go on to the pod that had the host port before" { old_flow nftables; }

@test "iptables: a flow does not go on to the pod that had the host port before" {
	old_flow iptables
}

@test "flows of others are not forgotten" {
	prepare
	attach p1 p2
	reach out:5000 eth0:8080 'p1 as out' 'tcp: -; sctp: -'
	reach p2:6000 out:80 'out as eth0' 'tcp: -; sctp: -'
	attach p4
	detach p4
	[ "$(on_host cat /proc/net/nf_conntrack | grep -cE '^ipv[46].* udp .*(sport=5000|sport=6000) ')" = 4 ]
}

# The MAC check.

@test "a pod whose MAC is checked cannot use another; the bridge does not even learn it" {
	prepare
	change p1 bridge '.macspoofchk = true'
	attach p1 p2 p4
	reach p1 p2:80 'p2 as p1'
	reach p1 eth0:9090 'host as p1'
	in_pod p1 ip link set eth0 address 02:00:00:00:66:66
	in_pod p2 ip link set eth0 address 02:00:00:00:77:77
	reach p1 p2:80 silence 'tcp: -'
	reach p1 eth0:9090 silence 'tcp: -'
	reach p2 p4:80 'p4 as p2'
	reach p2 eth0:9090 'host as p2'
	not grep 66:66 <(on_host bridge fdb show br cni0)
	grep -q 77:77 <(on_host bridge fdb show br cni0)
	detach p1
	gone podnet/p1/eth0
}

# Conditions of portmap.

@test "host ports under a condition are only for who fulfils it" {
	prepare nftables
	change p1 portmap '.conditionsV4 = ["ip", "saddr", "192.168.50.0/24"] |
		.conditionsV6 = ["ip6", "saddr", "fd50::/64"]'
	attach p1 p3
	reach out eth0:8080 'p1 as out'
	reach p3 eth0:8080 refused
	change p2 portmap '.runtimeConfig.portMappings = [{hostPort: 8080, containerPort: 80, protocol: "tcp"}]'
	attach p2
	reach out eth0:8080 'p1 as out'
	reach p3 eth0:8080 'p2 as p3' 'no-tcp: refused'
	recheck p1 p2
	detach p1
	gone podnet/p1/eth0
	reach out eth0:8080 'p2 as out' 'no-tcp: refused'
}

@test "host ports under a condition, with iptables" {
	prepare iptables
	change p1 portmap '.conditionsV4 = ["-s", "192.168.50.0/24"] | .conditionsV6 = ["-s", "fd50::/64"]'
	attach p1 p3
	reach out eth0:8080 'p1 as out'
	reach p3 eth0:8080 refused
	detach p1
	gone podnet/p1/eth0
}

# Which backend.

@test "without nft it is iptables by itself, and STATUS is content" {
	prepare
	hide nft
	plugin STATUS portmap p1
	plugin STATUS bridge p1
	attach p1 p2
	unhide
	[ -z "$(elements)" ]
	chains podnet/p1/eth0 | grep -q .
	reach out eth0:8080 'p1 as out'
	recheck p1
	detach p1
	gone podnet/p1/eth0
}

@test "without nft and iptables neither ADD nor STATUS is content; both say why" {
	prepare
	hide nft iptables-nft iptables-legacy
	fails 50 'nft.*iptables' plugin STATUS portmap p1
	fails 50 'nft.*iptables' plugin STATUS bridge p1
	fails '[0-9]+' 'nft.*iptables' plugin ADD bridge p1
	unhide
	[ -z "$(on_host ip -br link | grep veth)" ]
}

@test "nft that is asked for and missing is an error that names it" {
	prepare nftables
	hide nft
	fails '[0-9]+' nft plugin ADD bridge p1
	fails 50 nft plugin STATUS portmap p1
	[ -z "$(on_host ip -br link | grep veth)" ]
}

@test "iptables that is asked for and missing is an error that names it" {
	prepare iptables
	hide iptables-nft iptables-legacy
	fails '[0-9]+' iptables plugin ADD bridge p1
	fails 50 iptables plugin STATUS portmap p1
	[ -z "$(on_host ip -br link | grep veth)" ]
}

# What is refused.

@test "what a configuration may not say is refused by name, before anything is made" {
	local type code pattern filter

	prepare
	plugin ADD bridge p3 >"$T/p3.result"
	host_as_it_is >"$T/before"
	while IFS='|' read -r type code pattern filter; do
		[ "$type" ] || continue
		echo "$filter"
		[ "$type" = portmap ] && who=p3 || who=p1
		fails "$code" "$pattern" plugin ADD "$type" "$who" "$filter"
		host_as_it_is | diff "$T/before" -
	done <<-'END'
		bridge|7|ipMasqBackend|.ipMasqBackend = "ebtables"
		bridge|6|ipMasqBackend|.ipMasqBackend = 5
		bridge|7|nonMasqueradeCIDRs|.nonMasqueradeCIDRs = ["10.0.0.0/33"]
		bridge|7|nonMasqueradeCIDRs|.nonMasqueradeCIDRs = ["here"]
		bridge|6|nonMasqueradeCIDRs|.nonMasqueradeCIDRs = "10.0.0.0/8"
		bridge|6|ipMasq|.ipMasq = "yes"
		bridge|6|macspoofchk|.macspoofchk = 1
		portmap|7|backend|.backend = "ebtables"
		portmap|6|snat|.snat = "no"
		portmap|6|masqAll|.masqAll = 1
		portmap|6|portMappings|.runtimeConfig.portMappings = {}
		portmap|7|hostPort|.runtimeConfig.portMappings[0].hostPort = 0
		portmap|7|hostPort|.runtimeConfig.portMappings[0].hostPort = 65536
		portmap|6|hostPort|.runtimeConfig.portMappings[0].hostPort = "80"
		portmap|7|containerPort|.runtimeConfig.portMappings[0].containerPort = 0
		portmap|7|protocol|.runtimeConfig.portMappings[0].protocol = "icmp"
		portmap|7|hostIP|.runtimeConfig.portMappings[0].hostIP = "here"
		portmap|7|::1|.runtimeConfig.portMappings[0].hostIP = "::1"
		portmap|7|externalSetMarkChain|.backend = "nftables" | .externalSetMarkChain = "KUBE-MARK-MASQ"
		portmap|7|prevResult|del(.prevResult)
	END
}

# Old versions and odd names.

@test "owners with long names and odd ones have elements of their own" {
	local long

	long=$(printf 'n%.0s' {1..100})
	prepare nftables
	change p1 bridge ".name = \"$long.a\""
	change p1 portmap ".name = \"$long.a\""
	copy p1 q1
	change q1 bridge ".name = \"$long.b\" | .bridge = \"cni8\" | .ipam.ranges = [[{subnet: \"10.9.0.0/24\"}]]"
	change q1 portmap ".name = \"$long.b\" | .runtimeConfig.portMappings[].hostPort += 100"
	export CNI_CONTAINERID=$(printf '%064d' 5) CNI_IFNAME='we"ird$name'
	attach p1 q1
	recheck p1 q1
	on_host nft list ruleset >"$T/ruleset"
	{ echo flush ruleset && cat "$T/ruleset"; } | on_host nft -f -
	recheck p1 q1
	detach p1
	recheck q1
	[ "$(elements | cut -f1 | grep -vc '^n*[^/]*$')" -gt 0 ]
	detach q1
	[ "$(elements | cut -f1 | grep -c /)" = 0 ]
}

@test "portmap speaks the older versions" {
	local version

	prepare
	for version in 0.3.0 0.3.1 0.4.0 1.0.0; do
		change p3 bridge ".cniVersion = \"$version\""
		change p3 portmap ".cniVersion = \"$version\""
		attach p3
		like "$(cat "$T/p3.result")" ".cniVersion == \"$version\" and (.ips | length) == 2 and
			(.interfaces | length) == 3"
		reach out eth0:8083 'p3 as out'
		detach p3
	done
}
