#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# What a runtime gets from us is what it gets from the reference (containernetworking-plugins),
# but for what is promised to differ: ADD's answer, and everything the kernel and the store show
# afterwards. compare/ has the configurations, the differences and the tool.

load lib

compare() { MET=$BATS_FILE_TMPDIR/met "$BATS_TEST_DIRNAME/compare/compare" "$@"; }

@test "as the reference's: bridges and ports" { compare "bridges and ports"; }

@test "as the reference's: gateways" { compare "gateways"; }

@test "as the reference's: addresses" { compare "addresses"; }

@test "as the reference's: routes" { compare "routes"; }

@test "as the reference's: name servers" { compare "name servers"; }

@test "as the reference's: versions" { compare "versions"; }

@test "as the reference's: MAC addresses" { compare "MAC addresses"; }

@test "as the reference's: layer 2" { compare "layer 2"; }

@test "as the reference's: chains and other IPAM plugins" {
	compare "chains and other IPAM plugins"
}

@test "as the reference's: host-local and loopback by themselves" {
	compare "host-local and loopback by themselves"
}

@test "as the reference's: what is refused" { compare "what is refused"; }

@test "every group of the list was compared, and there are enough configurations" {
	cd "$BATS_TEST_DIRNAME"
	diff <(sed -n 's/^== //p' compare/configurations) \
		<(sed -n "s/^@test \"as the reference's: \(.*\)\" {.*/\1/p" compare.bats)
	[ "$(grep -c '^[^#=[:space:]]' compare/configurations)" -ge 200 ]
	[ -z "$(awk '/^== / { delete seen } /^[^#=\t]/ && seen[$0]++' compare/configurations)" ]
}

@test "every difference that is allowed was met" {
	awk 'NR == FNR { met[$1] = 1; next }
		/^difference/ { what = $0 }
		/^\t(their|our) / && !(FNR in met) { print what ": " $0; bad = 1 }
		END { exit bad }' "$BATS_FILE_TMPDIR/met" "$BATS_TEST_DIRNAME/compare/differences"
}

@test "every difference that is allowed is named by the contract" {
	awk '/^difference/ { what = $0; named = 0 }
		/^\tnamed/ { named = 1 }
		/^\tunnamed/ { print what ":" $0; bad = 1 }
		/^\t(their|our)/ && !named { bad = 1 }
		END { exit bad }' "$BATS_TEST_DIRNAME/compare/differences"
}

# A bridge plugin that does one thing other than it should, and says nothing of it.
other() {
	mkdir -p "$T/other"
	ln -sf "$BIN"/* "$T/other"
	rm "$T/other/bridge"
	printf '#!/bin/sh\n%s\n' "$1" >"$T/other/bridge"
	chmod +x "$T/other/bridge"
}

@test "the comparison sees what differs" {
	local pattern how store=/var/lib/cni/networks/net

	while IFS='#' read -r pattern how; do
		other "$how"
		BIN=$T/other not compare "bridges and ports" "^all as it is$" >"$T/said"
		grep -E "our: +$pattern" "$T/said" || { cat "$T/said"; return 1; }
	done <<-END
		pod link eth0 mtu = 1399#sed 's/"bridge":/"mtu":1399,&/' | $BIN/bridge
		answer ips 0 address = 10.1.0.3/24#$BIN/bridge | sed s,10.1.0.2/24,10.1.0.3/24,
		host sysctl ipv4/conf/cni0/proxy_arp = 1#$BIN/bridge; sysctl -qw net.ipv4.conf.cni0.proxy_arp=1
		store $store/10.1.0.2 = p1#$BIN/bridge; printf p1 >$store/10.1.0.2
		status = 1#$BIN/bridge; exit 1
	END
}
