# SPDX-License-Identifier: Apache-2.0
# What the tests of host-local and of its store stand on, beside lib.bash: the plugin called directly,
# and what lies on disk.

PLUGIN=host-local
store=/var/lib/cni/networks/net

eval "host_$(declare -f setup)"
eval "host_$(declare -f teardown)"

setup() {
	host_setup
	conf='{"cniVersion": "1.1.0", "name": "net", "type": "bridge",
		"ipam": {"type": "host-local", "ranges": [[{"subnet": "10.1.0.0/24"}]]}}'
}

teardown() {
	umount -l /var/lib/cni/networks/net "$T/disk" 2>/dev/null || true
	host_teardown
}

# Changes the configuration for the rest of the test.
with() { conf=$(configuration "$1"); }

# gets POD "ADDRESS..." [FILTER]: ADD succeeds and answers exactly these, set by set.
gets() {
	local got

	add "$1" "${3:-.}" || return
	got=$(jq -r '[(.ips // [])[].address] | join(" ")' "$T/$1.result")
	same "$got" "$2" || {
		echo "that is what $1 got"
		return 1
	}
}

# Reserves by hand: hold ADDRESS CONTAINER [IFNAME]; without an interface it is the legacy form.
hold() {
	mkdir -p "$store"
	printf '%s' "$2${3+$'\r\n'$3}" >"$store/$1"
}

# Says by hand which address of the set was given last: last SET TEXT.
last() {
	mkdir -p "$store"
	printf '%s' "$2" >"$store/last_reserved_ip.$1"
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
holds() { same "$(reserved)" "$([ $# = 0 ] || printf '%s\n' "$@" | LC_ALL=C sort)"; }

# Every name, type, mode and byte under a directory.
tree() {
	find "$1" -mindepth 1 -printf '%y %m %P %l\n' | LC_ALL=C sort
	find "$1" -type f -exec sha256sum {} + | LC_ALL=C sort -k2
}

same() {
	[ "$1" = "$2" ] || {
		diff <(echo "$1") <(echo "$2")
		return 1
	}
}

# A plugin that hangs is a plugin that fails.
impatiently() {
	mkdir -p "$T/impatient"
	printf '#!/bin/sh\nexec timeout 5 "%s/host-local"\n' "$BIN" >"$T/impatient/host-local"
	chmod +x "$T/impatient/host-local"
	CNI_DIR=$T/impatient "$@"
}

# A file system of its own for the store.
own_disk() {
	mkdir "$T/disk"
	mount -t tmpfs -o size=1m tmpfs "$T/disk"
	store=$T/disk/net
	with ".ipam.dataDir = \"$T/disk\""
}

# The plugin as it is called in loops: call DIRECTORY VERB CONTAINER <configuration.
call() {
	CNI_COMMAND=$2 CNI_CONTAINERID=$3 CNI_IFNAME=eth0 CNI_NETNS=/run/netns/none CNI_PATH=$1 \
		"$1/host-local"
}

reference() { CNI_DIR=$REFERENCE "$@"; }
