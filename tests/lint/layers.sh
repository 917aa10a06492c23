#!/bin/bash
# SPDX-License-Identifier: ISC
# Who may include whom: the arrows between the rooms of src/. Includes are
# spelled "room/file.h"; pure rooms include no header of clocks or descriptors.
set -u
. "$srcdir/tests/lint/lib.sh"

declare -A may=(
	[base]="base"
	[packet]="base packet"
	[protocol]="base protocol"
	[net]="base packet net"
	[path]="base packet protocol net path"
	[api]="base api"
	[core]="base packet protocol net path api core"
	[conf]="base packet api conf"
	[io]="base packet io"
	[daemon]="base packet protocol net path api core io daemon"
	[ctl]="base packet api conf ctl"
)
impure='^(sys/.*|unistd\.h|time\.h|fcntl\.h|poll\.h|pthread\.h|syslog\.h'
impure+='|signal\.h|netdb\.h|net/.*|linux/.*|ev\.h|libconfig\.h|libmnl/.*)$'

# wrong ROOM HEADER: true when the room may not include "HEADER".
wrong()
{
	[ "$2" = config.h ] && return 1
	case $2 in
	*/*) [[ " ${may[$1]} " != *" ${2%%/*} "* ]] ;;
	*) return 0 ;;
	esac
}

# includes FILES...: lines "FILE HEADER" of quoted or <> includes.
quoted()
{
	grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*"[^"]*"' "$@" |
		sed -E 's/:[^"]*"/ /; s/"$//'
}

bracketed()
{
	grep -HoE '^[[:space:]]*#[[:space:]]*include[[:space:]]*<[^>]*>' "$@" |
		sed -E 's/:[^<]*</ /; s/>$//'
}

# layers DIR: prints each wrong include below DIR/src.
layers()
{
	local room files file header
	for room in "$1"/src/*/; do
		room=$(basename "$room")
		mapfile -t files < <(find "$1/src/$room" -name '*.[ch]')
		[ ${#files[@]} -gt 0 ] || continue
		[ -n "${may[$room]-}" ] || echo "$room: no room of ours"
		while read -r file header; do
			wrong "$room" "$header" &&
				echo "${file#"$1"/} includes \"$header\""
		done < <(quoted "${files[@]}")
		case $room in base | packet | protocol | net | path | api | core)
			while read -r file header; do
				[[ $header =~ $impure ]] &&
					echo "${file#"$1"/} includes <$header>"
			done < <(bracketed "${files[@]}")
			;;
		esac
	done
}

clean "the arrows between the rooms hold" layers "$srcdir"

sample src/protocol/bad.c <<<'#include "packet/ip.h"'
refused "protocol may not know packet" layers "$sample"
sample src/base/bad.h <<<' # include "protocol/wire.h"'
refused "base may not know protocol, however it is spelled" layers "$sample"
sample src/daemon/bad.c <<<'#include "conf/token.h"'
refused "daemon may not know conf" layers "$sample"
sample src/path/bad.c <<<'#include "run.h"'
refused "an include without its room is refused" layers "$sample"
sample src/path/bad.c <<<'#include "../io/tun.h"'
refused "a relative include is refused" layers "$sample"
sample src/core/bad.c <<<'#include <time.h>'
refused "a pure room may not include a clock" layers "$sample"
sample src/new/bad.c <<<'#include "base/drop.h"'
refused "an unknown room is refused" layers "$sample"
sample src/path/good.c <<<'#include "protocol/tunnel.h"'
clean "a right arrow passes" layers "$sample"
finish
