#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What takes minutes: tests/run tests/campaign/firewall.bats

load ../lib
load ../traffic/world
load ../traffic/storm

rules() {
	on_host nft -j list ruleset | jq -r '.nftables[].rule | objects | select(.table == "podwire") |
		"\(.family)|\(.chain)|\(.handle)|\(.comment // "")"'
}

# needed WORD...: the rules without which a case of the table is not as it says, into $T/needed; all
# rules into $T/rules.
needed() {
	local n family chain handle comment

	prepare nftables "$@"
	attach p1 p2 p3 p4 p5
	try_localhost
	traffic "$TRAFFIC/table"
	on_host nft list ruleset >"$T/ruleset"
	for ((n = 1; ; n++)); do
		IFS='|' read -r family chain handle comment < <(rules | sed -n "${n}p") || break
		on_host nft delete rule "$family" podwire "$chain" handle "$handle"
		echo "$family $chain: $comment" >>"$T/rules"
		traffic "$TRAFFIC/table" >"$T/out" || echo "$family $chain: $comment" >>"$T/needed"
		{ echo flush ruleset && cat "$T/ruleset"; } | on_host nft -f -
	done
}

@test "the table of traffic notices each rule that is missing, with or without the IP hooks" {
	needed
	mv "$T/needed" /run/needed
	teardown
	setup
	needed brnf
	[ "$(wc -l <"$T/rules")" -ge 20 ]
	diff <(sort -u /run/needed "$T/needed") <(sort -u "$T/rules")
}

@test "six workers, a hundred ADDs and DELs each, under a storm of flushes: no failure, nothing left" {
	prepare nftables
	six_workers 100 nft_flush
}

@test "iptables: six workers under a storm of flushes" {
	prepare iptables
	six_workers 20 nft_flush
}
