#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The backend of iptables by itself: what a claim looks like there, and whose it is. What traffic
# meets is in traffic.bats. Everything is tried with iptables-nft and with iptables-legacy.

load lib
load traffic/world

# with VARIANT: a fresh host, whose iptables is of that variant. Which programs run is noted.
with() {
	local program script='#!/bin/sh\necho "$0" >>"%s"\nexec "%s" "$@"\n'

	variant=$1
	unhide
	ip netns delete host
	ip netns add host
	on_host ip link set lo up
	rm -rf "$T/bin" /run/podwire
	mkdir "$T/bin"
	for program in ip{,6}tables{,-restore,-save}; do
		printf "$script" "$T/ran" "$(PATH=$path command -v "${program/tables/tables-$1}")" \
			>"$T/bin/$program"
		chmod +x "$T/bin/$program"
	done
	PATH=$T/bin:$path
}

setup_file() { export path=$PATH; }

# claim VERB OWNER SORT KEY=VALUE...
claim() { on_host "$BIN/../tests/tool/claim" "$@"; }

masquerade='masquerade ip=10.1.0.5/24 ip=fd00::5/64 except=10.99.0.0/16 except=fd99::/16'
ports='hostport ip=10.1.0.5/24 ip=fd00::5/64 way=cni0 snat=1
	port=tcp:8080:80 port=udp:53:5353 port=sctp:9:9 port=tcp:81:80:192.168.50.1 port=tcp:82:80:fd50::1'

# Everything in iptables, without counters and dates.
rules() {
	on_host iptables-save >"$T/saved4"
	on_host ip6tables-save >"$T/saved6"
	grep -h -v '^#' "$T"/saved? | sed 's/ \[[0-9:]*\]//'
}

journal() { find /run/podwire -type f 2>/dev/null | sort; }

# refuses CODE PATTERN CLAIM...: it is an error of that code whose words match.
refuses() {
	local out status=0

	out=$(claim "${@:3}") || status=$?
	[ "$status" = 1 ] && tr '\n' ' ' <<<"$out" | grep -Eq -- "^$1 .*$2" || {
		echo "status $status: $out"
		return 1
	}
}

# unusable PATTERN CLAIM...: iptables cannot be used; the reason matches.
unusable() {
	local out status=0

	out=$(claim "${@:2}") || status=$?
	[ "$status" = 2 ] && grep -Eq -- "$1" <<<"$out" || {
		echo "status $status: $out"
		return 1
	}
}

# What it looks like

@test "a pod's rules are those of the golden file, each with its owner, in both variants alike" {
	for variant in nft legacy; do
		with "$variant"
		claim put net/c1/eth0 $masquerade
		claim put net/c1/eth0 $ports
		rules | diff "$BATS_TEST_DIRNAME/iptables/pod.rules" -
	done
}

@test "masqAll, a chain that marks, conditions: each has its golden text" {
	local name differ=0

	while read -r name claim; do
		claim text net/c1/eth0 $claim "cond4=${condition4:-}" >"$T/text"
		diff -u "$BATS_TEST_DIRNAME/iptables/$name.text" "$T/text" || differ=1
	done <<-END
		masq-all hostport ip=10.1.0.5/24 ip=fd00::5/64 port=tcp:80:80 masqall=1 way=cni0 snat=1
		mark hostport ip=10.1.0.5/24 ip=fd00::5/64 port=tcp:80:80 mark=KUBE-MARK-MASQ way=cni0 snat=1
		mark-all hostport ip=10.1.0.5/24 port=tcp:80:80 mark=KUBE-MARK-MASQ masqall=1 snat=1
		no-snat hostport ip=10.1.0.5/24 ip=fd00::5/64 port=tcp:80:80 way=cni0
		two-addresses masquerade ip=10.1.0.5/24 ip=10.2.0.5/16
	END
	claim text net/c1/eth0 hostport ip=10.1.0.5/24 port=tcp:80:80 port=tcp:81:80:10.0.0.1 \
		"cond4=! -s 10.9.0.0/16 -m mark --mark 1" | diff -u "$BATS_TEST_DIRNAME/iptables/conditions.text" -
	[ "$differ" = 0 ]
}

