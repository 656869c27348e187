# SPDX-License-Identifier: Apache-2.0
# The host of the firewall's tests: its uplink and its neighbour "out", its pods, and real traffic.
# traffic/world tells who is where, traffic/configuration.jq what each pod is attached with.
#
#   prepare [WORD...]       the host and "out", the pods' empty namespaces, and in $T/POD.bridge and
#                           $T/POD.portmap their configurations. Words: brnf (bridged packets go
#                           through the IP hooks), nftables or iptables (the backend that is asked
#                           for), legacy (what is called iptables is iptables-legacy), reference
#                           (the reference's plugins)
#   attach POD...           ADD of the pod's plugins, as a chain
#   detach POD...           DEL of them, in reverse order
#   recheck POD...          CHECK of them
#   change POD TYPE FILTER  changes a configuration by a jq filter
#   copy POD NEW...         more pods with such configurations, addresses as they come
#   plugin VERB TYPE POD [FILTER]   one call, with the pod's last result as prevResult. The
#                           configuration goes through the jq FILTER before
#   traffic FILE [WORD...]  what the table FILE says of traffic is so ("-": stdin); the words given
#                           to prepare hold too
#   reach FROM TO ANSWER [EXCEPTIONS]   one row of such a table
#   kube PROGRAM            kube-proxy's rules, by iptables-nft or iptables-legacy
#   elements, chains, journal, host_as_it_is, gone   what is in the firewall, and what is kept of it
#   hide PROGRAM...         nobody finds these any more, until the next prepare

