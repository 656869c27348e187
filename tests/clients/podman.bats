#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# podman with its CNI backend: what people do with containers' networks, and that nothing is left.

load lib

setup_file() {
	prepare_host
	prepare_root
	cat >"$BATS_FILE_TMPDIR/containers.conf" <<-END
		[containers]
		default_ulimits = ["nofile=1024:2048", "nproc=1000:1000"] # limits may not be raised everywhere
		[engine]
		cgroup_manager = "cgroupfs"
		events_logger = "none"
		runtime = "runc"
		[network]
		network_backend = "cni"
		cni_plugin_dirs = ["$BIN"]
		network_config_dir = "$BATS_FILE_TMPDIR/net.d"
		default_network = "pods"
	END
	cat >"$BATS_FILE_TMPDIR/storage.conf" <<-END
		[storage]
		driver = "vfs"
		runroot = "/run/containers/storage"
		graphroot = "/var/lib/containers/storage"
	END
	export CONTAINERS_CONF=$BATS_FILE_TMPDIR/containers.conf
	export CONTAINERS_STORAGE_CONF=$BATS_FILE_TMPDIR/storage.conf
	network pods 10.10.0.0/24
	network more 10.11.0.0/24 'del(.plugins[0].ipam.routes)'
	network both '10.12.0.0/24 fd00:12::/64'
	network six fd00:13::/64
	podman import -q "$BATS_FILE_TMPDIR/root.tar" box >/dev/null 2>"$BATS_FILE_TMPDIR/import" || true
	runs_here podman run --rm --network none box ip link
}

teardown() {
	podman rm -fat 0 >/dev/null
	nothing_left
}

teardown_file() { remove_cgroups libpod_parent; }

# serve NAME [OPTION...]: a container with a web server.
serve() { podman run -d --name "$1" "${@:2}" box httpd -f -p 80 -h /www >/dev/null; }

# inside NAME COMMAND...: the host's programs in the container's network.
inside() { nsenter --net -t "$(podman inspect "$1" --format '{{.State.Pid}}')" -- "${@:2}"; }

# fetch ADDRESS: as whoever calls; the server may be starting yet.
fetch() { curl -sg --noproxy '*' -m 9 --retry-connrefused --retry 20 --retry-delay 1 "http://$1/"; }

address() { podman exec "$1" ip addr show "${2:-eth0}"; }

@test "a container gets an address, and reaches the world with the host's" {
	outside "$CLIENTS/echo" 7 >/dev/null 2>&1 3>&- &
	serve a
	address a | grep 'inet 10.10.0.[0-9]*/24'
	[ "$(inside a "$CLIENTS/ask" 192.168.50.9 7)" = 192.168.50.1 ]
}

@test "published TCP and UDP ports are reached from the host itself and from outside" {
	serve a -p 8080:80 -p 5353:53/udp
	[ "$(fetch 127.0.0.1:8080)" = "here I am" ]
	[ "$(fetch 192.168.50.1:8080)" = "here I am" ]
	[ "$(outside curl -s -m 9 http://192.168.50.1:8080/)" = "here I am" ]
	inside a "$CLIENTS/echo" 53 >/dev/null 2>&1 3>&- &
	"$CLIENTS/ask" 127.0.0.1 5353
	[ "$(outside "$CLIENTS/ask" 192.168.50.1 5353)" = 192.168.50.9 ]
	podman rm -ft 0 a
	not curl -s -m 3 http://192.168.50.1:8080/
}

@test "a container publishes ports, and reaches itself through them" {
	serve a -p 8080:80
	fetch 127.0.0.1:8080
	[ "$(inside a curl -s -m 9 http://192.168.50.1:8080/)" = "here I am" ]
	[ "$(inside a curl -s -m 9 http://10.10.0.1:8080/)" = "here I am" ]
}

@test "a port that another container has: podman's error names who" {
	serve a -p 192.168.50.1:8080:80
	run podman run --rm -p 192.168.50.1:8080:80 box ip link
	[ "$status" != 0 ]
	[[ $output = *8080* ]]
	echo "$output"
	[ "$(fetch 192.168.50.1:8080)" = "here I am" ]
}

@test "two networks on one container, its ports published" {
	serve a --network pods,more -p 8080:80 -p 5353:53/udp
	podman exec a ip addr | grep 'inet 10.10.0.'
	podman exec a ip addr | grep 'inet 10.11.0.'
	[ "$(fetch 192.168.50.1:8080)" = "here I am" ]
	inside a "$CLIENTS/echo" 53 >/dev/null 2>&1 3>&- &
	"$CLIENTS/ask" 127.0.0.1 5353
	podman exec a ping -c 1 -W 5 10.11.0.1
	podman exec a ping -c 1 -W 5 10.10.0.1
}