@test "the packets to be marked go to the chain that was asked for; it must be there" {
	for variant in nft legacy; do
		with "$variant"
		refuses 7 'hostport of c1.*KUBE-MARK-MASQ' put net/c1/eth0 hostport ip=10.1.0.5/24 \
			port=tcp:80:80 snat=1 mark=KUBE-MARK-MASQ
		[ "$(rules | grep -c PW-)" = 0 ]
		[ "$(journal)" = "" ]
		on_host iptables -t nat -N KUBE-MARK-MASQ
		claim put net/c1/eth0 hostport ip=10.1.0.5/24 port=tcp:80:80 snat=1 mark=KUBE-MARK-MASQ
		rules | grep -- '-A PW-tcp-80 -s 10.1.0.0/24 -j KUBE-MARK-MASQ'
		claim remove net/c1/eth0 hostport
		on_host iptables -t nat -X KUBE-MARK-MASQ
	done
}

@test "a condition that iptables does not understand is an error that says so, and changes nothing" {
	for variant in nft legacy; do
		with "$variant"
		refuses 7 'iptables.*hostport of c1.*nonsense' put net/c1/eth0 hostport \
			ip=10.1.0.5/24 port=tcp:80:80 'cond4=--nonsense 1'
		refuses 7 'no part of an iptables rule' put net/c1/eth0 hostport ip=10.1.0.5/24 \
			port=tcp:80:80 "cond4=-m mark --mark 1"$'\n'"-F"
		[ "$(rules | grep -c PW-)" = 0 ]
		[ "$(journal)" = "" ]
	done
}

# Who has what

@test "a port that another pod has is error 101, which names it; nothing is changed" {
	for variant in nft legacy; do
		with "$variant"
		claim put net/c1/eth0 $ports
		claim put net/c2/eth0 masquerade ip=10.1.0.6/24
		rules >"$T/before"
		for port in tcp:8080:1 udp:53:1 sctp:9:1 tcp:81:1:192.168.50.1 tcp:82:1:fd50::1; do
			refuses 101 'host port [0-9]+/[a-z]+ is taken by net/c1/eth0' put net/c2/eth0 \
				hostport ip=10.1.0.6/24 ip=fd00::6/64 port=tcp:7:7 port=$port snat=1 way=cni0
			rules | diff "$T/before" -
		done
	done
}

@test "a container on two networks: the first serves its host ports, also after a flush" {
	local both='port=tcp:8080:80 port=udp:53:53 port=tcp:82:80:192.168.50.1' more='port=tcp:81:80'

	for variant in nft legacy; do
		with "$variant"
		claim put net/c1/eth0 hostport ip=10.1.0.5/24 $both
		claim put more/c1/eth1 hostport ip=10.9.0.5/24 $both $more
		claim check more/c1/eth1 hostport ip=10.9.0.5/24 $both $more
		rules | grep 'to-destination' | sort >"$T/served"
		[ "$(grep -c 10.1.0.5 "$T/served")" = 3 ] && [ "$(grep -c 10.9.0.5 "$T/served")" = 1 ]
		on_host iptables -t nat -D PW-tcp-81 1
		refuses 103 'to-destination 10.9.0.5:80.* is missing' check more/c1/eth1 hostport \
			ip=10.9.0.5/24 $both $more
		on_host iptables -t nat -F
		on_host iptables -t nat -X
		claim check more/c1/eth1 hostport ip=10.9.0.5/24 $both $more
		rules | grep 'to-destination' | sort | diff "$T/served" -
		refuses 101 'more/c1/eth1' put net/c2/eth0 hostport ip=10.1.0.6/24 $more
		claim remove more/c1/eth1 hostport
		claim check net/c1/eth0 hostport ip=10.1.0.5/24 $both
		claim remove net/c1/eth0 hostport
		rules | not grep PW-
	done
}

