# SPDX-License-Identifier: Apache-2.0
# Our plugins and the reference's do the same ADD, each on a host of its own; everything that can
# be seen of it afterwards is written down as lines of text ("facts"), and the lines are compared.
#
# "configurations" says what is added, "differences" in what the two may differ, and why.

HERE=$BATS_TEST_DIRNAME/compare

declare -gA case_of # what the list of configurations says of one, by keyword

# groups: their titles. configurations GROUP: their names.
groups() { sed -n 's/^== //p' "$HERE/configurations"; }

configurations() {
	awk -v group="== $1" '/^== / { in_it = $0 == group; next }
		in_it && /^[^#\t ]/' "$HERE/configurations"
}

# Lines of one keyword are joined: filters by "|", commands and variables by newlines.
read_case() {
	local key rest joint

	case_of=([name]=$1 [jq]=. [host]= [env]= [first]= [fails]=)
	while read -r key rest; do
		[ "$key" ] || continue
		[[ -v case_of[$key] ]] || { echo "$1: what is $key?"; return 1; }
		[ "$key" = jq ] && joint=' | ' || joint=$'\n'
		case_of[$key]+=${case_of[$key]:+$joint}$rest
	done < <(awk -v name="$1" '/^[^\t]/ { in_it = $0 == name; next }
		in_it && !/^\t#/' "$HERE/configurations")
}

# The configuration as text, the plugin it is for, and whether its version knows CHECK.
read_configuration() {
	conf=$(configuration '.cniVersion = "1.0.0"')
	{ read -r text && read -r plugin && read -r checks; } < <(configuration "${case_of[jq]} |
		tojson, .type? // \"bridge\", (.cniVersion? // \"0.1.0\") >= \"0.4.0\"" | jq -r .)
}

# Facts

# The kernel opens ports and notices carriers some moments after an ADD.
is_settled() {
	local links

	links=$(on_host ip -o link; in_pod p1 ip -o link; on_host bridge link)
	! grep -Eq 'LOWER_UP.* state (DOWN|LOWERLAYERDOWN|disabled)' <<<"$links" &&
		! { grep -q 'state forwarding' <<<"$links" && grep -q 'NO-CARRIER.*UP' <<<"$links"; }
}

settle() {
	for _ in {1..40}; do
		is_settled && return
		sleep 0.05
	done
}

veths() { on_host ip -o link show type veth | sed -n 's/^[0-9]*: \(veth[0-9a-f]*\)@.*/\1/p'; }

# Names of the host's veths are numbered as they were made; a MAC address that nobody asked for
# is called by the name of its interface. Link-local addresses become usable a second later, which
# nobody waits for.
name_names() {
	local asked=${case_of[*]} n=0 name mac
	local -A number

	for name in $(veths); do
		number[$name]=veth$((++n))
		echo "s/$name/veth$n/g"
	done
	while read -r name _ mac _; do
		name=${name%@*}
		[[ ${asked,,} == *$mac* || $mac == 00:00:00:00:00:00 ]] ||
			echo "s/$mac/MAC(${number[$name]:-$name})/g"
	done < <(on_host ip -br link; in_pod p1 ip -br link)
	echo 's/fe80::[0-9a-f:]\+/fe80::MAC/g'
	echo '/ fe80::.* tentative = /d; /route fe80::.* type \(local\|anycast\)/d'
}

# What a name that nobody asked for is made of.
shapes() {
	local mac four hex

	veths | sed 's/^veth//; s/./x/g; s/^/host name veth/'
	mac=$(in_pod p1 ip -br link show dev eth0 2>/dev/null | awk '{ print $3 }')
	four=$(in_pod p1 ip -br -4 addr show dev eth0 2>/dev/null | awk '{ print $3 }')
	printf -v hex '0a:58:%02x:%02x:%02x:%02x' $(tr ./ '  ' <<<"${four:-0.0.0.0/0}" | cut -d' ' -f1-4)
	case $mac in
	$hex) echo "pod MAC is 0a:58 and the IPv4 address" ;;
	0a:58:*) echo "pod MAC is 0a:58 and more" ;;
	?*) echo "pod MAC is another" ;;
	esac
}

# Everything a namespace shows of itself: what the tools say, and the settings.
show() {
	nsenter --net="/run/netns/$2" sh -c '
		say() { echo "\"$1\""; shift; "$@"; }
		say "$0 link" ip -j -d link
		say "$0 address" ip -j addr
		say "$0 route" ip -j route show table all
		say "$0 route" ip -j -6 route show table all
		say "$0 port" bridge -j -d link
		say "$0 vlan" bridge -j vlan' "$1"
}

settings() {
	nsenter --net="/run/netns/$2" sh -c 'cd /proc/sys/net
		grep -rs . ipv4/ip_forward ipv4/conf ipv6/conf' | sed "s/^/$1 sysctl /; s/:/ = /"
}

stored() {
	local file

	find /var/lib/cni "$T" -path '*/net/*' ! -name lock 2>/dev/null | while read -r file; do
		printf 'store %s = %q\n' "${file#$T}" "$(cat "$file")"
	done
}

state_facts() {
	settle
	{
		{ show host host; show pod p1; } | jq -nr -f "$HERE/facts.jq"
		settings host host
		settings pod p1
		shapes
		stored
	} | sed "$(name_names)" | sort -u
}

