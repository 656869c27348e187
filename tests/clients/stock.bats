#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The lists that runtimes and distributions come with (stock/): which of them run with our plugins
# alone. The table in the README is what is found here.

load ../lib

STOCK=$BATS_TEST_DIRNAME/stock

# The plugins of a list, in order, its IPAM plugins among them.
plugins_of() { jq -r '.plugins[] | .type, (.ipam.type // empty)' "$1"; }

missing_of() {
	local plugin

	for plugin in $(plugins_of "$1"); do
		[ -x "$BIN/$plugin" ] || echo "$plugin"
	done
}

# A row of the README's table, by what is there and what is not.
row() {
	local name missing

	name=$(basename "$1" .conflist)
	missing=$(missing_of "$1" | sed 's/.*/`&`/' | paste -sd, | sed 's/,/, /g')
	echo "| $name | $(plugins_of "$1" | sed 's/.*/`&`/' | paste -sd' ') | ${missing:-nothing: it runs} |"
}

# The life of a pod on a list's network, as far as we have its plugins.
lives() {
	local runner=$BATS_TEST_DIRNAME/../../examples/cni

	pod p1
	export CNI_PATH=$BIN CNI_CACHE_DIR=$T/cache CAP_ARGS='{"portMappings": [
		{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]}'
	on_host "$runner" add "$1" p1 | jq -e '.ips | length > 0' || return
	in_pod p1 ping -c 1 -W 5 "$(in_pod p1 ip -j route | jq -r 'map(.gateway // empty)[0]')" || return
	[ "$(jq -r .cniVersion "$1")" = 0.3.1 ] || on_host "$runner" check "$1" p1 || return
	on_host "$runner" del "$1" p1 || return
	[ -z "$(on_host ip -br link show type veth)" ]
}

@test "lists that need nothing else run" {
	local list ran=0

	for list in "$STOCK"/*.conflist; do
		[ -z "$(missing_of "$list")" ] || continue
		echo "$list"
		lives "$list"
		ran=$((ran + 1))
		teardown
		setup
	done
	[ "$ran" -gt 0 ]
}

@test "without the plugins that are missing, what is ours in the other lists runs" {
	local list ran=0

	for list in "$STOCK"/*.conflist; do
		[ -n "$(missing_of "$list")" ] && [ "$(jq -r '.plugins[0].type' "$list")" = bridge ] || continue
		echo "$list"
		jq --arg missing "$(missing_of "$list")" '.plugins |= map(select(.type as $type |
			$missing / "\n" | index($type) | not))' "$list" >"$T/$(basename "$list")"
		lives "$T/$(basename "$list")"
		ran=$((ran + 1))
		teardown
		setup
	done
	[ "$ran" -gt 0 ]
}

@test "the README's table says what is so" {
	local list

	for list in "$STOCK"/*.conflist; do
		row "$list"
	done >"$T/rows"
	diff "$T/rows" <(sed -n '/^| list |/,/^$/p' "$BATS_TEST_DIRNAME/../../README.md" |
		grep '^|' | tail -n +3)
}
