#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# host-local, called directly: which addresses it gives, in which order, and what it keeps on disk.

load lib
load store/lib

# --- What lies on disk

@test "an ADD lays out the store byte for byte as the reference does, and beside it only the index" {
	umask 022
	add p1 '.ipam.ranges += [[{subnet: "fd00::/64"}]]'
	same "$(find /var/lib/cni -type d -printf '%m %P\n' | sort)" \
		"$(printf '755 %s\n' '' networks networks/.net.index networks/net)"
	same "$(find /var/lib/cni ! -type d -printf '%y %P\n' | LC_ALL=C sort)" \
		"$(printf 'f networks/net/%s\n' 10.1.0.2 fd00::2 last_reserved_ip.{0,1} lock &&
			printf 'l networks/.net.index/%s\n' .boot p1:eth0)"
	same "$(stat -c %a "$store"/{10.1.0.2,fd00::2,last_reserved_ip.{0,1}} | sort -u)" 600
	cmp "$store/10.1.0.2" <(printf 'p1\r\neth0')
	cmp "$store/fd00::2" <(printf 'p1\r\neth0')
	cmp "$store/last_reserved_ip.0" <(printf 10.1.0.2)
	cmp "$store/last_reserved_ip.1" <(printf fd00::2)
	[ ! -s "$store/lock" ]
}

@test "a reserved IPv6 address is named by its canonical text, however the range writes it" {
	local start name

	while read -r start name; do
		gets p1 "$name/32" ".ipam.ranges =
			[[{subnet: \"FD00:0:0:0:0:0:0:0/32\", rangeStart: \"$start\"}]]"
		holds "$name=p1:eth0"
		rm -r "$store"
	done <<-END
		fd00:0:0:0:0:0:0:00AB fd00::ab
		fd00::0:0:A fd00::a
		fd00:0000:0001:0000:0000:0001:0000:0001 fd00:0:1::1:0:1
		fd00:0:1:0:1:0:0:1 fd00:0:1:0:1::1
		FD00:0:1:2:0:4:5:6 fd00:0:1:2:0:4:5:6
	END
}

@test "dataDir is where the store is, and it is made with all its parents" {
	with ".ipam.dataDir = \"$T/a/b/c/\""
	add p1
	same "$(cd "$T/a" && find . -type d | sort)" "$(printf '%s\n' . ./b ./b/c ./b/c/.net.index ./b/c/net)"
	store=$T/a/b/c/net holds 10.1.0.2=p1:eth0
	[ ! -e /var/lib/cni ]
	del p1
	store=$T/a/b/c/net holds
}

@test "an empty dataDir is the default one" {
	add p1 '.ipam.dataDir = ""'
	holds 10.1.0.2=p1:eth0
}

@test "a dataDir that is no directory is an error that names it" {
	touch "$T/file"
	fails 5 "$T/file" cni ADD p1 ".ipam.dataDir = \"$T/file\""
	fails 5 "$T/file" cni ADD p1 ".ipam.dataDir = \"$T/file/below\""
}

@test "networks have stores of their own" {
	add p1
	gets p2 10.1.0.2/24 '.name = "other"'
	del p1 '.name = "other"'
	del p2
	holds 10.1.0.2=p1:eth0
	same "$(reserved /var/lib/cni/networks/other)" 10.1.0.2=p2:eth0
}

# --- Which address is next

@test "the first address is the one behind the gateway, and then they follow one another" {
	gets p1 10.1.0.2/24
	gets p2 10.1.0.3/24
	gets p3 10.1.0.4/24
}

@test "an address that became free is not given again before the others had their turn" {
	gets p1 10.1.0.2/24
	del p1
	gets p2 10.1.0.3/24
	del p2
	gets p3 10.1.0.4/24
}

@test "round robin goes through the ranges of a set in order, skips gateways and wraps around" {
	local ip

	with '.ipam.ranges = [[
		{subnet: "10.9.0.0/24", rangeStart: "10.9.0.10", rangeEnd: "10.9.0.12", gateway: "10.9.0.11"},
		{subnet: "10.1.0.0/29", gateway: "10.1.0.3"},
		{subnet: "10.5.0.0/16", rangeStart: "10.5.0.255", rangeEnd: "10.5.1.0"}]]'
	for ip in 10.9.0.10/24 10.9.0.12/24 10.1.0.1/29 10.1.0.2/29 10.1.0.4/29 10.1.0.5/29 \
		10.1.0.6/29 10.5.0.255/16 10.5.1.0/16 10.9.0.10/24 10.9.0.12/24; do
		gets p1 "$ip"
		del p1
	done
}

@test "an address comes with the prefix and the gateway of its range" {
	with '.ipam.ranges = [[
		{subnet: "10.9.0.0/16", rangeStart: "10.9.0.10", rangeEnd: "10.9.0.10"},
		{subnet: "10.1.0.0/29", rangeStart: "10.1.0.4", gateway: "10.1.0.3"}]]'
	add p1
	like "$(cat "$T/p1.result")" '.ips == [{address: "10.9.0.10/16", gateway: "10.9.0.1"}]'
	add p2
	like "$(cat "$T/p2.result")" '.ips == [{address: "10.1.0.4/29", gateway: "10.1.0.3"}]'
}

@test "the search begins behind last_reserved_ip and passes over what is taken" {
	local from ip

	with '.ipam.ranges = [[{subnet: "10.1.0.0/28"}, {subnet: "10.2.0.0/28"}]]'
	hold 10.1.0.6 x eth0
	hold 10.2.0.2 x eth0
	while read -r from ip; do
		last 0 "$from"
		gets p1 "$ip"
		del p1
	done <<-END
		10.1.0.3 10.1.0.4/28
		10.1.0.5 10.1.0.7/28
		10.1.0.14 10.2.0.3/28
		10.1.0.1 10.1.0.2/28
		10.2.0.14 10.1.0.2/28
	END
}

@test "the address that was given last is the last to be given again" {
	local i

	with '.ipam.ranges = [[{subnet: "10.1.0.0/29"}]]'
	last 0 10.1.0.4
	for i in 5 6 2 3 4; do
		gets "p$i" "10.1.0.$i/29"
	done
	fails 100 '' cni ADD p7
}

@test "a last_reserved_ip that is garbled, foreign or no file means: from the start" {
	local text

	for text in '' garbage 10.1.0. 10.1.0.300 10.1.0.7x 192.168.7.7 10.1.0.0 10.1.0.255 fd00::7 \
		10.1.0.7/24 $'\xff\xfe' "$(printf '1%.0s' {1..5000})"; do
		last 0 "$text"
		gets p1 10.1.0.2/24 || { echo "last: ${text:0:20}"; return 1; }
		del p1
	done
	ln -sf /nowhere "$store/last_reserved_ip.0"
	gets p1 10.1.0.2/24
	cmp "$store/last_reserved_ip.0" <(printf 10.1.0.2)
}

@test "a last_reserved_ip that was edited by hand and ends in a newline counts" {
	last 0 10.1.0.7$'\n'
	gets p1 10.1.0.8/24
}

@test "each set gives one address and goes round by itself" {
	with '.ipam.ranges = [[{subnet: "10.1.0.0/24"}], [{subnet: "10.2.0.0/24"}], [{subnet: "fd00::/64"}]]'
	gets p1 "10.1.0.2/24 10.2.0.2/24 fd00::2/64"
	last 1 10.2.0.99
	gets p2 "10.1.0.3/24 10.2.0.100/24 fd00::3/64"
	cmp "$store/last_reserved_ip.0" <(printf 10.1.0.3)
	cmp "$store/last_reserved_ip.1" <(printf 10.2.0.100)
	cmp "$store/last_reserved_ip.2" <(printf fd00::3)
}

