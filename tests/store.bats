#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# host-local's store at any size, beside other hands, across crash and reboot.

load lib
load store/lib

index=/var/lib/cni/networks/.net.index
tests=$BATS_TEST_DIRNAME

eval "store_$(declare -f teardown)"

teardown() {
	umount -l /etc/machine-id /proc/sys/kernel/random/boot_id 2>/dev/null || true
	store_teardown
}

# forge FILE TEXT: for the rest of the test it says so.
forge() {
	mkdir -p "$T/forged"
	echo "$2" >"$T/forged/${1##*/}"
	mountpoint -q "$1" || mount --bind "$T/forged/${1##*/}" "$1"
}
boots() { forge /proc/sys/kernel/random/boot_id "$1-0000-0000-0000-000000000000"; }
is_machine() { forge /etc/machine-id "$1"; }

# as MACHINE BOOT COMMAND...
as() { is_machine "$1" && boots "$2" && "${@:3}"; }

# in_sandbox FILE COMMAND...: any file will do for a namespace: its device and inode are what counts.
in_sandbox() { CNI_NETNS=$1 "${@:2}"; }

python() { PYTHONPATH=$tests/store python3 "$@"; }

# fill FIRST NUMBER: reserves that many by hand, as the reference would.
fill() {
	mkdir -p "$store"
	python3 - "$store" "$1" "$2" <<-'END'
		import ipaddress, sys
		for i in range(int(sys.argv[3])):
		    ip = ipaddress.ip_address(sys.argv[2]) + i
		    with open(f"{sys.argv[1]}/{ip}", "x") as file:
		        file.write(f"{i:064x}\r\neth0")
		with open(f"{sys.argv[1]}/last_reserved_ip.0", "w") as file:
		    file.write(str(ip))
	END
}

# calls VERB POD [FILTER]: how many system calls it makes, by strace.
calls() {
	rm -f "$T/strace"
	cat >"$T/traced" <<-END
		#!/bin/sh
		ASAN_OPTIONS=detect_leaks=0 exec strace -o "$T/strace" "$BIN/host-local"
	END
	chmod +x "$T/traced"
	mkdir -p "$T/under"
	mv "$T/traced" "$T/under/host-local"
	CNI_DIR=$T/under cni "$@" >"$T/$2.result" || { cat "$T/$2.result"; return 1; }
	sed -n '/^read(0/,$p' "$T/strace" | grep -c '^[a-z]'
}

entries() { (cd "$index" && for name in *; do echo "$name $(readlink "$name")"; done) | sed 's/@[0-9.]*//g'; }

# --- The index

@test "ADD, CHECK and DEL make the same system calls with 3,000 addresses reserved as with none" {
	local empty full

	with '.ipam.ranges[0][0].subnet = "10.244.0.0/14"'
	add p0
	empty="$(calls ADD p1) $(calls CHECK p0 ".prevResult = $(cat "$T/p0.result")") $(calls DEL p1)"
	fill 10.244.1.0 3000
	add p2
	full="$(calls ADD p1) $(calls CHECK p2 ".prevResult = $(cat "$T/p2.result")") $(calls DEL p1)"
	echo "$empty, $full"
	same "$full" "$empty"
	[ "${empty%% *}" -le 60 ]
}

@test "the last free address of a full /16 is found by one reading of the directory" {
	local n

	with '.ipam.ranges[0][0].subnet = "10.1.0.0/16"'
	fill 10.1.0.2 65533
	rm "$store/10.1.77.77"
	last 0 10.1.77.77
	cni STATUS p0 # which walks
	n=$(calls ADD p1)
	like "$(cat "$T/p1.result")" '.ips[0].address == "10.1.77.77/16"'
	[ "$(grep -c openat "$T/strace")" -le 20 ]
	[ "$n" -le 1000 ]
	fails 100 '65533 reserved' cni ADD p2
}

@test "an IPv6 range gives the first free address behind a long row of reservations" {
	with '.ipam.ranges[0][0].subnet = "fd00::/64"'
	fill fd00::2 3000
	last 0 fd00::1
	gets p1 fd00::bba/64
	gets p2 fd00::bbb/64
}

