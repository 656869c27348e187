#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# Bad input: each case of tests/bad-input/*.table is refused with one well-formed error object, and
# nothing on the machine is any different after it.
#
# A line of a table is a case, or several; its columns stand two spaces or more apart:
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
#   CODE       of the error; [67] is either
#   MESSAGE    an extended regular expression that "msg | details" of the error matches
#
# The good calls: pod p1 is attached already, p2 is not. ADD is for p2 and has a prevResult of an
# interface eth9; DEL and CHECK are for p1; GC says that no attachment is valid. So whatever is
# done where it should have been refused can be seen.

load lib

# By plugin and verb, lines of filters; by these three, the configuration; by file, what it says.
declare -gA filters configured errors

setup_file() {
	# Characters are counted as such, and the system's messages are in English.
	export LC_ALL=C.UTF-8
}

# The machine with its pods, and a good configuration for each plugin and verb.
machine() {
	local plugin base before chained='.type = "portmap" | del(.ipam) |
		.runtimeConfig.portMappings = [{hostPort: 8080, containerPort: 80, protocol: "tcp"}]'

	before='{"interfaces": [{"name": "eth9", "mac": "02:00:00:00:00:09", "sandbox": "/run/netns/p2"}],
		"ips": [{"address": "10.7.0.2/24", "gateway": "10.7.0.1", "interface": 0}],
		"routes": [{"dst": "10.8.0.0/16", "gw": "10.7.0.1"}], "dns": {}}'
	pod p1 p2
	add p1 '.type = "loopback" | del(.ipam)'
	mv "$T/p1.result" "$T/loopback.result"
	add p1
	for plugin in bridge host-local portmap; do cp "$T/p1.result" "$T/$plugin.result"; done
	for plugin in bridge host-local loopback; do
		base='.'
		[ $plugin != loopback ] || base='.type = "loopback" | del(.ipam)'
		configuration "$base | .prevResult = $before" >"$T/$plugin.ADD"
		configuration "$base | .prevResult = $(cat "$T/$plugin.result")" >"$T/$plugin.CHECK"
		configuration "$base | .\"cni.dev/valid-attachments\" = []" >"$T/$plugin.GC"
		configuration "$base" | tee "$T/$plugin.DEL" >"$T/$plugin.STATUS"
	done
	PLUGIN=portmap add p1 "$chained | .prevResult = $(cat "$T/portmap.result")"
	for plugin in CHECK GC DEL STATUS; do
		configuration "$chained | .prevResult = $(cat "$T/portmap.result") |
			.\"cni.dev/valid-attachments\" = []" >"$T/portmap.$plugin"
	done
	configuration "$chained | .prevResult = $(cat "$T/portmap.result") |
		.runtimeConfig.portMappings[0].hostPort = 8081" >"$T/portmap.ADD"
}

# call PLUGIN VERB DIFFERENCE: what it prints goes to $out and $err then, its status to $status.
call() {
	local plugin=$1 verb=$2 difference=$3 pod=p1 good

	[ "$verb" != ADD ] || pod=p2
	good=$(<"$T/$plugin.$verb")
	set --
	case $difference in
	env\ *)
		eval "set -- ${difference#env }"
		echo "$good"
		;;
	stdin\ *) eval "${difference#stdin }" ;;
	*) echo "${configured["$plugin.$verb $difference"]}" ;;
	esac >"$T/stdin"
	status=0
	CNI_COMMAND=$verb CNI_CONTAINERID=$pod CNI_NETNS=/run/netns/$pod CNI_IFNAME=eth0 \
		CNI_PATH=$BIN on_host env "$@" "$BIN/$plugin" \
		<"$T/stdin" >"$out" 2>"$err" || status=$?
}