@test "by default gateway and start are network + 1, the end is broadcast - 1, in IPv6 the last" {
	local subnet gateway first before end

	while read -r subnet gateway first before end; do
		with ".ipam.ranges = [[{subnet: \"$subnet\"}]]"
		gets p1 "$first/${subnet#*/}"
		like "$(cat "$T/p1.result")" ".ips[0].gateway == \"$gateway\""
		del p1
		last 0 "$before"
		gets p2 "$end/${subnet#*/}"
		del p2
		gets p3 "$first/${subnet#*/}"
		rm -r "$store"
	done <<-END
		10.1.0.0/24 10.1.0.1 10.1.0.2 10.1.0.253 10.1.0.254
		10.0.0.0/8 10.0.0.1 10.0.0.2 10.255.255.253 10.255.255.254
		10.1.0.8/30 10.1.0.9 10.1.0.10 10.1.0.9 10.1.0.10
		fd00::/64 fd00::1 fd00::2 fd00::ffff:ffff:ffff:fffe fd00::ffff:ffff:ffff:ffff
		fd00::/126 fd00::1 fd00::2 fd00::2 fd00::3
	END
}

@test "a start that is given is given out, the gateway elsewhere notwithstanding" {
	gets p1 10.1.0.1/24 '.ipam.ranges = [[{subnet: "10.1.0.0/24", gateway: "10.1.0.254"}]]'
	rm -r "$store"
	gets p1 10.1.0.0/24 '.ipam.ranges = [[{subnet: "10.1.0.0/24", rangeStart: "10.1.0.0"}]]'
}

@test "the old single form is the first set, runtimeConfig.ipRanges come before both" {
	with '.ipam += {subnet: "10.2.0.0/24", rangeStart: "10.2.0.7", rangeEnd: "10.2.0.9",
		gateway: "10.2.0.3"}'
	gets p1 "10.2.0.7/24 10.1.0.2/24"
	like "$(cat "$T/p1.result")" '.ips[0].gateway == "10.2.0.3"'
	rm -r "$store"
	with '.runtimeConfig.ipRanges = [[{subnet: "10.3.0.0/24"}], [{subnet: "10.4.0.0/24"}]]'
	gets p1 "10.3.0.2/24 10.4.0.2/24 10.2.0.7/24 10.1.0.2/24"
	rm -r "$store"
	gets p1 "10.2.0.7/24" 'del(.ipam.ranges, .runtimeConfig)'
	rm -r "$store"
	gets p1 "10.3.0.2/24 10.4.0.2/24" 'del(.ipam.ranges, .ipam.subnet)'
}

# --- Addresses that are asked for

@test "an address is asked for by runtimeConfig.ips, else by args.cni.ips, else by CNI_ARGS" {
	with '.ipam.ranges += [[{subnet: "fd00::/64"}]]'
	CNI_ARGS='IgnoreUnknown=1;IP=10.1.0.9' gets p1 "10.1.0.9/24 fd00::2/64"
	with '.args.cni.ips = ["10.1.0.19"]'
	CNI_ARGS=IP=10.1.0.10 gets p2 "10.1.0.19/24 fd00::3/64"
	with '.runtimeConfig.ips = ["fd00::29", "10.1.0.29"]'
	CNI_ARGS=IP=10.1.0.10 gets p3 "10.1.0.29/24 fd00::29/64"
	with '.runtimeConfig.ips = [] | .args.cni.ips = ["10.1.0.39"]'
	CNI_ARGS=IP=10.1.0.10 gets p4 "10.1.0.39/24 fd00::2a/64"
	with '.args.cni.ips = []'
	CNI_ARGS=IP=10.1.0.10 gets p5 "10.1.0.10/24 fd00::2b/64"
}

@test "the prefix of an address that is asked for is accepted and without meaning" {
	gets p1 10.1.0.9/24 '.runtimeConfig.ips = ["10.1.0.9/16"]'
	gets p2 10.1.0.10/24 '.args.cni.ips = ["10.1.0.10/32"]'
	CNI_ARGS=IP=10.1.0.11/0 gets p3 10.1.0.11/24
}

@test "the search goes on behind an address that was asked for" {
	gets p1 10.1.0.100/24 '.runtimeConfig.ips = ["10.1.0.100"]'
	gets p2 10.1.0.101/24
}

@test "an address that cannot be had is an error that names it, and no set gives any" {
	local ips code says

	with '.ipam.ranges = [[{subnet: "10.1.0.0/24", rangeStart: "10.1.0.5", rangeEnd: "10.1.0.99"}],
		[{subnet: "10.2.0.0/24", rangeStart: "10.2.0.10", rangeEnd: "10.2.0.20"},
		 {subnet: "10.2.0.0/24", rangeStart: "10.2.0.30", rangeEnd: "10.2.0.40", gateway: "10.2.0.15"}],
		[{subnet: "fd00::/64", gateway: "fd00::9"}]]'
	hold 10.2.0.33 holder eth0
	while IFS=$'\t' read -r ips code says; do
		fails "$code" "$says" cni ADD p1 ".runtimeConfig.ips = $ips" || { echo "$ips"; return 1; }
		holds 10.2.0.33=holder:eth0
	done <<-END
		["10.2.0.33"]	102	10\.2\.0\.33.*holder
		["10.1.0.6", "10.2.0.33"]	102	10\.2\.0\.33.*holder
		["10.1.0.4"]	7	10\.1\.0\.4[^0-9]
		["10.1.0.100"]	7	10\.1\.0\.100
		["10.7.0.1"]	7	10\.7\.0\.1
		["fd01::1"]	7	fd01::1
		["10.1.0.1"]	7	10\.1\.0\.1[^0-9]
		["fd00::9"]	7	fd00::9.*gateway
		["10.1.0.7", "fd00::9"]	7	fd00::9.*gateway
		["10.1.0.7", "10.1.0.8"]	7	10\.1\.0\.8
		["10.1.0.7", "10.1.0.7"]	7	10\.1\.0\.7
		["10.1.0.7", "10.2.0.11", "fd00::10", "10.8.0.1"]	7	10\.8\.0\.1
		["10.1.0.256"]	7	10\.1\.0\.256
		["10.1.0.7/33"]	7	10\.1\.0\.7/33
		[""]	7	ips\[0\]
		["10.1.0.7", 8]	6	ips\[1\]
		"10.1.0.7"	6	ips
	END
	fails 102 '10\.2\.0\.33.*holder' cni ADD p1 '.args.cni.ips = ["10.2.0.33"]'
	fails 7 'args\.cni\.ips\[1\].*10\.1\.0\.256' cni ADD p1 '.args.cni.ips = ["10.1.0.9", "10.1.0.256"]'
	fails 6 'args' cni ADD p1 '.args.cni.ips = 5'
	holds 10.2.0.33=holder:eth0
}

@test "a gateway cannot be asked for, even where it lies in another range of its set" {
	with '.ipam.ranges = [[{subnet: "10.2.0.0/24", rangeStart: "10.2.0.10", rangeEnd: "10.2.0.20"},
		{subnet: "10.2.0.0/24", rangeStart: "10.2.0.30", gateway: "10.2.0.15"}]]'
	last 0 10.2.0.14
	gets p1 10.2.0.16/24
	fails 7 '10\.2\.0\.15.*gateway' cni ADD p2 '.runtimeConfig.ips = ["10.2.0.15"]'
	holds 10.2.0.16=p1:eth0
}

@test "CNI_ARGS IP that cannot be had is an error, and nothing is reserved" {
	hold 10.1.0.33 holder eth0
	CNI_ARGS=IP=10.1.0.33 fails 102 '10\.1\.0\.33.*holder' cni ADD p1
	CNI_ARGS=IP=10.1.0.1 fails 7 '10\.1\.0\.1.*gateway' cni ADD p1
	CNI_ARGS=IP=10.7.0.1 fails 7 '10\.7\.0\.1' cni ADD p1
	CNI_ARGS=IP=10.1.0.300 fails 7 '10\.1\.0\.300' cni ADD p1
	holds 10.1.0.33=holder:eth0
}

