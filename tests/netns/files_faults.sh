#!/bin/bash
# SPDX-License-Identifier: ISC
# files_faults.sh - a file arrives unchanged, both ways, though the kernel
# refuses what it has offered, carries less than it was given, or is interrupted;
# and status says what is off now. The hosts are those of filelib.sh.
#
# FILE_BYTES=1000000000 is the long form.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/filelib.sh"
inject_library=${VPND_TESTS:-}/inject.so
[ -e "$inject_library" ] || skip_all "inject.so is not built (VPND_TESTS)"
lab_pair
keys a b
files "${FILE_BYTES:-20000000}"

happened() { contains "$RUN/a.log" "^inject: $1\$"; }
refused() { # NAME=FAULT NAME-OF-OFFLOAD WANTED: the first is of inject.c
	mode "$1" inject="$1"
	check "$1: it did happen" happened "${1%%=*}"
	check "$1: status tells what is off and why" offload_is a "$2" "$3"
	mode_end
}
survived() { # FAULT
	mode "$1" inject="$1"
	check "$1: it did happen" happened "${1%%=*}"
	for name in tun_tso udp_gso udp_gro; do
		check "$1: $name is still on" offload_is a $name on
	done
	mode_end
}

# ---- what the kernel refuses: from the beginning, and in the middle ----

refused gso=EIO:0 udp_gso 'off: Input/output error'
refused gso=EIO:40 udp_gso 'off: Input/output error'
refused gso=EINVAL:40 udp_gso 'off: Invalid argument'
refused gso=EMSGSIZE:40 udp_gso 'off: Message too long'
refused whole=EINVAL:0 tun_tso 'off: Invalid argument'
refused whole=EINVAL:40 tun_tso 'off: Invalid argument'
refused gro=ENOPROTOOPT udp_gro 'off: '
refused uso=EINVAL tun_uso 'off: Invalid argument'
refused tso=EINVAL tun_tso 'off: Invalid argument'
refused header=EINVAL tun_tso 'off: Invalid argument'

# ---- what passes by itself ----

survived short=1
survived short=3
survived again=7
survived intr=5
survived down=EIO:200
survived down=ENOBUFS:200

tap='type = "tap";'
mode "tap, gso=EIO:40,whole=EINVAL:40" device_settings="$tap" \
	inject=gso=EIO:40,whole=EINVAL:40
check "status tells both" offload_is a udp_gso 'off: Input/output error'
check "of the device, too" offload_is a tun_tso 'off: Invalid argument'
mode_end
mode "lz4, again=5,short=2" both='compress = "lz4";' file="$RUN/text" \
	inject=again=5,short=2
mode_end

# ---- what nobody says: segments leave and do not arrive ----

no_segments() { [ "$(status a '.peers[0].segments_refused')" = true ]; }
pair_conf "" "" 10.99.0.1:51820 10.99.0.2:51820
start_pair lost=0
check "lost segments: the tunnel is up" pings a 10.77.0.2
check "lost segments: they are found out" wait_for 15 no_segments
both_ways "lost segments" "$RUN/file"
check "lost segments: it did happen" happened lost
check "lost segments: udp_gso as such is on" offload_is a udp_gso on
check "lost segments: the log says so" contains "$RUN/a.log" \
	'sent as segments of one, 0 arrived'
mode_end
device_settings=$tap
pair_conf "" "" 10.99.0.1:51820 10.99.0.2:51820
start_pair lost=0
check "lost segments, tap: they are found out" wait_for 15 no_segments
both_ways "lost segments, tap" "$RUN/file"
mode_end
finish
