#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What holds when an ADD fails. The developer's build lets PODWIRE_FAULT order the failure of the
# n-th want, of the n-th netlink request that changes anything, and of the n-th report.

load lib

all_kinds='.isDefaultGateway = true | .hairpinMode = true | .mtu = 1400 | .enabledad = true |
	.ipMasq = true | .macspoofchk = true |
	.ipam.ranges = [[{subnet: "10.1.0.0/24"}], [{subnet: "fd00:1::/64"}]] |
	.ipam.routes = [{dst: "10.0.0.0/8"}, {dst: "fd00::/16"}]'

# The round robin goes on behind the address that was given last, whatever became of it.
lasting_state() { state | grep -v last_reserved; }

container_state() {
	in_pod "$1" ip -j link | jq -S 'map({ifname, flags, mtu})'
	in_pod "$1" ip -j addr | jq -S 'map(.addr_info)'
}

# Fails ADD at each point of one sort in turn, until it goes through.
fail_at_each() {
	local sort=$1 pod=$2 filter=$3 n

	lasting_state >"$T/before"
	container_state "$pod" >"$T/container"
	for ((n = 1; n < 100; n++)); do
		if PODWIRE_FAULT=$sort:$n cni ADD "$pod" "$filter" >"$T/out" 2>"$T/err"; then
			break
		fi
		echo "$sort:$n" && cat "$T/out" "$T/err"
		jq -e '.code == 999 and (.msg | length) > 10' "$T/out"
		[ ! -s "$T/err" ]
		lasting_state | diff "$T/before" -
		container_state "$pod" | diff "$T/container" -
	done
	[ "$n" -gt "$4" ] && [ "$n" -lt 100 ]
	del "$pod" "$filter"
}

@test "an ADD that fails at any want of the plan leaves a fresh host as it was" {
	pod p1
	fail_at_each want p1 "$all_kinds" 15
}

@test "an ADD that fails at any request to the kernel leaves a fresh host as it was" {
	pod p1
	fail_at_each talk p1 "$all_kinds" 8
}

@test "an ADD that fails while reporting leaves a fresh host as it was" {
	pod p1
	fail_at_each report p1 "$all_kinds" 5
}

@test "an ADD that fails beside running pods leaves them and what they share alone" {
	pod p1 p2
	add p1 "$all_kinds"
	fail_at_each want p2 "$all_kinds" 15
	fail_at_each talk p2 "$all_kinds" 5
	in_pod p1 ping -c1 -W1 10.1.0.1
	in_pod p1 ping -c1 -W1 fd00:1::1
	check p1 "$all_kinds"
}

@test "an ADD that fails puts back what it changed of a bridge made by other hands" {
	pod p1
	on_host ip link add cni0 type bridge
	on_host ip addr add 10.1.0.77/24 dev cni0
	on_host ip addr add fd00:9::1/64 dev cni0
	on_host ip addr add fd00:1::77/64 dev cni0
	fail_at_each want p1 "$all_kinds | .promiscMode = true | .hairpinMode = false |
		.forceAddress = true" 15
}

@test "an ADD that fails puts back what host settings it changed" {
	pod p1
	on_host ip link add up0 type bridge
	on_host ip link set up0 up
	on_host ip addr add fd00:99::2/64 dev up0 nodad
	on_host ip -6 route add default via fd00:99::1 dev up0 proto ra
	fail_at_each want p1 "$all_kinds" 15
	add p1 "$all_kinds"
	[ "$(on_host cat /proc/sys/net/ipv6/conf/up0/accept_ra)" = 2 ]
	on_host ip -6 route show default | grep -q 'via fd00:99::1 dev up0'
}

@test "an ADD that may not write to files is an error, and leaves nothing" {
	local answer

	pod p1
	lasting_state >"$T/before"
	answer=$(small_files) && return 1
	like "$answer" '.code >= 1 and (.msg | length) > 10'
	lasting_state | diff "$T/before" -
}

small_files() (
	ulimit -f 0
	cni ADD p1
)

@test "the fault is named: which thing, on what" {
	pod p1
	PODWIRE_FAULT=want:3 fails 999 'veth' cni ADD p1
	PODWIRE_FAULT=talk:1 fails 999 'create bridge cni0' cni ADD p1
}

@test "the delegate is run with DEL when anything after it fails, and when it fails itself" {
	pod p1
	mkdir "$T/bin"
	cat >"$T/bin/fake" <<-'END'
		#!/bin/sh
		echo "$CNI_COMMAND" >>"$LOG"
		[ "$CNI_COMMAND" = ADD ] || exit 0
		[ "$SAY_NO" ] && { echo '{"code": 123, "msg": "no", "details": "never"}'; exit 1; }
		echo '{"cniVersion": "1.0.0", "ips": [{"address": "10.1.0.9/24"}]}'
	END
	chmod +x "$T/bin/fake"
	export LOG=$T/log
	# The sixth want comes after the lease.
	PODWIRE_FAULT=want:6 CNI_PATH=$T/bin fails 999 'fault' cni ADD p1 '.ipam.type = "fake"'
	[ "$(tr '\n' ' ' <"$LOG")" = "ADD DEL " ]
	rm "$LOG"
	SAY_NO=1 CNI_PATH=$T/bin fails 123 'no \| never' cni ADD p1 '.ipam.type = "fake"'
	[ "$(tr '\n' ' ' <"$LOG")" = "ADD DEL " ]
}

@test "a release build knows no faults" {
	meson setup "$T/release" "$BATS_TEST_DIRNAME/.." -Dfaults=false >/dev/null
	ninja -C "$T/release" >/dev/null
	not grep -q PODWIRE_FAULT "$T/release/plugins/bridge"
	grep -q PODWIRE_FAULT "$BIN/bridge"
}
