#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Many at once: what holds when a node starts all its pods together.

load lib

export_all() { export T BIN conf REFERENCE && export -f on_host cni configuration add check del like; }

# each NAME...: runs "$1 NAME" for every further argument, 16 at a time; all must succeed.
each() { printf '%s\n' "${@:2}" | xargs -P16 -I{} bash -c "$1 {}"; }

# Another process holds the host's lock together with others, and does not let go of it.
hold_lock() {
	flock -s /run/netns/host sleep 60 3>&- &
	holder=$!
	timeout 5 sh -c "until grep -q 'FLOCK .* $holder ' /proc/locks; do sleep 0.05; done"
}

let_go() {
	pkill -P "$holder"
	wait "$holder" || true
}

addresses() { jq -r '.ips[].address' "$T"/*.result; }

@test "two first pods at once, fifty times over: one bridge, one gateway address, two addresses" {
	local i

	conf=$(configuration '.ipam.ranges = [[{subnet: "10.1.0.0/24"}], [{subnet: "fd00:1::/64"}]]')
	export_all
	pod p1 p2
	for ((i = 0; i < 50; i++)); do
		each add p1 p2
		[ "$(on_host ip -br link show type bridge | wc -l)" = 1 ]
		[ "$(on_host ip -j addr show cni0 | jq '[.[0].addr_info[] | select(.scope == "global")] | length')" = 2 ]
		[ "$(addresses | sort -u | wc -l)" = 4 ]
		in_pod p1 ping -c1 -W1 "$(jq -r '.ips[0].address | split("/")[0]' "$T/p2.result")" >/dev/null
		each del p1 p2
		on_host ip link delete cni0
		on_host sysctl -qw net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0
	done
}

@test "of two first pods, the one that fails takes nothing from the one that lives" {
	local i

	export_all
	pod p1 p2
	for ((i = 1; i <= 10; i++)); do # so many wants has its plan
		PODWIRE_FAULT=want:$i cni ADD p1 >/dev/null &
		add p2
		not wait $!
		in_pod p2 ping -c1 -W1 10.1.0.1 >/dev/null
		check p2
		del p2
		on_host ip link delete cni0
		on_host sysctl -qw net.ipv4.ip_forward=0
	done
}

@test "200 pods, 16 at a time: no failure, no duplicate, nothing left" {
	local pods

	mapfile -t pods < <(printf 'pod-%d\n' $(seq 200))
	pod "${pods[@]}"
	export_all
	each add "${pods[@]}"
	[ "$(addresses | sort -u | wc -l)" = 200 ]
	each check "${pods[@]}"
	each del "${pods[@]}"
	[ "$(on_host ip -br link | awk '{print $1}' | sort | tr '\n' ' ')" = "cni0 lo " ]
	[ -z "$(find /var/lib/cni -name '10.*')" ]
}

@test "an ADD waits for another that makes what they share, and no longer than ten seconds" {
	local start holder

	pod p1
	hold_lock
	start=$SECONDS
	fails 11 "still held.*process $holder" cni ADD p1
	[ $((SECONDS - start)) -ge 9 ] && [ $((SECONDS - start)) -le 13 ]
	let_go
	add p1
}

@test "a runtime that ignores and blocks signals keeps it neither from its delegate nor from giving up" {
	local start holder CNI_DIR=$T/careless

	mkdir "$CNI_DIR"
	cat >"$CNI_DIR/bridge" <<-'END'
		#!/usr/bin/env python3
		import os, signal
		signal.signal(signal.SIGCHLD, signal.SIG_IGN)
		signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
		os.execv(os.environ["BIN"] + "/bridge", ["bridge"])
	END
	chmod +x "$CNI_DIR/bridge"
	pod p1
	hold_lock
	start=$SECONDS
	fails 11 "still held.*process $holder" cni ADD p1
	[ $((SECONDS - start)) -le 13 ]
	let_go
	add p1
}

@test "an ADD to a bridge that is complete waits for nobody" {
	local holder start

	pod p1 p2
	add p1
	hold_lock
	start=$SECONDS
	add p2
	[ $((SECONDS - start)) -le 2 ]
	let_go
}

@test "a bridge with 1023 ports is full: the error says so, STATUS too, and nothing is left" {
	pod p1
	on_host ip link add cni0 type bridge
	seq 1023 | sed 's/.*/link add port& master cni0 type veth peer name peer&/' | on_host ip -batch -
	fails 7 'bridge cni0 is full: 1023 ports' cni ADD p1
	[ -z "$(find /var/lib/cni -name '10.*' 2>/dev/null)" ]
	not in_pod p1 ip link show eth0
	fails 50 'cni0 is full' cni STATUS p1
	on_host ip link delete port7
	add p1
}