# --- What a range must be

@test "every rule of ranges has its own error that names the values, and nothing is made on disk" {
	local ranges code says

	while IFS=$'\t' read -r ranges code says; do
		fails "$code" "$says" cni ADD p1 ".ipam.ranges = $ranges" || { echo "$ranges"; return 1; }
		[ ! -e /var/lib/cni ]
	done <<-END
		[]	7	no ranges
		null	7	no ranges
		[[]]	7	ranges\[0\].*empty
		[[{subnet: "10.2.0.0/24"}], []]	7	ranges\[1\].*empty
		[[{}]]	7	ranges\[0\].*subnet is missing
		[[{subnet: "10.1.0.0/31"}]]	7	ranges\[0\].*10\.1\.0\.0/31.*30
		[[{subnet: "10.1.0.0/32"}]]	7	10\.1\.0\.0/32.*30
		[[{subnet: "fd00::/127"}]]	7	fd00::/127.*126
		[[{subnet: "fd00::/128"}]]	7	fd00::/128.*126
		[[{subnet: "10.1.0.5/24"}]]	7	10\.1\.0\.5/24.*10\.1\.0\.0/24
		[[{subnet: "fd00::5/64"}]]	7	fd00::5/64.*fd00::/64
		[[{subnet: "10.1.0.0/24", rangeStart: "10.2.0.5"}]]	7	rangeStart.*10\.2\.0\.5.*10\.1\.0\.0/24
		[[{subnet: "10.1.0.0/24", rangeStart: "fd00::5"}]]	7	rangeStart.*fd00::5.*10\.1\.0\.0/24
		[[{subnet: "10.1.0.0/24", rangeEnd: "10.1.1.0"}]]	7	rangeEnd.*10\.1\.1\.0.*10\.1\.0\.0/24
		[[{subnet: "fd00::/64", rangeEnd: "fd00:0:0:1::"}]]	7	rangeEnd.*fd00:0:0:1::.*fd00::/64
		[[{subnet: "10.1.0.0/24", gateway: "10.0.255.255"}]]	7	gateway.*10\.0\.255\.255.*10\.1\.0\.0/24
		[[{subnet: "fd00::/64", gateway: "10.1.0.1"}]]	7	gateway.*10\.1\.0\.1.*fd00::/64
		[[{subnet: "10.1.0.0/24", rangeStart: "10.1.0.9", rangeEnd: "10.1.0.8"}]]	7	10\.1\.0\.9.*10\.1\.0\.8
		[[{subnet: "10.1.0.0/24", rangeEnd: "10.1.0.0"}]]	7	10\.1\.0\.1.*10\.1\.0\.0
		[[{subnet: "10.1.0.0/24"}, {subnet: "fd00::/64"}]]	7	ranges\[0\].*IPv4.*IPv6
		[[{subnet: "10.1.0.0/24"}, {subnet: "10.1.0.0/24"}]]	7	10\.1\.0\.1-10\.1\.0\.254.*overlap
		[[{subnet: "10.1.0.0/24", rangeEnd: "10.1.0.9"}, {subnet: "10.1.0.0/24", rangeStart: "10.1.0.9"}]]	7	10\.1\.0\.1-10\.1\.0\.9 and 10\.1\.0\.9-10\.1\.0\.254 overlap
		[[{subnet: "10.1.0.0/16"}], [{subnet: "10.1.4.0/24"}]]	7	10\.1\.0\.1-10\.1\.255\.254.*10\.1\.4\.1-10\.1\.4\.254.*overlap
		[[{subnet: "10.1.4.0/24"}], [{subnet: "10.2.0.0/24"}, {subnet: "10.1.0.0/16"}]]	7	overlap
		[[{subnet: "fd00::/64"}], [{subnet: "fd00::/32"}]]	7	fd00::1-.*overlap
		[[{subnet: "10.1.0/24"}]]	7	subnet.*10\.1\.0/24
		[[{subnet: "10.1.0.0"}]]	7	subnet.*10\.1\.0\.0
		[[{subnet: "10.1.0.0/33"}]]	7	subnet.*10\.1\.0\.0/33
		[[{subnet: "10.1.0.0/-1"}]]	7	subnet.*10\.1\.0\.0/-1
		[[{subnet: "10.01.0.0/24"}]]	7	subnet.*10\.01\.0\.0/24
		[[{subnet: "fd00::/129"}]]	7	subnet.*fd00::/129
		[[{subnet: "10.1.0.0/24", gateway: "10.1.0.1/24"}]]	7	gateway.*10\.1\.0\.1/24
		[[{subnet: "10.1.0.0/24", rangeStart: "first"}]]	7	rangeStart.*first
		[[{subnet: 10}]]	6	ranges\[0\].*subnet.*10
		[[{subnet: "10.1.0.0/24", rangeEnd: ["10.1.0.9"]}]]	6	rangeEnd.*10\.1\.0\.9
		[["10.1.0.0/24"]]	6	ranges\[0\].*10\.1\.0\.0/24
		[{subnet: "10.1.0.0/24"}]	6	ranges\[0\].*list
		{subnet: "10.1.0.0/24"}	6	ranges.*list
	END
}

@test "the old single form and runtimeConfig.ipRanges keep the same rules" {
	fails 7 'ipam.*10\.2\.0\.0/31' cni ADD p1 '.ipam.subnet = "10.2.0.0/31"'
	fails 7 'rangeStart.*10\.3\.0\.1' cni ADD p1 \
		'.ipam += {subnet: "10.2.0.0/24", rangeStart: "10.3.0.1"}'
	fails 7 'overlap' cni ADD p1 '.ipam.subnet = "10.1.0.0/16"'
	fails 7 'runtimeConfig\.ipRanges\[0\].*10\.2\.0\.7/24' cni ADD p1 \
		'.runtimeConfig.ipRanges = [[{subnet: "10.2.0.7/24"}]]'
	fails 7 'overlap' cni ADD p1 '.runtimeConfig.ipRanges = [[{subnet: "10.1.0.0/16"}]]'
	fails 6 'runtimeConfig\.ipRanges' cni ADD p1 '.runtimeConfig.ipRanges = {}'
	[ ! -e /var/lib/cni ]
}

@test "what the rules allow is allowed: the smallest subnets, one address, neighbours" {
	local ranges ips

	while IFS=$'\t' read -r ranges ips; do
		gets p1 "$ips" ".ipam.ranges = $ranges"
		rm -r "$store"
	done <<-END
		[[{subnet: "10.1.0.0/30"}]]	10.1.0.2/30
		[[{subnet: "fd00::/126"}]]	fd00::2/126
		[[{subnet: "0.0.0.0/0", rangeStart: "10.1.0.5"}]]	10.1.0.5/0
		[[{subnet: "10.1.0.0/24", rangeStart: "10.1.0.5", rangeEnd: "10.1.0.5"}]]	10.1.0.5/24
		[[{subnet: "10.1.0.0/24", rangeEnd: "10.1.0.9"}, {subnet: "10.1.0.0/24", rangeStart: "10.1.0.10"}]]	10.1.0.2/24
		[[{subnet: "10.1.0.0/24", rangeEnd: "10.1.0.9"}], [{subnet: "10.1.0.0/24", rangeStart: "10.1.0.10"}]]	10.1.0.2/24 10.1.0.10/24
		[[{subnet: "10.1.0.0/24", gateway: null, rangeStart: null, rangeEnd: null}]]	10.1.0.2/24
	END
}

@test "0.1.0 and 0.2.0 can tell one address of each family, and more sets are an error" {
	local version

	for version in 0.1.0 0.2.0; do
		with ".cniVersion = \"$version\""
		fails 7 "CNI version $version does not support more than 1 address per family" \
			cni ADD p1 '.ipam.ranges += [[{subnet: "10.2.0.0/24"}]]'
		fails 7 'more than 1 address per family' \
			cni ADD p1 '.ipam.ranges = [[{subnet: "fd00::/64"}], [{subnet: "fd01::/64"}]]'
		[ ! -e /var/lib/cni ]
	done
	add p1 '.ipam.ranges += [[{subnet: "fd00::/64"}]]'
	add p2 '.cniVersion = "0.3.0" | .ipam.ranges += [[{subnet: "10.2.0.0/24"}]]'
}

