# SPDX-License-Identifier: ISC
# tracelib.sh - for the tests of a model beside the kernel: the tracefs, and a
# program that says on its output what is ok. Sourced after lib.sh.
# shellcheck shell=bash

tracing=/sys/kernel/tracing
trace_mounted=

# model_open PROGRAM: it is there, and so is what it needs; or all is skipped.
# One test at a time, so that none takes away the tracefs of another.
model_open() {
	model=${VPND_TESTS:-${VPND_BUILD:-.}}/$1
	[ -x "$model" ] || skip_all "$1 is not built: make $1"
	[ -c /dev/net/tun ] || skip_all "there is no /dev/net/tun"
	exec 9>"${TMPDIR:-/tmp}/vpnd-tracefs.lock"
	flock -w 300 9 || skip_all "another test has the tracefs"
	[ -d $tracing/instances ] && return
	mount -t tracefs nodev $tracing 2>"$RUN/mount.out" ||
		skip_all "no tracefs: $(cat "$RUN/mount.out")"
	trace_mounted=yes
}

model_close() {
	[ -z "$trace_mounted" ] || umount $tracing
	exec 9>&-
}

# model_run HOST ARGUMENT...: runs it; its lines become ours. Not by ip netns
# exec: its mount of /sys would hide the tracefs.
model_run() {
	local host=$1
	shift
	nsenter --net="/run/netns/$(ns "$host")" "$model" "$@" \
		>"$RUN/model.out" 2>&1
	model_said $?
	rmdir "$tracing/instances/${P:0:12}" 2>/dev/null
	check_not "no trace instance is left" \
		test -e "$tracing/instances/${P:0:12}"
}
