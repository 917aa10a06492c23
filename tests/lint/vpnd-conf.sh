#!/bin/bash
# SPDX-License-Identifier: ISC
# The program vpnd-conf: exit codes, streams, odd files.
set -u
. "$srcdir/tests/lint/lib.sh"

conf=$builddir/vpnd-conf
cd "$scratch" || exit 99
(umask 077 && echo secret >key)
echo "private_key_file = \"$scratch/key\";" >site.conf
mkfifo fifo.conf

# has FILE TEXT: the text, a regular expression, is there; "" always is.
has()
{
	[ -z "$2" ] || grep -q -- "$2" "$1"
}

# gives CODE OUT ERR TEXT ARGS...: the exit code, and what both streams have.
gives()
{
	local code=$1 out=$2 err=$3 text=$4 got
	shift 4
	timeout 10 "$conf" "$@" >out 2>err
	got=$?
	[ $got -eq "$code" ] && has out "$out" && has err "$err"
	ok $? "$text"
	[ $got -eq "$code" ] || echo "# exit code $got"
	sed 's/^/# /' err
}

# empty FILE TEXT
empty()
{
	[ ! -s "$1" ]
	ok $? "$2"
}

gives 0 . '' "a good file gives a flat configuration" site.conf
empty err "a good file gives no message"
grep -q "	file	$scratch/site.conf$" out
ok $? "the flat configuration has the absolute path"
grep -q '	name	site$' out
ok $? "the tunnel has the name of its file"
! grep -q secret out
ok $? "the flat configuration has no secret"
gives 0 '	name	other$' '' "--name names the tunnel" --name other site.conf
gives 0 '^device.mtu	' '' "--list-keys prints the schema" --list-keys
gives 0 usage '' "--help prints the usage" --help

printf 'private_key_file = "%s";\nmtu = 1;\n' "$scratch/key" >bad.conf
gives 78 '' '^bad.conf:2:1: error: mtu: ' "a bad file is told" bad.conf
empty out "a bad file gives no configuration"
gives 78 '' '^fifo.conf: error: is a FIFO' "a FIFO is refused" fifo.conf
gives 78 '' 'is a device' "a device is refused" /dev/zero
gives 78 '' 'is a directory' "a directory is refused" .
gives 78 '' 'No such file' "a missing file is told" nothing.conf
printf '@include "/etc/passwd"\n' >include.conf
gives 78 '' '^include.conf:1:1: error: @include is not' \
	"@include is refused" include.conf
! grep -q root: out err
ok $? "what is included is not shown"

gives 64 '' usage "no file is a wrong usage"
gives 64 '' usage "two files are a wrong usage" site.conf site.conf
gives 64 '' usage "an unknown option is a wrong usage" --nothing site.conf
gives 64 '' usage "a bad name is a wrong usage" --name a/b site.conf
"$conf" site.conf >/dev/full 2>err
[ $? -eq 1 ]
ok $? "a full output is a failure"

# libconfig compares each setting of a group with each other.
for i in $(seq 1 20000); do
	echo "a$i = 1;"
done >many.conf
gives 78 '' ':257:1: error: more than 256' "many settings end soon" many.conf

finish
