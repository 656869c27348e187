#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# examples/: the runner of network configuration lists, the lists, and the quickstart.

load lib

EXAMPLES=$BATS_TEST_DIRNAME/../examples

# chain NAME...: a list of these plugins, which only note how they are called: $T/calls has a line
# "VERB NAME" for each call; $T/NAME.VERB.stdin and .env what it got. ADD answers the result it
# was given and one interface more. Shell commands in $T/NAME.VERB say what else is to happen.
chain() {
	local name

	mkdir -p "$T/bin"
	cat >"$T/bin/.plugin" <<-'FAKE'
		#!/usr/bin/env bash
		name=${0##*/}
		me=${0%/bin*}/$name.$CNI_COMMAND
		echo "$CNI_COMMAND $name" >>"${0%/bin*}/calls"
		cat >"$me.stdin"
		env | grep ^CNI_ | sort >"$me.env"
		[ ! -e "$me" ] || . "$me"
		[ "$CNI_COMMAND" != ADD ] || jq --arg name "$name" '
			(.prevResult // {cniVersion, interfaces: []}) | .interfaces += [{name: $name}]' "$me.stdin"
	FAKE
	chmod +x "$T/bin/.plugin"
	for name; do
		ln -s .plugin "$T/bin/$name"
	done
	jq -n '{cniVersion: "1.1.0", name: "net", plugins: [$ARGS.positional[] | {type: .}]}' \
		--args "$@" >"$T/list"
}

# relist FILTER: changes the list.
relist() {
	jq "$1" "$T/list" >"$T/list.new"
	mv "$T/list.new" "$T/list"
}

runner() {
	CNI_PATH=${CNI_PATH-$T/bin} CNI_CACHE_DIR=${CNI_CACHE_DIR-$T/cache} on_host "$EXAMPLES/cni" "$@"
}

# refused PATTERN COMMAND...: it exits 1, prints nothing, and says why.
refused() {
	local status=0

	"${@:2}" >"$T/stdout" 2>"$T/stderr" || status=$?
	[ "$status" = 1 ] && [ ! -s "$T/stdout" ] && grep -Eq -e "$1" "$T/stderr" || {
		echo "status $status, not refused with \"$1\":"
		cat "$T/stdout" "$T/stderr"
		return 1
	}
}

calls() { paste -sd, "$T/calls" 2>/dev/null; }

called() {
	[ "$(calls)" = "$1" ] || {
		echo "called: $(calls); not: $1"
		return 1
	}
	rm -f "$T/calls"
}

stdin_is() { like "$(jq -n --slurpfile is "$T/$1.stdin" '$is[0]')" ". == ($2)"; }

# lacks PATTERN FILE: "! grep" in the midst of a test would prove nothing, bash forgives it.
lacks() {
	if grep -E -e "$1" "$2"; then
		return 1
	fi
}

interfaces() { like "$1" "[.interfaces[].name] == $2"; }

# What the runner does with plugins

@test "ADD runs the plugins forwards, each with the result of the one before, and prints the last" {
	chain one two three
	interfaces "$(runner add "$T/list" p1)" '["one", "two", "three"]'
	called "ADD one,ADD two,ADD three"
	stdin_is one.ADD '{"cniVersion": "1.1.0", "name": "net", "type": "one"}'
	like "$(cat "$T/two.ADD.stdin")" \
		'.prevResult == {cniVersion: "1.1.0", interfaces: [{name: "one"}]}'
	interfaces "$(jq .prevResult "$T/three.ADD.stdin")" '["one", "two"]'
}

@test "a plugin gets its own keys unchanged, with the list's name and version in place of its own" {
	chain one
	relist '.plugins[0] += {name: "other", cniVersion: "0.1.0", deep: {a: [1, null, "ü"]}, args: {}}'
	runner add "$T/list" p1
	stdin_is one.ADD '{"cniVersion": "1.1.0", "name": "net", "type": "one",
		"deep": {"a": [1, null, "ü"]}, "args": {}}'
}

@test "a result without a version gets that of the list" {
	chain one two
	echo 'echo "{}"; exit 0' >"$T/one.ADD"
	runner add "$T/list" p1
	like "$(cat "$T/two.ADD.stdin")" '.prevResult == {cniVersion: "1.1.0"}'
}

@test "every plugin has the protocol's environment; GC and STATUS are about no attachment" {
	local verb

	chain one two
	export CNI_ARGS='K8S_POD_NAME=web;IgnoreUnknown=1' CNI_IFNAME=net1
	for verb in add check status gc del; do
		case $verb in
		status | gc) runner $verb "$T/list" ;;
		*) runner $verb "$T/list" p1 abc ;;
		esac
	done
	for verb in ADD CHECK DEL; do
		cmp "$T/two.$verb.env" - <<-END
			CNI_ARGS=$CNI_ARGS
			CNI_CACHE_DIR=$T/cache
			CNI_COMMAND=$verb
			CNI_CONTAINERID=abc
			CNI_IFNAME=net1
			CNI_NETNS=/run/netns/p1
			CNI_PATH=$T/bin
		END
	done
	for verb in STATUS GC; do
		grep -Eqx 'CNI_CONTAINERID=' "$T/two.$verb.env"
		grep -Eqx 'CNI_NETNS=' "$T/two.$verb.env"
		grep -Eqx 'CNI_IFNAME=' "$T/two.$verb.env"
	done
}

