# SPDX-License-Identifier: Apache-2.0
# What the tests with real clients stand on. The sandbox that tests/run makes for a file is the
# host here: its network, processes, /run and /var/lib are nobody else's, and all that a client
# starts ends with it. In $BATS_FILE_TMPDIR there are the network configurations (net.d), and the
# root of an image made of busybox.
#
#   network NAME RANGES [FILTER]   writes net.d/NAME.conflist: our bridge, host-local and portmap;
#                             each of RANGES is an address range's subnet; a jq FILTER changes it
#   outside COMMAND...        run it on the host's neighbour, 192.168.50.9 and fd50::9
#   $CLIENTS/echo, $CLIENTS/ask   a UDP server, and who asks it
#   nothing_left              no host's end of a pair, no address held, no element of the firewall
#   runs_here COMMAND...      skips when the machine cannot run containers, in the machine's words.
#                             It shall be a container without network: that says nothing of us

load ../lib

CLIENTS=$BATS_TEST_DIRNAME

on_host() { "$@"; }

setup() { T=$BATS_TEST_TMPDIR; }

outside() { nsenter --net=/run/out -- "$@"; }

prepare_host() {
	# Not in /run/netns, where clients clear away what they do not know.
	touch /run/out
	unshare --net=/run/out true
	ip link add uplink type veth peer eth0 netns /run/out
	ip -batch - <<-END
		link set uplink up
		addr add 192.168.50.1/24 dev uplink
		addr add fd50::1/64 dev uplink nodad
	END
	outside ip -batch - <<-END
		link set lo up
		link set eth0 up
		addr add 192.168.50.9/24 dev eth0
		addr add fd50::9/64 dev eth0 nodad
	END
	# Containers are made by programs of their own, which keep files where all may look.
	mount -t tmpfs tmpfs /dev/shm
	mkdir "$BATS_FILE_TMPDIR/net.d"
	find /sys/fs/cgroup -maxdepth 2 -type d >"$BATS_FILE_TMPDIR/cgroups"
}

prepare_root() {
	local root=$BATS_FILE_TMPDIR/root applet

	mkdir -p "$root"/{bin,www}
	cp /bin/busybox "$root/bin"
	for applet in cat httpd ip nc ping ping6 sh sleep; do
		ln -s busybox "$root/bin/$applet"
	done
	echo "here I am" >"$root/www/index.html"
	tar -C "$root" -c . -f "$BATS_FILE_TMPDIR/root.tar"
}

# Cgroups are the machine's. remove_cgroups NAME...: the empty ones that a client left.
remove_cgroups() {
	local name top

	for name; do
		for top in /sys/fs/cgroup/"$name" /sys/fs/cgroup/*/"$name"; do
			grep -qxF "$top" "$BATS_FILE_TMPDIR/cgroups" ||
				find "$top" -depth -type d -exec rmdir {} \; 2>/dev/null || true
		done
	done
}

network() {
	jq -n --arg name "$1" --arg ranges "$2" '{cniVersion: "0.4.0", name: $name, plugins: [
		{type: "bridge", bridge: "br-\($name)", isGateway: true, ipMasq: true,
			hairpinMode: true, capabilities: {ips: true},
			ipam: {type: "host-local", ranges: [$ranges / " " | .[] | [{subnet: .}]],
				routes: [$ranges / " " | .[] |
					{dst: (if test(":") then "::/0" else "0.0.0.0/0" end)}]}},
		{type: "portmap", capabilities: {portMappings: true}}]}' |
		jq "${3:-.}" >"$BATS_FILE_TMPDIR/net.d/$1.conflist"
}

nothing_left() {
	local left

	left=$(
		ip -br link show type veth | grep -v ^uplink
		find /var/lib/cni/networks -type f ! -name lock ! -name 'last_reserved*' 2>/dev/null
		find /run/podwire/*/pods -type f 2>/dev/null
		nft -j list ruleset | jq -r '.nftables[] | (.set // .map // empty) |
			select(.elem and .name != "links") | "\(.name): \(.elem)"'
	) || true
	[ -z "$left" ] || {
		echo "left: $left"
		return 1
	}
}

runs_here() {
	local words

	[ "$(id -u)" = 0 ] || skip "only root runs containers that have the plugins called"
	command -v "$1" >/dev/null || skip "$1 is not installed: $(cat "$CLIENTS_LOG" 2>/dev/null)"
	words=$("$@" 2>&1) || skip "this machine runs no containers: ${words//$'\n'/; }"
}