# --- What ADD answers

@test "the result has the shape of the configuration's version, and tells of no interface" {
	local version want

	with '.ipam += {ranges: [[{subnet: "10.1.0.0/24"}], [{subnet: "fd00::/64"}]],
		routes: [{dst: "0.0.0.0/0"}, {dst: "::/0", gw: "fd00::1"}, {dst: "10.8.0.0/16", gw: "10.1.0.1"}]}'
	for version in 0.1.0 0.2.0 0.3.0 0.3.1 0.4.0 1.0.0 1.1.0; do
		case $version in
		0.[12].0) want='{ip4: {ip: "10.1.0.2/24", gateway: "10.1.0.1",
				routes: [{dst: "0.0.0.0/0"}, {dst: "10.8.0.0/16", gw: "10.1.0.1"}]},
			ip6: {ip: "fd00::2/64", gateway: "fd00::1", routes: [{dst: "::/0", gw: "fd00::1"}]}}' ;;
		0.*) want='{ips: [{version: "4", address: "10.1.0.2/24", gateway: "10.1.0.1"},
				{version: "6", address: "fd00::2/64", gateway: "fd00::1"}],
			routes: [{dst: "0.0.0.0/0"}, {dst: "::/0", gw: "fd00::1"},
				{dst: "10.8.0.0/16", gw: "10.1.0.1"}]}' ;;
		1.*) want='{ips: [{address: "10.1.0.2/24", gateway: "10.1.0.1"},
				{address: "fd00::2/64", gateway: "fd00::1"}],
			routes: [{dst: "0.0.0.0/0"}, {dst: "::/0", gw: "fd00::1"},
				{dst: "10.8.0.0/16", gw: "10.1.0.1"}]}' ;;
		esac
		add p1 ".cniVersion = \"$version\""
		like "$(cat "$T/p1.result")" ". == {cniVersion: \"$version\", dns: {}} + $want"
		rm -r "$store"
	done
}

@test "routes are passed on with all their members, those of 1.1.0 too" {
	local route='{dst: "10.8.0.0/16", gw: "10.1.0.9", mtu: 1400, advmss: 1360, priority: 7, table: 0, scope: 0}'
	local version

	with ".ipam.routes = [$route, {dst: \"::/0\"}]"
	for version in 1.1.0 1.0.0 0.4.0 0.3.1 0.3.0; do
		add p1 ".cniVersion = \"$version\""
		like "$(cat "$T/p1.result")" ".routes == [$route, {dst: \"::/0\"}]" ||
			{ echo "in $version"; return 1; }
		del p1
	done
	for version in 0.2.0 0.1.0; do
		add p1 ".cniVersion = \"$version\""
		like "$(cat "$T/p1.result")" '.ip4.routes == [{dst: "10.8.0.0/16", gw: "10.1.0.9"}]'
		del p1
	done
}

@test "a route that is none is an error that names its place, and nothing is reserved" {
	local route code says

	while IFS=$'\t' read -r route code says; do
		fails "$code" "ipam\.routes\[1\].*$says" cni ADD p1 ".ipam.routes = [{dst: \"::/0\"}, $route]" ||
			{ echo "$route"; return 1; }
		[ ! -e "$store/10.1.0.2" ]
	done <<-END
		{}	7	dst
		{dst: "10.8.0.0"}	7	10\.8\.0\.0
		{dst: 8}	6	dst.*8
		{dst: "10.8.0.0/16", gw: "10.1.0.1/24"}	7	gw.*10\.1\.0\.1/24
		{dst: "10.8.0.0/16", gw: "fd00::1"}	7	gw
		{dst: "10.8.0.0/16", mtu: -1}	7	mtu.*-1
		{dst: "10.8.0.0/16", mtu: 1.5}	6	mtu.*1\.5
		{dst: "10.8.0.0/16", priority: 4294967296}	7	priority.*4294967296
		{dst: "10.8.0.0/16", table: "main"}	6	table.*main
		{dst: "10.8.0.0/16", scope: 256}	7	scope.*256
		"10.8.0.0/16"	6	10\.8\.0\.0/16
	END
	fails 6 'ipam\.routes' cni ADD p1 '.ipam.routes = {dst: "::/0"}'
}

@test "dns is what resolvConf says" {
	cat >"$T/resolv" <<-'END'
		# nameserver 9.9.9.1
		; nameserver 9.9.9.2
		nameserver 10.0.0.53
		  nameserver	fd00::53   and more
		domain first.example
		domain cluster.local more
		search a.example	b.example

		search c.example
		options ndots:5 timeout:1
		options rotate
		sortlist 10.0.0.0
		nameserver
	END
	printf 'options edns0' >>"$T/resolv"
	add p1 ".ipam.resolvConf = \"$T/resolv\""
	like "$(cat "$T/p1.result")" '.dns == {nameservers: ["10.0.0.53", "fd00::53"],
		domain: "cluster.local", search: ["a.example", "b.example", "c.example"],
		options: ["ndots:5", "timeout:1", "rotate", "edns0"]}'
	: >"$T/resolv"
	add p2 ".ipam.resolvConf = \"$T/resolv\""
	like "$(cat "$T/p2.result")" '.dns == {}'
	add p3 '.ipam.resolvConf = ""'
	like "$(cat "$T/p3.result")" '.dns == {}'
}

@test "a resolvConf that cannot be read is an error that names it, and nothing is reserved" {
	fails 5 "$T/none" cni ADD p1 ".ipam.resolvConf = \"$T/none\""
	fails 5 "$T" cni ADD p1 ".ipam.resolvConf = \"$T\""
	holds
}

# --- When there is nothing to give

@test "a full set is error 100, whose text names the range, how many are reserved, and the oldest" {
	local i before

	with '.ipam.ranges[0][0].rangeStart = "10.1.0.2"'
	for i in {2..254}; do
		hold "10.1.0.$i" "c$i" eth0
	done
	touch -d '2020-01-01' "$store/10.1.0.77"
	before=$(tree "$store")
	cni ADD p1 >"$T/error" && false
	same "$(jq -r '"\(.code) " + ([.msg, .details] | map(values) | join(", "))' "$T/error")" \
		'100 no IP addresses available in 10.1.0.2-10.1.0.254: 253 reserved, oldest by c77'
	rm -f "$store/lock"
	same "$(tree "$store")" "$before"
	CNI_CONTAINERID=c200 del p1
	gets p1 10.1.0.200/24
}

@test "a full set of several ranges is told with all of them, and without their gateways" {
	with '.ipam.ranges = [[{subnet: "10.1.0.0/30"}, {subnet: "10.2.0.0/29", rangeStart: "10.2.0.5"}]]'
	add p1
	add p2
	add p3
	touch -d '2020-01-01' "$store/10.2.0.5"
	fails 100 '^no IP addresses available in 10\.1\.0\.1-10\.1\.0\.2, 10\.2\.0\.5-10\.2\.0\.6: 3 reserved.*oldest by p2$' \
		cni ADD p4
}

@test "a set of gateways alone has nothing to give" {
	fails 100 '10\.1\.0\.1-10\.1\.0\.1: 0 reserved' cni ADD p1 '.ipam.ranges[0][0].rangeEnd = "10.1.0.1"'
	fails 50 '10\.1\.0\.1-10\.1\.0\.1: 0 reserved' cni STATUS p1 '.ipam.ranges[0][0].rangeEnd = "10.1.0.1"'
}