@test "what the reference does in between is seen, every time" {
	local i

	with '.cniVersion = "1.0.0"'
	for i in 1 2 3 4 5; do
		add p1
		reference del p1
		add p1
		reference add p2
		fails 102 'p2' cni ADD p2
		del p2
		del p1
		holds
	done
}

# Of ramfs because its times are those of the tick, as those of every file system before Linux 6.13.
@test "what another hand does within the same tick of the clock is seen, a hundred times" {
	local i

	mkdir "$T/disk"
	mount -t ramfs ramfs "$T/disk"
	store=$T/disk/net
	configuration ".ipam.ranges[0][0].subnet = \"10.1.0.0/16\" | .ipam.dataDir = \"$T/disk\"" >"$T/conf"
	call "$BIN" ADD p0 <"$T/conf"
	for ((i = 0; i < 100; i++)); do
		call "$BIN" ADD p1 <"$T/conf" >"$T/out" && printf 'x\r\neth0' >"$store/10.1.9.9"
		call "$BIN" DEL x <"$T/conf"
		[ ! -e "$store/10.1.9.9" ] || { echo "round $i"; return 1; }
		call "$BIN" DEL p1 <"$T/conf" && printf 'y\r\neth0' >"$store/10.1.9.9"
		call "$BIN" DEL y <"$T/conf"
		[ ! -e "$store/10.1.9.9" ] || { echo "round $i"; return 1; }
	done
	holds 10.1.0.2=p0:eth0
}

