#!/bin/bash
# SPDX-License-Identifier: ISC
# The manual says what the programs do: mdoc without a warning, the verbs and
# options of vpnctl and vpnd, exit codes, drop reasons, frames.
set -u

. "${srcdir:?}/tests/lint/lib.sh"
man=$srcdir/man
vpnctl=${builddir:?}/vpnctl
vpnd=$builddir/vpnd

# same TEXT: the lists "wanted" (of the program) and "manual" have the same
# lines, and not none.
same()
{
	sort -u "$scratch/wanted" -o "$scratch/wanted"
	sort -u "$scratch/manual" -o "$scratch/manual"
	diff "$scratch/wanted" "$scratch/manual" >"$scratch/said" &&
		[ -s "$scratch/wanted" ]
	ok $? "$1"
}

# verbs_of_header: "status", "peer add", ... of the one table.
verbs_of_header()
{
	sed -n 's/^[[:space:]]*X("\([a-z ]*\)", [A-Z]*, [a-z]*,.*/\1/p' \
		"$srcdir/src/api/verbs.h"
}

# section PAGE NAME: the source lines of one section.
section()
{
	awk -v name="$2" '/^\.Sh / { inside = $0 == ".Sh " name }
		inside' "$man/$1"
}

# options_of_page PAGE: long and short options in its items, one per line.
options_of_page()
{
	grep -E '^\.It (Xo )?(Fl|Cm ping)' "$man/$1" |
		grep -oE 'Fl -?[A-Za-z-]+( , Fl -[a-z-]+)?' |
		grep -oE 'Fl -?[A-Za-z][a-z-]*' | sed 's/^Fl /-/'
}

# options_of_help FILE: the same of a --help text.
options_of_help()
{
	grep -oE '(^ +|, )--?[A-Za-z][a-z-]*' "$1" | grep -oE -e '-.*'
}

for page in "$man"/*.[1-9]; do
	name="${page##*/} has no mdoc warning"
	if ! command -v mandoc >/dev/null; then
		skip "$name" 'mandoc is not installed'
		continue
	fi
	# Other manuals need not be installed where the test runs.
	mandoc -Tlint "$page" 2>&1 |
		grep -v -e 'STYLE: referenced manual not found' \
			-e 'outdated mandoc.db' >"$scratch/said"
	[ ! -s "$scratch/said" ]
	ok $? "$name"
done

verbs_of_header >"$scratch/wanted"
section vpnctl.8 VERBS |
	sed -nE 's/^(\.It |\.It Xo|)(\.)?(Cm |It Cm )((peer |socket |filter )?[a-z]+( flush)?).*/\4/p' \
		>"$scratch/manual"
same 'vpnctl(8) has each verb'

"$vpnctl" --help >"$scratch/help"
sed -n '/^Verbs/,/^$/s/^  \([a-z]*\( [a-z]*\)\{0,1\}\)  .*/\1/p' \
	"$scratch/help" | sed 's/ *$//' >"$scratch/manual"
same 'vpnctl --help has each verb'

while read -r verb; do
	# shellcheck disable=SC2086 # a verb may be two words
	"$vpnctl" $verb --help
done <"$scratch/wanted" >>"$scratch/help"
options_of_help "$scratch/help" >"$scratch/wanted"
options_of_page vpnctl.8 >"$scratch/manual"
same 'vpnctl(8) has each option'

sed -n '/^enum control_exit/,/^}/s/.*= \([0-9]*\),/\1/p' \
	"$srcdir/src/api/control.h" >"$scratch/wanted"
section vpnctl.8 'EXIT STATUS' | sed -n 's/^\.It //p' >"$scratch/manual"
same 'vpnctl(8) has each exit code'

if [ -x "$vpnd" ]; then
	"$vpnd" --help >"$scratch/help"
	options_of_help "$scratch/help" >"$scratch/wanted"
	options_of_page vpnd.8 >"$scratch/manual"
	same 'vpnd(8) has each option'
else
	skip 'vpnd(8) has each option' 'vpnd is not built'
fi

sed -n 's/^[[:space:]]*X(\([A-Z0-9_]*\), ".*/\1/p' "$srcdir/src/base/drop.h" |
	grep -vx NONE >"$scratch/wanted"
section vpnd.8 TROUBLESHOOTING | sed -n 's/^\.It Dv //p' >"$scratch/manual"
same 'vpnd(8) has each drop reason'

# "HELLO 0x10", reserved numbers included.
sed -n 's/^[[:space:]]*WIRE_FRAME_\([A-Z0-9_]*\) = \(0x[0-9a-f]*\),.*/\2 \1/p' \
	"$srcdir/src/protocol/wire.h" | tr _ - >"$scratch/wanted"
section vpnd-protocol.7 FRAMES |
	sed -nE 's/^\.It (0x[0-9a-f]+ [A-Z0-9-]+) Ta .*/\1/p' >"$scratch/manual"
same 'vpnd-protocol(7) has each frame'

# "HELLO no no yes yes": what the timers implement.
sed -n 's/^[[:space:]]*{WIRE_FRAME_\([A-Z0-9_]*\), \([truefals, ]*\)},$/\1 \2/p' \
	"$srcdir/src/protocol/extension.c" |
	sed 's/,//g; s/true/yes/g; s/false/no/g' | tr _ - >"$scratch/wanted"
section vpnd-protocol.7 'RULES OF THE EXTENSION' |
	sed -nE 's/^\.It ([A-Z0-9-]+) Ta (yes|no) Ta (yes|no) Ta (yes|no) Ta (yes|no)$/\1 \2 \3 \4 \5/p' \
		>"$scratch/manual"
same 'vpnd-protocol(7) has the rules of each frame'

finish
