#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# host-local, called directly: which addresses it gives, in which order, and what it keeps on disk.

load lib

PLUGIN=host-local
store=/var/lib/cni/networks/net

eval "host_$(declare -f setup)" "small_$(declare -f teardown)"

setup() {
	host_setup
	conf='{"cniVersion": "1.1.0", "name": "net", "type": "bridge",
		"ipam": {"type": "host-local", "ranges": [[{"subnet": "10.1.0.0/24"}]]}}'
}

teardown() {
	umount "$T/disk" 2>/dev/null || true
	small_teardown
}

# Changes the configuration for the rest of the test.
with() { conf=$(configuration "$1"); }

# gets POD "ADDRESS..." [FILTER]: ADD succeeds and answers exactly these, set by set.
gets() {
	local got

	add "$1" "${3:-.}" || return
	got=$(jq -r '[(.ips // [])[].address] | join(" ")' "$T/$1.result")
	[ "$got" = "$2" ] || {
		echo "$1 got $got, not $2"
		return 1
	}
}

# Reserves by hand: hold ADDRESS CONTAINER [IFNAME]; without an interface it is the legacy form.
hold() {
	mkdir -p "$store"
	printf '%s' "$2${3+$'\r\n'$3}" >"$store/$1"
}

# What is reserved, as ADDRESS=CONTAINER:IFNAME.
reserved() {
	local file text

	for file in "${1:-$store}"/*; do
		case ${file##*/} in
		lock | last_reserved_ip.* | '*') continue ;;
		esac
		text=$(cat "$file")
		echo "${file##*/}=${text/$'\r\n'/:}"
	done | LC_ALL=C sort
}

