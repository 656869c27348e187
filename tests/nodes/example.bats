#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# examples/cluster holds what it tells.

load lib

cluster_example() {
	PLUGINS=${PLUGINS-$BIN} timeout -k 1 100 "$BATS_TEST_DIRNAME/../../examples/cluster" >"$T/out" 2>&1 3>&- || {
		tail -n 20 "$T/out"
		return 1
	}
}

@test "the example of a cluster ends well" {
	cluster_example
	tail -n 2 "$T/out" | grep -q 'All of it held: 34 things'
}

@test "the example of a cluster fails when node-routes does nothing" {
	mkdir "$T/bad"
	ln -s "$BIN"/{bridge,host-local} "$T/bad"
	printf '#!/bin/sh\ncat\n' >"$T/bad/node-routes"
	chmod +x "$T/bad/node-routes"
	PLUGINS=$T/bad not cluster_example
}
