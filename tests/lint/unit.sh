#!/bin/bash
# SPDX-License-Identifier: ISC
# What systemd gets: the unit is valid and its exposure at most 1.9, it is
# started as vpnd(8) says, and the sysusers and tmpfiles snippets are valid.
set -u

unit=${builddir:?}/conf/vpnd@.service
# One for sched_setattr and sched_setaffinity, with which vpnd makes its slice
# shorter in a flood and places its threads; the list of its own
# (src/daemon/sandbox.c) lets it do so for nobody else.
exposure_max=19 # tenths
. "${srcdir:?}/tests/lint/lib.sh"

has_line()
{
	grep -qxF -- "$1" "$unit"
	ok $? "the unit has $1"
}

! grep -q '@[a-z]*dir@' "$unit"
ok $? "all paths are substituted"
has_line 'User=vpnd'
has_line 'CapabilityBoundingSet=CAP_NET_ADMIN'
has_line 'RestartPreventExitStatus=64 78'
has_line 'Type=notify'
grep -q '^ExecReload=/.*/vpnctl -n %i reload$' "$unit"
ok $? "reload is synchronous"

# The calls of a SystemCallFilter: a group is spelt out.
calls_of()
{
	local call
	for call; do
		case $call in
		@*) # shellcheck disable=SC2046 # words
			calls_of $(systemd-analyze syscall-filter "$call" |
				sed -e 1d -e 's/#.*//') ;;
		*) echo "$call" ;;
		esac
	done
}
# What the unit refuses of the calls that vpnd's own filter lets through. lchown
# and fchownat are for a vpnd that root has started, and may fail.
refused()
{
	local line
	: >"$scratch/calls"
	while IFS= read -r line; do
		# shellcheck disable=SC2086 # words
		calls_of ${line#\~} | sort -u >"$scratch/some"
		case $line in
		\~*) comm -23 "$scratch/calls" "$scratch/some" ;;
		*) sort -u "$scratch/calls" "$scratch/some" ;;
		esac >"$scratch/sum"
		mv "$scratch/sum" "$scratch/calls"
	done < <(sed -n 's/^SystemCallFilter=//p' "$unit")
	grep -o '\<CALL([a-z0-9_]*)' "$srcdir/src/daemon/sandbox.c" |
		sed -e 's/CALL(\(.*\))/\1/' -e '/^name$/d' | sort -u |
		comm -23 - "$scratch/calls" | grep -vxE 'lchown|fchownat'
}

if command -v systemd-analyze >/dev/null; then
	refused >"$scratch/said"
	[ -s "$scratch/calls" ] && [ ! -s "$scratch/said" ]
	ok $? "it lets through what vpnd's own filter does"
	systemd-analyze security --offline=yes --threshold=$exposure_max \
		"$unit" >"$scratch/said" 2>&1
	ok $? "exposure is at most $exposure_max tenths"
	# The programs need not be installed where the test runs.
	sed -E 's|^(Exec[A-Za-z]*=)[^ ]*|\1/bin/true|' "$unit" \
		>"$scratch/vpnd@.service"
	systemd-analyze verify --man=no --recursive-errors=no \
		"$scratch/vpnd@.service" >"$scratch/said" 2>&1 &&
		[ ! -s "$scratch/said" ]
	ok $? "the unit is valid"
else
	skip "it lets through what vpnd's own filter does" \
		"no systemd-analyze"
	skip "exposure is at most $exposure_max tenths" "no systemd-analyze"
	skip "the unit is valid" "no systemd-analyze"
fi

if command -v systemd-sysusers >/dev/null; then
	mkdir -p "$scratch/root/etc"
	systemd-sysusers --root="$scratch/root" --dry-run \
		"$builddir/conf/sysusers.d/vpnd.conf" >"$scratch/said" 2>&1 &&
		grep -q vpnd "$scratch/said"
	ok $? "the sysusers snippet makes the user"
else
	skip "the sysusers snippet makes the user" "no systemd-sysusers"
fi

if command -v systemd-tmpfiles >/dev/null && [ "$(id -u)" -eq 0 ]; then
	mkdir -p "$scratch/root/etc"
	echo 'root:x:0:0::/root:/bin/sh' >"$scratch/root/etc/passwd"
	printf 'root:x:0:\nvpnd:x:990:\n' >"$scratch/root/etc/group"
	systemd-tmpfiles --root="$scratch/root" --create \
		"$builddir/conf/tmpfiles.d/vpnd.conf" >"$scratch/said" 2>&1 &&
		[ "$(stat -c '%a %u:%g' "$scratch/root/etc/vpnd/keys")" = \
			'750 0:990' ]
	ok $? "the tmpfiles snippet makes the key directory"
else
	skip "the tmpfiles snippet makes the key directory" \
		"needs systemd-tmpfiles and root"
fi

finish
