#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Other hands reload the firewall, and everything of every pod is gone: the next that notices brings
# all of it back.

load lib
load traffic/world
load traffic/storm

# All rules and elements, without the numbers that change.
everything() {
	local table program

	{
		on_host nft list tables | sort | while read -r table; do
			on_host nft -s list "$table"
		done
		for program in iptables-legacy ip6tables-legacy; do
			on_host "$program-save" | grep -v '^#' | sed 's/ \[.*//'
		done
	} 2>/dev/null
}

# As Debian's nftables.service does it: a file that begins so, with rules of the administrator's.
nft_service() {
	on_host nft -f - <<-END
		flush ruleset
		table inet filter {
			chain input {
				type filter hook input priority filter; policy accept;
				tcp dport 25 drop
			}
			chain forward {
				type filter hook forward priority filter; policy accept;
			}
		}
	END
}

# Rules, chains, and what else other hands put there.
iptables_flush() {
	local program=iptables table

	for program in iptables ip6tables; do
		for table in nat raw; do
			on_host "$program" -t "$table" -F
			on_host "$program" -t "$table" -X
		done
	done
}

by_add() { attach q1; }

by_check() { recheck p5; }

by_bridge_check() { plugin CHECK bridge p1; }

# healed_by WHO AFTER WORD...: with the backend of the words.
healed_by() {
	prepare "${@:3}"
	change p1 bridge '.macspoofchk = true'
	copy p2 q1
	attach p1 p2 p3 p4 p5
	try_localhost
	everything >"$T/before"
	elements >"$T/elements"
	"$2"
	reach out eth0:8080 refused
	reach p1 out:80 'out as p1'
	"$1"
	diff <(grep -v /q1/ "$T/elements") <(elements | grep -v /q1/)
	recheck p1 p2 p3 p4 p5
	traffic "$TRAFFIC/table"
}

@test "after a flush the next ADD of anybody brings everything back" { healed_by by_add nft_flush nftables; }

@test "after a flush the next CHECK of anybody brings everything back" {
	healed_by by_check nft_flush nftables
	diff "$T/before" <(everything)
}

@test "after a flush bridge's CHECK brings everything back, host ports too" {
	healed_by by_bridge_check nft_flush nftables
	diff "$T/before" <(everything)
}

@test "after a flush portmap restore brings everything back" {
	healed_by by_hand nft_flush nftables
	diff "$T/before" <(everything)
}

@test "after a reload the administrator's rules stay as they were loaded" {
	healed_by by_add nft_service nftables
	[ "$(on_host nft list table inet filter | grep -c 'tcp dport 25 drop')" = 1 ]
}

@test "with iptables: after a flush the next ADD brings everything back" { healed_by by_add iptables_flush iptables; }

@test "with iptables: after a flush the next CHECK brings everything back" {
	healed_by by_check iptables_flush iptables
}

@test "with iptables: after a reload of nftables portmap restore brings everything back" {
	healed_by by_hand nft_service iptables
}

@test "with iptables-legacy: after a flush portmap restore brings everything back" {
	healed_by by_hand iptables_flush iptables legacy
}

@test "restore changes nothing where nothing is missing, as often as it is called" {
	prepare nftables
	attach p1 p3
	everything >"$T/before"
	by_hand
	by_hand
	diff "$T/before" <(everything)
}

@test "restore on a host without pods does nothing" {
	prepare
	by_hand
	[ -z "$(on_host nft list ruleset)" ]
}

@test "one table gone: the other one is left alone, and it comes back" {
	prepare nftables
	change p1 bridge '.macspoofchk = true'
	attach p1 p2 p4
	everything >"$T/before"
	on_host nft delete table bridge podwire
	recheck p1
	diff "$T/before" <(everything)
	on_host nft delete table inet podwire
	recheck p4
	diff "$T/before" <(everything)
}

@test "restore brings back single elements and rules, too" {
	prepare nftables
	attach p1 p3
	everything >"$T/before"
	on_host nft delete element inet podwire hostport4 '{ tcp . 8080 }'
	on_host nft flush map inet podwire masq4
	on_host nft flush chain inet podwire postrouting
	by_hand
	diff "$T/before" <(everything)
}

@test "iptables: restore brings back single rules, too" {
	prepare iptables
	attach p1 p3
	on_host iptables -t nat -F POSTROUTING
	on_host ip6tables -t nat -F PREROUTING
	by_hand
	recheck p1 p3
	reach out eth0:8080 'p1 as out'
	reach p1 out:80 'out as eth0'
}

@test "host ports under a condition come back after a reload" {
	prepare nftables
	change p1 portmap '.conditionsV4 = ["ip", "saddr", "192.168.50.0/24"] |
		.conditionsV6 = ["ip6", "saddr", "fd50::/64"]'
	attach p1 p3
	everything | sort >"$T/before"
	nft_flush
	recheck p3
	diff "$T/before" <(everything | sort) # chains come in another order
	reach out eth0:8080 'p1 as out'
}

@test "what a pod was given back before the reload stays away, what it got later comes" {
	prepare nftables
	attach p1 p3
	detach p1
	nft_flush
	by_hand
	recheck p3
	reach out eth0:8083 'p3 as out'
	reach out eth0:8080 refused
	attach p1
	nft_flush
	by_hand
	reach out eth0:8080 'p1 as out'
}

@test "a garbled journal keeps nobody else from coming back" {
	local file

	prepare nftables
	attach p1 p3 p4
	for file in $(journal podnet/pods/p1); do
		echo 'add element inet podwire nonsense {' >"$file"
	done
	nft_flush
	by_hand || true
	reach out eth0:8083 'p3 as out'
	reach out eth0:8084 'p4 as cni0'
}

@test "a reload leaves the flows of pods alone" {
	prepare nftables
	attach p1
	reach out:5000 eth0:8080 'p1 as out' 'tcp: -'
	nft_flush
	by_hand
	reach out:5000 eth0:8080 'p1 as out' 'tcp: -'
}

# Many at once.

@test "six workers add and delete under a storm of flushes: no failure, nothing left" {
	prepare nftables
	six_workers 15 nft_flush
}

@test "six workers add and delete under a storm of flushes and restores" {
	prepare nftables
	six_workers 10 eval 'nft_flush; by_hand'
}

@test "iptables: six workers add and delete under a storm of restores" {
	prepare iptables
	six_workers 10 by_hand
}

@test "a ruleset saved and loaded again holds no host port for pods that are gone" {
	prepare nftables
	attach p1
	on_host nft list ruleset >"$T/saved"
	detach p1
	on_host nft flush ruleset
	on_host nft -f "$T/saved"
	change p2 portmap ".runtimeConfig = $(jq -c .runtimeConfig "$T/p1.portmap")"
	attach p2
	elements podnet/p2/eth0 | grep -q 'hostport4 tcp . 8080 : '
	change p4 portmap ".runtimeConfig = $(jq -c .runtimeConfig "$T/p1.portmap")"
	plugin ADD bridge p4 >"$T/p4.result"
	fails 101 'podnet/p2/eth0' plugin ADD portmap p4
}

@test "a link that is gone goes from the firewall with the next pod that goes" {
	prepare nftables
	attach p1
	on_host ip link add dead0 type veth peer name dead1
	on_host nft 'add element inet podwire links { "dead0" . "dead0" }'
	on_host ip link delete dead0
	detach p1
	not grep -q dead0 <(on_host nft list set inet podwire links)
}