@test "one port is another of each protocol, address and condition; what is special goes first" {
	for variant in nft legacy; do
		with "$variant"
		claim put net/c1/eth0 hostport ip=10.1.0.5/24 ip=fd00::5/64 port=tcp:80:80 port=udp:80:80
		claim put net/c2/eth0 hostport ip=10.1.0.6/24 ip=fd00::6/64 port=tcp:80:80:10.0.0.1 \
			port=tcp:80:80:fd50::1
		claim put net/c3/eth0 hostport ip=10.1.0.7/24 port=tcp:80:80:10.0.0.2
		claim put net/c4/eth0 hostport ip=10.1.0.8/24 port=tcp:80:80 'cond4=-s 10.9.0.0/16'
		refuses 101 net/c4/eth0 put net/c5/eth0 hostport ip=10.1.0.9/24 port=tcp:80:80 \
			'cond4=-s 10.9.0.0/16'
		on_host iptables-save -t nat | grep -o 'comment "net/c[0-9]/eth0" -j PW-tcp.*' |
			cut -d/ -f2 | diff - <(printf 'c%s\n' 4 3 2 1)
		claim restore net/c1/eth0 hostport
		on_host iptables-save -t nat | grep -o 'comment "net/c[0-9]/eth0" -j PW-tcp.*' |
			tail -1 | grep net/c1/
		claim remove net/c1/eth0 hostport
		claim put net/c5/eth0 hostport ip=10.1.0.9/24 port=tcp:80:80
	done
}

@test "of twenty pods that want one port at once one has it" {
	for variant in nft legacy; do
		with "$variant"
		for i in {1..20}; do
			claim put net/c$i/eth0 hostport ip=10.1.0.$i/24 ip=fd00::$i/64 port=tcp:8080:80 \
				snat=1 >"$T/put.$i" &
		done
		wait
		[ "$(cat "$T"/put.* | grep -c '^101 .*8080/tcp is taken by net/c')" = 19 ]
		[ "$(rules | grep -c -- '-A PODWIRE-HOSTPORT')" = 2 ]
		[ "$(rules | grep -c -- '-A PW-tcp-8080')" = 2 ]
		[ "$(journal | wc -l)" = 1 ]
		rm "$T"/put.*
	done
}

@test "an ADD again replaces what the first one made" {
	for variant in nft legacy; do
		with "$variant"
		claim put net/c1/eth0 hostport ip=10.1.0.6/24 port=tcp:80:81
		rules >"$T/wanted"
		claim remove net/c1/eth0 hostport
		claim put net/c1/eth0 $ports
		claim put net/c1/eth0 hostport ip=10.1.0.6/24 port=tcp:80:81
		rules | sed '/^\*raw/,/^COMMIT/d' | diff <(sed '/^\*raw/,/^COMMIT/d' "$T/wanted") - |
			not grep -- '-A PW-'
		rm -rf /run/podwire
		claim put net/c1/eth0 hostport ip=10.1.0.6/24 port=tcp:80:82
		[ "$(rules | grep -c -- '--to-destination')" = 1 ]
		rules | grep -- '--to-destination 10.1.0.6:82'
	done
}

# DEL, GC

@test "DEL knows no port and no address; it removes all of the owner's, and nothing else" {
	for variant in nft legacy; do
		with "$variant"
		claim put net/c2/eth0 hostport ip=10.1.0.6/24 ip=fd00::6/64 port=tcp:80:80 snat=1
		claim put net/c2/eth0 masquerade ip=10.1.0.6/24 ip=fd00::6/64
		claim put other/c1/eth0 masquerade ip=10.2.0.5/24 ip=fd02::5/64
		claim put net/c1/eth1 masquerade ip=10.1.0.9/24
		claim put net/c1/eth0 $ports
		claim remove net/c1/eth0 hostport
		{ rules; journal; } >"$T/before"
		claim put net/c1/eth0 $ports
		claim put net/c1/eth0 $masquerade
		claim remove net/c1/eth0 masquerade
		claim remove net/c1/eth0 hostport
		{ rules; journal; } | diff "$T/before" -
		claim remove net/c1/eth0 hostport
		claim remove net/c1/eth0 maccheck
		{ rules; journal; } | diff "$T/before" -
	done
}

@test "DEL finds what is in the kernel, whatever became of the journal" {
	for variant in nft legacy; do
		with "$variant"
		claim put net/c1/eth0 $ports
		rm -rf /run/podwire
		claim remove net/c1/eth0 hostport
		[ "$(rules | grep -c PW-)" = 0 ]
	done
}

