#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# A pod's result says where its DNS server is: a Service, whose pod is "edge". libc finds names with it.

load lib

DOMAINS='"default.svc.cluster.local", "svc.cluster.local"'

# near is told by the configuration of bridge, with IPv4; far and edge by a file, with IPv6.
cluster_dns() {
	printf 'nameserver fd96::53\nsearch %s\noptions ndots:5 attempts:1\n' "$(tr -d '",' <<<"$DOMAINS")" \
		>"$T/node.conf"
	also_of[near]=".dns = {nameservers: [\"10.96.0.53\"], search: [$DOMAINS],
		options: [\"ndots:5\", \"attempts:1\"]}"
	also_of[far]=".ipam.resolvConf = \"$T/node.conf\""
	also_of[edge]=${also_of[far]}
}

dns_server() {
	seq -f '10.96.1.%g many.default.svc.cluster.local' 60 >"$T/many"
	background edge dnsmasq --no-daemon --conf-file=/dev/null --log-queries --no-resolv \
		--local=/cluster.local/ --no-hosts --addn-hosts="$T/many" \
		--host-record=web.default.svc.cluster.local,10.96.0.10,fd96::10
	settles 5 grep -q started "$T/log"
}

# What a runtime makes of a result's dns.
resolv_conf() {
	jq -r '.dns | (.nameservers[] | "nameserver " + .), "search " + (.search | join(" ")),
		"options " + (.options | join(" "))' "$T/$1.result"
}

# names POD WORD...: getent in the pod.
names() {
	local file

	file=$(realpath -m /etc/resolv.conf)
	[ -e "$file" ] || { mkdir -p "${file%/*}" && touch "$file"; }
	resolv_conf "$1" >"$T/resolv.conf"
	echo 'hosts: dns' >"$T/nsswitch.conf"
	in_pod "$1" unshare -m sh -ec 'mount --bind "$0" "$1"; mount --bind "$2" /etc/nsswitch.conf; shift 2
		exec timeout 10 getent "$@"' "$T/resolv.conf" "$file" "$T/nsswitch.conf" "${@:2}"
}

# finds POD OWN: by both families, by name and by a part of it, UDP and, since the answer is long, TCP.
finds() {
	echo "$1, which is $2"
	[ "$(names "$1" ahostsv4 web | awk '{ print $1 }' | sort -u)" = 10.96.0.10 ]
	[ "$(names "$1" ahostsv6 web.default | awk '{ print $1 }' | sort -u)" = fd96::10 ]
	[ "$(names "$1" ahostsv4 many | grep -c STREAM)" = 60 ]
	grep -q "query\[A\] web.default.svc.cluster.local from $2\$" "$T/log"
	not names "$1" ahosts none
}

everyone_finds() {
	cluster_dns
	serve before "$@"
	dns_server
	finds near 10.244.1.4
	finds far fd00:10:244:3::3
	finds edge fd00:10:244:3::1
}

@test "names by the dns of the result, kube-proxy with iptables" { everyone_finds chains nftables brnf; }
@test "names by the dns of the result, kube-proxy with nftables" { everyone_finds maps iptables brnf; }