# What most mistakes would change: links, addresses, reservations. Left out is what settles by
# itself: carriers, and link-local addresses.
glance() {
	local ns link addresses file text

	shopt -s extglob
	for ns in host p1 p2; do
		ip -n $ns -br address | while read -r link _ addresses; do
			echo "$ns $link ${addresses//fe80:*([0-9a-f:])\/64}"
		done
	done
	for file in /var/lib/cni/networks/*/*; do
		read -r -d '' text <"$file" || true
		echo "$file $text"
	done
}

# It takes its time.
close_look() {
	glance
	state
}

# A table: what stands in its lines, each case by itself; and the jq filters among it.
read_table() {
	local line plugins verbs p v
	local form='^([^ ]+) +([^ ]+) +(.*[^ ]) +(\[?[0-9]+\]?)  +(.*)$'

	while IFS= read -r line; do
		[[ $line && $line != \#* ]] || continue
		[[ $line =~ $form ]] || { echo "not a case: $line" >>"$wrongs"; continue; }
		set -- "${BASH_REMATCH[@]}"
		plugins=${2/#\*/bridge,host-local,loopback,portmap} verbs=${3/#\*/ADD,DEL,CHECK,GC,STATUS}
		for p in ${plugins//,/ }; do
			for v in ${verbs//,/ }; do
				plugin+=("$p") verb+=("$v") difference+=("$4") code+=("$5") pattern+=("$6")
				[[ $4 == env\ * || $4 == stdin\ * ]] || filters[$p.$v]+=$4$'\n'
			done
		done
	done <"$1"
}

# The configurations of all filters at once, because jq takes longer to start than a plugin to run.
configure() {
	local key list made i

	for key in "${!filters[@]}"; do
		mapfile -t list <<<"${filters[$key]%$'\n'}"
		mapfile -t made < <(jq -c "$(printf '([%s] | if length == 1 then .[0] else error end), ' \
			"${list[@]}") empty" "$T/$key")
		for i in "${!list[@]}"; do configured["$key ${list[i]}"]=${made[i]}; done
	done
}

# A machine as it should be, of which $look has taken a look.
begin() {
	[ ! -e /run/netns/p1 ] || { teardown; setup; }
	machine
	configure
	seen=$($look)
}

# Every case in its turn, and what it changed, in so far as $look sees it. After a change the next
# one gets a new machine.
run_cases() {
	local i status out err after

	for i in "${!plugin[@]}"; do
		out=$BATS_TEST_TMPDIR/$i.out err=$BATS_TEST_TMPDIR/$i.err
		call "${plugin[i]}" "${verb[i]}" "${difference[i]}"
		statuses[i]=$status changes[i]=''
		after=$($look)
		[ "$after" != "$seen" ] || continue
		changes[i]=$(diff <(echo "$seen") <(echo "$after") || true)
		changed=yes
		begin
	done
}

# errors[FILE] becomes "CODE msg | details" of each file that is one error object.
read_errors() {
	local file text

	while read -r -d '' file && read -r -d '' text; do
		errors[$file]=${errors[$file]+another after }$text
	done < <(jq -j 'select(type == "object" and keys - ["cniVersion", "code", "details", "msg"] == []) |
		select((.cniVersion | type) == "string" and (.code | type) == "number") |
		select((.msg | type) == "string" and .msg != "") |
		"\(input_filename)\u0000\(.code) \(.msg) | \(.details // "")\u0000"' "$@" 2>/dev/null)
}

# What is wrong with how a case was refused, if anything is.
verdict() {
	local i=$1 out=$BATS_TEST_TMPDIR/$1.out error err

	# One that is not JSON kept jq from reading those behind it.
	[ "${errors[$out]+there}" ] || read_errors "$out"
	error=${errors[$out]-} err=$(<"${out%.out}.err")
	if [ "${statuses[i]}" != 1 ]; then
		echo "status ${statuses[i]}, not 1: $(tr -s '[:space:]' ' ' <"$out" | head -c 300)"
	elif [ -z "$error" ] || ! iconv -f UTF-8 -t UTF-8 "$out" >/dev/null 2>&1; then
		echo "not one well-formed error object: $(head -c 300 "$out" | cat -v)"
	elif [[ ! $error =~ ^${code[i]}\  ]]; then
		echo "not code ${code[i]}: ${error:0:300}"
	elif [[ ! ${error#* } =~ ${pattern[i]} ]]; then
		echo "the message does not match \"${pattern[i]}\": ${error:0:300}"
	fi
	[ -z "${changes[i]}" ] || printf 'changed the machine:\n%s\n' "${changes[i]}"
	! [[ $err =~ Sanitizer|runtime\ error ]] || echo "$err"
}

judge() {
	local i wrong

	read_errors "$BATS_TEST_TMPDIR"/*.out
	for i in "${!plugin[@]}"; do
		wrong=$(verdict "$i")
		[ -z "$wrong" ] || printf '%s %s  %s\n%s\n\n' "${plugin[i]}" "${verb[i]}" \
			"${difference[i]}" "$wrong" >>"$wrongs"
	done
}

# A glance after each case; where that has missed something, a close look after each says whose it is.
refuses() {
	local wrongs=$BATS_TEST_TMPDIR/wrongs look=glance seen before changed=''
	local plugin verb difference code pattern statuses changes

	read_table "$BATS_TEST_DIRNAME/bad-input/$1.table"
	begin
	before=$(close_look)
	run_cases
	[ "$changed" ] || [ "$(close_look)" = "$before" ] || {
		look=close_look
		begin
		run_cases
	}
	judge
	echo "${#plugin[@]} cases; wrong:" # which is seen where the test fails
	cat "$wrongs" 2>/dev/null || [ "${#plugin[@]}" -gt 0 ]
	[ ! -e "$wrongs" ]
}

# What the tables' stdin commands are made of.

# So many times that text.
times() { head -c "$1" /dev/zero | sed "s/\x00/$2/g"; }

# The good configuration with MEMBERS in front of its own.
with() { echo "{$1, ${good#\{}"; }

# The good configuration with a member of so many lists, or objects, each in the other.
nested() { with "\"nest\": $(times "$1" '[')$(times "$1" ']')"; }
nested_objects() { with "\"nest\": $(times "$1" '{"a":')1$(times "$1" '}')"; }

succeeds() {
	local out=$T/out err=$T/err status

	call "$1" "$2" 'stdin echo "$good"'
	[ "$status" = 0 ] || {
		echo "$1 $2: $(cat "$out")"
		return 1
	}
}

@test "the good calls, from which every case differs, succeed" {
	local plugin verb

	for plugin in bridge host-local loopback portmap; do
		machine
		for verb in CHECK STATUS ADD DEL GC; do succeeds $plugin $verb; done
		teardown
		setup
	done
}

@test "every missing or bad variable is named" { refuses environment; }

@test "what is not one JSON object is refused, and it is said where" { refuses json; }

@test "a version that is not known, or too old for the verb, is refused" { refuses versions; }

@test "names that could be paths, or could be no name at all, are refused" { refuses names; }

@test "every key of bridge is refused with a wrong type or value" { refuses bridge; }

@test "every key of host-local is refused with a wrong type or value" { refuses host-local; }

@test "every key of portmap is refused with a wrong type or value" { refuses portmap; }

@test "a prevResult of a wrong shape is refused with the path of the offender" { refuses prev-result; }

@test "GC refuses a list that it cannot read, and removes nothing" { refuses gc; }

@test "STATUS says code 50 to a configuration that ADD would refuse" { refuses status; }