@test "names of owners may be long and odd" {
	local long=$(printf 'n%.0s' {1..60}) id=$(printf '%064d' 7)

	for variant in nft legacy; do
		with "$variant"
		for owner in "$long/$id/eth0" "$long/$id/a'b" "$long/$id/a\"b" "$long/$id/a\\" 'net/c/-j'; do
			claim put "$owner" hostport ip=10.1.0.5/24 port=tcp:80:80 snat=1
			claim put "$owner" masquerade ip=10.1.0.5/24
			claim check "$owner" hostport ip=10.1.0.5/24 port=tcp:80:80 snat=1
			refuses 101 'is taken by' put net/other/eth0 hostport ip=10.1.0.6/24 port=tcp:80:80
			claim remove "$owner" masquerade
			claim remove "$owner" hostport
			[ "$(rules | grep -c PW-)" = 0 ]
		done
		[ "$(journal)" = "" ]
	done
}

@test "GC removes exactly what belongs to no valid attachment of the network" {
	for variant in nft legacy; do
		with "$variant"
		for owner in net/c1/eth0 net/c2/eth0 net/c2/eth1 ne/c1/eth0 net2/c1/eth0; do
			claim put $owner masquerade ip=10.1.0.5/24 ip=fd00::5/64
			claim put $owner hostport ip=10.1.0.5/24 port=udp:$((n += 1)):80 snat=1
		done
		claim sweep net masquerade valid=c2/eth0
		claim sweep net hostport valid=c2/eth0 valid=c1/eth1
		rules | grep -o 'comment "[^"]*/[^"]*"' | sort -u | diff - <(
			printf 'comment "%s"\n' ne/c1/eth0 net/c2/eth0 net2/c1/eth0)
		[ "$(journal | wc -l)" = 6 ]
		[ "$(rules | grep -c -- '-j MASQUERADE')" = $((2 * 3 + 3 * 3)) ]
	done
}

# CHECK

@test "CHECK is content with what ADD made, and notices each rule that is missing" {
	local rule table program n=0

	for variant in nft legacy; do
		with "$variant"
		claim put net/c1/eth0 $ports
		claim put net/c1/eth0 $masquerade
		for program in iptables ip6tables; do
			on_host "$program-save" >"$T/all"
			while read -r table rule; do
				claim check net/c1/eth0 $ports
				claim check net/c1/eth0 $masquerade
				printf '*%s\n-D %s\nCOMMIT\n' "$table" "$rule" |
					on_host "$program-restore" --noflush
				{ claim check net/c1/eth0 $ports && claim check net/c1/eth0 $masquerade; } >"$T/said" &&
					echo "not missed: $table $rule" && return 1
				cat "$T/said"
				grep -q "^103 $program rule \"${rule%% *} .*\" of table $table is missing" "$T/said"
				on_host "$program-restore" <"$T/all"
				n=$((n + 1))
			done < <(awk '/^\*/ { t = substr($0, 2) } sub(/^-A /, "") { print t, $0 }' "$T/all")
		done
	done
	[ "$n" = 94 ] || { echo "$n rules"; return 1; }
}

@test "CHECK notices that a port leads elsewhere" {
	for variant in nft legacy; do
		with "$variant"
		claim put net/c1/eth0 $ports
		on_host iptables -t nat -R PW-tcp-8080 1 -p tcp -j DNAT --to-destination 10.1.0.6:80
		refuses 103 'PW-tcp-8080 .*10.1.0.5:80.* is missing' check net/c1/eth0 $ports
		refuses 103 'is missing' check net/c2/eth0 hostport ip=10.1.0.5/24 port=tcp:1:1
	done
}

# Healing

# What a reload does: the table is flushed, its chains removed, or everything loaded anew.
flush() {
	local program

	for program in iptables ip6tables; do
		on_host "$program" -t nat -F
		[ "$1" = chains ] && on_host "$program" -t nat -X
		[ "$1" = chains ] && on_host "$program" -t raw -F
	done
	return 0
}

# In the order of a pod's chains there is no meaning.
sorted_rules() { rules | grep -e '^-A' -e ' -$' | sort; }

