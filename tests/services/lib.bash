# SPDX-License-Identifier: Apache-2.0
# The cluster of ../nodes/lib.bash with Services: kube-proxy's rules on every node, and pods wired by
# bridge, portmap and node-routes, whose host may be told to masquerade them. ./services says which
# pods are where and which Services they serve, ./world gives everybody an address.
#
#   serve before|after WORD...   makes it all; kube-proxy's rules come before our plugins, or after.
#                                Words: chains, maps or ipvs (what kube-proxy works with), brnf
#                                (bridged packets go through the IP hooks), nftables or iptables
#                                (the backend that is asked for)
#   ${also_of[POD]}              a filter for its configuration of bridge; to be set before
#   traffic FILE                 what the table FILE says is so ("-": stdin); ../traffic/table.py
#   proxy NODE                   kube-proxy's rules on a node
#   spread                       of two backends each gets something; sticky.svc's clients stay with one

load ../nodes/lib

SERVICES=$BATS_TEST_DIRNAME/../services
TRAFFIC=$BATS_TEST_DIRNAME/../traffic
NODES='n1 n2 n3'
talk_py=$BATS_TEST_DIRNAME/../nodes/talk.py

# A node has a /run/podwire of its own.
on() {
	local own=()

	[[ $2 != "$BIN"/* ]] || own=(unshare -m sh -c 'mkdir -p "$0" /run/podwire
		mount --bind "$0" /run/podwire; exec "$@"' "$T/run/$1")
	nsenter --net="/run/netns/$1" -- "${own[@]}" "${@:2}"
}

declare -gA also_of

has_word() { [[ " $words " = *" $1 "* ]]; }

serve() {
	local node

	words="${*:2}"
	cluster
	write_proxies
	for node in $NODES; do
		set_up "$node"
		[ "$1" = after ] || proxy "$node"
		populate "$node"
		[ "$1" = before ] || proxy "$node"
	done
}

# As strict as an administrator may be; so are the pods' ports (macspoofchk).
set_up() {
	local bridged=0

	! has_word brnf || bridged=1
	on "$1" sysctl -qw net.bridge.bridge-nf-call-{iptables,ip6tables}="$bridged" \
		net.ipv4.conf.{all,default}.rp_filter=1 \
		net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 # refusals are counted on
}

pods_of() { sed -nE "s/^node +$1 +[^ ]+ +//p" "$SERVICES/services"; }

# Of what the cluster's other pods have, iptables knows only what the configuration says.
populate() {
	local pod ours=null

	! has_word nftables || ours='"nftables"'
	! has_word iptables || ours='"iptables"'
	for pod in $(pods_of "$1"); do
		also[bridge]="del(.backend) | .ipMasq = true | .ipMasqBackend = $ours |
			.macspoofchk = true | .hairpinMode = $(hairpin "$pod") | ${also_of[$pod]:-.}"
		! has_word iptables ||
			also[bridge]+=' | .nonMasqueradeCIDRs = ["10.244.0.0/16", "fd00:10:244::/48"]'
		also[portmap]="{cniVersion, name, type, backend: $ours, prevResult: \$prev,
			runtimeConfig: {portMappings: $(host_ports "$pod")}}"
		attach "$1" "$pod" bridge portmap node-routes
	done
}

hairpin() { [ "$1" = lone ] && echo false || echo true; }

host_ports() {
	[ "$1" != edge ] && echo '[]' ||
		echo '(["tcp", "udp", "sctp"] | map({hostPort: 8080, containerPort: 80, protocol: .}))'
}

# What kube-proxy has on all nodes: $T/NODE.4.chains, ...
write_proxies() {
	local what

	case " $words " in
	*' chains '*) what=chains ;;
	*' maps '*) what=maps ;;
	*) what='ipvs-servers ipvs-addresses ipvs-rules' ;;
	esac
	"$SERVICES/proxy" "$SERVICES/world" "$SERVICES/services" "$T" $what
}

proxy() {
	local all=$T/$1

	if has_word chains; then
		on "$1" iptables-nft-restore --noflush <"$all.4.chains"
		on "$1" ip6tables-nft-restore --noflush <"$all.6.chains"
		on "$1" sysctl -qw net.ipv4.conf.all.route_localnet=1
	elif has_word maps; then
		cat "$all".?.maps | on "$1" nft -f -
	else
		on "$1" ip link add kube-ipvs0 type dummy
		on "$1" sysctl -qw net.ipv4.vs.{conntrack,expire_nodest_conn,expire_quiescent_template}=1 \
			net.ipv4.vs.conn_reuse_mode=0
		cat "$all".?.ipvs-addresses | on "$1" ip -batch -
		cat "$all".?.ipvs-servers | on "$1" ipvsadm -R
		on "$1" iptables-nft-restore --noflush <"$all.4.ipvs-rules"
		on "$1" ip6tables-nft-restore --noflush <"$all.6.ipvs-rules"
	fi
}

traffic() { "$TRAFFIC/probe" "$SERVICES/world" "${1/#-/\/dev\/stdin}" $words "${@:2}"; }

# Twenty tries of far's at each, with each protocol and family.
spread() {
	local service

	for service in pair.svc sticky.svc; do
		yes "of two | far | $service:80 | web as far or edge as far" | head -n 20
	done | traffic - aloud >"$T/said" && meets pair.svc 2 && meets sticky.svc 1 || {
		sort "$T/said" | uniq -c
		return 1
	}
}

# meets SERVICE N: so many of its backends.
meets() {
	[ "$(sed -n "s/.* -> $1:80 //p" "$T/said" | sort -u | cut -d: -f1 | uniq -c | grep -c "^ *$2 ")" = 6 ]
}
