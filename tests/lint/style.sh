#!/bin/bash
# SPDX-License-Identifier: ISC
# What can be checked of the house style by reading lines.
set -u
. "$srcdir/tests/lint/lib.sh"

function_lines_max=70

sources()
{
	find "$1" -name '*.[ch]' -o -name '*.sh' -o -name '*.am' | sort
}

code()
{
	find "$1" -name '*.[ch]' | sort
}

# grep_in DIR PATTERN: lines "FILE:LINE:TEXT" of the sources.
grep_in()
{
	sources "$1" | xargs -r grep -nHE -- "$2"
}

# heads DIR: each C file begins with licence and caption, each script with the
# licence behind its first line.
heads()
{
	code "$1" | xargs -r awk '
		FNR == 1 && $0 != "/* SPDX-License-Identifier: ISC */" {
			print FILENAME ": no SPDX line"
		}
		FNR == 2 && /^\/\*/ { has_caption[FILENAME]; nextfile }
		END {
			for (i = 1; i < ARGC; i++)
				if (!(ARGV[i] in has_caption))
					print ARGV[i] \
						": no caption in the second line"
		}'
	find "$1" -name '*.sh' | xargs -r awk '
		FNR <= 3 && /# SPDX-License-Identifier: ISC/ {
			has_licence[FILENAME]
		}
		FNR == 3 { nextfile }
		END {
			for (i = 1; i < ARGC; i++)
				if (!(ARGV[i] in has_licence))
					print ARGV[i] ": no SPDX line"
		}'
}

# The words are written so that this file does not have them.
leftovers()
{
	grep_in "$1" '(^|[^A-Za-z_])(TO''DO|X''XX|FIX''ME)([^A-Za-z_X]|$)'
}

blanks()
{
	grep_in "$1" '[[:blank:]]+$'
}

typedefs()
{
	code "$1" | xargs -r grep -nHE '^[[:space:]]*typedef[[:space:]]+struct'
}

# A function's body is what stands between { and } in the first column.
functions()
{
	code "$1" | xargs -r awk -v max=$function_lines_max '
		/^\{/ { start = FNR; next }
		/^}/ && start {
			if (FNR - start - 1 > max)
				print FILENAME ":" start ": " \
					FNR - start - 1 " lines"
			start = 0
		}
		start && /^[[:space:]]*#[[:space:]]*if/ {
			print FILENAME ":" FNR ": #if inside a function"
		}'
}

# memcmps DIR LIST: memcmp in DIR/src/protocol that the list does not have.
memcmps()
{
	(cd "$1" && grep -rnE '(^|[^_a-z])memcmp\(' src/protocol) |
		awk -v list="$2" '
		BEGIN {
			while ((getline line <list) > 0)
				if (line !~ /^#/ && line != "")
					public[line] = 1
		}
		{
			known = 0
			split($0, part, ":")
			for (entry in public) {
				at = index(entry, ": ")
				if (substr(entry, 1, at - 1) == part[1] &&
				    index($0, substr(entry, at + 2)))
					known = 1
			}
			if (!known)
				print
		}'
}

for room in src tests; do
	clean "$room: files begin with licence and caption" \
		heads "$srcdir/$room"
	clean "$room: nothing is left to do" leftovers "$srcdir/$room"
	clean "$room: no blanks at line ends" blanks "$srcdir/$room"
	clean "$room: no struct typedefs" typedefs "$srcdir/$room"
	clean "$room: functions have at most $function_lines_max lines" \
		functions "$srcdir/$room"
done
clean "protocol compares secrets with sodium_memcmp" \
	memcmps "$srcdir" "$srcdir/tests/lint/style.memcmp"

head='/* SPDX-License-Identifier: ISC */
/* A sample. */'
sample bad.c <<<'/* A sample. */'
refused "a file without licence is seen" heads "$sample"
sample bad.h <<<'/* SPDX-License-Identifier: ISC */'
refused "a file without caption is seen" heads "$sample"
sample bad.sh <<<'#!/bin/sh'
refused "a script without licence is seen" heads "$sample"
sample bad.c <<<'	/* TO''DO: later */'
refused "a leftover is seen" leftovers "$sample"
sample bad.c <<<'int a; '
refused "a blank at a line end is seen" blanks "$sample"
sample bad.h <<<'typedef struct a a_t;'
refused "a struct typedef is seen" typedefs "$sample"
# long LINES: a function with as many lines.
long()
{
	printf 'void f(void)\n{\n'
	yes '	g();' | head -n "$1"
	echo '}'
}
sample bad.c < <(long $((function_lines_max + 1)))
refused "a function of $((function_lines_max + 1)) lines is seen" \
	functions "$sample"
sample good.c < <(long $function_lines_max)
clean "a function of $function_lines_max lines passes" functions "$sample"
sample bad.c <<<'void f(void)
{
#ifdef A
#endif
}'
refused "#ifdef inside a function is seen" functions "$sample"
sample src/protocol/bad.c <<<'	return memcmp(mac, expected, 16);'
refused "a memcmp of a secret is seen" \
	memcmps "$sample" "$srcdir/tests/lint/style.memcmp"
sample src/protocol/good.c <<<'	return sodium_memcmp(mac, expected, 16);'
clean "sodium_memcmp passes" memcmps "$sample" /dev/null
sample good.c <<<"$head"
clean "a right file passes" heads "$sample"
finish
