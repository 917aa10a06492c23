#!/bin/bash
# SPDX-License-Identifier: ISC
# Replays each fuzz target's corpus: nothing that was found once comes back.
# Speaks TAP. Needs: FUZZ_TARGETS, srcdir, builddir (make check sets them).
# shellcheck disable=SC2086
set -- $FUZZ_TARGETS
number=0

echo "1..$#"
for target; do
	number=$((number + 1))
	corpus=$srcdir/tests/fuzz/corpus/${target#fuzz_}
	files=("$corpus"/*)
	if said=$("$builddir/$target" "${files[@]}" 2>&1); then
		echo "ok $number - $target: ${#files[@]} inputs"
	else
		echo "not ok $number - $target"
		echo "$said" | tail -n 30 | sed 's/^/# /'
	fi
done