@test "after a flush everybody's is brought back by the next ADD, CHECK, or by restore" {
	local how what

	for variant in nft legacy; do
		for what in rules chains; do
			with "$variant"
			claim put net/c1/eth0 $ports
			claim put net/c1/eth0 $masquerade
			claim put net/c2/eth0 hostport ip=10.1.0.6/24 port=tcp:6:6 snat=1 way=cni1
			claim put net/c3/eth0 masquerade ip=10.1.0.7/24
			sorted_rules >"$T/before"
			for how in "put net/c3/eth0 masquerade ip=10.1.0.7/24" \
				"check net/c3/eth0 masquerade ip=10.1.0.7/24" \
				"check net/c1/eth0 $ports" "restore net/c1/eth0 masquerade"; do
				flush "$what"
				claim $how
				sorted_rules | diff "$T/before" -
			done
		done
	done
}

@test "restore changes nothing where nothing is missing, and does nothing without a journal" {
	for variant in nft legacy; do
		with "$variant"
		rules >"$T/none"
		claim restore net/c1/eth0 masquerade
		rules | diff "$T/none" -
		claim put net/c1/eth0 $ports
		claim put net/c2/eth0 $masquerade
		sorted_rules >"$T/before"
		for i in 1 2 3; do claim restore net/c1/eth0 masquerade; done
		sorted_rules | diff "$T/before" -
	done
}

@test "what can no longer be loaded is in nobody else's way" {
	for variant in nft legacy; do
		with "$variant"
		on_host iptables -t nat -N MARKS
		claim put net/c1/eth0 hostport ip=10.1.0.5/24 port=tcp:1:1 snat=1 mark=MARKS
		claim put net/c2/eth0 $ports
		claim put net/c3/eth0 $masquerade
		flush chains
		claim put net/c4/eth0 masquerade ip=10.1.0.8/24 2>"$T/stderr"
		grep 'cannot put back .*c1:eth0.hostport.iptables of network net' "$T/stderr"
		claim check net/c2/eth0 $ports
		claim check net/c3/eth0 $masquerade
		[ "$(rules | grep -c -- "-j PW-tcp-1\$")" = 0 ]
	done
}

@test "six workers under a storm of flushes: no failure, nothing left" {
	for variant in nft legacy; do
		with "$variant"
		while sleep 0.05; do { flush chains || true; } 2>/dev/null; done 2>/dev/null 3>&- &
		storm=$!
		for worker in {1..6}; do
			for i in {1..6}; do
				claim put net/c$worker/eth0 hostport ip=10.1.0.$worker/24 port=tcp:$worker:80 snat=1
				claim put net/c$worker/eth0 masquerade ip=10.1.0.$worker/24
				claim remove net/c$worker/eth0 masquerade
				claim remove net/c$worker/eth0 hostport
			done >"$T/worker.$worker" 2>>"$T/warnings" 3>&- &
			workers[worker]=$!
		done
		status=0
		for worker in {1..6}; do wait "${workers[worker]}" || status=$?; done
		kill "$storm"
		wait "$storm" || true
		cat "$T"/worker.*
		[ "$status" = 0 ]
		[ "$(cat "$T"/worker.* | wc -l)" = 0 ]
		[ "$(rules | grep -c PW-)" = 0 ]
		[ "$(journal)" = "" ]
	done
}

# Beside others

@test "rules of others stay as they are, through ADD, healing and DEL" {
	for variant in nft legacy; do
		with "$variant"
		on_host iptables-restore <<-END
			*nat
			:KUBE-SERVICES - [0:0]
			:PW-nobodys - [0:0]
			-A PREROUTING -m comment --comment "kubernetes \"service\" -j PW-tcp-80" -j KUBE-SERVICES
			-A POSTROUTING -s 10.1.0.0/16 -m comment --comment "net/c1/eth0" -j MASQUERADE
			-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m tcp --dport 443 -j DNAT --to-destination 10.1.0.9:6443
			-A PW-nobodys -m comment --comment "net/c1/eth0" -j RETURN
			COMMIT
			*raw
			-A PREROUTING -i eth7 -j DROP
			COMMIT
		END
		rules >"$T/before"
		claim put net/c1/eth0 $ports
		claim put net/c1/eth0 $masquerade
		claim restore net/c1/eth0 masquerade
		claim remove net/c1/eth0 hostport
		claim remove net/c1/eth0 masquerade
		rules | grep -v -e PODWIRE -e 'podwire guard' | sed '/^\*/,/^COMMIT/!d' >"$T/after"
		diff <(grep -F -x -f "$T/before" "$T/after") "$T/after" | not grep -- '[<>] -A'
		diff <(grep -- '^-A' "$T/before") <(grep -- '^-A' "$T/after")
	done
}