# Ways to hide from an index that the store was changed, or to lead it astray.
disguises() {
	cat <<'END'
true
touch -d yesterday "$store"
touch -d tomorrow "$store"
touch -r "$T/as-before" "$store"
rm -r "$index"
rm -r "$index"; : >"$index"
rm "$index"/.boot
ln -sfn garbage "$index"/.boot
rm "$index"/.boot; mkfifo "$index"/.boot; touch -r "$T/as-before" "$store" "$index"
touch -r "$store" "$index"
touch -r "$index" "$store"
ln -sfn garbage "$index"/p2:eth0
rm "$index"/p2:eth0; touch "$index"/p2:eth0
rm "$index"/*
rm "$index"/* "$index"/.boot
cp -a "$store" "$T/copy"; rm -r "$store"; cp -a "$T/copy" "$store"; rm -r "$T/copy"
cp -a /var/lib/cni "$T/copy"; rm -r /var/lib/cni; cp -a "$T/copy" /var/lib/cni; rm -r "$T/copy"
tar -C "$store" --format=posix -cf "$T/tar" .; touch -r "$T/as-before" "$store"; tar -C "$store" -xf "$T/tar"; touch -r "$T/as-before" "$store"
ln -s 10.1.0.77@1.000000001 "$index"/ghost:eth0
ln -s nowhere "$index"/.link; mkdir "$index"/.new
END
}

@test "a store that was changed and then disguised is walked, and mended" {
	local how

	while read -r how; do
		add p1
		add p2
		touch -r "$store" "$T/as-before"
		mv "$store/10.1.0.2" "$T/gone"
		hold 10.1.0.50 p9 eth0
		eval "$how"
		rm -df "$index/.new" 2>/dev/null || true
		fails 102 10.1.0.50 cni ADD p9
		gets p1 10.1.0.4/24 || { echo "$how"; return 1; }
		del p9
		del p2
		holds 10.1.0.4=p1:eth0 || { echo "$how"; return 1; }
		[ ! -d "$index" ] || [ -f "$index" ] || same "$(cd "$index" && echo *)" p1:eth0
		rm -rf "$store" "$index"
	done < <(disguises)
}

@test "a file that was edited in place is not freed for whom the index names" {
	add p1
	printf 'p9\r\neth0' >"$store/10.1.0.2"
	del p1
	holds 10.1.0.2=p9:eth0
	del p9
	holds
}

@test "whom no entry can name has the same rights: 300 bytes of container ID" {
	local long

	long=$(printf 'c%.0s' {1..300})
	add p1
	CNI_CONTAINERID=$long add p2
	CNI_CONTAINERID=$long fails 102 "10\.1\.0\.3" cni ADD p2
	gets p3 10.1.0.4/24
	CNI_CONTAINERID=$long check p2
	CNI_CONTAINERID=$long del p2
	holds 10.1.0.2=p1:eth0 10.1.0.4=p3:eth0
}

@test "without a place for the index everything works, by walking" {
	mkdir -p /var/lib/cni/networks
	: >"$index"
	add p1
	add p2
	fails 102 p1 cni ADD p1
	check p2
	del p1
	holds 10.1.0.3=p2:eth0
	[ -f "$index" ]
}

# --- Stopped anywhere

everywhere() { python "$tests/store/everywhere.py" "$@" || return; }

@test "killed before any system call of an ADD: others keep theirs, DEL frees, the next ADD works" {
	everywhere kill first
	everywhere kill add
	everywhere kill add-walking
}

@test "killed before any system call of an ADD that takes its old address back: likewise" {
	everywhere kill takeover
}

@test "killed before any system call of a DEL or a GC: others keep theirs, the next DEL frees" {
	everywhere kill del
	everywhere kill gc
}

@test "an error at any operation on files: ADD works whole, or is error 5 and leaves the store as it was" {
	local error scene

	for error in ENOSPC EIO EROFS EMFILE; do
		for scene in first add add-walking takeover; do
			everywhere $error $scene
		done
	done
}

@test "an error at any operation on files: DEL and GC free all, or the next one does" {
	local error scene

	for error in ENOSPC EIO EROFS EMFILE; do
		for scene in del gc; do
			everywhere $error $scene
		done
	done
}

# --- Power lost

# What a disk may remember of the second before. p2 was added last.
losses() {
	cat <<'END'
truncate -s 0 "$store"/10.1.0.3 "$store"/fd00::3
truncate -s 0 "$store"/10.1.0.3 "$store"/fd00::3 "$store"/last_reserved_ip.*
truncate -s 0 "$store"/10.1.0.3; truncate -s 8 "$store"/10.1.0.3
truncate -s 3 "$store"/10.1.0.3
rm "$store"/10.1.0.3
rm "$store"/10.1.0.3 "$store"/fd00::3
rm "$store"/10.1.0.3 "$store"/fd00::3; rm "$index"/p2:eth0
rm "$index"/p2:eth0
rm "$index"/p2:eth0; touch -r "$T/stamp" "$store" "$index"
touch -r "$T/stamp" "$index"
touch -r "$T/stamp" "$store"
touch -r "$T/stamp" "$store" "$index"
touch -d tomorrow "$store"
touch -d yesterday "$store"
rm "$store"/last_reserved_ip.1; : >"$store"/last_reserved_ip.0
printf 'p2\r\neth0' >"$index"/.new; ln -s x "$index"/.link
ln "$store"/10.1.0.2 "$index"/.new
: >"$index"/.new; rm "$index"/.boot
rm -r "$index"
END
}

# lost HOW: p1 keeps its addresses, p2 is deleted whole, the next one gets some.
lost() {
	add p1
	touch -r "$store" "$T/stamp"
	add p2
	eval "$1"
	${2:-true}
	del p2
	holds 10.1.0.2=p1:eth0 fd00::2=p1:eth0
	add p3
	check p1
	same "$(cd "$index" && LC_ALL=C && echo .[a-z]* *)" ".boot p1:eth0 p3:eth0"
	del p3
	rm -r "$store" "$index"
}

@test "power lost: whatever the disk forgot, DEL frees all, others keep theirs, the next ADD works" {
	local how after

	with '.ipam.ranges += [[{subnet: "fd00::/64"}]]'
	while read -r how; do
		for after in true 'boots later'; do
			echo "$how, then $after"
			boots before
			lost "$how" "$after"
		done
	done < <(losses)
}

@test "power lost: who comes back in the next boot gets its address back, be its file empty" {
	as aaaa 1111 in_sandbox /dev/null gets p1 "10.1.0.2/24 fd00::2/64" '.ipam.ranges += [[{subnet: "fd00::/64"}]]'
	truncate -s 0 "$store"/10.1.0.2 "$store"/fd00::2
	as aaaa 2222 in_sandbox /dev/null gets p2 10.1.0.3/24
	holds 10.1.0.2=p1:eth0 10.1.0.3=p2:eth0 fd00::2=p1:eth0
	as aaaa 2222 in_sandbox /dev/null gets p1 "10.1.0.2/24 fd00::2/64" '.ipam.ranges += [[{subnet: "fd00::/64"}]]'
}

# --- Reboot and unclean stop

@test "an attachment that comes in another sandbox takes its addresses back" {
	with '.ipam.ranges += [[{subnet: "fd00::/64"}]]'
	in_sandbox /dev/null gets p1 "10.1.0.2/24 fd00::2/64"
	in_sandbox /dev/zero gets p2 "10.1.0.3/24 fd00::3/64"
	in_sandbox /dev/null fails 102 'p1.*10\.1\.0\.2' cni ADD p1
	in_sandbox /dev/full gets p1 "10.1.0.2/24 fd00::2/64"
	in_sandbox /dev/full fails 102 'p1' cni ADD p1
	holds 10.1.0.{2=p1,3=p2}:eth0 fd00::{2=p1,3=p2}:eth0
	in_sandbox /dev/full gets p3 "10.1.0.4/24 fd00::4/64"
	check p1
	del p1
	holds 10.1.0.{3=p2,4=p3}:eth0 fd00::{3=p2,4=p3}:eth0
}

@test "real namespaces are told apart, and the same one by another path is the same" {
	pod p1 p2
	add p1
	touch /run/netns/alias
	mount --bind /run/netns/p1 /run/netns/alias
	CNI_NETNS=/run/netns/alias fails 102 p1 cni ADD p1
	umount /run/netns/alias
	CNI_NETNS=/run/netns/p2 gets p1 10.1.0.2/24
}

@test "a namespace with the number of one that is gone is another: the path tells" {
	pod p1
	touch /run/netns/alias
	mount --bind /run/netns/p1 /run/netns/alias
	CNI_NETNS=/run/netns/alias gets p1 10.1.0.2/24
	fails 102 p1 cni ADD p1
	umount /run/netns/alias
	gets p1 10.1.0.2/24
	fails 102 p1 cni ADD p1
}

@test "after a reboot an attachment takes its address back, on its machine alone" {
	as aaaa 1111 in_sandbox /dev/null gets p1 10.1.0.2/24
	as aaaa 1111 in_sandbox /dev/null fails 102 'p1' cni ADD p1
	as bbbb 1111 in_sandbox /dev/null fails 102 'p1.*on the machine aaaa' cni ADD p1
	as bbbb 2222 in_sandbox /dev/zero fails 102 'p1.*on the machine aaaa' cni ADD p1
	as '' 2222 in_sandbox /dev/null fails 102 'p1' cni ADD p1
	as aaaa 2222 in_sandbox /dev/null gets p1 10.1.0.2/24
	as aaaa 2222 in_sandbox /dev/null fails 102 'p1' cni ADD p1
	holds 10.1.0.2=p1:eth0
}

@test "what the reference reserved in an earlier boot is taken back, not what it reserved in this one" {
	local form

	for form in p1 $'p1\r\neth0'; do
		mkdir -p "$store"
		printf %s "$form" >"$store/10.1.0.7"
		in_sandbox /dev/null fails 102 'p1.*10\.1\.0\.7' cni ADD p1
		touch -d 2001-01-01 "$store/10.1.0.7"
		in_sandbox /dev/null gets p1 10.1.0.7/24
		in_sandbox /dev/null fails 102 p1 cni ADD p1
		del p1
		holds
	done
}

@test "what is taken back follows the configuration: sets that are new give, what no set holds goes" {
	in_sandbox /dev/null gets p1 "10.1.0.2/24 10.2.0.2/24" '.ipam.ranges += [[{subnet: "10.2.0.0/24"}]]'
	with '.ipam.ranges = [[{subnet: "10.1.0.0/24"}], [{subnet: "10.3.0.0/24"}]]'
	in_sandbox /dev/zero gets p1 "10.1.0.2/24 10.3.0.2/24"
	holds 10.1.0.2=p1:eth0 10.3.0.2=p1:eth0
	in_sandbox /dev/full gets p1 "10.1.0.99/24 10.3.0.2/24" '.runtimeConfig.ips = ["10.1.0.99"]'
	holds 10.1.0.99=p1:eth0 10.3.0.2=p1:eth0
	in_sandbox /dev/null gets p1 "10.1.0.99/24 10.3.0.2/24" '.runtimeConfig.ips = ["10.3.0.2"]'
	same "$(entries | cut -d' ' -f1,2)" "p1:eth0 10.1.0.99,10.3.0.2"
}

@test "an ADD that cannot take all back changes nothing" {
	local before entry

	in_sandbox /dev/null gets p1 10.1.0.2/24
	hold 10.2.0.2 other eth0
	before=$(tree "$store") entry=$(entries)
	in_sandbox /dev/zero fails 100 '10\.2\.0\.1' cni ADD p1 '.ipam.ranges += [[{subnet: "10.2.0.0/30"}]]'
	same "$(tree "$store" | grep -v last_reserved)" "$(grep -v last_reserved <<<"$before")"
	same "$(entries | grep p1)" "$entry"
}

@test "when nothing else is left, what is dead is taken back, and nothing that may live" {
	local i

	with '.ipam.ranges[0][0] += {subnet: "10.1.0.0/24", rangeStart: "10.1.0.2", rangeEnd: "10.1.0.13"}'
	as aaaa 1111 in_sandbox /dev/null gets ours-earlier 10.1.0.2/24
	as bbbb 1111 in_sandbox /dev/null gets theirs-earlier 10.1.0.3/24
	as '' 1111 in_sandbox /dev/null gets of-nobody-knows 10.1.0.4/24
	as aaaa 2222 in_sandbox /dev/null gets ours-now 10.1.0.5/24
	as bbbb 2222 in_sandbox /dev/null gets theirs-now 10.1.0.6/24
	hold 10.1.0.7 reference eth0
	hold 10.1.0.8 'a note: mine, réservé'
	touch "$store"/10.1.0.{9,10,11}
	printf '\0\0\0\0\0\0' >"$store/10.1.0.11"
	hold 10.1.0.12 word
	mkdir "$store/10.1.0.13"
	touch -d 2001-01-01 "$store"/10.1.0.{7,8,9,11,12,13}
	same "$(for i in 1 2 3; do as aaaa 2222 cni ADD "p$i" | jq -r '.ips[0].address'; done | sort)" \
		"$(printf '%s\n' 10.1.0.11/24 10.1.0.2/24 10.1.0.9/24)"
	as aaaa 2222 fails 100 '12 reserved' cni ADD p4
	[ -d "$store/10.1.0.13" ]
	rmdir "$store/10.1.0.13"
	same "$(reserved | grep -v =p)" "$(printf '%s\n' 10.1.0.10= '10.1.0.12=word' 10.1.0.3=theirs-earlier:eth0 \
		10.1.0.4=of-nobody-knows:eth0 10.1.0.5=ours-now:eth0 10.1.0.6=theirs-now:eth0 \
		10.1.0.7=reference:eth0 '10.1.0.8=a note: mine, réservé')"
}

@test "STATUS counts what is dead as free" {
	with '.ipam.ranges[0][0].subnet = "10.1.0.0/30"'
	as aaaa 1111 add p1
	as aaaa 1111 fails 50 '1 reserved' cni STATUS p2
	as bbbb 2222 fails 50 '1 reserved' cni STATUS p2
	as aaaa 2222 cni STATUS p2
	as aaaa 2222 gets p2 10.1.0.2/30
}

@test "a file whose address the reference gave again since is nobody's dead reservation" {
	with '.cniVersion = "1.0.0" | .ipam.ranges[0][0].subnet = "10.1.0.0/30"'
	as aaaa 1111 add p1
	reference del p1
	reference add p1
	as aaaa 2222 fails 100 '1 reserved' cni ADD p2
	holds 10.1.0.2=p1:eth0
}

@test "files that people put there stay, through everything" {
	local name before

	with '.ipam.ranges[0][0].subnet = "10.1.0.0/29"'
	hold 10.1.0.2 'kept for the printer'
	hold 10.1.0.3 $'printer\n'
	: >"$store/10.1.0.4"
	before=$(tree "$store" | grep 10.1.0)
	add p1
	add p2
	fails 100 '5 reserved' cni ADD p3
	cni GC none '.["cni.dev/valid-attachments"] = []'
	for name in p1 p2 kept none; do
		del "$name"
	done
	rm -r "$index"
	add p1
	del p1
	same "$(tree "$store" | grep 10.1.0)" "$before"
}

# --- How full

@test "error 100 and STATUS 50 tell how full each set is" {
	with '.ipam.ranges = [[{subnet: "10.1.0.0/24"}], [{subnet: "10.2.0.0/30"}, {subnet: "10.3.0.0/30"}],
		[{subnet: "fd00::/64"}]]'
	add p1
	add p2
	fails 100 '10\.3\.0\.2: 2 reserved.*oldest by p1; 10\.1\.0\.1-10\.1\.0\.254: 2 of 253 reserved; 10\.2\.0\.1-10\.2\.0\.2, 10\.3\.0\.1-10\.3\.0\.2: 2 of 2 reserved; fd00::1-.*: 2 of 18446744073709551615 reserved$' \
		cni ADD p3
	fails 50 '2 of 253 reserved; .*2 of 2 reserved; .*: 2 of 1844' cni STATUS p3
	holds 10.1.0.{2=p1,3=p2}:eth0 10.2.0.2=p1:eth0 10.3.0.2=p2:eth0 fd00::{2=p1,3=p2}:eth0
}

show() { "$BIN/host-local" show "$@"; }

@test "show prints a table of who has what, in which namespace, since when" {
	pod p1
	as aaaa 1111 in_sandbox /dev/null add earlier
	boots 2222
	add p1
	in_sandbox /run/netns/none add unknown
	hold 10.1.0.9 theirs eth0
	hold 10.1.0.10 $'a note\nof two lines'
	touch -d '-3 hours' "$store/10.1.0.9"
	show net | sed 's/ [0-9]*s$/ now/' >"$T/table"
	diff -w "$T/table" - <<-'END'
		ADDRESS          CONTAINER            INTERFACE        NETNS  AGE
		10.1.0.2         earlier              eth0             gone   now
		10.1.0.3         p1                   eth0             alive  now
		10.1.0.4         unknown              eth0             ?      now
		10.1.0.9         theirs               eth0             ?      3h
		10.1.0.10        a note?of two lines  -                ?      now
	END
	ip netns delete p1
	show net | grep -q '^10.1.0.3 .* gone '
}

@test "show --json tells the same to programs" {
	pod p1
	add p1
	hold 10.1.0.9 theirs
	like "$(show --json net)" 'length == 2 and
		(.[0] | .address == "10.1.0.2" and .container == "p1" and .interface == "eth0" and
			.netns == "/run/netns/p1" and .alive == true and .age < 60) and
		(.[1] | .container == "theirs" and .interface == null and .netns == null and .alive == null)'
	like "$(show --json "$store/")" 'length == 2'
	like "$(configuration '.cniVersion = "0.4.0"' | show --json)" 'length == 2'
	like "$(rm "$store"/10.*; show --json net)" '. == []'
}

@test "show answers while somebody holds the lock, changes nothing, and says what is not there" {
	local before status=0

	add p1
	before=$(tree /var/lib/cni)
	flock "$store/lock" timeout 5 "$BIN/host-local" show net | grep -q p1
	same "$(tree /var/lib/cni)" "$before"
	show other >"$T/out" 2>"$T/err" || status=$?
	[ $status = 1 ] && [ ! -s "$T/out" ]
	grep -q 'no address store /var/lib/cni/networks/other' "$T/err"
	not show --jason net 2>/dev/null
	not show a b 2>/dev/null
}

# --- Many at once

@test "64 processes add and delete on a /24 and on a /16: no address is given twice, none leaks" {
	python "$tests/store/contend.py" --seconds 3 --subnet 10.1.0.0/24
	python "$tests/store/contend.py" --seconds 3 --subnet 10.1.0.0/16
}
