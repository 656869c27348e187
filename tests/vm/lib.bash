# SPDX-License-Identifier: Apache-2.0
# tests/lib.bash for a guest. The processor is emulated, and jq takes 0.3 s to start there: so
# configurations are put together from text, and state is the text of ip and bridge.
#
#   cni, add, check, del        as there, but the last argument is no filter: these are more
#                               members of the configuration, which begins with $keys
#   $ipam                       its ipam section; empty: none
#   fails CODE PATTERN COMMAND...  as there
#   state POD...                everything a plugin could leave behind on the host, in these
#                               pods and in the store, as text that is equal when nothing changed
#   port POD                    the bridge's port of a pod that add added
#   vlans LINK                  a port's VLANs: "1u 7 100pu 200-210", p: PVID, u: leaves untagged
#   at_once POD COMMAND...      the pod's first packet to that address is answered, not the second

bats_require_minimum_version 1.5.0
load ../lib

RANGE4='[{"subnet": "10.1.0.0/24"}]'
RANGE6='[{"subnet": "fd00:1::/64"}]'

setup() {
	T=$(mktemp -d)
	mkdir -p /run/netns
	ip netns add host
	on_host ip link set lo up
	version=1.1.0
	keys='"isGateway": true'
	lease "$RANGE4"
}

# The ipam section for these ranges.
lease() {
	local ranges=$1

	shift
	[ $# = 0 ] || ranges+=$(printf ', %s' "$@")
	ipam='{"type": "host-local", "ranges": ['$ranges'], "routes": [{"dst": "0.0.0.0/0"}]}'
}

configuration() {
	printf '{"cniVersion": "%s", "name": "%s", "type": "bridge", "bridge": "%s"%s}\n' \
		"$version" "${NETWORK:-net}" "${BRIDGE:-cni0}" \
		"${keys:+, $keys}${ipam:+, \"ipam\": $ipam}${1:+, $1}"
}

cni() {
	local verb=$1 pod=$2

	CNI_COMMAND=$verb CNI_CONTAINERID=${CNI_CONTAINERID-$pod} CNI_IFNAME=${CNI_IFNAME-eth0} \
		CNI_NETNS=${CNI_NETNS-/run/netns/$pod} CNI_PATH=${CNI_DIR:-$BIN} \
		on_host "${CNI_DIR:-$BIN}/bridge" < <(configuration "${3:-}")
}

check() { cni CHECK "$1" "${2:+$2, }\"prevResult\": $(cat "$T/$1.result")"; }

fails() {
	local code=$1 pattern=$2 out status=0

	out=$("${@:3}" 2>"$T/stderr") || status=$?
	[ "$status" = 1 ] && grep -Eq "\"code\":[[:space:]]*$code," <<<"$out" &&
		grep -Eq -e "$pattern" <<<"$out" || {
		echo "not error $code with \"$pattern\", but status $status: $out"
		cat "$T/stderr"
		return 1
	}
}

# Left out: what moves by itself (timers, link-local addresses while they settle) and the round
# robin of the store, which goes on from the last lease, whatever became of that.
state() {
	local name

	for name in host "$@"; do
		echo "== $name"
		nsenter --net="/run/netns/$name" -- sh -c '
			printf "%s\n" link addr "route show table all" | ip -d -o -batch -
			[ $1 = host ] || exit 0
			bridge -compressvlans vlan
			cd /proc/sys/net
			grep -H . ipv4/ip_forward ipv[46]/conf/*/forwarding ipv6/conf/*/accept_ra \
				ipv6/conf/*/disable_ipv6' sh "$name"
	done | sed -E 's/ [a-z_]+_timer +[0-9.]+//g; s/ (expires|valid_lft|preferred_lft) [^ ]+//g
		/fe80|ff00/d'
	find /var/lib/cni -mindepth 2 -type f ! -name lock ! -name 'last_reserved_ip.*' \
		-exec grep -H . {} + 2>/dev/null | sort
}

unchanged() {
	local before=$1

	shift
	diff <(echo "$before") <(state "$@")
}

port() { grep -o '"veth[0-9a-f]*"' "$T/$1.result" | head -n 1 | tr -d '"'; }

vlans() {
	on_host bridge -compressvlans vlan show dev "$1" | paste -sd ' ' |
		sed -E 's/^port +vlan-id +[^ ]+//; s/ PVID/p/g; s/ Egress Untagged/u/g; s/[ \t]+/ /g
			s/^ | $//g'
}

has_vlans() {
	local is

	is=$(vlans "$1")
	[ "$is" = "$2" ] || {
		echo "$1 has VLANs \"${is:0:200}\", not \"${2:0:200}\""
		return 1
	}
}

# A lost packet is sent again after one second.
at_once() {
	local out

	out=$(in_pod "$1" ping -c1 -W3 "$2") || {
		echo "$out"
		return 1
	}
	sed -nE 's/.*time=([0-9]+).*/\1/p' <<<"$out" | {
		read -r time
		[ "$time" -lt 900 ] || {
			echo "$2 answered $1 after $time ms"
			return 1
		}
	}
}

unreachable() { ! in_pod "$1" ping -c1 -W1 "$2" >"$T/ping" || { cat "$T/ping"; return 1; }; }
