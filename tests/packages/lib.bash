# SPDX-License-Identifier: Apache-2.0
# What the tests of packages stand on. They print TAP, change nothing outside $T and build-dev, and
# start no service of the machine.
#
#   promise SENTENCE COMMAND...   the command succeeds when the promise is kept
#   done_testing                  the plan
#   skip_rest WHAT WHY            ends here
#   only_root WHAT                the same, for any other user
#   debian DIR                    a fresh Debian of the machine's own release in DIR: the smallest that
#                                 has apt. Fetched once a day, into build-dev, where there is a
#                                 network: $on_machine runs a command there, if this is not there
#   inside DIR COMMAND...         run it there, with the machine's network
#   offline DIR COMMAND...        the same with a network of its own, in which nobody answers
#   version                       the one that meson.build says
#   contents DIR                  every file: its mode, size and where a link leads; and every directory

n=0
T=$(mktemp -d)
trap '[ "${KEEP_T:-}" ] || rm -rf "$T"' EXIT

promise() {
	local out

	n=$((n + 1))
	if out=$("${@:2}" 2>&1 </dev/null); then
		echo "ok $n $1"
	else
		echo "not ok $n $1"
		sed 's/^/# /' <<<"$out" | tail -30
	fi
}

done_testing() { echo "1..$n"; }

skip_rest() {
	n=$((n + 1))
	echo "ok $n $1 # skip ${2//$'\n'/; }"
	done_testing
	exit
}

only_root() { [ "$(id -u)" = 0 ] || skip_rest "$1" "only root can make a system to install into"; }

# Somebody's server may be at fault for a moment; what it said is shown.
fetch_debian() {
	local suite try

	[ -z "$(find "$1" -mtime -1 2>/dev/null)" ] || return 0
	suite=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
	for try in 1 2 3; do
		mmdebstrap --variant=minbase --dpkgopt=force-unsafe-io --skip=cleanup/apt "$suite" \
			"$1.new.tar" && mv "$1.new.tar" "$1" && return
		sleep "$try"
	done
	return 1
}

# Two tests that want it at the same time fetch it once.
debian() {
	local tar=build-dev/packages/debian.tar

	mkdir -p "${tar%/*}" "$1"
	export -f fetch_debian
	flock "${tar%/*}" ${on_machine:-} bash -c 'fetch_debian "$0"' "$tar" && tar -C "$1" -xf "$tar" &&
		cp /etc/resolv.conf "$1/etc/"
}

# Mounts and processes are nobody else's, and end with the command.
enter() {
	unshare --mount --pid --fork --kill-child "$1" --propagation private bash -euc '
		mount --bind "$1" "$1"
		mount -t proc proc "$1/proc"
		mount --rbind /dev "$1/dev"
		mount -t tmpfs tmpfs "$1/run"
		export DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin
		exec chroot "$@"' bash "${@:2}"
}

inside() { enter --mount "$@"; }

offline() { enter --net "$@"; }

version() { sed -n "s/^ *version: '\(.*\)',$/\1/p" meson.build; }

contents() {
	find "$1" -xdev -mindepth 1 \( -type d -printf '%P/ %m\n' -o -printf '%P %m %s %l\n' \) | sort
}
