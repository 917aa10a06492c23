#!/bin/bash
# SPDX-License-Identifier: ISC
# build.sh - build and install vpnd under one directory, away from the sources.
#
#   build.sh DIR [CONFIGURE-OPTION...]
#
# DIR/src gets a copy of the sources (so that nothing is written beside them),
# DIR/build what is compiled, DIR/root what is installed. Run again with other
# options it builds the same copy again.
set -eu
dir=$(mkdir -p "$1" && cd "$1" && pwd)
shift
top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)

# Only what belongs to the project: somebody may have built in the checkout.
copy_sources() {
	local what=(.)
	if git -c safe.directory='*' ls-files -co --exclude-standard -z \
		>"$dir/files" 2>/dev/null && [ -s "$dir/files" ]; then
		what=(--null -T "$dir/files")
	fi
	mkdir -p "$dir/src"
	tar --ignore-failed-read --exclude-vcs --exclude='*.o' --exclude='*.a' \
		--exclude=.deps --exclude=./Makefile --exclude=./config.h \
		--exclude=./config.status -cf - "${what[@]}" |
		tar -C "$dir/src" -xf -
	rm -f "$dir/files"
}

if [ ! -d "$dir/src" ]; then
	cd "$top"
	copy_sources
fi
cd "$dir/src"
[ -x configure ] || ./autogen.sh
mkdir -p "$dir/build"
cd "$dir/build"
../src/configure --quiet --prefix="$dir/root" "$@"
make -s -j"$(nproc)"
make -s install >install.log 2>&1 || { cat install.log; exit 1; }
