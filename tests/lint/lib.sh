# SPDX-License-Identifier: ISC
# What the lints share. A lint is a function CHECK DIR that prints what is
# wrong; it is run on the tree, and on bad samples, which it must refuse.

number=0
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT

# ok RESULT TEXT: one line of TAP; when it is not ok, what was written to
# $scratch/said follows as comments.
ok()
{
	number=$((number + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $number - $2"
	else
		echo "not ok $number - $2"
		[ ! -e "$scratch/said" ] || sed 's/^/# /' "$scratch/said"
	fi
	rm -f "$scratch/said"
}

# skip TEXT REASON
skip()
{
	number=$((number + 1))
	echo "ok $number - $1 # SKIP $2"
}

# clean TEXT CHECK ARGS...: the check finds nothing.
clean()
{
	local text=$1 found
	shift
	found=$("$@" 2>&1)
	[ -z "$found" ]
	ok $? "$text"
	[ -z "$found" ] || echo "$found" | sed 's/^/# /'
}

# refused TEXT CHECK ARGS...: the check finds something.
refused()
{
	local text=$1 found
	shift
	found=$("$@" 2>&1)
	[ -n "$found" ]
	ok $? "$text"
}

# sample PATH: writes standard input to a file below a new sample directory,
# whose name is in $sample.
sample()
{
	sample=$(mktemp -d "$scratch/XXXXXX")
	mkdir -p "$sample/$(dirname "$1")"
	cat >"$sample/$1"
}

finish()
{
	echo "1..$number"
}
