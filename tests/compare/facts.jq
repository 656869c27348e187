# SPDX-License-Identifier: Apache-2.0
# From the stream of "place what", answer, "place what", answer, ... that the namespaces gave:
# one line for everything that is so. What is bound to change from run to run (numbers of
# interfaces and namespaces, timers) or from machine to machine (the reference's queues, one for
# each processor) is left out, and the bridge's IDs, which repeat its MAC address. An operstate of
# UNKNOWN means UP to the kernel, too, when there is a carrier.

def leaves: tostream | select(length == 2) | "\(.[0] | map(tostring) | join(" ")) = \(.[1])";

def steady: walk(if type == "object" then
	with_entries(select(.key |
		test("^(ifindex|link_index|link_netnsid|.*_timer|bridge_id|root_id|num_[rt]x_queues)$") | not))
	else . end) |
	if (.flags // [] | index("LOWER_UP")) and .operstate == "UNKNOWN" then .operstate = "UP"
	else . end | if .flags == [] then del(.flags) elif .flags then .flags |= (sort | join(" "))
	else . end;

def facts($what): if $what == "answer" then if .code then {code} else . end | leaves else .[] |
	if $what | endswith("route") then
		steady | "\(.dst) \(del(.dst) | to_entries | map("\(.key) \(.value)") | join(" "))"
	elif $what | endswith("address") then
		.ifname as $link | .addr_info[] |
		"\($link) \(.local)/\(.prefixlen) \(del(.local, .prefixlen) | leaves)"
	else
		"\(.ifname) \(steady | del(.ifname) | leaves)"
	end end;

foreach inputs as $next ({};
	if $next | type == "string" then {what: $next} else .answer = $next end;
	select(.answer) | .what as $what | .answer | "\($what) \(facts($what))")
