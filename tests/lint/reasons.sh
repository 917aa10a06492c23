#!/bin/sh
# SPDX-License-Identifier: ISC
# Each drop reason is provoked in tests/netns/reasons_*.sh, where all who tell
# of it have to name the same one; or here it says which test does it instead.
set -u

. "${srcdir:?}/tests/lint/lib.sh"

# The model beside the kernel is a whole host (path_setup.is_whole_host): behind
# vpnd's device there always is one, which has routes of its own.
elsewhere=IP_INNOROUTES

# Calls of what provokes; by themselves, so that nothing passes over them.
calls='^(names|lost_in|lost_out|wire|data|extension) '

sed -n 's/^[[:space:]]*X(\([A-Z0-9_]*\), ".*/\1/p' "$srcdir/src/base/drop.h" |
	grep -vx NONE | sort >"$scratch/list"
grep -hE "$calls" "$srcdir"/tests/netns/reasons_*.sh | tr ' ' '\n' |
	grep -xE '[A-Z0-9_]+' | sort -u >"$scratch/words"
comm -12 "$scratch/list" "$scratch/words" >"$scratch/provoked"
comm -23 "$scratch/list" "$scratch/provoked" >"$scratch/said"
[ -s "$scratch/list" ] && [ "$(cat "$scratch/said")" = "$elsewhere" ]
ok $? "each drop reason is provoked, but for $elsewhere"

grep -qw "$elsewhere" "$srcdir/tests/corpus/receive.txt"
ok $? "and that one is the kernel's answer in the corpus, and ours"

finish
