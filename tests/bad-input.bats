#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bad input: each case of tests/bad-input/*.table is refused with one well-formed error object, and
# nothing on the machine is any different after it.
#
# A line of a table is a case, or several: the columns stand two spaces or more apart.
#
#     PLUGIN  VERB  DIFFERENCE  CODE  MESSAGE
#
#   PLUGIN,    one, or several with commas between; "*" is every plugin, every verb
#   VERB
#   DIFFERENCE from a good call, which would have succeeded:
#                jq filter      of the configuration:          .mtu = -1
#                env ...        of the environment, as env(1) reads it, in the shell's quotes:
#                               env -u CNI_NETNS CNI_IFNAME='a b'
#                stdin COMMAND  a shell command that prints all of stdin; $good is the good one
#   CODE       of the error
#   MESSAGE    an extended regular expression that "msg | details" of the error must match
#
# The good calls: pod p1 is attached already, p2 is not. ADD is for p2 and has a prevResult of an
# interface eth9; DEL and CHECK are for p1; GC says that no attachment is valid. So whatever is
# done where it should have been refused can be seen.

load lib

setup_file() {
	# Byte order, and messages in English, whatever the machine speaks.
	export LC_ALL=C.UTF-8
}

# The machine with its pods, and a good configuration for each plugin and verb.
machine() {
	local plugin before base

	before='{"interfaces": [{"name": "eth9", "mac": "02:00:00:00:00:09", "sandbox": "/run/netns/p2"}],
		"ips": [{"address": "10.7.0.2/24", "gateway": "10.7.0.1", "interface": 0}],
		"routes": [{"dst": "10.8.0.0/16", "gw": "10.7.0.1"}], "dns": {}}'
	pod p1 p2
	add p1 '.type = "loopback" | del(.ipam)'
	mv "$T/p1.result" "$T/loopback.result"
	add p1
	cp "$T/p1.result" "$T/bridge.result"
	mv "$T/p1.result" "$T/host-local.result"
	for plugin in bridge host-local loopback; do
		base='.'
		[ $plugin != loopback ] || base='.type = "loopback" | del(.ipam)'
		configuration "$base | .prevResult = $before" >"$T/$plugin.ADD"
		configuration "$base | .prevResult = $(cat "$T/$plugin.result")" >"$T/$plugin.CHECK"
		configuration "$base | .\"cni.dev/valid-attachments\" = []" >"$T/$plugin.GC"
		configuration "$base" | tee "$T/$plugin.DEL" >"$T/$plugin.STATUS"
	done
}

# call PLUGIN VERB DIFFERENCE: what it prints is in $T/out and $T/err then, and the status in $status.
call() {
	local plugin=$1 verb=$2 difference=$3 pod=p1 good

	[ "$verb" != ADD ] || pod=p2
	good=$(<"$T/$plugin.$verb")
	case $difference in
	env\ *)
		eval "set -- ${difference#env }"
		echo "$good"
		;;
	stdin\ *)
		set --
		eval "${difference#stdin }"
		;;
	*)
		set --
		jq -c "$difference" <<<"$good"
		;;
	esac >"$T/stdin"
	status=0
	CNI_COMMAND=$verb CNI_CONTAINERID=$pod CNI_NETNS=/run/netns/$pod CNI_IFNAME=eth0 \
		CNI_PATH=$BIN on_host env "$@" "$BIN/$plugin" \
		<"$T/stdin" >"$T/out" 2>"$T/err" || status=$?
}

# What most mistakes would change; `state` sees all, but takes its time.
glance() {
	on_host ip -br address
	in_pod p1 ip -br address
	in_pod p2 ip -br address
	find /var/lib/cni -type f
	grep -r . /var/lib/cni
}

everything() {
	glance
	state
}

# One JSON object in well-formed UTF-8, with what an error has and nothing else: "CODE msg | details".
error_of() {
	iconv -f UTF-8 -t UTF-8 "$1" >/dev/null 2>&1 && jq -ers '
		select(length == 1) | .[0] |
		select(type == "object" and keys - ["cniVersion", "code", "details", "msg"] == []) |
		select((.cniVersion | type) == "string" and (.code | type) == "number") |
		select((.msg | type) == "string" and .msg != "") |
		"\(.code) \(.msg) | \(.details // "")"' "$1" 2>/dev/null
}