@test "CHECK runs forwards and DEL backwards, both with the result that ADD ended with" {
	local name

	chain one two three
	runner add "$T/list" p1 >"$T/result"
	rm "$T/calls"
	[ -z "$(runner check "$T/list" p1)" ]
	[ -z "$(runner del "$T/list" p1)" ]
	called "CHECK one,CHECK two,CHECK three,DEL three,DEL two,DEL one"
	for name in one.CHECK three.CHECK three.DEL one.DEL; do
		stdin_is "$name" "{\"cniVersion\": \"1.1.0\", \"name\": \"net\", \"type\": \"${name%.*}\",
			\"prevResult\": $(cat "$T/result")}"
	done
}

@test "CHECK and DEL use the list, CNI_ARGS and CAP_ARGS that ADD used, not what they have become" {
	local verb

	chain one two
	relist '.plugins[0] += {old: true, capabilities: {mac: true}}'
	CNI_ARGS=IP=10.1.0.9 CAP_ARGS='{"mac": "02::"}' runner add "$T/list" p1
	relist 'del(.plugins[1], .plugins[0].old)'
	rm "$T/calls"
	CNI_ARGS=IP=10.1.0.1 runner check "$T/list" p1
	CAP_ARGS='{"mac": "04::"}' runner del "$T/list" p1
	called "CHECK one,CHECK two,DEL two,DEL one"
	for verb in CHECK DEL; do
		like "$(cat "$T/one.$verb.stdin")" '.old and .runtimeConfig == {mac: "02::"}'
		grep -qx 'CNI_ARGS=IP=10.1.0.9' "$T/one.$verb.env"
	done
}

@test "what ADD used is kept under /run/podwire-examples, for root's eyes, until DEL" {
	local file=/run/podwire-examples/net/p1:eth0

	chain one
	unset CNI_CACHE_DIR
	CNI_PATH=$T/bin on_host "$EXAMPLES/cni" add "$T/list" p1
	like "$(cat $file)" '.containerID == "p1" and .ifname == "eth0" and .netns == "/run/netns/p1" and
		.list.name == "net" and .result.interfaces[0].name == "one"'
	[ "$(stat -c %a $file)" = 600 ]
	CNI_PATH=$T/bin on_host "$EXAMPLES/cni" del "$T/list" p1
	[ -z "$(find /run/podwire-examples -type f)" ]
}

@test "attachments differ by network, container and interface" {
	local list

	chain one
	jq '.name = "other"' "$T/list" >"$T/other"
	for list in list other; do
		runner add "$T/$list" p1
		runner add "$T/$list" p2
		CNI_IFNAME=eth1 runner add "$T/$list" p1
	done
	[ "$(find "$T/cache" -type f | wc -l)" = 6 ]
	runner del "$T/list" p1
	[ "$(cd "$T/cache" && find . -type f | sort | paste -sd' ')" = \
		"./net/p1:eth1 ./net/p2:eth0 ./other/p1:eth0 ./other/p1:eth1 ./other/p2:eth0" ]
}

@test "a second ADD of an attachment is refused, and harms nothing" {
	chain one
	runner add "$T/list" p1
	refused "cni: p1 has eth0 on network net already" runner add "$T/list" p1
	called "ADD one"
	runner check "$T/list" p1
}

