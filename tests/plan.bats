#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Plans as text: tests/plan/<what>.json is a configuration, <what>.plan what the dry run must say.
# A plugin is a pure function of what is known, so these need no root and touch nothing.

load lib

plan() {
	CNI_CONTAINERID=pod CNI_NETNS=/run/netns/p CNI_IFNAME=eth0 \
		"$BIN/$(jq -r .type "$1")" plan <"$1"
}

@test "each configuration has its plan" {
	local json differ=0 n=0

	for json in "$BATS_TEST_DIRNAME"/plan/*.json; do
		plan "$json" >"$T/plan"
		diff -u "${json%.json}.plan" "$T/plan" || differ=1
		n=$((n + 1))
	done
	[ "$differ" = 0 ] && [ "$n" -ge 19 ]
}

@test "a dry run changes nothing" {
	state >"$T/before"
	on_host "$BIN/bridge" plan <"$BATS_TEST_DIRNAME/plan/dual-stack-default-gateway.json"
	state | diff "$T/before" -
}

@test "a dry run needs no variables" {
	env -i "$BIN/bridge" plan <"$BATS_TEST_DIRNAME/plan/layer-2.json" | grep -q 'container eth0'
}

@test "a dry run of a bad configuration is the error that ADD would give" {
	fails 7 'hairpinMode and promiscMode' "$BIN/bridge" plan \
		<<<'{"name": "n", "type": "bridge", "hairpinMode": true, "promiscMode": true}'
}
