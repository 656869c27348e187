# SPDX-License-Identifier: Apache-2.0
# What every test stands on: a host, its pods, and the plugins, called as a runtime calls them.
#
# tests/run starts each file in a sandbox (network, mount and perhaps user namespaces of its own,
# tmpfs over /run and /var/lib). In it each test gets a fresh "host", which is a network namespace
# like its pods. Nothing here reaches the machine's own network.
#
#   pod NAME...                 make pods: namespaces at /run/netns/NAME
#   on_host COMMAND...          run it in the host's namespace
#   in_pod NAME COMMAND...      run it in a pod's
#   cni VERB POD [FILTER]       call a plugin; $conf is the configuration, a jq FILTER changes it
#                               before; the answer goes to stdout, the status is the plugin's
#   add POD [FILTER]            cni ADD, which must succeed; the result is kept for check
#   check POD [FILTER]          cni CHECK with the kept result as prevResult
#   del POD [FILTER]            cni DEL, which must succeed and print nothing
#   state                       everything a plugin could leave behind on the host, as text
#   like JSON FILTER            jq -e: the JSON is so
#   not COMMAND...              the command fails ("! command" would pass unnoticed in bats)
#   silent_on WORD COMMAND...   the command succeeds and says nothing of it
#   fails CODE PATTERN COMMAND...  the command exits 1 with one error object of that code (or one
#                               of "6|7"), whose msg or details match the regular expression
#
# Variables that a call looks at: CNI_IFNAME (eth0), CNI_CONTAINERID (the pod's name), CNI_NETNS
# (the pod's), CNI_ARGS, CNI_PATH ($BIN), PLUGIN (the configuration's type).

[ "${PODWIRE_SANDBOX:-}" ] || {
	echo "tests run in a sandbox: tests/run [FILE...]" >&2
	exit 1
}

REFERENCE=/usr/lib/cni # Debian's containernetworking-plugins

setup() {
	T=$(mktemp -d)
	mkdir -p /run/netns
	ip netns add host
	on_host ip link set lo up
	conf='{"cniVersion": "1.1.0", "name": "net", "type": "bridge", "bridge": "cni0",
		"isGateway": true,
		"ipam": {"type": "host-local", "ranges": [[{"subnet": "10.1.0.0/24"}]],
			"routes": [{"dst": "0.0.0.0/0"}]}}'
}

teardown() {
	local ns

	for ns in /run/netns/*; do
		[ -e "$ns" ] && ip netns delete "${ns##*/}" 2>/dev/null || rm -rf "$ns"
	done
	rm -rf "$T" /var/lib/cni /run/podwire
}

on_host() { nsenter --net=/run/netns/host -- "$@"; }

in_pod() { nsenter --net="/run/netns/$1" -- "${@:2}"; }

pod() {
	local name

	for name; do ip netns add "$name"; done
}

# The configuration as it is now, through a filter.
configuration() { jq -c "${1:-.}" <<<"$conf"; }

cni() {
	local verb=$1 pod=$2 config

	config=$(configuration "${3:-.}")
	CNI_COMMAND=$verb CNI_CONTAINERID=${CNI_CONTAINERID-$pod} CNI_IFNAME=${CNI_IFNAME-eth0} \
		CNI_NETNS=${CNI_NETNS-/run/netns/$pod} CNI_ARGS=${CNI_ARGS-} CNI_PATH=${CNI_PATH-$BIN} \
		on_host "${CNI_DIR:-$BIN}/${PLUGIN:-$(jq -r .type <<<"$config")}" <<<"$config"
}

add() {
	cni ADD "$@" >"$T/$1.result" || {
		cat "$T/$1.result"
		return 1
	}
}

check() { cni CHECK "$1" "${2:-.} | .prevResult = $(cat "$T/$1.result")"; }

del() {
	local out

	out=$(cni DEL "$@") && [ -z "$out" ] || {
		echo "DEL: $out"
		return 1
	}
}

like() {
	jq -e "$2" <<<"$1" >/dev/null || {
		echo "not so: $2"
		echo "$1"
		return 1
	}
}

not() {
	if "$@"; then
		echo "should have failed: $*"
		return 1
	fi
}

silent_on() {
	local out

	out=$("${@:2}") || return
	not grep -e "$1" <<<"$out"
}

fails() {
	local code=$1 pattern=$2 out status=0

	out=$("${@:3}" 2>"$T/stderr") || status=$?
	[ "$status" = 1 ] || {
		echo "status $status, not 1: $out"
		cat "$T/stderr"
		return 1
	}
	like "$out" "type == \"object\" and (.code | tostring | test(\"^($code)\$\")) and
		(.cniVersion | type == \"string\")" || return
	jq -r '.msg + " | " + (.details // "")' <<<"$out" | grep -Eq -e "$pattern" || {
		echo "does not say \"$pattern\": $out"
		return 1
	}
	! grep -E 'Sanitizer|runtime error' "$T/stderr"
}

# Links, addresses, routes, settings and firewall elements of the host, and the store. What is bound to change
# (interface numbers, timers) is left out.
state() {
	on_host ip -j -d link | jq -S 'map(del(.ifindex, .link_index, .link_netnsid, .qdisc, .tso_max_size, .gso_max_size) |
		.linkinfo.info_data? |= (if . then {vlan_filtering, stp_state} else . end) |
		.linkinfo.info_slave_data? |= (if . then {state, hairpin, isolated} else . end))'
	on_host ip -j addr | jq -S 'map({ifname, addr_info: [.addr_info[] | select(.scope == "global") |
		{local, prefixlen, broadcast}]})'
	on_host ip -j route show table all | jq -S 'map(select(.dst | startswith("fe80") or
		startswith("ff00") | not)) | sort_by(.dst, .table)'
	on_host sh -c 'cd /proc/sys/net; grep -H . ipv4/ip_forward ipv6/conf/all/forwarding \
		ipv?/conf/*/accept_ra ipv?/conf/*/forwarding' 2>/dev/null
	on_host nft -j list ruleset | jq -Sc '.nftables[] | (.set // .map // empty) | select(.elem) | [.name, .elem]'
	find /run/podwire/*/pods -type f 2>/dev/null | sort
	find /var/lib/cni -mindepth 2 -type f -exec sh -c 'echo "$0: $(cat "$0")"' {} \; 2>/dev/null |
		grep -v /lock: | sort
}