# What the answer says, in the order it says it.
answer_facts() {
	local what=result

	[ "$1" = 0 ] || what=error
	echo "status = $1"
	jq -r --arg what $what 'if $what == "error" then {code} else . end | tostream |
		select(length == 2) | "\($what) \(.[0] | map(tostring) | join(" ")) = \(.[1])"' \
		"$T/p1.result" || echo "$what is no JSON"
}

# Acting

plugins_of() { [ "$1" = our ] && echo "$BIN" || echo "$REFERENCE"; }

# Its own first; the reference has IPAM plugins that we do not have, and one is made up here.
use() {
	CNI_DIR=$(plugins_of "$1")
	CNI_PATH=$CNI_DIR:$REFERENCE:$HERE
}

call() {
	CNI_COMMAND=$1 CNI_CONTAINERID=${CNI_CONTAINERID-p1} CNI_IFNAME=${CNI_IFNAME-eth0} \
		CNI_NETNS=${CNI_NETNS-/run/netns/p1} CNI_ARGS=${CNI_ARGS-} CNI_PATH=$CNI_PATH \
		on_host "$CNI_DIR/${PLUGIN:-$plugin}"
}

# Before the ADD: what the host has already, and other pods.
prepare() {
	local name ifname filter

	pod p0 p1
	eval "${case_of[host]}"
	while read -r name ifname filter; do
		[ -z "$name" ] || CNI_IFNAME=$ifname add "$name" "$filter"
	done <<<"${case_of[first]}"
	eval "${case_of[env]}"
}

# Leaves WHO.status, .answer and .facts in $out, and .before where it has to fail.
act() {
	local status=0

	use "$1"
	prepare >/dev/null
	[ ! "${case_of[fails]}" ] || state_facts >"$out/$1.before"
	call ADD <<<"$text" >"$T/p1.result" || status=$?
	echo $status >"$out/$1.status"
	answer_facts $status | sed "$(name_names)" >"$out/$1.answer"
	state_facts >"$out/$1.facts"
	[ $status != 0 ] || follow "$1"
}

# Whoever added it: we find it in order, and delete it.
follow() {
	use our
	if [ "$checks" = true ]; then
		jq -c --slurpfile result "$T/p1.result" '.prevResult = $result[0]' <<<"$text" |
			call CHECK || { echo "^ our CHECK of $1 pod"; return 1; }
	fi
	call DEL <<<"$text" || { echo "^ our DEL of $1 pod"; return 1; }
	! in_pod p1 ip -br link show "${CNI_IFNAME:-eth0}" type veth 2>/dev/null | grep . &&
		! grep -rs '^p1' /var/lib/cni || { echo "^ left by our DEL of $1 pod"; return 1; }
}

in_a_world_of_its_own() {
	teardown
	setup
	(act "$1")
}

# Judging

# allows SIGN NAME LINE: does an entry of the list allow this line of that configuration?
allows() {
	local n=0 key rest in_it=yes found=1

	while read -r key rest; do
		n=$((n + 1))
		case $key in
		difference) in_it=yes ;;
		where) [[ $2 =~ ^($rest)$ ]] && in_it=yes || in_it= ;;
		"$1") [ "$in_it" ] && [[ $3 =~ ^($rest)$ ]] && { echo "$n" >>"$met"; found=0; } ;;
		esac
	done <"$HERE/differences"
	return $found
}

# Prints the differences that are nowhere allowed.
judge() {
	local line bad=0

	while read -r line; do
		case $line in
		"< "*) allows their "$1" "${line#< }" || { echo "their: ${line#< }"; bad=1; } ;;
		"> "*) allows our "$1" "${line#> }" || { echo "our:   ${line#> }"; bad=1; } ;;
		esac
	done < <(diff "$2" "$3")
	return $bad
}

judge_failures() {
	local answer

	for answer in "$out/their.answer" "$out/our.answer"; do
		! grep -q '^status = 0' "$answer" || { echo "${answer##*/} is no error"; return 1; }
	done
	grep -qx "error code = ${case_of[fails]}" "$out/our.answer" || { cat "$out/our.answer"; return 1; }
	judge "$1" "$out/their.answer" "$out/our.answer"
}

judge_state() {
	local bad=0

	judge "$1" "$out/their.answer" "$out/our.answer" || bad=1
	[ "$(cat "$out/their.status" "$out/our.status" | xargs)" != "0 0" ] ||
		judge "$1" "$out/their.facts" "$out/our.facts" || bad=1
	return $bad
}

compare_one() {
	local text plugin checks bad=0

	read_case "$1" && read_configuration || return
	in_a_world_of_its_own their || bad=1
	in_a_world_of_its_own our || bad=1
	if [ "${case_of[fails]}" ]; then
		diff "$out/our.before" "$out/our.facts" || { echo "^ left by our failed ADD"; return 1; }
		judge_failures "$1"
	else
		judge_state "$1" && [ $bad = 0 ]
	fi
}

# compare GROUP: all its configurations, whatever comes of one.
compare() {
	local name out=$BATS_TEST_TMPDIR met=$BATS_FILE_TMPDIR/met n=0 bad=0 said

	while read -r name; do
		n=$((n + 1))
		said=$(compare_one "$name" 2>&1) && continue
		bad=$((bad + 1))
		printf '%s\n' "== $name" "$said"
	done < <(configurations "$1")
	echo "$1" >>"$BATS_FILE_TMPDIR/compared"
	echo "$bad of $n configurations differ"
	[ $bad = 0 ] && [ $n -gt 0 ]
}
