#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Whatever is done to the node list, after a sync the kernel has exactly what follows from it.
# EDITS=10000 SEED=7 tests/run tests/nodes/edits.bats: more of them, or others.

load lib

@test "after each of ${EDITS:-1000} random edits, breakages and damages the kernel is as it should be" {
	ip netns add router
	on router ip link add lan1 type bridge
	on router ip link set lan1 up
	make_node n1
	on n1 python3 "$BATS_TEST_DIRNAME/edits.py" "$BIN/node-routes" \
		"${EDITS:-1000}" "${SEED:-$RANDOM}"
}
