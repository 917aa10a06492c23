#!/bin/bash
# SPDX-License-Identifier: ISC
# What systemd gets: the unit is valid and its exposure at most 1.9, it is
# started as vpnd(8) says, and the sysusers and tmpfiles snippets are valid.
set -u

unit=${builddir:?}/conf/vpnd@.service
# One for sched_setattr, with which vpnd makes its slice shorter in a flood; the
# list of its own (src/daemon/sandbox.c) lets it do so for nobody else.
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

if command -v systemd-analyze >/dev/null; then
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
