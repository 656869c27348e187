#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# containerd, as kubelet uses it (CRI) and by hand (ctr): networks that come while it runs, and its
# sudden death between ADD and DEL.

load lib

setup_file() {
	prepare_host
	prepare_root
	export CONTAINERD_ADDRESS=/run/c/sock CONTAINERD_SNAPSHOTTER=native
	cat >"$BATS_FILE_TMPDIR/config.toml" <<-END
		version = 2
		root = "/var/lib/c"
		state = "/run/c/state"
		[grpc]
		  address = "/run/c/sock"
		[plugins."io.containerd.grpc.v1.cri"]
		  sandbox_image = "localhost/box:1"
		  restrict_oom_score_adj = true
		  [plugins."io.containerd.grpc.v1.cri".containerd]
		    snapshotter = "native"
		  [plugins."io.containerd.grpc.v1.cri".cni]
		    bin_dir = "$BIN"
		    conf_dir = "$BATS_FILE_TMPDIR/net.d"
	END
	# ctr knows no other places.
	mkdir -p /run/etc-cni/net.d /run/opt/cni
	ln -s "$BIN" /run/opt/cni/bin
	mount --bind /run/etc-cni /etc/cni
	mount --bind /run/opt /opt
	"$CLIENTS/image" "$BATS_FILE_TMPDIR/root.tar" localhost/box:1 httpd -f -p 80 -h /www \
		>"$BATS_FILE_TMPDIR/image.tar"
	runs_here containerd --version
	start
	for namespace in default k8s.io; do
		ctr -n "$namespace" images import "$BATS_FILE_TMPDIR/image.tar" >/dev/null
	done
	runs_here ctr run --rm localhost/box:1 try ip link
}

teardown_file() {
	kill_tasks
	kill "$(cat /run/containerd.pid)" || true
	pkill -KILL --ns $$ --nslist pid containerd-shim || true
	remove_cgroups default k8s.io
}

start() {
	containerd -c "$BATS_FILE_TMPDIR/config.toml" >>"$BATS_FILE_TMPDIR/containerd.log" 2>&1 3>&- &
	echo $! >/run/containerd.pid
	until_so 100 ctr version
}

kill_containerd() {
	kill -KILL "$(cat /run/containerd.pid)"
	until_so 50 not kill -0 "$(cat /run/containerd.pid)"
}

# Of all containers and pods: what runs in them.
kill_tasks() {
	local namespace

	for namespace in default k8s.io; do
		ctr -n "$namespace" task ls | awk 'NR > 1 { print $2 }' | xargs -r kill -KILL
	done
}

held() { ls /var/lib/cni/networks/pods | grep '^10'; }

# until_so TENTHS COMMAND...
until_so() {
	local left=$1

	until "${@:2}" >/dev/null 2>&1; do
		[ "$((left--))" -gt 0 ] || {
			echo "in vain: ${*:2}"
			return 1
		}
		sleep 0.1
	done
}

ready() { [ "$("$CLIENTS/cri" network)" = "$1" ]; }

serves() { [ "$(curl -s -m 2 "http://$1/")" = "here I am" ]; }

# In the order of a node's life: each test stands on those before.

@test "without a network no pod comes up, and ctr says why" {
	ready false
	not "$CLIENTS/cri" run early
	run ctr run --cni --rm localhost/box:1 early ip link
	[[ $status != 0 && $output = *'no network config found'* ]]
	nothing_left
}

@test "a network that is dropped while containerd runs is taken up" {
	network pods '10.10.0.0/24 fd00:10::/64' '.cniVersion = "1.0.0"'
	cp "$BATS_FILE_TMPDIR/net.d/pods.conflist" /etc/cni/net.d
	until_so 50 ready true
	ctr run --cni --rm localhost/box:1 c1 ip addr | grep 'inet 10.10.0.[0-9]*/24'
	nothing_left
}

@test "a pod with host ports: it has the address that CRI tells, and its ports are reached" {
	local pod address

	pod=$("$CLIENTS/cri" run p1 8080:80/tcp 5353:53/udp)
	address=$("$CLIENTS/cri" address "$pod")
	[[ $address = 10.10.0.* ]]
	until_so 50 serves "$address"
	serves 192.168.50.1:8080
	[ "$(outside curl -s -m 5 http://192.168.50.1:8080/)" = "here I am" ]
	not "$CLIENTS/cri" run p2 8080:80/tcp
	serves 192.168.50.1:8080
	"$CLIENTS/cri" stop "$pod"
	nothing_left
	"$CLIENTS/cri" remove "$pod"
}

@test "containerd killed between ADD and DEL: the pod goes on, and its end is clean" {
	local pod

	pod=$("$CLIENTS/cri" run p1 8080:80/tcp)
	until_so 50 serves 192.168.50.1:8080
	kill_containerd
	serves 192.168.50.1:8080
	start
	until_so 100 ready true
	serves 192.168.50.1:8080
	[[ $("$CLIENTS/cri" address "$pod") = 10.10.0.* ]]
	"$CLIENTS/cri" stop "$pod"
	nothing_left
	"$CLIENTS/cri" remove "$pod"
}

@test "containerd and all pods killed at once: stopping them gives everything back" {
	local first second pids

	first=$("$CLIENTS/cri" run p1 8080:80/tcp)
	second=$("$CLIENTS/cri" run p2 8081:80/tcp)
	until_so 50 serves 192.168.50.1:8081
	pids=$(ctr -n k8s.io task ls | awk 'NR > 1 { print $2 }')
	kill_containerd
	kill -KILL $pids
	start
	until_so 100 ready true
	"$CLIENTS/cri" stop "$first"
	"$CLIENTS/cri" stop "$second"
	nothing_left
	"$CLIENTS/cri" remove "$first"
	"$CLIENTS/cri" remove "$second"
	first=$("$CLIENTS/cri" run p3 8080:80/tcp)
	until_so 50 serves 192.168.50.1:8080
	"$CLIENTS/cri" stop "$first"
	"$CLIENTS/cri" remove "$first"
}

@test "ctr killed between ADD and DEL: others come up, and a DEL by hand gives back what it had" {
	ctr run --cni --rm localhost/box:1 c1 </dev/null >"$T/ctr" 2>&1 3>&- &
	until_so 100 held
	until_so 50 serves "$(held)"
	kill -KILL $!
	ctr task kill -s KILL c1
	until_so 50 ctr task delete c1
	ctr container delete c1
	ctr run --cni --rm localhost/box:1 c2 ip addr | grep 'inet 10.10.0.[0-9]*/24'
	[ "$(held | wc -l)" = 1 ]
	CNI_PATH=$BIN "$CLIENTS/../../examples/cni" del "$BATS_FILE_TMPDIR/net.d/pods.conflist" \
		/run/netns/gone default-c1
	nothing_left
}

@test "several pods at once" {
	local pods

	pods=$(seq 8 | xargs -P 8 -I N "$CLIENTS/cri" run pN 809N:80/tcp)
	[ "$(wc -l <<<"$pods")" = 8 ]
	for n in $(seq 8); do
		until_so 50 serves "192.168.50.1:809$n"
	done
	xargs -P 8 -n 1 "$CLIENTS/cri" stop <<<"$pods"
	nothing_left
	xargs -P 8 -n 1 "$CLIENTS/cri" remove <<<"$pods"
}