# holds [ADDRESS=CONTAINER:IFNAME...]: that and nothing else is reserved.
holds() {
	local got want

	got=$(reserved)
	want=$([ $# = 0 ] || printf '%s\n' "$@" | LC_ALL=C sort)
	[ "$got" = "$want" ] || {
		echo "reserved: $got"
		echo "expected: $want"
		return 1
	}
}

# Every name, type, mode and byte under a directory.
tree() {
	find "$1" -mindepth 1 -printf '%y %m %P %l\n' | LC_ALL=C sort
	find "$1" -type f -exec sha256sum {} + | LC_ALL=C sort -k2
}

last() { printf '%s' "$2" >"$store/last_reserved_ip.$1"; }

# A plugin that hangs is a plugin that fails.
impatient() {
	mkdir -p "$T/impatient"
	printf '#!/bin/sh\nexec timeout 5 "%s/host-local"\n' "$BIN" >"$T/impatient/host-local"
	chmod +x "$T/impatient/host-local"
	CNI_DIR=$T/impatient "$@"
}

# An empty file system of its own for the store.
small_disk() {
	mkdir "$T/disk"
	mount -t tmpfs -o "${1:-size=1m}" tmpfs "$T/disk"
	store=$T/disk/net
	with ".ipam.dataDir = \"$T/disk\""
}

same() {
	[ "$1" = "$2" ] || {
		diff <(echo "$1") <(echo "$2")
		return 1
	}
}

# --- What lies on disk

@test "an ADD lays out the store byte for byte as the reference does, and nothing beside it" {
	local IFS=

	umask 022
	add p1 '.ipam.ranges += [[{subnet: "fd00::/64"}]]'
	same "$(find /var/lib/cni -type d -printf '%m %P\n' | sort)" "$(printf '755 %s\n' '' networks networks/net)"
	same "$(find /var/lib/cni ! -type d -printf '%y %P\n' | LC_ALL=C sort)" "$(printf 'f networks/net/%s\n' \
		10.1.0.2 fd00::2 last_reserved_ip.0 last_reserved_ip.1 lock)"
	same "$(stat -c %a "$store"/{10.1.0.2,fd00::2,last_reserved_ip.0,last_reserved_ip.1} | sort -u)" 600
	cmp "$store/10.1.0.2" <(printf 'p1\r\neth0')
	cmp "$store/fd00::2" <(printf 'p1\r\neth0')
	cmp "$store/last_reserved_ip.0" <(printf 10.1.0.2)
	cmp "$store/last_reserved_ip.1" <(printf fd00::2)
	[ ! -s "$store/lock" ]
}

@test "a reserved IPv6 address is named by its canonical text, however the range was written" {
	local start name

	while read -r start name; do
		add "$name" ".name = \"n${start%%:*}\" | .ipam.ranges = [[{subnet: \"FD00:0:0:0::/32\",
			rangeStart: \"$start\"}]]"
		[ -f "/var/lib/cni/networks/n${start%%:*}/$name" ] ||
			{ find /var/lib/cni; return 1; }
		rm -r /var/lib/cni/networks
	done < <(sed 's/\(.*\) \(.*\)/\1 \2/' <<-END
		fd00:0:0:0:0:0:0:00AB fd00::ab
		fd00::0:0:A fd00::a
		fd00:0000:0001:0000:0000:0001:0000:0001 fd00:0:1::1:0:1
		FD00:0:1:2:0:4:5:6 fd00:0:1:2:0:4:5:6
	END
	)
}

@test "dataDir is where the store is, and is made with all its parents" {
	add p1 ".ipam.dataDir = \"$T/a/b/c/\""
	same "$(cd "$T/a" && find . -type d | sort)" "$(printf '%s\n' . ./b ./b/c ./b/c/net)"
	[ -f "$T/a/b/c/net/10.1.0.2" ]
	[ ! -e /var/lib/cni ]
	del p1 ".ipam.dataDir = \"$T/a/b/c/\""
	[ ! -e "$T/a/b/c/net/10.1.0.2" ]
}

@test "a dataDir that is empty is the default one" {
	add p1 '.ipam.dataDir = ""'
	holds 10.1.0.2=p1:eth0
}

@test "a dataDir that cannot be one is an error" {
	touch "$T/file"
	fails 5 "$T/file" cni ADD p1 ".ipam.dataDir = \"$T/file\""
	fails 5 "$T/file" cni ADD p1 ".ipam.dataDir = \"$T/file/below\""
}

@test "networks have stores of their own" {
	add p1
	gets p2 10.1.0.2/24 '.name = "other"'
	del p1 '.name = "other"'
	del p2
	holds 10.1.0.2=p1:eth0
	same "$(reserved /var/lib/cni/networks/other)" 10.1.0.2=p2:eth0
}

# --- Which address is next

@test "the first address is the one behind the default gateway, and each next is the next" {
	gets p1 10.1.0.2/24
	gets p2 10.1.0.3/24
	gets p3 10.1.0.4/24
}

@test "an address that became free is not given again before all others were" {
	gets p1 10.1.0.2/24
	del p1
	gets p2 10.1.0.3/24
	del p2
	gets p3 10.1.0.4/24
}

@test "round robin goes through the ranges of a set in their order, skips gateways, and wraps around" {
	local n=0 ip

	with '.ipam.ranges = [[
		{subnet: "10.9.0.0/24", rangeStart: "10.9.0.10", rangeEnd: "10.9.0.12", gateway: "10.9.0.11"},
		{subnet: "10.1.0.0/29", gateway: "10.1.0.3"},
		{subnet: "10.5.0.0/16", rangeStart: "10.5.0.255", rangeEnd: "10.5.1.0"}]]'
	for ip in 10.9.0.10/24 10.9.0.12/24 10.1.0.1/29 10.1.0.2/29 10.1.0.4/29 10.1.0.5/29 10.1.0.6/29 \
		10.5.0.255/16 10.5.1.0/16 10.9.0.10/24 10.9.0.12/24; do
		gets "p$n" "$ip"
		del "p$n"
		n=$((n + 1))
	done
}