@test "all or nothing: where the second set is full, the first one's address stays free" {
	with '.ipam.ranges += [[{subnet: "10.2.0.0/30"}]]'
	hold 10.2.0.2 other eth0
	fails 100 '10\.2\.0\.1-10\.2\.0\.2' cni ADD p1
	holds 10.2.0.2=other:eth0
	fails 100 '10\.2\.0\.1-10\.2\.0\.2' cni ADD p1 '.runtimeConfig.ips = ["10.1.0.50"]'
	holds 10.2.0.2=other:eth0
	CNI_CONTAINERID=other del p1
	gets p1 "10.1.0.50/24 10.2.0.2/30" '.runtimeConfig.ips = ["10.1.0.50"]'
}

@test "the same attachment asking twice is an error that names what it has, and keeps it" {
	add p1
	fails 102 'p1.*10\.1\.0\.2' cni ADD p1
	fails 102 'p1.*10\.1\.0\.2' cni ADD p1 '.ipam.ranges = [[{subnet: "10.2.0.0/24"}]]'
	fails 102 'p1.*10\.1\.0\.2' cni ADD p1 '.runtimeConfig.ips = ["10.1.0.2"]'
	fails 102 'p1.*10\.1\.0\.2' cni ADD p1 '.runtimeConfig.ips = ["10.1.0.9"]'
	holds 10.1.0.2=p1:eth0
	check p1
	del p1
	gets p1 10.1.0.3/24
}

@test "another interface of a container is another attachment" {
	gets p1 10.1.0.2/24
	CNI_IFNAME=net1 gets p1 10.1.0.3/24
	holds 10.1.0.2=p1:eth0 10.1.0.3=p1:net1
}

@test "a legacy reservation stands for any interface of its container" {
	hold 10.1.0.2 p1
	fails 102 'p1.*10\.1\.0\.2' cni ADD p1
	CNI_IFNAME=net1 fails 102 'p1.*10\.1\.0\.2' cni ADD p1
	holds 10.1.0.2=p1
}

# --- DEL

@test "DEL frees what its attachment has in all sets, and nobody else's" {
	with '.ipam.ranges += [[{subnet: "fd00::/64"}]]'
	add p1
	CNI_IFNAME=net1 add p1
	add p10
	add p2
	del p1
	holds 10.1.0.3=p1:net1 10.1.0.4=p10:eth0 10.1.0.5=p2:eth0 \
		fd00::3=p1:net1 fd00::4=p10:eth0 fd00::5=p2:eth0
	CNI_IFNAME=net1 del p1
	holds 10.1.0.4=p10:eth0 10.1.0.5=p2:eth0 fd00::4=p10:eth0 fd00::5=p2:eth0
}

@test "DEL can be repeated" {
	add p1
	add p2
	del p1
	del p1
	del p1
	holds 10.1.0.3=p2:eth0
}

@test "DEL without a store, or of nothing, succeeds and makes nothing" {
	del p1
	del p1 ".ipam.dataDir = \"$T/none\""
	del p1 '.ipam.ranges += [[{subnet: "fd00::/64"}]]'
	[ ! -e /var/lib/cni ]
	[ ! -e "$T/none" ]
	add p2
	del p1
	holds 10.1.0.2=p2:eth0
}

@test "DEL frees over the whole directory, whatever the configuration now says" {
	local filter

	while read -r filter; do
		gets p1 "10.1.0.2/24 fd00::2/64" '.ipam.ranges += [[{subnet: "fd00::/64"}]]'
		del p1 "$filter" || { echo "$filter"; return 1; }
		holds
		rm -r "$store"
	done <<-END
		.ipam.ranges = [[{subnet: "192.168.0.0/24"}]]
		.ipam.ranges = []
		.ipam.ranges = [[]]
		.ipam.ranges = [[{subnet: "10.1.0.0/32"}]]
		.ipam.ranges = [[{subnet: "10.1.0.7/24"}]]
		.ipam.ranges = [[{subnet: "none"}]]
		.ipam.ranges = [[{subnet: "10.1.0.0/24"}, {subnet: "10.1.0.0/24"}]]
		.ipam.ranges = "garbage"
		.ipam.subnet = 5
		.ipam.routes = [{}]
		.ipam.routes = 5
		.ipam.resolvConf = "/nowhere"
		.ipam = {type: "host-local"}
		.runtimeConfig = 5
		.runtimeConfig = {ips: 5, ipRanges: "x"}
		.runtimeConfig.ips = ["garbage"]
		.runtimeConfig.ips = ["10.1.0.77"]
		.runtimeConfig.ipRanges = [[{}]]
		.args = "garbage"
		.args = {cni: {ips: [5]}}
		.cniVersion = "0.1.0"
		.prevResult = "garbage"
		.prevResult = {ips: [{address: "10.1.0.99/24"}]}
	END
}

@test "DEL finds the store by dataDir even where the member before it is broken" {
	with ".ipam.dataDir = \"$T/data\""
	add p1
	del p1 '.ipam = {ranges: 5, routes: 5, subnet: 5, resolvConf: 5} + .ipam + {ranges: 5}'
	[ ! -e "$T/data/net/10.1.0.2" ]
}

@test "DEL frees a legacy reservation, which is its container's alone" {
	hold 10.1.0.2 p1
	hold 10.1.0.3 p2
	hold 10.1.0.4 p1 net1
	hold 10.1.0.5 $'  p1\n'
	hold 10.1.0.6 p1 eth0
	del p1
	holds 10.1.0.3=p2 10.1.0.4=p1:net1
}

@test "DEL does without a network namespace" {
	add p1
	CNI_NETNS= del p1
	holds
}

# --- CHECK

@test "CHECK holds while every address of the result is reserved for the attachment" {
	local version before

	with '.ipam.ranges += [[{subnet: "fd00::/64"}]]'
	for version in 0.4.0 1.0.0 1.1.0; do
		with ".cniVersion = \"$version\""
		add p1
		before=$(tree "$store")
		check p1
		same "$(tree "$store")" "$before"
		del p1
	done
}

@test "CHECK fails when an address is free, someone else's, or another interface's" {
	with '.ipam.ranges += [[{subnet: "fd00::/64"}]]'
	add p1
	mv "$store/fd00::2" "$T"
	fails 103 'fd00::2.*p1' check p1
	hold fd00::2 p2 eth0
	fails 103 'fd00::2.*p1' check p1
	hold fd00::2 p1 net1
	fails 103 'fd00::2.*p1' check p1
	: >"$store/fd00::2"
	fails 103 'fd00::2.*p1' check p1
	hold fd00::2 p1
	check p1
	mv "$T/fd00::2" "$store"
	check p1
	rm -r "$store"
	fails 103 '10\.1\.0\.2|/var/lib/cni/networks/net' check p1
	[ ! -e "$store" ]
}

@test "CHECK leaves the addresses of other interfaces to those who gave them" {
	add p1
	check p1 '.cniVersion = "1.1.0"'
	jq '.interfaces = [{name: "veth7"}, {name: "eth0", sandbox: "/x"}, {name: "net1", sandbox: "/x"}] |
		.ips[0].interface = 1 | .ips += [{address: "192.168.0.9/24", interface: 2}]' \
		"$T/p1.result" >"$T/chain.result"
	CNI_CONTAINERID=p1 check chain
	CNI_CONTAINERID=p1 CNI_IFNAME=net1 fails 103 '192\.168\.0\.9' check chain
}

@test "CHECK needs a prevResult and cniVersion 0.4.0" {
	add p1
	fails 7 prevResult cni CHECK p1
	fails 6 prevResult cni CHECK p1 '.prevResult = "10.1.0.2"'
	fails 1 '0\.4\.0' cni CHECK p1 '.cniVersion = "0.3.1"'
}

# --- STATUS