# Without iptables, without need of it

@test "without iptables it cannot be used, and says why; DEL is content where nothing is" {
	with nft
	hide iptables-nft iptables-legacy
	rm "$T/bin"/*
	unusable 'no program iptables-restore' put net/c1/eth0 $ports
	unusable 'no program iptables-restore' ready net/c1/eth0 $ports
	claim remove net/c1/eth0 hostport
	claim sweep net hostport
	[ "$(journal)" = "" ]
	with nft
	claim put net/c1/eth0 $ports
	rm "$T/bin"/*
	hide iptables-nft iptables-legacy
	refuses 103 'no program iptables-restore' check net/c1/eth0 $ports
	refuses 999 'net/c1/eth0.*iptables-save' remove net/c1/eth0 hostport
	unhide
}

@test "where the kernel has no NAT it cannot be used, and says why" {
	with nft
	for program in ip{,6}tables-{restore,save}; do
		rm "$T/bin/$program"
		printf '#!/bin/sh\necho "%s: no such table" >&2\nexit 3\n' "$program" >"$T/bin/$program"
		chmod +x "$T/bin/$program"
	done
	unusable 'iptables-restore: .*no such table' put net/c1/eth0 $ports
	unusable 'iptables-restore: .*no such table' ready net/c1/eth0 $ports
	[ "$(journal)" = "" ]
}

@test "ready says nothing where it can be used, and changes nothing" {
	for variant in nft legacy; do
		with "$variant"
		claim ready net/c1/eth0 $ports
		[ "$(rules | grep -c -- -A)" = 0 ]
	done
}

@test "iptables cannot check MAC addresses, and says so" {
	with nft
	unusable 'MAC' put net/c1/eth0 maccheck
	unusable 'MAC' ready net/c1/eth0 maccheck
	refuses 103 'MAC' check net/c1/eth0 maccheck
	claim remove net/c1/eth0 maccheck
	claim sweep net maccheck
}

# programs_of CLAIM...: how many programs it ran.
programs_of() {
	rm -f "$T/ran"
	claim "$@" || return
	cat "$T/ran" 2>/dev/null | wc -l
}

@test "DEL and GC run no program for what is not in iptables, even where others' is" {
	for variant in nft legacy; do
		with "$variant"
		[ "$(programs_of remove net/c9/eth0 hostport)" = 0 ]
		[ "$(programs_of sweep net masquerade)" = 0 ]
		[ "$(programs_of reference net/c9/eth0 masquerade)" = 0 ]
		claim put net/c1/eth0 $ports
		claim put net/c1/eth0 $masquerade
		for sort in masquerade hostport maccheck; do
			[ "$(programs_of remove net/c9/eth0 $sort)" = 0 ]
			[ "$(programs_of sweep net9 $sort)" = 0 ]
			[ "$(programs_of reference net/c9/eth0 $sort)" = 0 ]
			[ "$(programs_of reference-sweep net9 $sort)" = 0 ]
		done
	done
}

@test "an ADD runs one program for each family, and so does a DEL" {
	for variant in nft legacy; do
		with "$variant"
		claim put net/c1/eth0 $ports
		[ "$(programs_of put net/c2/eth0 masquerade ip=10.1.0.6/24 ip=fd00::6/64)" = 2 ]
		[ "$(programs_of put net/c2/eth0 hostport ip=10.1.0.6/24 ip=fd00::6/64 port=tcp:7:7)" = 2 ]
		[ "$(programs_of put net/c3/eth0 masquerade ip=10.1.0.7/24)" = 1 ]
		[ "$(programs_of remove net/c2/eth0 hostport)" = 2 ]
		[ "$(programs_of remove net/c3/eth0 masquerade)" = 1 ]
		[ "$(programs_of check net/c1/eth0 $ports)" = 2 ]
	done
}

# The reference's leftovers

# reference VERB POD: its bridge, with masquerade and MAC check, and its portmap.
reference() {
	local port=80${2#c} PATH=$PATH

	conf='{"cniVersion": "1.0.0", "name": "net", "type": "bridge", "bridge": "cni0",
		"isGateway": true, "ipMasq": true, "macspoofchk": true,
		"ipam": {"type": "host-local", "ranges": [[{"subnet": "10.1.0.0/24"}], [{"subnet": "fd00::/64"}]]}}'
	CNI_DIR=$REFERENCE CNI_PATH=$REFERENCE cni "$1" "$2" >"$T/$2.result"
	conf=$(jq -n --slurpfile prev "$T/$2.result" --argjson port "$port" '{cniVersion: "1.0.0",
		name: "net", type: "portmap", snat: true, prevResult: $prev[0],
		runtimeConfig: {portMappings: [{hostPort: $port, containerPort: 80, protocol: "tcp"},
			{hostPort: $port, containerPort: 53, protocol: "udp"}]}}')
	CNI_DIR=$REFERENCE CNI_PATH=$REFERENCE cni "$1" "$2" >/dev/null
}

everything() {
	rules
	on_host nft list table bridge nat
}

@test "DEL removes what the reference's bridge and portmap left of the pod, and nothing else" {
	for variant in nft legacy; do
		with "$variant"
		rm -rf /var/lib/cni
		pod "c1$variant" "c2$variant" 2>/dev/null
		ln -sfn "c1$variant" /run/netns/c1
		ln -sfn "c2$variant" /run/netns/c2
		reference ADD c1
		everything | sed 's/veth[0-9a-f]*/veth/' >"$T/before"
		reference ADD c2
		for sort in masquerade hostport maccheck; do
			claim reference net/c2/eth1 maccheck
			[ $sort = maccheck ] || claim reference net2/c2/eth0 $sort
			claim reference net/c/eth0 $sort
		done
		[ "$(everything | grep -cw c2)" = 16 ]
		for i in 1 2; do
			for sort in masquerade hostport maccheck; do claim reference net/c2/eth0 $sort; done
			everything | sed 's/veth[0-9a-f]*/veth/' | diff "$T/before" -
		done
		rm /run/netns/c1 /run/netns/c2
	done
}