@test "DEL may be repeated, and works without a cached result" {
	chain one two
	runner del "$T/list" p1
	called "DEL two,DEL one"
	stdin_is two.DEL '{"cniVersion": "1.1.0", "name": "net", "type": "two"}'
	runner add "$T/list" p1
	runner del "$T/list" p1
	runner del "$T/list" p1
	like "$(cat "$T/one.DEL.stdin")" 'has("prevResult") | not'
}

@test "a DEL that failed can be repeated with all that it needs" {
	chain one two three
	runner add "$T/list" p1
	rm "$T/calls"
	echo 'exit 3' >"$T/two.DEL"
	refused "two DEL" runner del "$T/list" p1
	called "DEL three,DEL two"
	rm "$T/two.DEL"
	runner del "$T/list" p1
	called "DEL three,DEL two,DEL one"
	interfaces "$(jq .prevResult "$T/one.DEL.stdin")" '["one", "two", "three"]'
}

@test "a failed ADD is taken back from the plugin that failed, backwards, and nothing is kept" {
	local how calls what n=0

	chain one two three
	while IFS='|' read -r calls what how; do
		echo "$what"
		rm -f "$T"/*.ADD "$T"/*.DEL "$T/calls"
		eval "$how"
		refused "$what" runner add "$T/list" p1
		called "$calls"
		[ ! -e "$T/cache" ]
		like "$(cat "$T/one.DEL.stdin")" 'has("prevResult") | not'
		n=$((n + 1))
	done <<-'END'
		ADD one,DEL one|one ADD: no \(code 7\)|echo "echo '{\"code\": 7, \"msg\": \"no\"}'; exit 1" >$T/one.ADD
		ADD one,ADD two,DEL two,DEL one|two ADD: no \(code 7\)|echo "echo '{\"code\": 7, \"msg\": \"no\"}'; exit 1" >$T/two.ADD
		ADD one,ADD two,ADD three,DEL three,DEL two,DEL one|three ADD: the plugin ended with status 5|echo 'exit 5' >$T/three.ADD
		ADD one,ADD two,DEL two,DEL one|two ADD: the plugin ended with status 137|echo 'kill -9 $$' >$T/two.ADD
		ADD one,ADD two,DEL two,DEL one|two ADD: the answer is no result: *$|echo 'exit 0' >$T/two.ADD
		ADD one,ADD two,DEL two,DEL one|two ADD: the answer is no result: hello|echo 'echo hello; exit 0' >$T/two.ADD
		ADD one,ADD two,DEL two,DEL one|two ADD: the answer is no result: \[\]|echo 'echo []; exit 0' >$T/two.ADD
		ADD one,ADD two,DEL two,DEL one|two ADD: the answer is no result: \{\}|echo 'echo "{} {}"; exit 0' >$T/two.ADD
		ADD one,ADD two,DEL two,DEL one|two ADD: the plugin ended|echo 'exit 1' >$T/two.ADD; echo 'exit 1' >$T/two.DEL
	END
	[ "$n" = 9 ]
}

@test "an ADD whose result cannot be kept is taken back" {
	chain one two
	touch "$T/file"
	CNI_CACHE_DIR=$T/file/cache refused "$T/file" runner add "$T/list" p1
	called "ADD one,ADD two,DEL two,DEL one"
}

@test "a plugin that is missing fails an ADD before any plugin runs" {
	chain one two
	rm "$T/bin/two"
	refused "cni: there is no plugin two in CNI_PATH $T/bin" runner add "$T/list" p1
	called ""
}

@test "the first directory of CNI_PATH with an executable file of the name counts" {
	chain one
	mkdir -p "$T/a/one" "$T/b" "$T/c"
	touch "$T/b/one"
	printf '#!/bin/sh\nexit 9\n' >"$T/c/one"
	chmod +x "$T/c/one"
	CNI_PATH=$T/none:$T/a:$T/b:$T/bin:$T/c runner add "$T/list" p1
	called "ADD one"
}

@test "a plugin gets those of CAP_ARGS that its capabilities name, and no runtimeConfig without" {
	local capabilities args wanted n=0

	chain one two
	while IFS='|' read -r capabilities args wanted; do
		relist ".plugins[0].capabilities = $capabilities"
		CAP_ARGS=$args runner add "$T/list" p1
		like "$(cat "$T/one.ADD.stdin")" ".runtimeConfig == $wanted"
		like "$(cat "$T/two.ADD.stdin")" 'has("runtimeConfig") | not'
		runner del "$T/list" p1
		n=$((n + 1))
	done <<-'END'
		{"ips": true}|{"ips": ["10.1.0.9"], "mac": "02::"}|{"ips": ["10.1.0.9"]}
		{"ips": true, "mac": true}|{"ips": ["10.1.0.9"], "mac": "02::"}|{"ips": ["10.1.0.9"], "mac": "02::"}
		{"ips": true, "mac": false}|{"ips": [], "mac": "02::"}|{"ips": []}
		{"ips": true}|{"mac": "02::"}|null
		{"ips": true}|{}|null
		{"ips": true}||null
		null|{"ips": []}|null
		{}|{"ips": []}|null
	END
	[ "$n" = 8 ]
}

@test "GC tells every plugin the attachments of this network, and of no other" {
	chain one two
	jq '.name = "other"' "$T/list" >"$T/other"
	runner add "$T/list" p1
	CNI_IFNAME=net1 runner add "$T/list" p1
	runner add "$T/list" p2 abc
	runner add "$T/other" p3
	runner del "$T/list" p1
	rm "$T/calls"
	runner gc "$T/list"
	called "GC one,GC two"
	like "$(cat "$T/two.GC.stdin")" '(."cni.dev/valid-attachments" | sort_by(.ifname)) ==
		[{containerID: "abc", ifname: "eth0"}, {containerID: "p1", ifname: "net1"}]'
	like "$(cat "$T/two.GC.stdin")" 'del(."cni.dev/valid-attachments") ==
		{cniVersion: "1.1.0", name: "net", type: "two"}'
}

@test "GC without any attachment tells an empty list" {
	chain one
	runner gc "$T/list"
	like "$(cat "$T/one.GC.stdin")" '."cni.dev/valid-attachments" == []'
}

@test "GC goes on after an error, which it reports; STATUS stops at the first" {
	chain one two
	echo 'exit 1' | tee "$T/one.GC" >"$T/one.STATUS"
	refused "one GC: the plugin ended with status 1" runner gc "$T/list"
	called "GC one,GC two"
	refused "one STATUS: the plugin ended with status 1" runner status "$T/list"
	called "STATUS one"
	rm "$T/one.STATUS"
	runner status "$T/list"
	called "STATUS one,STATUS two"
	stdin_is two.STATUS '{"cniVersion": "1.1.0", "name": "net", "type": "two"}'
}

@test "CHECK stops at the first error, and is refused for what was never added" {
	chain one two
	refused "p1 has no eth0 on network net" runner check "$T/list" p1
	runner add "$T/list" p1
	rm "$T/calls"
	echo 'exit 1' >"$T/one.CHECK"
	refused "one CHECK" runner check "$T/list" p1
	called "CHECK one"
}

@test "disableCheck and disableGC, as true or \"true\", keep the plugins from being asked" {
	local value

	for value in true '"true"'; do
		chain one
		relist ".disableCheck = $value | .disableGC = $value"
		runner add "$T/list" p1
		rm "$T/calls"
		runner check "$T/list" p1
		runner gc "$T/list"
		called ""
		rm -r "$T/bin" "$T/cache"
	done
}

@test "a verb that is younger than the list's version is not asked for" {
	local version verb status calls n=0

	while read -r version verb status calls; do
		chain one
		relist ".cniVersion = \"$version\""
		runner add "$T/list" p1
		rm -f "$T/calls"
		if [ "$status" = 0 ]; then
			[ "$verb" = check ] && runner check "$T/list" p1 || runner "$verb" "$T/list"
		else
			refused "cniVersion $version, which has no CHECK" runner check "$T/list" p1
		fi
		called "$calls"
		rm -r "$T/bin" "$T/cache"
		n=$((n + 1))
	done <<-'END'
		0.3.1 check 1
		0.4.0 check 0 CHECK one
		1.0.0 status 0
		1.1.0 status 0 STATUS one
		1.0.0 gc 0
		1.1.0 gc 0 GC one
	END
	[ "$n" = 6 ]
}

@test "DEL has a prevResult from cniVersion 0.4.0 on" {
	local version wanted

	while read -r version wanted; do
		chain one
		relist ".cniVersion = \"$version\""
		runner add "$T/list" p1
		runner del "$T/list" p1
		like "$(cat "$T/one.DEL.stdin")" "has(\"prevResult\") == $wanted"
		rm -r "$T/bin"
	done <<-'END'
		0.1.0 false
		0.3.1 false
		0.4.0 true
		1.1.0 true
	END
}

@test "of cniVersions the newest counts that is not newer than the protocol's 1.1.0" {
	local filter wanted n=0

	while IFS=@ read -r filter wanted; do
		chain one
		relist "$filter"
		runner add "$T/list" p1
		like "$(cat "$T/one.ADD.stdin")" ".cniVersion == \"$wanted\""
		rm -r "$T/bin" "$T/cache"
		n=$((n + 1))
	done <<-'END'
		.cniVersion = "1.0.0"@1.0.0
		del(.cniVersion)@0.1.0
		.cniVersion = "9.0.0"@9.0.0
		.cniVersion = "1.0.0" | .cniVersions = ["0.4.0", "1.1.0"]@1.1.0
		.cniVersion = "1.0.0" | .cniVersions = ["0.4.0", "0.10.0"]@1.0.0
		.cniVersion = "0.4.0" | .cniVersions = ["1.10.0", "1.0.0", "1.1.1"]@1.0.0
		del(.cniVersion) | .cniVersions = ["0.3.1", "0.3.0"]@0.3.1
	END
	[ "$n" = 7 ]
}

@test "a network is found by its name in NETCONFPATH, as cnitool finds it" {
	mkdir "$T/net.d"
	chain one
	mv "$T/list" "$T/net.d/10-some.conflist"
	echo '{"name": "other", "type": "one"}' >"$T/net.d/20-other.conf"
	export NETCONFPATH=$T/net.d CNI_PATH=$T/bin CNI_CACHE_DIR=$T/cache
	"$EXAMPLES/cni" add net /run/netns/p1 >/dev/null
	"$EXAMPLES/cni" del net /run/netns/p1
	"$EXAMPLES/cni" add other /run/netns/p1 >/dev/null
	not "$EXAMPLES/cni" add absent /run/netns/p1
	diff "$T/calls" <(printf '%s\n' 'ADD one' 'DEL one' 'ADD one')
}

@test "a single plugin's configuration is taken for a list of one" {
	chain one
	echo '{"cniVersion": "1.0.0", "name": "net", "type": "one", "key": 1}' >"$T/list"
	runner add "$T/list" p1
	stdin_is one.ADD '{"cniVersion": "1.0.0", "name": "net", "type": "one", "key": 1}'
}

@test "NETNS is a name or a path, whose last part is the container ID unless one is given" {
	local netns id path wanted n=0

	chain one
	while read -r netns path wanted id; do
		(cd "$T" && runner del "$T/list" "$netns" ${id:+"$id"})
		grep -qx "CNI_NETNS=${path/\~/$T}" "$T/one.DEL.env"
		grep -qx "CNI_CONTAINERID=$wanted" "$T/one.DEL.env"
		n=$((n + 1))
	done <<-'END'
		p1 /run/netns/p1 p1
		p1 /run/netns/p1 abc abc
		/var/run/netns/p1 /var/run/netns/p1 p1
		./p1 ~/p1 p1
		x/../p1 ~/p1 p1
	END
	[ "$n" = 5 ]
}

@test "what cannot be run is refused before any plugin runs" {
	local pattern list n=0

	chain one
	while IFS='|' read -r pattern list; do
		echo "$list" >"$T/bad"
		refused "^cni: .*$pattern" runner add "$T/bad" p1
		n=$((n + 1))
	done <<-'END'
		not one JSON object|
		not one JSON object|{"name": "net", "type": "one"} {}
		parse error|{"name": "net", "type": "one"
		not a JSON object|[]
		not a JSON object|"one"
		no name|{"plugins": [{"type": "one"}]}
		no name|{"name": 1, "plugins": [{"type": "one"}]}
		no plugins|{"name": "net", "plugins": []}
		no plugins|{"name": "net", "plugins": {"type": "one"}}
		without a type|{"name": "net"}
		without a type|{"name": "net", "plugins": [{"type": "one"}, {}]}
		without a type|{"name": "net", "plugins": ["one"]}
		without a type|{"name": "net", "plugins": [{"type": 1}]}
		without a type|{"name": "net", "plugins": [{"type": ""}]}
		a / in a name or type|{"name": "net", "plugins": [{"type": "../bin/one"}]}
		a / in a name or type|{"name": "../net", "plugins": [{"type": "one"}]}
		network name "\.\." is not|{"name": "..", "plugins": [{"type": "one"}]}
		network name "" is not|{"name": "", "plugins": [{"type": "one"}]}
		network name "a b" is not|{"name": "a b", "plugins": [{"type": "one"}]}
	END
	[ "$n" = 19 ]
	refused "cni: cannot read $T/nothing" runner add "$T/nothing" p1
	refused 'container ID "a/b" is not' runner add "$T/list" p1 a/b
	refused 'container ID "\.\." is not' runner add "$T/list" p1 ..
	refused '"a/b" cannot be an interface' env CNI_IFNAME=a/b "$EXAMPLES/cni" add "$T/list" p1
	refused '"0123456789abcdef" cannot be' \
		env CNI_IFNAME=0123456789abcdef "$EXAMPLES/cni" add "$T/list" p1
	refused "CAP_ARGS is no JSON object" env CAP_ARGS='[]' "$EXAMPLES/cni" add "$T/list" p1
	refused "CAP_ARGS is no JSON object" env CAP_ARGS=' ' "$EXAMPLES/cni" add "$T/list" p1
	refused "CAP_ARGS is no JSON object" env CAP_ARGS='{' "$EXAMPLES/cni" add "$T/list" p1
	called ""
}

@test "a command line that is none shows how to use it" {
	local arguments

	chain one
	while read -r arguments; do
		# shellcheck disable=SC2086 # several words
		refused "^  cni add +CONFLIST NETNS" runner $arguments
	done <<-END

		add
		add $T/list
		add $T/list p1 abc more
		gc $T/list p1
		ADD $T/list p1
		plan $T/list p1
	END
	called ""
}

@test "a plugin's error is shown with code, message and details, and what it writes to stderr too" {
	local how wanted n=0

	chain one
	while IFS='|' read -r how wanted; do
		echo "$how; exit 1" >"$T/one.ADD"
		refused . runner add "$T/list" p1
		[ "$(cat "$T/stderr")" = "$(printf '%b' "$wanted")" ]
		n=$((n + 1))
	done <<-'END'
		echo '{"code": 7, "msg": "no"}'|cni: one ADD: no (code 7)
		echo '{"code": 7, "msg": "no", "details": ""}'|cni: one ADD: no (code 7)
		echo '{"code": 7, "msg": "no", "details": "a\nb"}'|cni: one ADD: no (code 7)\n     a\n     b
		echo warned >&2; echo '{"code": 7, "msg": "no"}'|warned\ncni: one ADD: no (code 7)
		echo oh; echo no|cni: one ADD: the plugin ended with status 1 and without an error object\n     oh\n     no
		echo '{}'|cni: one ADD: the plugin ended with status 1 and without an error object\n     {}
	END
	[ "$n" = 6 ]
}

@test "a cache file that cannot be read does not keep DEL from working" {
	chain one
	runner add "$T/list" p1
	rm "$T/calls"
	echo '{' >"$T/cache/net/p1:eth0"
	refused "p1:eth0 cannot be read" runner check "$T/list" p1
	runner del "$T/list" p1
	called "DEL one"
	[ ! -e "$T/cache/net/p1:eth0" ]
}

# With the real plugins

real() { CNI_PATH=$BIN runner "$@"; }

@test "each list in examples/ attaches pods that reach their gateways and each other at once" {
	local list address

	for list in "$EXAMPLES"/bridge-*.conflist; do
		pod p1 p2
		real status "$list"
		real add "$list" p1 >"$T/p1.result"
		real add "$list" p2
		real check "$list" p1
		for address in $(jq -r '.ips[].gateway' "$T/p1.result"); do
			in_pod p2 ping -c 1 -W 0.9 "$address"
		done
		for address in $(jq -r '.ips[].address | split("/")[0]' "$T/p1.result"); do
			in_pod p2 ping -c 1 -W 0.9 "$address"
		done
		real gc "$list"
		real check "$list" p2
		real del "$list" p1
		real del "$list" p2
		[ -z "$(on_host ip -o link show type veth)" ]
		ip netns delete p1
		ip netns delete p2
	done
	[ -z "$(find /var/lib/cni -type f ! -name 'last_reserved_ip.*' ! -name lock)" ]
}

@test "the dual-stack list gives an address of either family, and takes the ips and mac asked for" {
	local list=$EXAMPLES/bridge-dual-stack.conflist

	pod p1 p2
	like "$(real add "$list" p1)" '[.ips[].address] == ["10.66.0.2/24", "fd66:ed0c:3c2f:1::2/64"] and
		[.routes[].dst] == ["0.0.0.0/0", "::/0"]'
	like "$(CAP_ARGS='{"ips": ["10.66.0.77"], "mac": "02:00:00:00:00:07"}' real add "$list" p2)" \
		'.ips[0].address == "10.66.0.77/24" and .interfaces[2].mac == "02:00:00:00:00:07"'
	real check "$list" p2
}

@test "the loopback list brings lo up" {
	local list=$EXAMPLES/loopback.conflist

	pod p1
	like "$(CNI_IFNAME=lo real add "$list" p1)" '[.ips[].address] == ["127.0.0.1/8", "::1/128"]'
	CNI_IFNAME=lo real check "$list" p1
	in_pod p1 ping -c 1 -W 1 127.0.0.1
	CNI_IFNAME=lo real del "$list" p1
	like "$(in_pod p1 ip -j link)" '.[0].flags | index("UP") | not'
}

@test "each list in examples/ is one that a runtime of CNI 1.0.0 takes, too" {
	local list n=0

	for list in "$EXAMPLES"/*.conflist; do
		pod p1
		like "$(cat "$list")" '.cniVersion == "1.0.0" and (.name | test("^[a-z0-9-]+$")) and
			(.plugins | type == "array")'
		jq 'del(.cniVersions)' "$list" >"$T/list"
		like "$(real add "$T/list" p1)" '.cniVersion == "1.0.0"'
		real check "$T/list" p1
		real del "$T/list" p1
		ip netns delete p1
		n=$((n + 1))
	done
	[ "$n" -ge 3 ]
}

@test "GC removes the pod that the cache does not know, and leaves the others alone" {
	local list=$EXAMPLES/bridge-dual-stack.conflist

	pod p1 p2
	real add "$list" p1
	real add "$list" p2
	rm "$T/cache/podwire/p1:eth0"
	real gc "$list"
	like "$(on_host ip -j link show type veth)" '[.[].ifalias] == ["podwire/p2/eth0"]'
	[ "$(cd /var/lib/cni/networks/podwire && echo 10.* fd*)" = "10.66.0.3 fd66:ed0c:3c2f:1::3" ]
	real check "$list" p2
}

@test "a chain that fails behind the real bridge leaves everything as it was" {
	local before

	# p0 stays, so that the bridge keeps its carrier: it would go some moments after the last port.
	chain one
	pod p0 p1
	jq '.plugins += [{type: "one"}]' "$EXAMPLES/bridge-dual-stack.conflist" >"$T/list"
	CNI_PATH=$BIN:$T/bin runner add "$T/list" p0
	before=$(state | grep -v last_reserved_ip)
	echo 'exit 1' >"$T/one.ADD"
	CNI_PATH=$BIN:$T/bin refused "one ADD" runner add "$T/list" p1
	[ "$(state | grep -v last_reserved_ip)" = "$before" ]
	[ "$(in_pod p1 ip -o link | wc -l)" = 1 ]
}

@test "what the real plugins complain of is shown with its code" {
	local list=$EXAMPLES/bridge-ipv4-minimal.conflist

	pod p1
	jq '.plugins[0].mtu = 7' "$list" >"$T/list"
	refused '^cni: bridge ADD: mtu must be.* \(code 7\)$' real add "$T/list" p1
	real add "$list" p1
	in_pod p1 ip link set eth0 down
	refused '^cni: bridge CHECK: .*eth0.* \(code [0-9]+\)$' real check "$list" p1
}

# The quickstart

# A server that it forgot must not keep bats (whose file 3 it would hold) waiting for ever.
quickstart() { MARK=$T PLUGINS=${PLUGINS-$BIN} on_host "$EXAMPLES/quickstart" 3>&-; }

surroundings() {
	state
	find /run /var/lib | sort
}

# No process of a quickstart is there any more, or dies within a second.
all_ended() {
	local i left

	for i in {1..10}; do
		left=$(grep -lzxs "MARK=$T" /proc/[0-9]*/environ | cut -d/ -f3) || true
		[ "$left" ] || return 0
		sleep 0.1
	done
	echo "still running:" $left
	kill $left
	return 1
}