@test "STATUS succeeds while every set has a free address, also before the first ADD" {
	local out

	with '.ipam.ranges = [[{subnet: "10.1.0.0/30"}], [{subnet: "10.2.0.0/29"}], [{subnet: "fd00::/64"}]]'
	out=$(cni STATUS p1)
	same "$out" ''
	[ -z "$(find /var/lib/cni -name '*.new')" ]
	add p1
	fails 50 'no IP addresses available in 10\.1\.0\.1-10\.1\.0\.2: 1 reserved.*oldest by p1' cni STATUS p1
	del p1
	cni STATUS p1
	with '.ipam.ranges |= [.[2], .[1], .[0]]'
	hold 10.1.0.2 p1 eth0
	fails 50 '10\.1\.0\.1-10\.1\.0\.2: 1 reserved' cni STATUS p1
	holds 10.1.0.2=p1:eth0
}

# fill_up: ADD until STATUS says no; then ADD must say no too.
fill_up() {
	local i

	for i in {1..9}; do
		cni STATUS p0 >"$T/status" || break
		add "p$i" || return
	done
	like "$(cat "$T/status")" '.code == 50' || return
	fails 100 '' cni ADD p0
}

@test "STATUS and ADD agree on when a set is full" {
	local ranges

	while read -r ranges; do
		with ".ipam.ranges = $ranges"
		hold 10.1.0.2 x eth0
		fill_up || { echo "$ranges"; return 1; }
		rm -r "$store"
	done <<-END
		[[{subnet: "10.1.0.0/29"}]]
		[[{subnet: "10.1.0.0/29", gateway: "10.1.0.6"}]]
		[[{subnet: "10.1.0.0/29", rangeStart: "10.1.0.2"}]]
		[[{subnet: "10.1.0.0/30"}, {subnet: "10.2.0.0/30"}]]
		[[{subnet: "fd00::/126"}]]
	END
}

@test "STATUS and ADD agree on when a set is full whose ranges have one gateway" {
	with '.ipam.ranges = [[{subnet: "10.1.0.0/29", rangeEnd: "10.1.0.3"},
		{subnet: "10.1.0.0/29", rangeStart: "10.1.0.5"}]]'
	fill_up
}

@test "STATUS and ADD agree on when a set is full whose gateway is reserved too" {
	with '.ipam.ranges[0][0].subnet = "10.1.0.0/29"'
	hold 10.1.0.1 x eth0
	fill_up
}

@test "STATUS and ADD agree on when a small set is full that lies across two /64" {
	with '.ipam.ranges = [[{subnet: "fd00::/60", rangeStart: "fd00::ffff:ffff:ffff:fffe",
		rangeEnd: "fd00:0:0:1::1"}]]'
	fill_up
}

@test "STATUS is code 50 when an ADD would not be served, whatever the reason" {
	fails 50 'ranges' cni STATUS p1 '.ipam.ranges = [[]]'
	fails 50 '/proc' cni STATUS p1 '.ipam.dataDir = "/proc/cni"'
	own_disk
	cni STATUS p1
	mount -o remount,bind,ro "$T/disk"
	fails 50 "$T/disk/net.*ead-only" cni STATUS p1
	mount -o remount,bind,rw "$T/disk"
	dd if=/dev/zero of="$T/disk/filler" bs=4k 2>"$T/dd" && false
	fails 50 "$T/disk/net.*o space" cni STATUS p1
	[ ! -e "$T/disk/.net.index/.new" ]
}

# --- GC

@test "GC frees all but what belongs to the valid attachments, and that exactly" {
	local out

	hold 10.1.0.2 p1 eth0
	hold 10.1.0.3 p1 net1
	hold 10.1.0.4 p10 eth0
	hold fd00::4 p2 eth0
	hold 10.1.0.5 p2 eth0
	hold 10.1.0.6 p3
	hold 10.1.0.7 p4
	hold 192.168.9.9 gone eth0
	hold 10.1.0.8 one-word-of-old
	hold 10.1.0.9 'a note that somebody left'
	hold 10.1.0.10 $'note\n'
	mkdir -p /var/lib/cni/networks/other
	printf 'gone\r\neth0' >/var/lib/cni/networks/other/10.1.0.2
	out=$(cni GC none '.["cni.dev/valid-attachments"] = [{containerID: "p1", ifname: "eth0"},
		{containerID: "p2", ifname: "eth0", more: 1}, {containerID: "p3", ifname: "net7"},
		{containerID: "absent", ifname: "eth0"}]')
	same "$out" ''
	holds 10.1.0.2=p1:eth0 10.1.0.5=p2:eth0 10.1.0.6=p3 fd00::4=p2:eth0 \
		'10.1.0.9=a note that somebody left' 10.1.0.10=note
	[ -e /var/lib/cni/networks/other/10.1.0.2 ]
}

@test "GC without a list does nothing, with an empty one it frees all" {
	hold 10.1.0.2 p1 eth0
	hold 10.1.0.3 p2
	cni GC none
	cni GC none '.["cni.dev/valid-attachments"] = null'
	holds 10.1.0.2=p1:eth0 10.1.0.3=p2
	cni GC none '.["cni.dev/valid-attachments"] = []'
	holds
}

@test "GC reads the name that older runtimes give the list, and goes by the newer one if both are there" {
	hold 10.1.0.2 p1 eth0
	hold 10.1.0.3 p2 eth0
	with '.["cni.dev/attachments"] = [{containerID: "p2", ifname: "eth0"}]'
	cni GC none '.["cni.dev/valid-attachments"] =
		[{containerID: "p1", ifname: "eth0"}, {containerID: "p2", ifname: "eth0"}]'
	holds 10.1.0.2=p1:eth0 10.1.0.3=p2:eth0
	cni GC none
	holds 10.1.0.3=p2:eth0
}

@test "GC frees nothing when an entry of the list cannot be read, and says which" {
	local list code says

	hold 10.1.0.2 p1 eth0
	while IFS=$'\t' read -r list code says; do
		fails "$code" "cni\.dev/valid-attachments$says" \
			cni GC none ".[\"cni.dev/valid-attachments\"] = $list" || { echo "$list"; return 1; }
		holds 10.1.0.2=p1:eth0
	done <<-END
		{}	6	
		"p1"	6	
		["p1"]	6	.*\[0\]
		[{}]	7	.*\[0\]
		[{containerID: "p2"}]	7	.*\[0\].*ifname
		[{ifname: "eth0"}]	7	.*\[0\].*containerID
		[{containerID: "p2", ifname: "eth0"}, {containerID: 1, ifname: "eth0"}]	6	.*\[1\].*containerID
		[{containerID: "p2", ifname: "eth0"}, {containerID: "p3", ifname: null}]	7	.*\[1\].*ifname
	END
}

@test "GC works with invalid ranges, without a store, and can be repeated" {
	with '.["cni.dev/valid-attachments"] = [] | .ipam.ranges = 5'
	cni GC none
	[ ! -e /var/lib/cni ]
	hold 10.1.0.2 p1 eth0
	cni GC none
	cni GC none
	holds
}

# --- Trouble on disk

@test "on a disk as full as can be ADD works whole, or is error 5 and leaves the store as it was" {
	local free before failed=0

	own_disk
	add p1
	for free in 0 1 2 3 4; do
		truncate -s 0 "$T/disk/filler"
		dd if=/dev/zero of="$T/disk/filler" bs=4k 2>"$T/dd" && false
		truncate -s "-$((free * 4096))" "$T/disk/filler"
		before=$(tree "$store")
		if cni ADD p2 >"$T/answer"; then
			holds 10.1.0.2=p1:eth0 "10.1.0.$((free + 3 - failed))=p2:eth0"
			[ ! -e "$T/disk/.net.index/.new" ]
			del p2
		else
			like "$(cat "$T/answer")" '.code == 5 and (.msg + .details | test("net.*No space"))'
			same "$(tree "$store")" "$before"
			failed=$((failed + 1))
		fi
	done
	[ "$failed" -ge 1 ]
	[ "$failed" -le 4 ]
}

