#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# The protocol between a runtime, a plugin and its delegate, in all seven versions. What is refused
# is in bad-input.bats.

load lib

versions="0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0"

# Two families, and a route with everything that a route can say.
dual='.ipam.ranges += [[{"subnet": "fd00::/64"}]] |
	.ipam.routes = [{"dst": "0.0.0.0/0"}, {"dst": "::/0"},
		{"dst": "10.8.0.0/16", "gw": "10.1.0.254", "mtu": 1400, "priority": 77}]'

fake='.ipam = {"type": "fake"}'

# From here on the delegate is tests/fake, which tells what it was called with in $FAKE_LOG.
use_fake() {
	CNI_PATH=$BATS_TEST_DIRNAME/fake
	export FAKE_LOG=$T/log FAKE_RESULT='' FAKE_FAIL=''
	mkdir -p "$FAKE_LOG"
}

called() { xargs <"$FAKE_LOG/verbs"; }

# raw VERB POD: with stdin as it comes.
raw() {
	CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_IFNAME=eth0 CNI_NETNS=/run/netns/$2 \
		CNI_PATH=${CNI_PATH-$BIN} on_host "$BIN/${PLUGIN:-bridge}"
}

# A result with one address, as that version has it.
result_of() {
	case $1 in
	0.1.0 | 0.2.0) echo '{"ip4": {"ip": "10.9.0.2/24", "gateway": "10.9.0.1",
		"routes": [{"dst": "10.8.0.0/16"}]}, "dns": {"domain": "example"}}' ;;
	0.*) echo '{"ips": [{"version": "4", "address": "10.9.0.2/24", "gateway": "10.9.0.1"}],
		"routes": [{"dst": "10.8.0.0/16"}], "dns": {"domain": "example"}}' ;;
	*) echo '{"ips": [{"address": "10.9.0.2/24", "gateway": "10.9.0.1"}],
		"routes": [{"dst": "10.8.0.0/16"}], "dns": {"domain": "example"}}' ;;
	esac
}

same_state() {
	diff <(echo "$1") <(state)
}

# Who asks, and which version

@test "a person who types a plugin's name is told what it is, on stderr" {
	local plugin version out

	for plugin in bridge host-local loopback; do
		out=$(env -u CNI_COMMAND "$BIN/$plugin" </dev/null 2>"$T/stderr")
		[ -z "$out" ]
		grep -Eq "$plugin [0-9]+(\.[0-9]+)+" "$T/stderr"
		for version in $versions; do grep -Fqw "$version" "$T/stderr"; done
	done
}