@test "a network taken from a running container, and given back" {
	serve a --network pods
	podman network connect more a
	podman exec a ip addr | grep 'inet 10.11.0.'
	podman network disconnect more a
	podman exec a ip addr | not grep 'inet 10.11.0.'
	podman network connect more a
	podman exec a ping -c 1 -W 5 10.11.0.1
}

@test "an address and a MAC that are asked for" {
	serve a --ip 10.10.0.77 --mac-address 02:00:00:00:00:07
	address a | grep 'inet 10.10.0.77/24'
	address a | grep 'link/ether 02:00:00:00:00:07'
	podman inspect a | jq -e '.[0].NetworkSettings.Networks.pods |
		.IPAddress == "10.10.0.77" and .MacAddress == "02:00:00:00:00:07"'
	not podman run --rm --ip 10.10.0.77 box ip addr
}

@test "networks of IPv6, alone and beside IPv4" {
	local network

	for network in six both; do
		serve "$network" --network "$network" -p '[::]:8080:80'
		address "$network" | grep 'inet6 fd00:1[23]::'
		[ "$(fetch '[fd50::1]:8080')" = "here I am" ]
		[ "$(outside curl -sg -m 9 'http://[fd50::1]:8080/')" = "here I am" ]
		podman exec "$network" ping6 -c 1 -W 5 fd50::9
		podman rm -ft 0 "$network"
	done
}

@test "twenty containers at once, each with an address and a port of its own" {
	seq 20 | xargs -P 20 -I N podman run -d --name cN -p 81N:80 box httpd -f -p 80 -h /www >/dev/null
	[ "$(podman inspect $(podman ps -q) | jq -r '.[].NetworkSettings.Networks.pods.IPAddress' |
		sort -u | wc -l)" = 20 ]
	for n in $(seq 20); do
		[ "$(fetch "192.168.50.1:81$n")" = "here I am" ]
	done
	seq 20 | xargs -P 20 -I N podman rm -ft 0 cN >/dev/null
	nothing_left
}

@test "a container that was killed is started again, and works" {
	serve a -p 8080:80 --ip 10.10.0.78
	fetch 192.168.50.1:8080
	kill -KILL "$(podman inspect a --format '{{.State.Pid}}')"
	podman wait a
	podman start a
	[ "$(fetch 192.168.50.1:8080)" = "here I am" ]
	address a | grep 'inet 10.10.0.78/24'
}

@test "a container that was killed with its keeper is removed, and its address and port are free" {
	serve a -p 8080:80 --ip 10.10.0.79
	fetch 192.168.50.1:8080
	kill -KILL "$(podman inspect a --format '{{.State.ConmonPid}}')" \
		"$(podman inspect a --format '{{.State.Pid}}')"
	podman rm -ft 0 a
	nothing_left
	serve b -p 8080:80 --ip 10.10.0.79
	[ "$(fetch 192.168.50.1:8080)" = "here I am" ]
}

@test "after somebody flushed the firewall, podman network reload brings back all" {
	serve a -p 8080:80
	fetch 192.168.50.1:8080
	nft flush ruleset
	not curl -s -m 3 http://192.168.50.1:8080/
	podman network reload a
	[ "$(fetch 192.168.50.1:8080)" = "here I am" ]
}

# Networks that podman writes have the plugins firewall and tuning in their lists.

@test "a network that podman created: podman names the plugins that we do not have" {
	podman network create created
	jq -r '.plugins[].type' "$BATS_FILE_TMPDIR/net.d/created.conflist" |
		diff - <(printf '%s\n' bridge portmap firewall tuning)
	run podman run --rm --network created box ip link
	[ "$status" != 0 ]
	echo "$output"
	[[ $output = *'failed to find plugin'*firewall*tuning* ]]
	rm "$BATS_FILE_TMPDIR/net.d/created.conflist"
}

@test "a network that podman created works with the reference's firewall and tuning beside ours" {
	local plugins=$T/plugins

	mkdir "$plugins"
	ln -s "$BIN"/* "$REFERENCE"/{firewall,tuning} "$plugins"
	sed "s,$BIN,$plugins," "$CONTAINERS_CONF" >"$T/containers.conf"
	export CONTAINERS_CONF=$T/containers.conf
	podman network create --subnet 10.20.0.0/24 --ipv6 --subnet fd00:20::/64 -o mtu=1400 created
	podman network create --internal closed
	serve a --network created --ip 10.20.0.7 --mac-address 02:00:00:00:00:09 -p 8080:80
	[ "$(fetch 192.168.50.1:8080)" = "here I am" ]
	address a | grep 'mtu 1400'
	address a | grep 'inet 10.20.0.7/24'
	address a | grep 'inet6 fd00:20::'
	address a | grep 'link/ether 02:00:00:00:00:09'
	podman exec a ping -c 1 -W 5 192.168.50.9
	serve b --network closed
	podman exec b ip route | not grep default
	podman rm -ft 0 a b
	podman network rm created closed
	[ ! -e "/sys/class/net/cni-podman1" ]
}
