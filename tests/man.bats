#!/usr/bin/env bats
# SPDX-License-Identifier: Apache-2.0
# man/: what the pages say is so. They are compared with the code, rendered, and their examples run.

load lib

MAN=$BATS_TEST_DIRNAME/../man

pages() { printf '%s\n' "$MAN"/*.scd; }

# The page as it is installed.
source_of() { sed "s|@cnibindir@|$BIN|g" "$1"; }

section() { source_of "$2" | awk -v want="# $1" '/^# / { in_it = $0 == want; next } in_it'; }

# Each block of the examples in a file of its own: $T/example.1, ...
examples() {
	rm -f "$T"/example.*
	section EXAMPLES "$1" | awk -v to="$T/example." '
		/^```/ { in_it = !in_it; n += in_it; next }
		in_it { gsub(/\\\\/, "\\"); print >(to n) }'
	ls "$T"/example.* | sort -V
}

# Runs an example, as it stands there, and the network configuration lists that it writes.
try() {
	local list

	rm -rf "$T/here"
	mkdir "$T/here"
	(cd "$T/here" && on_host bash -euo pipefail -c \
		'trap "kill \$(jobs -p) 2>/dev/null || true" EXIT; . "$0"' "$1" 3>&-) || return
	for list in "$T"/here/*.json "$T"/here/*.conf "$T"/here/*.conflist; do
		[ ! -e "$list" ] || jq -e . "$list" >/dev/null || return
	done
	for list in "$T"/here/*.conflist; do
		[ -e "$list" ] || continue
		ip netns add listed
		on_host env CNI_PATH="$BIN" "$MAN/../examples/cni" add "$list" listed || return
		on_host env CNI_PATH="$BIN" "$MAN/../examples/cni" check "$list" listed || return
		on_host env CNI_PATH="$BIN" "$MAN/../examples/cni" del "$list" listed || return
		ip netns delete listed
	done
}

# The error codes that a page has entries of.
codes() { section ERRORS "$1" | grep -E '^\*[0-9]' | grep -Eo '[0-9]+' | sort -nu; }

@test "every executable has a page, and every page its executable" {
	local exe

	{
		echo podwire.7
		for exe in "$BIN"/*; do echo "podwire-${exe##*/}.8"; done
	} | sort >"$T/must"
	pages | sed 's|.*/||; s|\.scd$||' | sort | diff "$T/must" -
	grep -o "'podwire[^']*\.[78]'" "$MAN/meson.build" | tr -d "'" | sort | diff "$T/must" -
}

@test "every key of the code is described, and every key described is in the code, with its type" {
	local page

	cd "$BATS_TEST_DIRNAME/.."
	for page in man/*.scd; do tests/man/keys "$page"; done >"$T/differs"
	diff /dev/null "$T/differs"
}

@test "every file of the code that has keys belongs to a page" {
	cd "$BATS_TEST_DIRNAME/.."
	ls $(sed -n 's/^; keys: //p' man/*.scd) >"$T/have"
	grep -lE '\{ "[A-Za-z]+", JSON_' plugins/*.c plugins/*/*.c ipam/*.c lib/*/*.c | grep -vxFf "$T/have" >"$T/rest" || true
	diff /dev/null "$T/rest"
	[ -s "$T/have" ]
}

@test "podwire(7) has every error code of the code, and the other pages none that it lacks" {
	local page

	grep -Eo 'CNI_[A-Z_]+ = [0-9]+' "$BATS_TEST_DIRNAME/../lib/value/error.h" | grep -Eo '[0-9]+$' |
		sort -nu >"$T/must"
	codes "$MAN/podwire.7.scd" | diff "$T/must" -
	for page in "$MAN"/*.8.scd; do
		[ "$(codes "$page" | wc -l)" -ge 5 ]
		codes "$page" | grep -vxFf "$T/must" && return 1 || true
	done
}

@test "a page has every command that its executable has" {
	local exe command n=0

	for exe in "$BIN"/*; do
		for command in $("$exe" help 2>&1 | sed -En "s/^  (${exe##*/} )?([a-z]+) .*/\2/p"); do
			section SYNOPSIS "$MAN/podwire-${exe##*/}.8.scd" | grep "/${exe##*/} $command" || return
			section VERBS "$MAN/podwire-${exe##*/}.8.scd" | grep -x "\*$command\*" || return
			n=$((n + 1))
		done
	done
	[ "$n" -ge 9 ]
}

@test "every page has the sections that one looks for, and refers to pages that exist" {
	local page wanted

	for page in $(pages); do
		for wanted in NAME DESCRIPTION CONFIGURATION VERBS ERRORS "EXIT STATUS" FILES EXAMPLES "SEE ALSO"; do
			grep -qx "# $wanted" "$page" || {
				echo "$page has no $wanted"
				return 1
			}
		done
		head -n 1 "$page" | grep -x "$(basename "$page" | sed -E 's/\.([78])\.scd$/(\1)/')"
		for wanted in $(grep -Eo '\*podwire[a-z-]*\*\([78]\)' "$page" | sed -E 's/\*(.*)\*\((.)\)/\1.\2/'); do
			[ -e "$MAN/$wanted.scd" ]
		done
	done
}

@test "rendering gives no warning, and no line that a terminal would break" {
	local page

	for page in $(pages); do
		source_of "$page" | scdoc >"$T/page"
		groff -t -ww -man -Tutf8 -K utf8 -rLL=80n -P-cbou "$T/page" >"$T/text" 2>>"$T/warnings"
		mandoc -Tlint -W error "$T/page" >>"$T/warnings" || true
		grep -q 'SEE ALSO' "$T/text"
		sed '/^```/,/^```/!d; s|@cnibindir@|/opt/cni/bin|g' "$page" | grep -nE '.{70}' >>"$T/warnings" || true
	done
	diff /dev/null "$T/warnings"
}

@test "every page has three examples, and they do what they say" {
	local page example n

	for page in $(pages); do
		n=0
		for example in $(examples "$page"); do
			try "$example" >"$T/out" 2>&1 || {
				echo "${page##*/}: this example failed:"
				cat "$example" "$T/out"
				return 1
			}
			n=$((n + 1))
		done
		[ "$n" -ge 3 ] || {
			echo "$page has $n examples"
			return 1
		}
	done
}