@test "on a disk without room for the round robin of a second set no set gives anything" {
	local before

	own_disk
	with '.ipam.ranges += [[{subnet: "10.2.0.0/24"}], [{subnet: "fd00::/64"}]]'
	add p1
	dd if=/dev/zero of="$T/disk/filler" bs=4k 2>"$T/dd" && false
	truncate -s -8192 "$T/disk/filler"
	before=$(tree "$store")
	fails 5 'No space' cni ADD p2
	same "$(tree "$store")" "$before"
	[ ! -e "$T/disk/.net.index/.new" ]
	rm "$T/disk/filler"
	add p2
}

@test "on a read-only disk ADD is error 5 and names the store, DEL of what is there too" {
	local before

	own_disk
	add p1
	before=$(tree "$T/disk")
	mount -o remount,bind,ro "$T/disk"
	fails 5 "$T/disk/net.*ead-only" cni ADD p2
	fails 5 "$T/disk/other.*ead-only" cni ADD p2 '.name = "other"'
	fails 5 "$T/disk/net.*ead-only" cni DEL p1
	mount -o remount,bind,rw "$T/disk"
	same "$(tree "$T/disk")" "$before"
}

@test "on a read-only disk CHECK tells what is reserved" {
	own_disk
	add p1
	mount -o remount,bind,ro "$T/disk"
	check p1
}

@test "on a read-only disk DEL succeeds where nothing is there to remove" {
	own_disk
	add p1
	mount -o remount,bind,ro "$T/disk"
	del p2
}

@test "a network's directory may be a mount point, as it may for the reference" {
	local who

	own_disk
	with 'del(.ipam.dataDir) | .cniVersion = "1.0.0"'
	mkdir -p /var/lib/cni/networks/net "$T/disk/net"
	mount --bind "$T/disk/net" /var/lib/cni/networks/net
	for who in "$REFERENCE" "$BIN"; do
		CNI_DIR=$who gets "${who##*/}" "10.1.0.$((2 + $(reserved | wc -l)))/24"
	done
	holds 10.1.0.2=cni:eth0 10.1.0.3=bin:eth0
	same "$(cd "$store" && echo *)" "10.1.0.2 10.1.0.3 last_reserved_ip.0 lock"
}

@test "a network's directory may be a link to another file system, as it may for the reference" {
	local who

	own_disk
	with 'del(.ipam.dataDir) | .cniVersion = "1.0.0"'
	mkdir -p /var/lib/cni/networks "$T/disk/net"
	ln -s "$T/disk/net" /var/lib/cni/networks/net
	for who in "$REFERENCE" "$BIN"; do
		CNI_DIR=$who gets "${who##*/}" "10.1.0.$((2 + $(reserved | wc -l)))/24"
	done
	holds 10.1.0.2=cni:eth0 10.1.0.3=bin:eth0
	same "$(cd "$store" && echo *)" "10.1.0.2 10.1.0.3 last_reserved_ip.0 lock"
}

@test "whatever has an address for its name keeps that address from being given, and stays" {
	local before

	mkdir -p "$store/10.1.0.2" "$store/10.1.0.3/below"
	: >"$store/10.1.0.4"
	ln -s /nowhere "$store/10.1.0.5"
	printf 'p1\r\neth0' >"$T/bait"
	ln -s "$T/bait" "$store/10.1.0.6"
	printf '\n \r\n' >"$store/10.1.0.7"
	: >"$store/FD00:0::0002"
	before=$(tree "$store")
	with '.ipam.ranges += [[{subnet: "fd00::/64"}]]'
	gets p1 "10.1.0.8/24 fd00::3/64"
	check p1
	cni STATUS p1
	fails 102 '10\.1\.0\.4' cni ADD p2 '.runtimeConfig.ips = ["10.1.0.4"]'
	del p1
	cni GC none '.["cni.dev/valid-attachments"] = []'
	rm "$store"/l{ock,ast_reserved_ip.{0,1}}
	same "$(tree "$store")" "$before"
	cmp "$T/bait" <(printf 'p1\r\neth0')
}

@test "a pipe or a socket with an address for its name keeps it too, and nobody waits for it" {
	mkdir -p "$store"
	mkfifo "$store/10.1.0.2"
	python3 -c 'import socket, sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])' "$store/10.1.0.3"
	impatiently gets p1 10.1.0.4/24
	impatiently del p1
	[ -p "$store/10.1.0.2" ]
	[ -S "$store/10.1.0.3" ]
}

@test "files that are garbage, huge or binary keep their address, and other names mean nothing" {
	mkdir -p "$store"
	head -c 100000 /dev/zero | tr '\0' x >"$store/10.1.0.2"
	printf '\xff\xfe\x00\x01' >"$store/10.1.0.3"
	printf 'p1\r\neth0\r\nmore' >"$store/10.1.0.4"
	printf 'p1\neth0' >"$store/10.1.0.5"
	touch "$store"/{README,10.1.0,10.1.0.6.bak,10.1.0.06,10.1.0.6%eth0,.10.1.0.6,last_reserved_ip,last_reserved_ip.9}
	gets p1 10.1.0.6/24
	del p1
	for i in 2 3 4 5; do
		[ -s "$store/10.1.0.$i" ]
	done
	[ -e "$store/README" ]
	[ -e "$store/10.1.0.6.bak" ]
}

@test "a reservation under a name that is not canonical is freed too" {
	hold FD00:0::0002 p1 eth0
	hold fd00:0:0::3 p2 eth0
	del p1
	holds fd00:0:0::3=p2:eth0
	cni GC none '.["cni.dev/valid-attachments"] = []'
	holds
}

@test "a store whose lock is missing, or is anything but empty, works" {
	mkdir -p "$store"
	echo text >"$store/lock"
	add p1
	rm "$store/lock"
	add p2
	rm "$store/lock"
	del p1
	holds 10.1.0.3=p2:eth0
}

# --- Many at once

@test "who waits ten seconds for the lock fails with code 11 and names the process that has it" {
	local pid decoy inode file files started

	own_disk
	add p1
	inode=$(stat -c %i "$store/lock")
	flock --no-fork "$store/lock" sleep 60 3>&- &
	pid=$!
	while flock -n "$store/lock" true; do
		sleep 0.1
	done
	# Locks on files whose numbers begin with that one's must not be taken for it. Those that were
	# taken last and on the first processor stand first in /proc/locks.
	touch "$T/disk/decoy"{1..200}
	files=$(find "$T/disk" -name 'decoy*' -printf '%i %p\n' | grep "^$inode[0-9] " | cut -d' ' -f2)
	[ "$files" ]
	python3 -c 'if True:
		import fcntl, os, sys, time
		os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
		held = [open(name) for name in sys.argv[1:]]
		for file in held: fcntl.flock(file, fcntl.LOCK_EX)
		time.sleep(60)' $files 3>&- &
	decoy=$!
	for file in $files; do
		while flock -n "$file" true; do
			sleep 0.1
		done
	done
	kill -STOP "$pid"
	started=$SECONDS
	fails 11 "$store.*held by process $pid\$" cni ADD p2 || { kill -KILL "$pid" "$decoy"; return 1; }
	kill -KILL "$pid" "$decoy"
	[ $((SECONDS - started)) -ge 9 ]
	[ $((SECONDS - started)) -le 13 ]
	holds 10.1.0.2=p1:eth0
	add p2
}

# Ten attachments one after another; those of even number go at once.
worker() {
	local j

	for j in 0 1 2 3 4 5 6 7 8 9; do
		call "$1" ADD "w$2-$j" <"$T/conf" >"$T/w$2-$j.result" || return
		[ $((j % 2)) = 1 ] || call "$1" DEL "w$2-$j" <"$T/conf" || return
	done
}

