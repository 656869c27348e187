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

# needs COMMAND...: it fails.
needed() {
	not traffic "$T/table" >"$T/out" || {
		echo "nobody needs $*"
		return 1
	}
	grep ' of ' "$T/out"
}

# Rules that the table of traffic does not meet are named with the reason.
each_rule_is_needed() {
	local n family chain handle comment

	prepare nftables "$@"
	attach p1 p2 p3 p4 p5
	try_localhost
	cp "$TRAFFIC/table" "$T/table"
	traffic "$T/table"
	on_host nft list ruleset >"$T/ruleset"
	for ((n = 1; ; n++)); do
		IFS='|' read -r family chain handle comment < <(rules | sed -n "${n}p") || break
		on_host nft delete rule "$family" podwire "$chain" handle "$handle"
		echo "without $family $chain: $comment"
		traffic "$T/table" | tail -n 3 || true
		{ echo flush ruleset && cat "$T/ruleset"; } | on_host nft -f -
	done
}

@test "six workers, a hundred ADDs and DELs each, under a storm of flushes: no failure, nothing left" {
	prepare nftables
	six_workers 100 nft_flush
}

@test "x rules" { each_rule_is_needed; false; }
@test "x rules brnf" { each_rule_is_needed brnf; false; }