@test "GC removes what the reference left of pods that are gone" {
	for variant in nft legacy; do
		with "$variant"
		rm -rf /var/lib/cni
		pod "c1$variant" "c2$variant"
		ln -sfn "c1$variant" /run/netns/c1
		ln -sfn "c2$variant" /run/netns/c2
		reference ADD c1
		rules >"$T/before"
		reference ADD c2
		for sort in masquerade hostport; do claim reference-sweep net $sort valid=c1/eth0; done
		rules | diff "$T/before" -
		for sort in masquerade hostport; do claim reference-sweep ne $sort; done
		rules | diff "$T/before" -
		rm /run/netns/c1 /run/netns/c2
	done
}

# As the reference of 1.6 and later writes it, which Debian does not have yet.
newer() {
	on_host nft -f - <<-END
		table inet cni_plugins_masquerade {
			chain masq_checks {
				ip saddr 10.1.0.5 ip daddr != 10.1.0.0/24 masquerade comment "$hash-287fc69eff0574a2, net: net, if: eth0, id: c1"
				ip6 saddr fd00::5 ip6 daddr != fd00::/64 masquerade comment "$hash-287fc69eff0574a2, net: net, if: eth0, id: c1"
				ip saddr 10.1.0.6 masquerade comment "$hash-d750b2c8f0f25d5f, net: net, if: eth0, id: c2"
				ip saddr 10.1.0.7 masquerade comment "$hash-d750b2c8f0f25d50, net: net, if: eth1, id: c1"
				ip saddr 10.1.0.8 masquerade comment "$(cut -c-128 <<<"$hash-d750b2c8f0f25d51, net: podnet, if: eth0, id: $id")"
				ip saddr 10.1.0.9 masquerade comment "$(cut -c-128 <<<"$hash-d750b2c8f0f25d52, net: podnet, if: eth0, id: ${id/7/8}")"
				ip saddr 10.1.0.10 masquerade comment "$(cut -c-128 <<<"$hash-d750b2c8f0f25d52, net: $long, if: eth0, id: c1")"
			}
			chain postrouting {
				type nat hook postrouting priority srcnat
				ip daddr 224.0.0.0/4 return
				goto masq_checks
			}
		}
		table ip cni_hostport {
			chain hostports {
				tcp dport 80 dnat to 10.1.0.5:80 comment "c1"
				tcp dport 81 dnat to 10.1.0.6:80 comment "c2"
			}
			chain hostip_hostports { ip daddr 10.0.0.1 udp dport 80 dnat to 10.1.0.5:80 comment "c1"; }
			chain masquerading {
				type nat hook postrouting priority srcnat
				ip saddr 10.1.0.5 ip daddr 10.1.0.5 masquerade comment "c1"
			}
		}
		table ip6 cni_hostport {
			chain hostports { tcp dport 80 dnat to [fd00::5]:80 comment "c1"; }
		}
	END
}