@test "the quickstart ends well, twice, and leaves its surroundings as they were" {
	local before turn

	before=$(surroundings)
	for turn in first second; do
		echo "$turn"
		quickstart >"$T/out" 2>&1 || {
			cat "$T/out"
			return 1
		}
		[ "$(surroundings)" = "$before" ]
		all_ended
		lacks 'Sanitizer|runtime error|failed' "$T/out"
	done
}

@test "the quickstart is plain text of at most 100 columns, with every step and its commands" {
	local what n=0

	quickstart >"$T/out" 2>&1
	lacks '.{101}' "$T/out"
	lacks "$(printf '[\033\t]')" "$T/out"
	lacks ' $' "$T/out"
	while read -r what; do
		grep -Eq -e "$what" "$T/out" || {
			echo "nothing about: $what"
			return 1
		}
		n=$((n + 1))
	done <<-'END'
		^   host# ip netns add pod1
		^     lease +from host-local
		^       examples/cni add examples/bridge-dual-stack.conflist pod2
		^     eth0@if[0-9]+ +UP +10\.66\.0\.2/24 fd66:ed0c:3c2f:1::2/64
		^     alias podwire/pod1/eth0
		^     64 bytes from 10\.66\.0\.3: .* time=[0-9.]+ ms
		^     64 bytes from fd66:ed0c:3c2f:1::3: .* time=[0-9.]+ ms
		^     Hello 10\.66\.0\.2, this is pod2
		^     Hello fd66:ed0c:3c2f:1::2, this is pod2
		^     Hello 10\.66\.0\.1, this is pod2
		^     cni: bridge CHECK: eth0 has no address 10\.66\.0\.2/24
		^     podwire0 .*<.*BROADCAST
		^All of it held: [0-9]+ things were verified
	END
	[ "$n" = 13 ]
}