TRAFFIC=${BASH_SOURCE[0]%/*}

prepare() {
	local bridged=0

	unhide
	rm -rf /run/podwire
	words="$*"
	[[ " $words " != *' legacy '* ]] || instead "$(realpath /usr/sbin/iptables-nft)" \
		"$(realpath /usr/sbin/iptables-legacy)"
	[[ " $words " != *' brnf '* ]] || bridged=1
	[[ " $words " != *' reference '* ]] || CNI_DIR=$REFERENCE CNI_PATH=$REFERENCE
	pod out p1 p2 p3 p4 p5
	on_host sysctl -qw net.bridge.bridge-nf-call-{iptables,ip6tables}="$bridged" \
		net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 # refusals are counted on
	# The reference's gateways may not be used for a second or two.
	[[ " $words " != *' reference '* ]] || on_host sysctl -qw net.ipv6.conf.default.accept_dad=0
	uplink
	jq -cn --arg words "$words" '($words / " ") as $words | '"$(cat "$TRAFFIC/configuration.jq")"' |
		to_entries[] | .key as $pod | .value[] | "\($pod).\(.type)", tojson' -r |
		while read -r file && read -r config; do echo "$config" >"$T/$file"; done
}

uplink() {
	on_host ip link add eth0 type veth peer eth0 netns out
	on_host ip -batch - <<-END
		link set eth0 up
		addr add 192.168.50.1/24 dev eth0
		addr add fd50::1/64 dev eth0 nodad
	END
	in_pod out ip -batch - <<-END
		link set eth0 up
		addr add 192.168.50.9/24 dev eth0
		addr add fd50::9/64 dev eth0 nodad
		addr add 10.99.0.9/32 dev eth0
		addr add fd99::9/128 dev eth0 nodad
		route add 10.0.0.0/8 via 192.168.50.1 src 192.168.50.9
		route add fd00::/16 via fd50::1 src fd50::9
	END
	on_host ip -batch - <<-END
		route add 10.99.0.0/16 via 192.168.50.9
		route add fd99::/64 via fd50::9
		route add default via 192.168.50.9
		route add default via fd50::9
	END
}

plugin() {
	local verb=$1 type=$2 pod=$3 config

	config=$(<"$T/$pod.$type")
	[ ! -s "$T/$pod.result" ] || config="${config%\}}, \"prevResult\": $(<"$T/$pod.result")}"
	[ -z "${4:-}" ] || config=$(jq -c "$4" <<<"$config")
	CNI_COMMAND=$verb CNI_CONTAINERID=${CNI_CONTAINERID-$pod} CNI_IFNAME=${CNI_IFNAME-eth0} \
		CNI_NETNS=${CNI_NETNS-/run/netns/$pod} CNI_ARGS= CNI_PATH=${CNI_PATH-$BIN} \
		on_host "${CNI_DIR:-$BIN}/$type" <<<"$config"
}

change() {
	jq -c "$3" "$T/$1.$2" >"$T/changed"
	mv "$T/changed" "$T/$1.$2"
}

copy() {
	local new

	for new in "${@:2}"; do
		jq -c 'del(.runtimeConfig.ips)' "$T/$1.bridge" >"$T/$new.bridge"
		cp "$T/$1.portmap" "$T/$new.portmap"
		[ -e "/run/netns/$new" ] || pod "$new"
	done
}

attach() {
	local pod type

	for pod; do
		rm -f "$T/$pod.result"
		for type in bridge portmap; do
			plugin ADD "$type" "$pod" >"$T/$pod.new" || {
				cat "$T/$pod.new"
				return 1
			}
			mv "$T/$pod.new" "$T/$pod.result"
		done
	done
}

detach() {
	local pod type out

	for pod; do
		for type in portmap bridge; do
			out=$(plugin DEL "$type" "$pod") && [ -z "$out" ] || {
				echo "DEL of $type: $out"
				return 1
			}
		done
	done
}

recheck() {
	local pod type

	for pod; do
		for type in bridge portmap; do
			plugin CHECK "$type" "$pod" || return
		done
	done
}

traffic() { "$TRAFFIC/probe" "$TRAFFIC/world" "${1/#-/\/dev\/stdin}" $words "${@:2}"; }

reach() { traffic /dev/stdin <<<"$1 to $2 | $1 | $2 | $3 | ${4:-}"; }

# instead PROGRAM OTHER: in this file's own mount namespace.
instead() {
	mount --bind "$2" "$1"
	echo "$1" >>/run/instead
}

unhide() {
	[ ! -e /run/instead ] || xargs umount </run/instead
	rm -f /run/instead
}

# A script whose interpreter is missing is to the kernel as good as missing itself. Programs that are
# links to one file go together.
hide() {
	local program

	printf '#!/nowhere\n' >/run/nowhere
	chmod +x /run/nowhere
	for program; do
		instead "$(realpath "/usr/sbin/$program")" /run/nowhere
	done
}

kube() {
	"$TRAFFIC/../services/proxy" "$TRAFFIC/world" "$TRAFFIC/services" "$T" chains
	on_host "$1-restore" --noflush <"$T/host.4.chains"
	on_host "${1/ip/ip6}-restore" --noflush <"$T/host.6.chains"
	on_host sysctl -qw net.ipv4.conf.all.route_localnet=1
}

# What is in the firewall.

# elements [OWNER]: a line for each of podwire's elements, sorted (elements.jq); or the owner's only.
elements() {
	on_host nft -j list ruleset | jq -rf "$TRAFFIC/elements.jq" | sort |
		if [ $# = 0 ]; then cat; else sed -n "s|^$1\t||p"; fi
}

# What iptables and ip6tables keep for the owner, or for all.
chains() {
	local program kind=nft

	[[ " $words " != *' legacy '* ]] || kind=legacy
	for program in iptables ip6tables; do
		on_host "$program-$kind-save" | sed -n "s/^-A/$program-$kind &/p"
	done | grep -F -e "${1:-PODWIRE}" || true
}

# All that a plugin can leave on the host, as lines: cheaper than state.
host_as_it_is() {
	on_host nft -s list ruleset | tr , '\n' | sed 's/elements = {//; s/^[[:space:]]*//; s/ }$//' | sort
	on_host ip -br link
	on_host ip -br addr
	find /run/podwire /var/lib/cni -type f ! -name 'last_reserved*' 2>/dev/null | sort
}

journal() { find /run/podwire -path "*${1:-}*" -type f 2>/dev/null | sort; }

# Nothing of this owner (podnet/p1/eth0) is left, in whatever backend.
gone() {
	local left

	left=$(elements "$1"; chains "$1"; journal "${1%%/*}/pods/$(cut -d/ -f2 <<<"$1"):")
	[ -z "$left" ] || {
		echo "left of $1: $left"
		return 1
	}
}

# p2 does what a pod may try: it sends to the host's 127.0.0.1, and with such an address of its own.
try_localhost() {
	in_pod p2 ip -batch - <<-END
		addr add 127.0.0.5/32 dev eth0
		route add 127.0.0.1/32 via 10.244.1.1 src 10.244.1.6
	END
	in_pod p2 sysctl -qw net.ipv4.conf.eth0.route_localnet=1
}