# run_workers DIRECTORY...: twenty at once; none fails, no address is lost or given twice.
run_workers() {
	local i failed=0 pids=()

	for i in {1..20}; do
		worker "${@:i % $# + 1:1}" "$i" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" || failed=$((failed + 1))
	done
	same "$failed" 0
	for i in w{1..20}-{1,3,5,7,9}; do
		jq -r --arg id "$i" '"\(.ips[0].address | split("/")[0])=\($id):eth0"' "$T/$i.result"
	done | LC_ALL=C sort >"$T/living"
	same "$(reserved)" "$(cat "$T/living")"
	same "$(wc -l <"$T/living")" 100
	same "$(cut -d= -f1 "$T/living" | uniq -d)" ''
}

@test "twenty at once, ten times each, with DELs in between: no address is given twice, none is lost" {
	configuration '.ipam.ranges[0][0].rangeEnd = "10.1.0.122"' >"$T/conf"
	run_workers "$BIN"
	for i in w{1..20}-{1,3,5,7,9}; do
		call "$BIN" DEL "$i" <"$T/conf" &
	done
	wait
	holds
}

# --- Beside the reference

@test "the reference's plugin and ours at once on one store: no address is given twice, none is lost" {
	configuration '.cniVersion = "1.0.0" | .ipam.ranges[0][0].rangeEnd = "10.1.0.122"' >"$T/conf"
	run_workers "$BIN" "$REFERENCE"
}

@test "what the reference reserved we CHECK and DEL, also when it is half of a node" {
	with '.cniVersion = "1.0.0" | .ipam.ranges += [[{subnet: "fd00::/64"}]]'
	reference gets p1 "10.1.0.2/24 fd00::2/64"
	reference gets p2 "10.1.0.3/24 fd00::3/64"
	check p1
	check p2
	fails 103 '10\.1\.0\.2' eval 'CNI_IFNAME=net1 check p1'
	fails 102 'p1.*10\.1\.0\.2|fd00::2' cni ADD p1
	del p1
	holds 10.1.0.3=p2:eth0 fd00::3=p2:eth0
	cni GC none '.cniVersion = "1.1.0" | .["cni.dev/valid-attachments"] = []'
	holds
}

@test "what we reserved the reference CHECKs and DELetes" {
	with '.cniVersion = "1.0.0" | .ipam.ranges += [[{subnet: "fd00::/64"}]]'
	gets p1 "10.1.0.2/24 fd00::2/64"
	gets p2 "10.1.0.3/24 fd00::3/64"
	reference check p1
	reference check p2
	reference cni ADD p1 && false
	reference del p1
	reference cni CHECK p1 ".prevResult = $(cat "$T/p1.result")" && false
	holds 10.1.0.3=p2:eth0 fd00::3=p2:eth0
	reference del p2
	holds
}

@test "ours and the reference's respect each other's reservations and take turns in one round" {
	with '.cniVersion = "1.0.0" | .ipam.ranges = [[{subnet: "10.1.0.0/29"}]]'
	gets p2 10.1.0.2/29
	reference gets p3 10.1.0.3/29
	gets p4 10.1.0.4/29
	reference del p3
	del p2
	reference gets p5 10.1.0.5/29
	gets p6 10.1.0.6/29
	reference gets p7 10.1.0.2/29
	gets p8 10.1.0.3/29
	reference cni ADD p9 && false
	fails 100 '5 reserved' cni ADD p9
	holds 10.1.0.2=p7:eth0 10.1.0.3=p8:eth0 10.1.0.4=p4:eth0 10.1.0.5=p5:eth0 10.1.0.6=p6:eth0
}

@test "the reference does not stumble over anything of ours, at any moment of an ADD" {
	with '.cniVersion = "1.0.0"'
	add p1
	printf 'p1\r\neth0' >/var/lib/cni/networks/.net.index/.new
	reference gets p2 10.1.0.3/24
	gets p3 10.1.0.4/24
	[ ! -e /var/lib/cni/networks/.net.index/.new ]
	holds 10.1.0.2=p1:eth0 10.1.0.3=p2:eth0 10.1.0.4=p3:eth0
}

# alike FILTER: three pods added and one deleted leave the same and answer the same with both.
alike() {
	local base=$conf pod who

	with ".cniVersion = \"1.0.0\" | $1"
	for who in "$REFERENCE" "$BIN"; do
		rm -rf "$store"
		mkdir -p "$store"
		for pod in p1 p2 p3; do
			CNI_DIR=$who cni ADD "$pod" | jq -S .
		done >"$T/${who##*/}.answers"
		CNI_DIR=$who del p2 || return
		(cd "$store" && grep -r --exclude=lock . | LC_ALL=C sort) >"$T/${who##*/}.store"
	done
	conf=$base
	diff -u "$T"/{"${REFERENCE##*/}","${BIN##*/}"}.answers &&
		diff -u "$T"/{"${REFERENCE##*/}","${BIN##*/}"}.store || { echo "$1"; return 1; }
}

@test "the same calls leave the same store and get the same answers as from the reference" {
	local filter

	while read -r filter; do
		alike "$filter"
	done <<-END
		.
		.cniVersion = "0.4.0"
		.cniVersion = "0.3.1"
		.cniVersion = "0.3.0"
		.cniVersion = "0.2.0"
		.cniVersion = "0.1.0"
		.ipam.ranges += [[{subnet: "fd00::/64"}]]
		.cniVersion = "0.2.0" | .ipam.ranges += [[{subnet: "fd00::/64"}]]
		.ipam.ranges += [[{subnet: "FD00:0:0::/64", rangeStart: "fd00::00ff", gateway: "fd00:0::0007"}]]
		.ipam.ranges = [[{subnet: "10.1.0.0/24", rangeStart: "10.1.0.9", rangeEnd: "10.1.0.10"}, {subnet: "10.2.0.0/24"}]]
		.ipam.ranges = [[{subnet: "10.1.0.0/24", gateway: "10.1.0.254"}]]
		.ipam.ranges = [[{subnet: "10.1.0.0/24", gateway: "10.1.0.3"}]]
		.ipam = {type: "host-local", subnet: "10.7.0.0/16", rangeStart: "10.7.1.0", gateway: "10.7.0.1"}
		.ipam.subnet = "10.7.0.0/16"
		.runtimeConfig.ipRanges = [[{subnet: "10.8.0.0/24"}]]
		.ipam.routes = [{dst: "0.0.0.0/0"}, {dst: "10.8.0.0/16", gw: "10.1.0.9"}, {dst: "fd00::/8", gw: "fd00::1"}]
		.ipam.routes = []
		.ipam.routes = null
		.ipam.unknown = {a: 1} | .unknown = []
	END
}

@test "an address that is empty is the default one, or none, as it is for the reference" {
	alike '.ipam.ranges = [[{subnet: "10.1.0.0/24", gateway: "", rangeStart: "", rangeEnd: ""}]] |
		.ipam.routes = [{dst: "10.8.0.0/16", gw: ""}]'
}

@test "a route is passed on as it is written, host bits and all, as by the reference" {
	alike '.ipam.routes = [{dst: "10.8.7.6/16"}, {dst: "FD00::7/8"}]'
}

@test "a resolvConf is read as the reference reads it, odd lines included" {
	cat >"$T/resolv" <<-'END'
		nameserver 10.0.0.53 # comment
		#nameserver 10.0.0.54
		nameserver   
		nameserver
		nameservers 10.0.0.56
		NAMESERVER 10.0.0.57
		domain	example
		search a	b  c
		  options ndots:5
		options
		 ; nameserver 10.0.0.58
		nameserver 10.0.0.55
	END
	printf 'search\td\r\n\n\f\nnameserver 10.0.0.59\r\noptions  ' >>"$T/resolv"
	alike ".ipam.resolvConf = \"$T/resolv\""
	alike ".cniVersion = \"0.2.0\" | .ipam.resolvConf = \"$T/resolv\""
}

@test "a resolvConf of blank values has none of them, as it is for the reference" {
	printf 'nameserver  \ndomain  \nsearch  \noptions  \n' >"$T/resolv"
	alike ".ipam.resolvConf = \"$T/resolv\""
}