# What is wrong with how the last call was refused, if anything is.
verdict() {
	local code=$1 pattern=$2 error

	if [ "$status" != 1 ]; then
		echo "status $status, not 1: $(head -c 300 "$T/out")"
	elif ! error=$(error_of "$T/out"); then
		echo "not one well-formed error object: $(head -c 300 "$T/out")"
	elif [[ ! $error =~ ^$code\  ]]; then
		echo "not code $code: $error"
	elif [[ ! ${error#* } =~ $pattern ]]; then
		echo "the message does not match \"$pattern\": $error"
	fi
	grep -E 'Sanitizer|runtime error' "$T/err" || true
}

# One case; $look says what is looked at before and after.
try() {
	local what="$1 $2  $3" wrong after

	call "$1" "$2" "$3"
	wrong=$(verdict "$4" "$5")
	[ -z "$wrong" ] || printf '%s\n\t%s\n' "$what" "$wrong" >>"$T/wrong"
	after=$($look)
	[ "$after" = "$seen" ] || {
		printf '%s\n\tchanged the machine:\n' "$what"
		diff <(echo "$seen") <(echo "$after")
	} >>"$T/wrong" || true
	seen=$after
	n=$((n + 1))
}

# All cases of a table.
judge() {
	local line plugins verbs difference plugin verb seen
	local form='^([^ ]+) +([^ ]+) +(.*[^ ]) +(\[?[0-9]+\]?)  +(.*)$'

	seen=$($look)
	while IFS= read -r line; do
		[[ $line && $line != \#* ]] || continue
		[[ $line =~ $form ]] || { echo "not a case: $line" >>"$T/wrong"; continue; }
		set -- "${BASH_REMATCH[@]}"
		plugins=${2/#\*/bridge,host-local,loopback} verbs=${3/#\*/ADD,DEL,CHECK,GC,STATUS}
		for plugin in ${plugins//,/ }; do
			for verb in ${verbs//,/ }; do
				try "$plugin" "$verb" "$4" "$5" "$6"
			done
		done
	done <"$BATS_TEST_DIRNAME/bad-input/$1.table"
}

# A glance after each case; when that has missed something, a close look after each says whose it is.
refuses() {
	local before n=0 look=glance

	machine
	before=$(everything)
	judge "$1"
	echo "$n cases" # shown where the test fails
	grep -qs 'changed the machine' "$T/wrong" || [ "$(everything)" = "$before" ] ||
		look=everything judge "$1"
	[ "$n" -gt 0 ] && [ ! -e "$T/wrong" ] || {
		cat "$T/wrong"
		return 1
	}
}

# What the tables' stdin commands are made of.

times() { head -c "$1" /dev/zero | sed "s/\x00/$2/g"; }

# The good configuration with MEMBERS in front of its own.
with() { echo "{$1, ${good#\{}"; }

nested() { with "\"nest\": $(times "$1" '[')$(times "$1" ']')"; }

nested_objects() { with "\"nest\": $(times "$1" '{"a":')1$(times "$1" '}')"; }

@test "the good calls, from which every case differs, succeed" {
	local plugin verb

	machine
	for plugin in bridge host-local loopback; do
		for verb in CHECK STATUS ADD DEL GC; do
			call "$plugin" "$verb" .
			[ "$status" = 0 ] || {
				echo "$plugin $verb: $(cat "$T/out")"
				return 1
			}
		done
		[ "$plugin" != bridge ] || machine_again
	done
}

# The bridge's DEL and GC took the addresses that the good calls of host-local need.
machine_again() {
	PLUGIN=bridge del p2
	add p1
	cp "$T/p1.result" "$T/host-local.result"
	configuration ".prevResult = $(cat "$T/p1.result")" >"$T/host-local.CHECK"
}

@test "every missing or bad variable is named" { refuses environment; }

@test "what is not one JSON object is refused, and it is said where" { refuses json; }

@test "a version that is not known, or too old for the verb, is refused" { refuses versions; }

@test "names that could be paths, or could be no name at all, are refused" { refuses names; }

@test "every key of bridge is refused with a wrong type or value" { refuses bridge; }

@test "every key of host-local is refused with a wrong type or value" { refuses host-local; }

@test "a prevResult of a wrong shape is refused with the path of the offender" { refuses prev-result; }

@test "GC refuses a list that it cannot read, and removes nothing" { refuses gc; }

@test "STATUS says code 50 to a configuration that ADD would refuse" { refuses status; }
