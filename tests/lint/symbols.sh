#!/bin/bash
# SPDX-License-Identifier: ISC
# What the pure rooms call: each undefined symbol of a room's archive is
# defined by a room that it may know, or is on its allow-list.
#
# symbols.common and symbols.ROOM have one symbol per line, or "OBJECT SYMBOL"
# for one object only. No list may name a call of the kind that a pure room
# must not make; memory is only allowed object by object.
set -u
. "$srcdir/tests/lint/lib.sh"

declare -A knows=(
	[base]="base"
	[packet]="packet base"
	[protocol]="protocol base"
	[net]="net packet base"
	[path]="path protocol net packet base"
	[api]="api base"
	[core]="core path protocol net packet api base"
)
rooms="base packet protocol net path api core"

never='^((__)?(send|recv|sendto|recvfrom|sendmsg|recvmsg|sendmmsg|recvmmsg'
never+='|socket|bind|connect|accept|accept4|open|open64|openat|read|write'
never+='|close|ioctl|fcntl|poll|select|epoll_.*|clock_.*|time|gettimeofday'
never+='|localtime.*|gmtime.*|sleep|usleep|nanosleep|getrandom|getentropy'
never+='|rand|random|srand|getenv|secure_getenv|printf|fprintf|vprintf'
never+='|vfprintf|dprintf|puts|putchar|perror|syslog|vsyslog|openlog|fopen'
never+='|fopen64|exit|fork|exec.*|system|popen|pthread_.*|mmap|mmap64|brk'
never+='|sbrk|ev_.*|config_(read|init|lookup).*)(_chk)?|stdout|stderr)$'
memory='^(malloc|calloc|realloc|reallocarray|free|aligned_alloc|memalign'
memory+='|posix_memalign|strdup|strndup|asprintf|vasprintf)$'
# What compilers, sanitizers and gcov put in by themselves.
compiler='^(__(asan|ubsan|sanitizer|gcov|llvm|sancov|stack_chk|tls_get)_.*'
compiler+='|_GLOBAL_OFFSET_TABLE_|__pop.*|__sanitizer.*|__st(art|op)___sancov_.*)$'

# undefined ARCHIVE: lines "OBJECT SYMBOL"; a fortified call is its plain one, and
# clang makes bcmp of a memcmp.
undefined()
{
	"${NM:-nm}" -u -A "$1" 2>/dev/null |
		sed -E 's/^[^:]*:([^:]*):.* ([^ ]*)$/\1 \2/' |
		sed -E 's/ __([a-z]*)_chk$/ \1/; s/ __isoc[0-9]*_/ /
			s/ bcmp$/ memcmp/'
}

defined()
{
	"${NM:-nm}" -g --defined-only "$@" 2>/dev/null | awk 'NF == 3 {print $3}'
}

# unlisted ARCHIVE LISTS... -- ARCHIVES...: prints the calls of ARCHIVE that
# no list allows and no one of ARCHIVES defines.
unlisted()
{
	local archive=$1 lists=()
	shift
	while [ "$1" != -- ]; do
		lists+=("$1")
		shift
	done
	shift
	[ -s "$archive" ] || echo "$archive: missing"
	undefined "$archive" | awk -v compiler="$compiler" '
		FILENAME != "-" && /^(#|$)/ { next }
		FILENAME != "-" { allowed[$0] = 1; next }
		$2 ~ compiler || ($2 in allowed) || ($0 in allowed) { next }
		{ print $1 " calls " $2 \
			": do without it, or give a reason in symbols.ROOM" }
	' <(defined "$@") "${lists[@]}" - | sort -u
}

# room ROOM: what is wrong with the archive of a room.
room()
{
	local others=() other
	for other in ${knows[$1]}; do
		others+=("$builddir/lib$other.a")
	done
	unlisted "$builddir/lib$1.a" "$srcdir/tests/lint/symbols.common" \
		"$srcdir/tests/lint/symbols.$1" -- "${others[@]}"
}

# lists FILES...: entries that no list may have.
lists()
{
	awk -v never="$never" -v memory="$memory" '
		/^(#|$)/ { next }
		$NF ~ never || (NF == 1 && $1 ~ memory) || NF > 2 {
			print FILENAME ": " $0
		}' "$@"
}

# compiled NAME: builds an archive of a sample; its name is in $archive.
compiled()
{
	archive=$scratch/lib$1.a
	# shellcheck disable=SC2086 # it may have arguments, or be one
	${CC:-cc} -c -x c -o "$scratch/$1.o" - && rm -f "$archive" &&
		ar cr "$archive" "$scratch/$1.o"
}

for name in $rooms; do
	clean "$name calls only what it may" room "$name"
done
clean "no list allows what no pure room may do" \
	lists "$srcdir"/tests/lint/symbols.*[!h]

common=$srcdir/tests/lint/symbols.common
compiled bad <<<'#include <time.h>
long now(void); long now(void) { return (long)time(0); }'
refused "a call of time() is seen" unlisted "$archive" "$common" --
compiled heap <<<'#include <stdlib.h>
void *get(void); void *get(void) { return malloc(7); }'
refused "a call of malloc() is seen" unlisted "$archive" "$common" --
echo "heap.o malloc" >"$scratch/list"
clean "an object may be allowed to call malloc()" \
	unlisted "$archive" "$common" "$scratch/list" --
echo "other.o malloc" >"$scratch/list"
refused "but only this object" unlisted "$archive" "$common" "$scratch/list" --
compiled caller <<<'int answer(void); int ask(void); int ask(void) { return answer(); }'
refused "a call into an unknown room is seen" \
	unlisted "$archive" "$common" --
asker=$archive
compiled answerer <<<'int answer(void); int answer(void) { return 42; }'
clean "a call into a known room passes" \
	unlisted "$asker" "$common" -- "$archive"
refused "a missing archive is seen" unlisted "$scratch/none.a" "$common" --
echo "sendmsg" >"$scratch/list"
refused "no list may have sendmsg" lists "$scratch/list"
echo "a.o clock_gettime" >"$scratch/list"
refused "not even for one object" lists "$scratch/list"
echo "free" >"$scratch/list"
refused "memory is allowed object by object" lists "$scratch/list"
finish