@test "the gateway of an address is that of its range" {
	local n=0 gateway

	with '.ipam.ranges = [[
		{subnet: "10.9.0.0/24", rangeStart: "10.9.0.10", rangeEnd: "10.9.0.10"},
		{subnet: "10.1.0.0/29", rangeStart: "10.1.0.4", rangeEnd: "10.1.0.4", gateway: "10.1.0.3"}]]'
	for gateway in 10.9.0.1 10.1.0.3; do
		add "p$n"
		like "$(cat "$T/p$n.result")" ".ips[0].gateway == \"$gateway\""
		n=$((n + 1))
	done
}

@test "the search begins behind last_reserved_ip, taken ones are passed over" {
	local from ip

	with '.ipam.ranges = [[{subnet: "10.1.0.0/28"}, {subnet: "10.2.0.0/28"}]]'
	hold 10.1.0.6 x eth0
	hold 10.2.0.2 x eth0
	while read -r from ip; do
		last 0 "$from"
		gets p1 "$ip" || { echo "behind $from"; return 1; }
		del p1
	done <<-END
		10.1.0.3 10.1.0.4/28
		10.1.0.5 10.1.0.7/28
		10.1.0.14 10.2.0.3/28
		10.1.0.1 10.1.0.2/28
		10.2.0.14 10.1.0.2/28
	END
}

@test "a last_reserved_ip that is garbled, foreign or no file means: from the start" {
	local text

	mkdir -p "$store"
	for text in '' garbage 10.1.0. 10.1.0.300 192.168.7.7 10.1.0.0 10.1.0.255 fd00::7 10.1.0.7x \
		"$(head -c 5000 /dev/zero | tr '\0' 1)"; do
		last 0 "$text"
		gets p1 10.1.0.2/24 || { echo "last: $text"; return 1; }
		del p1
	done
	printf '10.1.0.7\0' >"$store/last_reserved_ip.0"
	printf '\xff\xfe\x00' >"$store/last_reserved_ip.0"
	gets p1 10.1.0.2/24
	del p1
	ln -sf /nowhere "$store/last_reserved_ip.0"
	gets p1 10.1.0.2/24
	cmp "$store/last_reserved_ip.0" <(printf 10.1.0.2)
}

@test "a last_reserved_ip with a newline behind it counts, as one that was written by hand" {
	mkdir -p "$store"
	printf '10.1.0.7\n' >"$store/last_reserved_ip.0"
	gets p1 10.1.0.8/24
}

@test "each set goes round by itself" {
	with '.ipam.ranges = [[{subnet: "10.1.0.0/24"}], [{subnet: "10.2.0.0/24"}], [{subnet: "fd00::/64"}]]'
	gets p1 "10.1.0.2/24 10.2.0.2/24 fd00::2/64"
	last 1 10.2.0.99
	gets p2 "10.1.0.3/24 10.2.0.100/24 fd00::3/64"
	same "$(cd "$store" && head -c 99 last_reserved_ip.* | tr -d '\n')" \
		"==> last_reserved_ip.0 <==10.1.0.3==> last_reserved_ip.1 <==10.2.0.100==> last_reserved_ip.2 <==fd00::3"
}

@test "defaults: gateway and start are network + 1, the end is broadcast - 1 in IPv4 and the last in IPv6" {
	local range first gateway before_end end

	while read -r range first gateway before_end end; do
		with ".ipam.ranges = [[{subnet: \"$range\"}]]"
		gets p1 "$first"
		like "$(cat "$T/p1.result")" ".ips[0].gateway == \"$gateway\""
		last 0 "$before_end"
		gets p2 "$end"
		gets p3 "${first%%/*}/${first##*/}" '.' 2>/dev/null || gets p4 "$(jq -r '.ips[0].address' "$T/p3.result")"
		rm -r /var/lib/cni
	done <<-END
		10.1.0.0/24 10.1.0.2/24 10.1.0.1 10.1.0.253 10.1.0.254/24
		10.0.0.0/8 10.0.0.2/8 10.0.0.1 10.255.255.253 10.255.255.254/8
		fd00::/64 fd00::2/64 fd00::1 fd00::ffff:ffff:ffff:fffe fd00::ffff:ffff:ffff:ffff/64
		fd00::/125 fd00::2/125 fd00::1 fd00::6 fd00::7/125
	END
}
