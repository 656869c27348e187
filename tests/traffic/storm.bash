# SPDX-License-Identifier: Apache-2.0
# Many ADDs and DELs while other hands reload the firewall again and again.
#
#   six_workers ROUNDS COMMAND...   six pods, each added and deleted so many times, while COMMAND runs
#                                   again and again: no call fails, and in the end nothing is left

nft_flush() { on_host nft flush ruleset; }

by_hand() { on_host "$BIN/portmap" restore; }

# What a worker does: nothing but the plugins, with their configurations ready.
worker() {
	local pod=$1 i

	for ((i = 0; i < $2; i++)); do
		for call in ADD.bridge ADD.portmap DEL.portmap DEL.bridge; do
			CNI_COMMAND=${call%.*} CNI_CONTAINERID=$pod CNI_IFNAME=eth0 CNI_NETNS=/run/netns/$pod \
				CNI_PATH=$BIN on_host "$BIN/${call#*.}" <"$T/$pod.${call#*.}" >"$T/$pod.out" 2>&1 || {
				echo "$pod, round $i, $call: $(cat "$T/$pod.out")"
				return 1
			}
		done
	done
}

# storm COMMAND: again and again, until the workers are done.
storm() {
	while [ ! -e "$T/calm" ]; do
		"$@"
		echo >>"$T/flushes"
		sleep 0.03
	done
}

# six_workers ROUNDS COMMAND...: COMMAND is the storm.
six_workers() {
	local w storm workers=(w1 w2 w3 w4 w5 w6)

	copy p1 "${workers[@]}"
	for w in "${workers[@]}"; do
		change "$w" bridge ".runtimeConfig.ips = [\"10.244.1.2${w#w}\", \"fd00:244:1::2${w#w}\"]"
		change "$w" portmap ".runtimeConfig.portMappings = [(\"tcp\", \"udp\") as \$p |
			{hostPort: (900 + ${w#w}), containerPort: 80, protocol: \$p}]"
		plugin ADD bridge "$w" >"$T/$w.result"
		plugin DEL bridge "$w"
		change "$w" portmap ".prevResult = $(cat "$T/$w.result")"
	done
	attach p4
	export T BIN
	export -f on_host worker
	storm "${@:2}" 3>&- >"$T/storm" 2>&1 &
	storm=$!
	printf '%s\n' "${workers[@]}" | xargs -P6 -I{} bash -c "worker {} $1" || {
		touch "$T/calm"
		wait "$storm"
		return 1
	}
	touch "$T/calm"
	wait "$storm" || true
	echo "$(wc -l <"$T/flushes") times: $*"
	[ "$(wc -l <"$T/flushes")" -ge 20 ]
	nothing_of_workers
}

# Nobody but p4 has anything, and that works.
nothing_of_workers() {
	not grep -E '/w[1-6]|10.244.1.2[1-6]' <(elements; chains; journal)
	not grep -E 'dport 90[1-6]' <(on_host iptables-save)
	[ "$(on_host ip -br link | grep -c veth)" = 1 ]
	recheck p4
	reach out eth0:8084 'p4 as cni0'
}