@test "the newer reference's nftables rules: those of the pod go, all others stay" {
	local hash=6fd94d501e58f0aa id=$(printf '7%063d' 1) long=$(printf 'n%.0s' {1..90})

	newer
	claim reference net/c1/eth0 masquerade
	on_host nft list ruleset | grep -o 'comment .*' >"$T/left"
	[ "$(grep -c 'id: c1"' "$T/left")" = 1 ]
	[ "$(grep -c 'net: ' "$T/left")" = 5 ]
	claim reference podnet/$id/eth0 masquerade
	[ "$(on_host nft list ruleset | grep -c 'net: ')" = 4 ]
	on_host nft list ruleset | grep -q "id: 80*"
	claim reference $long/c1/eth0 masquerade # may be another's: nobody can tell
	[ "$(on_host nft list ruleset | grep -c 'net: ')" = 4 ]
	claim reference net/c1/eth0 hostport
	on_host nft list ruleset | grep dnat | diff - <(printf '\t\ttcp dport 81 dnat to 10.1.0.6:80 comment "c2"\n')
	[ "$(on_host nft list ruleset | grep -c 'masquerade comment')" = 4 ]
}

@test "GC of the newer reference's nftables rules" {
	local hash=6fd94d501e58f0aa id=$(printf '7%063d' 1) long=$(printf 'n%.0s' {1..90})

	newer
	on_host nft list ruleset >"$T/before"
	claim reference-sweep net masquerade valid=c1/eth0 valid=c2/eth0 valid=c1/eth1
	claim reference-sweep net hostport
	claim reference-sweep ne masquerade
	claim reference-sweep podnet masquerade valid=$id/eth0 valid=${id/7/8}/eth0
	claim reference-sweep $long masquerade valid=c1/eth0
	on_host nft list ruleset | diff "$T/before" -
	claim reference-sweep net masquerade valid=c2/eth0 valid=c1/eth2
	[ "$(on_host nft list ruleset | grep -c 'net: net,')" = 1 ]
	claim reference-sweep podnet masquerade valid=$id/eth0
	[ "$(on_host nft list ruleset | grep -c 'net: podnet,')" = 1 ]
}

# Flows

@test "flows to the pod that had the host port are forgotten at DEL" {
	for variant in nft legacy; do
		with "$variant"
		on_host ip -batch - <<-END
			link add cni0 type bridge
			link set cni0 up
			addr add 10.1.0.1/24 dev cni0
			neigh add 10.1.0.5 lladdr 02:00:00:00:00:05 dev cni0
		END
		on_host sysctl -qw net.ipv4.conf.cni0.route_localnet=1
		claim put net/c1/eth0 hostport ip=10.1.0.5/24 port=udp:53:5353 port=udp:54:54:127.0.0.1 snat=1 way=cni0
		for port in 53 54 55; do on_host bash -c "echo >/dev/udp/127.0.0.1/$port" || true; done
		on_host grep -c 'src=10.1.0.5' /proc/net/nf_conntrack | grep -x 2
		claim remove net/c1/eth0 hostport
		on_host grep -c 'src=10.1.0.5' /proc/net/nf_conntrack | grep -x 0
		on_host grep 'dport=55' /proc/net/nf_conntrack
	done
}
