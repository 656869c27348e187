#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The units of packaging/, under a systemd of their own: what they say of themselves, what they may
# do, and what a restart or reload of others means for them. The guest itself is the host here.

load ../lib

# systemd wants to be the first process of something. It gets our units, nftables' and as good as
# nothing else: the targets that these name are empty.
setup_file() {
	local target

	export UNITS=/run/units CNI=$BATS_TEST_DIRNAME/../../examples/cni
	mkdir -p "$UNITS" /opt/cni/bin /etc/cni /run/netns
	for target in sysinit basic shutdown multi-user network-online; do
		printf '[Unit]\nDefaultDependencies=no\n' >"$UNITS/$target.target"
	done
	printf 'Wants=nftables.service podwire-restore.service\n' >>"$UNITS/multi-user.target"
	cp "$BIN"/../packaging/*.service /lib/systemd/system/nftables.service "$UNITS"
	cp -L "$BIN"/* /opt/cni/bin
	printf 'flush ruleset\n' >/etc/nftables.conf
	SYSTEMD_UNIT_PATH=$UNITS container=test unshare --pid --fork --mount --mount-proc --kill-child \
		/lib/systemd/systemd --unit=multi-user.target </dev/null >"$BATS_FILE_TMPDIR/log" 2>&1 3>&- &
	settles 20 systemctl is-active multi-user.target
	ip link add eth0 type veth peer name beyond
	ip link set beyond up
	ip addr add 192.168.1.1/24 dev eth0
	ip link set eth0 up
}

# Whoever waits for our output waits for systemd, too.
teardown_file() { pkill -9 -x systemd; }

systemctl() { nsenter -t "$(pgrep -x systemd)" --pid --mount systemctl "$@"; }

property() { systemctl show --value -p "$1" "$2"; }

settles() {
	local end=$((SECONDS + $1))

	until "${@:2}" >/dev/null 2>&1; do
		[ $SECONDS -lt "$end" ] || { echo "not within $1 s: ${*:2}"; return 1; }
		sleep 0.1
	done
}

# The first N nodes; n1 is this one.
node_list() {
	local i

	for ((i = 1; i <= $1; i++)); do
		printf '{"name": "n%d", "podCIDRs": ["10.244.%d.0/24"], "addresses": ["192.168.1.%d"]}\n' $i $i $i
	done | sed '1s/^/[/; $!s/$/,/; $s/$/]/' >/etc/cni/new.json
	mv /etc/cni/new.json /etc/cni/nodes.json
}

routes() { ip route show proto 201 | grep -c via; }

has_routes() { [ "$(routes)" = "$1" ]; }

@test "systemd finds nothing wrong with our units" {
	SYSTEMD_UNIT_PATH=$UNITS systemd-analyze verify --man=no "$UNITS"/podwire-*.service >"$T/said" 2>&1
	cat "$T/said"
	[ ! -s "$T/said" ]
}

@test "podwire-node-routes is ready when the routes are there, and says how many" {
	node_list 3
	systemctl start podwire-node-routes
	has_routes 2
	[[ $(property StatusText podwire-node-routes) = *'3 nodes'* ]]
	[ -s /run/podwire/_cluster/rules/pods.nft ]
}

@test "it follows the list, and a reload looks at once" {
	node_list 4
	settles 5 has_routes 3
	ip route flush proto 201
	systemctl reload podwire-node-routes
	settles 5 has_routes 3
}

@test "it has the one capability that it needs, and may write nowhere else" {
	local pid place

	pid=$(pgrep -x node-routes)
	grep -E '^Cap(Prm|Eff|Bnd)' "/proc/$pid/status" | not grep -v 0000000000001000
	for place in /etc/cni /usr /var/lib /opt/cni/bin; do
		not nsenter -t "$pid" --mount touch "$place/mine"
	done
}

@test "killed, it is back; stopped, it leaves the routes and the journal" {
	local before

	before=$(pgrep -x node-routes)
	kill -9 "$before"
	settles 10 systemctl is-active podwire-node-routes
	[ "$(pgrep -x node-routes)" != "$before" ]
	systemctl stop podwire-node-routes
	has_routes 3
	[ -s /run/podwire/_cluster/rules/pods.nft ]
}

@test "without a list it waits, says why, and starts when there is one" {
	rm /etc/cni/nodes.json
	systemctl start --no-block podwire-node-routes
	settles 10 waits_for_list
	node_list 2
	settles 10 systemctl is-active podwire-node-routes
	has_routes 1
	systemctl stop podwire-node-routes
}

waits_for_list() { property StatusText podwire-node-routes | grep nodes.json; }

@test "a restart and a reload of nftables leave pods their host ports" {
	ip netns add p1
	cat >"$T/pods.conflist" <<-'END'
		{"cniVersion": "1.1.0", "name": "pods", "plugins": [
			{"type": "bridge", "isGateway": true, "ipMasq": true,
				"ipam": {"type": "host-local", "ranges": [[{"subnet": "10.244.1.0/24"}]]}},
			{"type": "portmap", "capabilities": {"portMappings": true}}]}
	END
	systemctl is-active podwire-restore
	CAP_ARGS='{"portMappings": [{"hostPort": 8080, "containerPort": 80, "protocol": "tcp"}]}' \
		CNI_PATH=/opt/cni/bin "$CNI" add "$T/pods.conflist" p1
	nft list ruleset >"$T/before"
	grep 8080 "$T/before"
	for verb in restart reload; do
		systemctl "$verb" nftables
		settles 5 has_port || systemctl status podwire-restore nftables
		nft list ruleset | diff "$T/before" -
	done
	CNI_PATH=/opt/cni/bin "$CNI" del "$T/pods.conflist" p1
}

has_port() { nft list ruleset | grep 8080; }
