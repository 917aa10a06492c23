#!/bin/bash
# SPDX-License-Identifier: ISC
# coverage: how many lines of each pure room the unit tests run.
#
#   tests/coverage.sh [BUILD]
#
# Builds with --enable-coverage in BUILD (a temporary directory by default),
# runs the unit tests, and prints TAP: each pure room has to have 85 % of its
# lines run. All cases of a test share a process, as each process adds its counts
# to those of all files.
set -u
top=$(cd "$(dirname "$0")/.." && pwd)
build=${1:-}
if [ -z "$build" ]; then
	build=$(mktemp -d)
	trap 'rm -rf "$build"' EXIT
fi
mkdir -p "$build"
cd "$build" || exit 1
{
	[ -f Makefile ] || "$top/configure" --enable-coverage \
		--disable-dependency-tracking
	make -j"$(nproc)" unit-tests &&
		make -s print-unit-tests | tr ' ' '\n' |
		CK_FORK=no srcdir=$top builddir=$build \
			xargs -P "$(nproc)" -I TEST sh -c './TEST || {
				echo "TEST failed"; exit 255; }'
} >coverage.log 2>&1 || {
	tail -30 coverage.log
	echo "Bail out! the coverage build failed"
	exit 1
}
exec python3 "$top/tests/coverage.py" "$build" "$top" 85