@test "the quickstart fails, and says at what, when a plugin does not do its work" {
	local plugin what behaviour n=0

	while IFS='|' read -r plugin what behaviour; do
		mkdir "$T/bad"
		ln -s "$BIN"/* "$T/bad"
		rm "$T/bad/$plugin"
		printf '#!/usr/bin/env bash\nreal=%s\n%s\nexec "$real" "$@"\n' "$BIN/$plugin" "$behaviour" \
			>"$T/bad/$plugin"
		chmod +x "$T/bad/$plugin"
		PLUGINS=$T/bad refused_late "$what" quickstart
		all_ended
		rm -r "$T/bad"
		n=$((n + 1))
	done <<-'END'
		bridge|step 3 .*ends with status 1|[ "$CNI_COMMAND" != STATUS ] || exit 1
		bridge|step 3 .*the dry run made something|[ "$1" != plan ] || ip link add name oops type bridge
		bridge|step 4 .*two addresses|[ "$CNI_COMMAND" != ADD ] || { "$real" | jq "del(.ips[1])"; exit; }
		loopback|step 5 .*lo is not up|[ "$CNI_COMMAND" != ADD ] || exec echo "{}"
		portmap|step 9 .*ends with status 1|[ "$CNI_COMMAND" != ADD ] || { jq .prevResult; exit; }
		bridge|step 10 .*CHECK did not notice|[ "$CNI_COMMAND" != CHECK ] || { "$real" >/dev/null; exit 0; }
		bridge|step 11 .*eth0 is left|[ "$CNI_COMMAND" != DEL ] || exit 0
		host-local|step 12 .*left in the store|[ "$CNI_COMMAND" != DEL ] || exit 0
	END
	[ "$n" = 8 ]
}

# The same as refused, of a command that has told much before.
refused_late() {
	local status=0

	"${@:2}" >"$T/out" 2>"$T/stderr" || status=$?
	[ "$status" = 1 ] && grep -Eq -e "quickstart: $1" "$T/stderr" || {
		echo "status $status, not refused with \"$1\":"
		cat "$T/out" "$T/stderr"
		return 1
	}
}