@test "VERSION tells the seven versions, whatever comes on stdin or in the environment" {
	local plugin answer text out
	local cases='~1.1.0
nonsense~1.1.0
{}~1.1.0
{"cniVersion": 5}~1.1.0
{"cniVersion": "0.3.1"}~0.3.1
{"cniVersion": "0.1.0", "name": "../../etc"}~0.1.0'

	for plugin in bridge host-local loopback; do
		while IFS='~' read -r text answer; do
			out=$(env -i CNI_COMMAND=VERSION CNI_IFNAME=a/b "$BIN/$plugin" <<<"$text")
			like "$out" "(\"$versions\" / \" \") as \$all |
				. == {cniVersion: \"$answer\", supportedVersions: \$all}"
		done <<<"$cases"
		out=$(env -i CNI_COMMAND=VERSION "$BIN/$plugin" <&-)
		like "$out" '.cniVersion == "1.1.0"'
	done
}

@test "an error says the version of the configuration that it is about" {
	local version out

	pod p1
	for version in $versions; do
		out=$(cni ADD p1 ".cniVersion = \"$version\" | .mtu = -1") && return 1
		like "$out" ".cniVersion == \"$version\" and .code == 7"
	done
}

# Results, out

@test "bridge and host-local answer in the configuration's version" {
	local version result
	local old='keys == ["cniVersion", "dns", "ip4", "ip6"] and
		(.ip4.ip | test("^10\\.1\\.0\\.[0-9]+/24$")) and .ip4.gateway == "10.1.0.1" and
		.ip4.routes == [{dst: "0.0.0.0/0"}, {dst: "10.8.0.0/16", gw: "10.1.0.254"}] and
		(.ip6.ip | test("^fd00::[0-9a-f]+/64$")) and .ip6.gateway == "fd00::1" and
		.ip6.routes == [{dst: "::/0"}]'
	local new='keys == ["cniVersion", "dns", "interfaces", "ips", "routes"] and
		[.interfaces[] | .name[:4]] == ["cni0", "veth", "eth0"] and
		(.interfaces | map(has("mac")) | all) and
		[.interfaces[] | .sandbox] == [null, null, "/run/netns/p-\(.cniVersion)"] and
		[.ips[] | .interface, .gateway] == [2, "10.1.0.1", 2, "fd00::1"] and
		[.routes[] | .dst, .gw] ==
			["0.0.0.0/0", null, "::/0", null, "10.8.0.0/16", "10.1.0.254"]'
	local typed='[.ips[].version] == ["4", "6"] and
		[.interfaces[] | keys - ["mac", "name", "sandbox"]] == [[], [], []]'
	local untyped='[.ips[] | has("version")] == [false, false]'
	local mtu='[.interfaces[].mtu] == [1500, 1500, 1500]'
	local -A shape=([0.1.0]=$old [0.2.0]=$old
		[0.3.0]="$new and $typed" [0.3.1]="$new and $typed" [0.4.0]="$new and $typed"
		[1.0.0]="$new and $untyped and ($mtu | not)" [1.1.0]="$new and $untyped and $mtu")

	for version in $versions; do
		pod "p-$version"
		result=$(cni ADD "p-$version" "$dual | .cniVersion = \"$version\" |
			.dns = {\"nameservers\": [\"10.1.0.1\"], \"search\": [\"example\"]}")
		like "$result" ".cniVersion == \"$version\" and
			.dns == {nameservers: [\"10.1.0.1\"], search: [\"example\"]}"
		like "$result" "${shape[$version]}"
	done
}

@test "host-local by itself tells no interfaces, in any version" {
	local version result
	local old='.ip4.gateway == "10.1.0.1" and .ip6.gateway == "fd00::1" and .dns == {} and
		keys == ["cniVersion", "dns", "ip4", "ip6"]'
	local new='[.ips[] | has("interface")] == [false, false] and (has("interfaces") | not) and
		[.ips[].gateway] == ["10.1.0.1", "fd00::1"]'
	local typed='[.ips[].version] == ["4", "6"] and .dns == {}'
	local untyped='[.ips[] | has("version")] == [false, false]'
	local -A shape=([0.1.0]=$old [0.2.0]=$old
		[0.3.0]="$new and $typed" [0.3.1]="$new and $typed" [0.4.0]="$new and $typed"
		[1.0.0]="$new and $untyped" [1.1.0]="$new and $untyped")

	for version in $versions; do
		result=$(PLUGIN=host-local cni ADD "p-$version" "$dual | .cniVersion = \"$version\"")
		like "$result" ".cniVersion == \"$version\" and ${shape[$version]}"
	done
}

@test "loopback answers in the configuration's version" {
	local version result
	local old='keys == ["cniVersion", "dns", "ip4", "ip6"] and .ip4.ip == "127.0.0.1/8" and
		.ip6.ip == "::1/128" and .dns == {}'
	local new='.interfaces[0].name == "lo" and .interfaces[0].mac == "00:00:00:00:00:00" and
		.interfaces[0].sandbox == "/run/netns/p-\(.cniVersion)" and
		[.ips[] | .address, .interface] == ["127.0.0.1/8", 0, "::1/128", 0]'
	local typed='[.ips[].version] == ["4", "6"] and .dns == {} and (.interfaces[0] | has("mtu") | not)'
	local untyped='[.ips[] | has("version")] == [false, false]'
	local -A shape=([0.1.0]=$old [0.2.0]=$old
		[0.3.0]="$new and $typed" [0.3.1]="$new and $typed" [0.4.0]="$new and $typed"
		[1.0.0]="$new and $untyped" [1.1.0]="$new and $untyped and .interfaces[0].mtu == 65536")

	for version in $versions; do
		pod "p-$version"
		result=$(cni ADD "p-$version" ".type = \"loopback\" | del(.ipam) | .cniVersion = \"$version\"")
		like "$result" ".cniVersion == \"$version\" and ${shape[$version]}"
	done
}

@test "a configuration without a version, or with an empty one, is of 0.1.0" {
	local filter result

	for filter in 'del(.cniVersion)' '.cniVersion = null' '.cniVersion = ""'; do
		echo "$filter"
		pod p1
		result=$(cni ADD p1 "$filter")
		like "$result" '.cniVersion == "0.1.0" and .ip4.gateway == "10.1.0.1"'
		del p1 "$filter"
		ip netns delete p1
	done
}

@test "what a route says beyond its gateway is honoured in every version that has a list of routes" {
	local version

	for version in 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0; do
		pod "p-$version"
		add "p-$version" "$dual | .cniVersion = \"$version\""
		in_pod "p-$version" ip route | grep -E '^10.8.0.0/16 via 10.1.0.254 .*metric 77 mtu 1400'
	done
}

# Results, in

@test "CHECK reads a prevResult of any version" {
	local version

	for version in $versions; do
		pod "p-$version"
		add "p-$version" "$dual | .cniVersion = \"$version\""
		check "p-$version" "$dual"
	done
}

@test "CHECK believes what a prevResult of any version says" {
	local version address

	for version in $versions; do
		pod "p-$version"
		add "p-$version" ".cniVersion = \"$version\""
		for address in 10.1.0.99/24 10.2.0.2/24; do
			sed -E "s|10\.1\.0\.[0-9]+/24|$address|" "$T/p-$version.result" >"$T/other.result"
			CNI_CONTAINERID=p-$version CNI_NETNS=/run/netns/p-$version \
				fails 103 "${address%/*}" check other
		done
	done
}

@test "a prevResult without a version has the configuration's" {
	local version

	for version in 0.4.0 1.0.0 1.1.0; do
		pod "p-$version"
		add "p-$version" "$dual | .cniVersion = \"$version\""
		cni CHECK "p-$version" "$dual | .cniVersion = \"$version\" |
			.prevResult = ($(cat "$T/p-$version.result") | del(.cniVersion))"
	done
}

@test "a delegate may answer in any version" {
	local version

	use_fake
	for version in $versions; do
		pod "p-$version"
		FAKE_RESULT=$(result_of "$version" | jq ".cniVersion = \"$version\"")
		add "p-$version" "$fake"
		like "$(cat "$T/p-$version.result")" '.cniVersion == "1.1.0" and
			.dns == {domain: "example"} and .routes[0].dst == "10.8.0.0/16" and
			.ips == [{interface: 2, address: "10.9.0.2/24", gateway: "10.9.0.1"}]'
		in_pod "p-$version" ip address show dev eth0 | grep -F 'inet 10.9.0.2/24'
		in_pod "p-$version" ip route | grep -F '10.8.0.0/16 via 10.9.0.1'
	done
}

@test "a delegate's answer without a version has the configuration's" {
	local version

	use_fake
	for version in $versions; do
		pod "p-$version"
		FAKE_RESULT=$(result_of "$version")
		add "p-$version" "$fake | .cniVersion = \"$version\""
		in_pod "p-$version" ip address show dev eth0 | grep -F 'inet 10.9.0.2/24'
	done
}

@test "a plugin of a chain passes on every member of prevResult, known to it or not" {
	local version before result

	pod p1
	before='{"interfaces": [{"name": "eth0", "mac": "02:00:00:00:00:09", "mtu": 1400,
			"sandbox": "/run/netns/p1", "socketPath": "/run/s", "pciID": "0000:00:1f.6",
			"speed": {"unit": "Gb/s", "value": 2.5}}],
		"ips": [{"version": "4", "interface": 0, "address": "10.7.0.2/24", "lease": [1, null]}],
		"routes": [{"dst": "10.8.0.0/16", "colour": "red"}],
		"dns": {"nameservers": ["10.7.0.1"], "transport": "tls"}, "vendor": {"a": [true, {}], "serial": 9007199254740991}}'
	for version in 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0; do
		result=$(cni ADD p1 ".type = \"loopback\" | del(.ipam) | .cniVersion = \"$version\" |
			.prevResult = ($before | .cniVersion = \"$version\")")
		like "$result" ". == ($before | .cniVersion = \"$version\")"
	done
	before='{"ip4": {"ip": "10.7.0.2/24", "lease": 1}, "dns": {}, "vendor": [5]}'
	for version in 0.1.0 0.2.0; do
		result=$(cni ADD p1 ".type = \"loopback\" | del(.ipam) | .cniVersion = \"$version\" |
			.prevResult = ($before | .cniVersion = \"$version\")")
		like "$result" ". == ($before | .cniVersion = \"$version\")"
	done
}

@test "what a plugin passes on says which version it is, whatever prevResult had for one" {
	local before

	pod p1
	for before in '{}' '{"cniVersion": ""}' '{"cniVersion": null}' '{"CNIVERSION": "x"}'; do
		like "$(cni ADD p1 ".type = \"loopback\" | del(.ipam) | .prevResult = $before")" \
			'.cniVersion == "1.1.0"'
	done
}

@test "a prevResult of another version is passed on in the configuration's" {
	local before result

	pod p1
	before='{"cniVersion": "1.0.0", "interfaces": [{"name": "eth0", "sandbox": "/run/netns/p1"}],
		"ips": [{"interface": 0, "address": "10.7.0.2/24", "gateway": "10.7.0.1"}],
		"routes": [{"dst": "10.8.0.0/16", "gw": "10.7.0.1"}],
		"dns": {"nameservers": ["10.7.0.1"]}, "vendor": {"a": 1}}'
	result=$(cni ADD p1 ".type = \"loopback\" | del(.ipam) | .prevResult = $before")
	like "$result" ". == ($before | .cniVersion = \"1.1.0\")"
	result=$(cni ADD p1 ".type = \"loopback\" | del(.ipam) | .cniVersion = \"0.4.0\" |
		.prevResult = $before")
	like "$result" ". == ($before | .cniVersion = \"0.4.0\" | .ips[0].version = \"4\")"
	result=$(cni ADD p1 ".type = \"loopback\" | del(.ipam) | .cniVersion = \"0.2.0\" |
		.prevResult = $before")
	like "$result" '.cniVersion == "0.2.0" and .dns.nameservers == ["10.7.0.1"] and
		.ip4 == {ip: "10.7.0.2/24", gateway: "10.7.0.1",
			routes: [{dst: "10.8.0.0/16", gw: "10.7.0.1"}]}'
}

@test "bridge adds to a prevResult, and counts its interfaces from behind those that are there" {
	local before result version

	before='{"interfaces": [{"name": "br8"}, {"name": "eth8", "sandbox": "/x", "speed": 5}],
		"ips": [{"interface": 1, "version": "4", "address": "10.7.0.2/24", "lease": 1}],
		"routes": [{"dst": "10.6.0.0/16", "gw": "10.7.0.1", "colour": "red"},
			{"dst": "10.5.0.0/16"}], "dns": {}, "vendor": {"a": 1}}'
	for version in 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0; do
		pod "p-$version"
		in_pod "p-$version" ip link add eth8 up type bridge
		in_pod "p-$version" ip address add 10.7.0.2/24 dev eth8
		in_pod "p-$version" ip route add 10.6.0.0/16 via 10.7.0.1
		in_pod "p-$version" ip route add 10.5.0.0/16 dev eth8
		result=$(cni ADD "p-$version" ".cniVersion = \"$version\" |
			.prevResult = ($before | .cniVersion = \"$version\")")
		like "$result" "$before as \$before | .cniVersion == \"$version\" and
			.interfaces[:2] == \$before.interfaces and .ips[:1] == \$before.ips and
			.routes[:2] == \$before.routes and .vendor == {a: 1} and
			(.interfaces | length) == 5 and .interfaces[2].name == \"cni0\" and
			.interfaces[4].sandbox == \"/run/netns/p-$version\" and
			(.ips | length) == 2 and .ips[1].interface == 4 and .ips[1].gateway == \"10.1.0.1\" and
			(.routes | length) == 3 and .routes[2].dst == \"0.0.0.0/0\""
		cni CHECK "p-$version" ".prevResult = $result"
	done
}

# Arguments

@test "known keys of CNI_ARGS are no business of a plugin that has no use for them" {
	local args type

	pod p1
	while read -r args; do
		for type in bridge loopback; do
			CNI_ARGS=$args add p1 ".type = \"$type\" | if .type == \"bridge\" then . else del(.ipam) end"
			CNI_ARGS=$args del p1 ".type = \"$type\" | if .type == \"bridge\" then . else del(.ipam) end"
		done
	done <<-'END'
		K8S_POD_NAMESPACE=default;K8S_POD_NAME=a;K8S_=b
		IP=10.1.0.9;GATEWAY=10.1.0.1;MAC=0a:58:0a:01:00:09
		K8S_POD_NAME=a;
		K8S_POD_NAME=a=b==c
		K8S_POD_NAME=
		IgnoreUnknown=1;COLOR=red
		COLOR=red;IgnoreUnknown=true
		IgnoreUnknown=1
	END
}

@test "a MAC address of runtimeConfig counts before args.cni, and that before CNI_ARGS" {
	local filter='.'
	local steps=('.' '.args.cni.mac = "0a:58:00:00:00:02"' '.runtimeConfig.mac = "0a:58:00:00:00:03"')
	local i

	for i in 0 1 2; do
		filter+=" | ${steps[i]}"
		pod p$i
		CNI_ARGS=MAC=0a:58:00:00:00:01 add p$i "$filter"
		in_pod p$i ip link show dev eth0 | grep -F "0a:58:00:00:00:0$((i + 1))"
		like "$(cat "$T/p$i.result")" ".interfaces[2].mac == \"0a:58:00:00:00:0$((i + 1))\""
	done
}

@test "addresses asked for in runtimeConfig count before args.cni, and those before CNI_ARGS" {
	local filter='.' steps=('.' '.args.cni.ips = ["10.1.0.52/16"]' '.runtimeConfig.ips = ["10.1.0.53"]')
	local i

	for i in 0 1 2; do
		filter+=" | ${steps[i]}"
		pod p$i
		CNI_ARGS=IP=10.1.0.51/32 add p$i "$filter"
		in_pod p$i ip address show dev eth0 | grep -F "inet 10.1.0.5$((i + 1))/24"
	done
}

@test "the plugin's own namespace is a pod's only if CNI_NETNS_OVERRIDE says so" {
	local before override type

	before=$(state)
	for type in bridge loopback; do
		for override in '' 0 yes; do
			CNI_NETNS_OVERRIDE=$override fails 4 'CNI_NETNS /run/netns/host' \
				cni ADD host ".type = \"$type\" | del(.ipam)"
		done
	done
	same_state "$before"
	for override in 1 true; do
		export CNI_NETNS_OVERRIDE=$override
		add host
		on_host ip address show dev eth0 | grep -F 'inet 10.1.0.'
		check host
		del host
	done
}

# Delegates

@test "a delegate is the first executable regular file of its name in CNI_PATH" {
	local dir

	use_fake
	mkdir -p "$T"/{directory/fake,text,none,first,second}
	echo 'exit 1' >"$T/text/fake"
	for dir in first second; do
		{ echo '#!/bin/sh'; echo "echo $dir >>$T/ran; exec $BATS_TEST_DIRNAME/fake/fake"; } >"$T/$dir/fake"
		chmod +x "$T/$dir/fake"
	done
	pod p1
	CNI_PATH=$T/absent:$T/directory::$T/text:$T/none:$T/first:$T/second:$BIN add p1 "$fake"
	[ "$(cat "$T/ran")" = first ]
}

@test "a delegate gets the very bytes that came on stdin, with every verb" {
	local verb list=$'"cni.dev/valid-attachments":[ {"ifname":"eth0","containerID":"p1"}]'
	local text=$' {"type":"bridge" ,\t"z":[ 12345678901234567890,1E2 , 1.50,-0],\r\n"bridge":"cni0",
  "name": "net","\u00fc\\u00fc":"\\/\\u0041","ipam" :{ "type":"fake","type ":{}},"cniVersion":"1.1.0"'

	use_fake
	pod p1
	printf '%s}\n \t' "$text" | raw ADD p1 >"$T/result"
	printf '%s}\n \t' "$text" | cmp - "$FAKE_LOG/ADD.stdin"
	for verb in CHECK STATUS GC DEL; do
		printf '%s, %s,\n"prevResult":%s}' "$text" "$list" "$(cat "$T/result")" >"$T/stdin"
		raw $verb p1 <"$T/stdin"
		cmp "$T/stdin" "$FAKE_LOG/$verb.stdin"
	done
	[ "$(called)" = "ADD CHECK STATUS GC DEL" ]
}

@test "a configuration of a megabyte reaches the delegate whole" {
	use_fake
	pod p1
	{
		jq -c "$fake" <<<"$conf" | head -c -2
		echo ", \"padding\": \"$(head -c 1000000 /dev/zero | tr '\0' x)\"}"
	} >"$T/stdin"
	raw ADD p1 <"$T/stdin" >"$T/result"
	cmp "$T/stdin" "$FAKE_LOG/ADD.stdin"
}

@test "a delegate gets the environment as it is, but for the verb" {
	local verb variables

	use_fake
	pod p1
	variables=(PATH="$PATH" FAKE_LOG="$FAKE_LOG" PODWIRE_TEST=$'a b=c; $d\t"' EMPTY= lower=1
		CNI_FUTURE=1 CNI_ARGS='K8S_POD_NAME=x;K8S_=y' CNI_PATH="$CNI_PATH" CNI_IFNAME=eth0
		CNI_CONTAINERID=p1 CNI_NETNS=/run/netns/p1)
	for verb in ADD STATUS DEL; do
		configuration "$fake" |
			on_host env -i "${variables[@]}" CNI_COMMAND=$verb "$BIN/bridge" >/dev/null
		diff <(printf '%s\n' "${variables[@]}" CNI_COMMAND=$verb | sort) \
			<(grep -v '^PWD=' "$FAKE_LOG/$verb.env" | sort)
	done
}

@test "what a delegate says on stderr passes through, also when all went well" {
	use_fake
	pod p1
	FAKE_FAIL='printf "a warning\n  and more\n" >&2'
	cni ADD p1 "$fake" 2>"$T/stderr"
	diff "$T/stderr" <(printf 'a warning\n  and more\n')
	FAKE_FAIL='[ "$verb" = ADD ] || exit 0; echo "a reason" >&2; refuse 11 "not now"'
	del p1 "$fake"
	! cni ADD p1 "$fake" 2>"$T/stderr" || return 1
	grep -Fx 'a reason' "$T/stderr"
}

@test "a delegate's error becomes the plugin's, word for word" {
	local verb out

	use_fake
	pod p1
	add p1 "$fake"
	FAKE_FAIL="refuse 4242 'no \\\"such\\\"\\tpool: \\u00fc%s%n' 'line 1\\nline 2; \\\\ and \\u20ac'"
	for verb in CHECK GC DEL ADD; do
		out=$(cni $verb p1 "$fake | .\"cni.dev/valid-attachments\" = [] |
			.prevResult = $(cat "$T/p1.result")" 2>/dev/null) && return 1
		like "$out" '.code == 4242 and .msg == "no \"such\"\tpool: ü%s%n" and
			.details == "line 1\nline 2; \\ and €"'
	done
	FAKE_FAIL='refuse 7 "no details"'
	out=$(cni ADD p1 "$fake" 2>/dev/null) && return 1
	like "$out" '.code == 7 and .msg == "no details" and (.details // "") == ""'
}

@test "a delegate's error of any length becomes the plugin's" {
	local out

	use_fake
	pod p1
	FAKE_FAIL='refuse 7 "$(head -c 3000 /dev/zero | tr "\0" m)" "$(head -c 3000 /dev/zero | tr "\0" d)"'
	out=$(cni ADD p1 "$fake" 2>/dev/null) && return 1
	like "$out" '.code == 7 and .msg == "m" * 3000 and .details == "d" * 3000'
}

@test "a delegate's error of code 0 is an error all the same" {
	local verb out

	use_fake
	pod p1
	FAKE_FAIL='refuse 0 "who knows"'
	for verb in ADD STATUS DEL; do
		echo "$verb"
		out=$(cni $verb p1 "$fake" 2>/dev/null) && return 1
		like "$out" '.msg == "who knows"'
	done
}

@test "of a delegate that died without a word its end and its last words are told" {
	use_fake
	pod p1
	FAKE_FAIL='echo "out of paper" >&2; exit 3'
	fails 999 'fake.*status 3.*out of paper' cni ADD p1 "$fake"
	fails 999 'fake.*status 3.*out of paper' cni DEL p1 "$fake"
	FAKE_FAIL='echo "out of ink" >&2; kill -9 $$'
	fails 999 'fake.*signal 9.*out of ink' cni ADD p1 "$fake"
	FAKE_FAIL='exit 127'
	fails 999 'fake.*status 127' cni ADD p1 "$fake"
	FAKE_FAIL='seq 100000 >&2; echo "the very last" >&2; exit 1'
	fails 999 'the very last$' cni ADD p1 "$fake"
	FAKE_FAIL='echo "this is no JSON"; echo "but this is a word" >&2; exit 2'
	fails 999 'status 2.*but this is a word' cni ADD p1 "$fake"
}

@test "an answer that is no result is refused, and taken back" {
	local before answer code pattern

	use_fake
	pod p1
	before=$(state)
	while IFS='~' read -r answer code pattern; do
		FAKE_RESULT=$answer FAKE_FAIL=''
		[ "$answer" ] || FAKE_FAIL='exit 0'
		rm -f "$FAKE_LOG/verbs"
		fails "$code" "fake.*$pattern" cni ADD p1 "$fake"
		[ "$(called)" = "ADD DEL" ]
		same_state "$before"
	done <<-'END'
		garbage~6~not JSON
		{"ips": [~6~not JSON
		{"ips": []} {}~6~something follows
		{"ips": [], "ips": []}~6~ips is there twice
		~6~
		null~6~
		[]~6~
		5~6~
		{"ips": 5}~6~ips must be a list
		{"ips": [{"address": "10.9.0.2"}]}~7~ips\[0\]\.address
		{"ips": [{"address": "10.9.0.2/24", "interface": 1}]}~6~ips\[0\]\.interface
		{"ips": [{"address": "10.9.0.2/24"}], "routes": [{}]}~7~routes\[0\]\.dst
		{"ips": [{"address": "10.9.0.2/24"}], "cniVersion": "9.9.9"}~1~9\.9\.9
		{"ip4": {"ip": "x"}, "cniVersion": "0.2.0"}~7~ip4\.ip
	END
	FAKE_RESULT='{}' FAKE_FAIL=''
	fails 999 'fake gave no address' cni ADD p1 "$fake"
	same_state "$before"
}

@test "an answer of a megabyte is read whole" {
	use_fake
	pod p1
	jq -n '{ips: [{address: "10.9.0.2/24"}], padding: ("x" * 1000000), dns: {domain: "the-end"}}' >"$T/answer"
	FAKE_RESULT=@$T/answer
	add p1 "$fake"
	like "$(cat "$T/p1.result")" '.dns.domain == "the-end" and .ips[0].address == "10.9.0.2/24"'
}

@test "after a failed ADD the delegate is run with DEL, and the first error is told" {
	local before

	use_fake
	pod p1
	before=$(state)
	FAKE_FAIL='refuse 111 "$verb says no"'
	fails 111 'ADD says no' cni ADD p1 "$fake"
	[ "$(called)" = "ADD DEL" ]
	same_state "$before"
	cmp "$FAKE_LOG/ADD.stdin" "$FAKE_LOG/DEL.stdin"

	rm "$FAKE_LOG/verbs"
	FAKE_FAIL='' FAKE_RESULT='{"ips": [{"address": "10.9.0.2/24"}], "routes": [{"dst": "10.8.0.0/16", "gw": "172.16.0.1"}]}'
	fails 999 'route to 10.8.0.0/16' cni ADD p1 "$fake"
	[ "$(called)" = "ADD DEL" ]
	same_state "$before"
}

@test "a result that cannot be written is a failed ADD" {
	local before status=0

	use_fake
	pod p1
	before=$(state)
	cni ADD p1 "$fake" >/dev/full || status=$?
	[ "$status" = 1 ]
	[ "$(called)" = "ADD DEL" ]
	same_state "$before"
}

@test "an ADD whose runtime has died is a failed ADD" {
	local before status=0 ends answer

	use_fake
	pod p1
	before=$(state)
	mkfifo "$T/pipe"
	exec {ends}<>"$T/pipe"
	exec {answer}>"$T/pipe" {ends}>&-
	cni ADD p1 "$fake" >&"$answer" || status=$?
	exec {answer}>&-
	[ "$status" = 1 ]
	[ "$(called)" = "ADD DEL" ]
	same_state "$before"
}

@test "without its delegate DEL and GC still remove what is the plugin's own" {
	local filter

	pod p1 p2
	for filter in '.ipam.type = "absent"' '.ipam = 5'; do
		add p1
		fails '[67]' 'absent|ipam' cni DEL p1 "$filter"
		! in_pod p1 ip link show dev eth0 || return 1
		del p1
		add p1
		fails '[67]' 'absent|ipam' cni GC p1 "$filter | .\"cni.dev/valid-attachments\" = []"
		! in_pod p1 ip link show dev eth0 || return 1
		del p1
	done
}

@test "loopback has no use for an ipam section" {
	use_fake
	pod p1
	add p1 "$fake | .type = \"loopback\""
	like "$(cat "$T/p1.result")" '[.interfaces[].name] == ["lo"]'
	check p1 "$fake | .type = \"loopback\""
	del p1 "$fake | .type = \"loopback\""
	[ ! -e "$FAKE_LOG/verbs" ]
}

# The other verbs

@test "DEL has no use for a prevResult, whatever it looks like" {
	local before

	for before in 5 '{"ips": 5}' '{"cniVersion": "9.9.9"}' 'null'; do
		pod p1
		add p1
		del p1 ".prevResult = $before"
		! in_pod p1 ip link show dev eth0 || return 1
		ip netns delete p1
	done
	[ -z "$(find /var/lib/cni -name '10.*')" ]
}

@test "GC without a list of valid attachments does nothing, and succeeds" {
	local before filter type out

	pod p1
	add p1
	before=$(state)
	for filter in '.' '."cni.dev/valid-attachments" = null'; do
		for type in bridge host-local loopback; do
			out=$(PLUGIN=$type cni GC p1 "$filter")
			[ -z "$out" ]
		done
	done
	same_state "$before"
}

@test "GC knows the list by the name that early runtimes gave it, and the later name counts first" {
	local list='[{"containerID": "p1", "ifname": "eth0"}]'

	pod p1 p2
	add p1
	add p2
	cni GC p1 ".\"cni.dev/attachments\" = [] | .\"cni.dev/valid-attachments\" =
		$list + [{\"containerID\": \"p2\", \"ifname\": \"eth0\"}]"
	check p1
	check p2
	cni GC p1 ".\"cni.dev/attachments\" = $list"
	check p1
	! in_pod p2 ip link show dev eth0 || return 1
	[ "$(find /var/lib/cni -name '10.*' -printf '%f')" = 10.1.0.2 ]
}

@test "STATUS is silent while ADD would be served, and asks the delegate too" {
	local code out

	use_fake
	out=$(cni STATUS p1 "$fake")
	[ -z "$out" ] && [ "$(called)" = STATUS ]
	for code in 50 51; do
		FAKE_FAIL="refuse $code 'full' 'of pods'"
		fails $code 'full \| of pods' cni STATUS p1 "$fake"
	done
	for code in 7 11 100 999; do
		FAKE_FAIL="refuse $code 'full' 'of pods'"
		fails 50 'full \| of pods' cni STATUS p1 "$fake"
	done
	FAKE_FAIL='exit 1'
	fails 50 'fake.*status 1' cni STATUS p1 "$fake"
}

@test "names as long as the protocol lets them be are names" {
	local before network id

	network=$(head -c 190 /dev/zero | tr '\0' n)
	id=$(head -c 64 /dev/zero | tr '\0' c)
	pod p1
	CNI_CONTAINERID=$id add p1 ".name = \"$network\""
	CNI_CONTAINERID=$id check p1 ".name = \"$network\""
	CNI_CONTAINERID=$id del p1 ".name = \"$network\""
	[ -z "$(find /var/lib/cni -name '10.*')" ]
	[ "$(on_host ip -br link | wc -l)" = 2 ] # lo and the bridge
}

@test "a container's ID may be as long as it likes" {
	local also='.ipMasq = true | .macspoofchk = true' len CNI_CONTAINERID

	pod p1
	on_host nft add table bridge nat # where the reference keeps what it checks
	for len in 128 230 236 255 256 1000 5000; do
		CNI_CONTAINERID=$(head -c "$len" /dev/zero | tr '\0' c)
		echo "$len"
		add p1 "$also"
		check p1 "$also"
		del p1 "$also"
		del p1 "$also"
		not grep -E 'ccc|veth' <<<"$(state)"
	done
}
