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
random_file "$RUN/some" 1000000

happened() { contains "$RUN/a.log" "^inject: $1\$"; }
refused() { # NAME=FAULT NAME-OF-OFFLOAD WANTED: the first is of inject.c
	mode "$1" inject="$1"
	check "$1: it did happen" happened "${1%%=*}"
	check "$1: status tells what is off and why" offload_is a "$2" "$3"
	mode_end
}
alone_is() { # HOST PEER null, or why its datagrams go alone
	peer_is "$1" "$2" segments_why "$3"
}
# The host's network, which changes as the tunnel begins, makes it try again.
stays_alone() { # PEER ADDRESS WHY: of a
	alone_is a "$1" "$3" || {
		transfer a "$1" "$2" "$RUN/some"
		alone_is a "$1" "$3"
	}
}
alone() { # gso=FAULT WHY
	mode "$1" inject="$1"
	check "$1: it did happen" happened gso
	check "$1: status tells at the peer why" \
		wait_for 5 stays_alone b 10.77.0.2 "$2"
	check "$1: udp_gso as such is on" offload_is a udp_gso on
	check "$1: the log says so" contains "$RUN/a.log" \
		"peer b: the way there takes no UDP segments \($2\)"
	mode_end
}
survived() { # FAULT
	mode "$1" inject="$1"
	check "$1: it did happen" happened "${1%%=*}"
	for name in tun_tso udp_gso udp_gro; do
		check "$1: $name is still on" offload_is a $name on
	done
	check "$1: so it is on the way to the peer" alone_is a b null
	mode_end
}

# ---- what the kernel refuses: from the beginning, and in the middle ----

alone gso=EIO:0 'Input/output error'
alone gso=EIO:40 'Input/output error'
alone gso=EINVAL:40 'Invalid argument'
alone gso=EMSGSIZE:40 'Message too long'
refused whole=EINVAL:0 tun_tso 'off: Invalid argument'
refused whole=EINVAL:40 tun_tso 'off: Invalid argument'
refused gro=ENOPROTOOPT udp_gro 'off: '
refused uso=EINVAL tun_uso 'off: this kernel has none, Linux 6.2'
refused tso=EINVAL tun_tso 'off: this kernel has none'
refused header=EINVAL tun_tso 'off: this kernel has none'
refused uso=EIO tun_uso 'off: Input/output error'

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
check "status tells both" \
	wait_for 5 stays_alone b 10.77.0.2 'Input/output error'
check "of the device, too" offload_is a tun_tso 'off: Invalid argument'
mode_end
mode "lz4, again=5,short=2" both='compress = "lz4";' file="$RUN/text" \
	inject=again=5,short=2
mode_end

# ---- what nobody says: segments leave and do not arrive ----

no_segments() { alone_is a b 'segments do not arrive'; }
pair_conf "" "" 10.99.0.1:51820 10.99.0.2:51820
start_pair lost=0
check "lost segments: the tunnel is up" pings a 10.77.0.2
found_out() { # at the second attempt, if the first was disturbed
	wait_for 8 no_segments && return
	vpnd_stop b
	vpnd_start b
	wait_for 15 no_segments
}
check "lost segments: they are found out" found_out
both_ways "lost segments" "$RUN/file"
check "lost segments: it did happen" happened lost
check "lost segments: udp_gso as such is on" offload_is a udp_gso on
check "lost segments: the log says so" contains "$RUN/a.log" \
	'sent as segments of one, 0 arrived'
mode_end
device_settings=$tap
pair_conf "" "" 10.99.0.1:51820 10.99.0.2:51820
start_pair lost=0
check "lost segments, tap: they are found out" found_out
both_ways "lost segments, tap" "$RUN/file"
mode_end

# ---- two ways, one of which takes no segments ----
#
#   b  10.99.0.2  vb --- va  a  wa --- wc  10.98.0.2 10.98.0.3  c
#
# What the kernel carries as one is one large packet where it arrives.

device_settings=
host c
wire a wa c wc
addr a wa 10.98.0.1/24
# The first one is what the kernel sends from, whenever c looks again.
addr c wc 10.98.0.2/25 10.98.0.3/24
keys c
three_conf() { # ADDRESS OF C
	conf a $here_addresses "" \
		"$(peer b 10.99.0.2:51820 10.77.0.2/32,fd77::2/128)" \
		"$(peer c "$1:51820" 10.77.0.3/32,fd77::3/128)"
}
three_conf 10.98.0.2
conf b $there_addresses "" "$(peer a - 10.77.0.1/32,fd77::1/128)"
conf c 10.77.0.3/24,fd77::3/64 "" "$(peer a - 10.77.0.1/32,fd77::1/128)"
for name in b c; do
	on $name nft -f - <<-'X'
	table inet seen {
		chain in { type filter hook input priority 0;
			udp dport 51820 meta length > 2000 counter; }
	}
	X
done
trains() { # HOST: how many came
	on "$1" nft -j list chain inet seen in |
		jq '[.. | .counter? | objects | .packets] | add'
}
no_trains() { same 0 "$(trains "$1")"; }
some_trains() { less 0 "$(trains "$1")"; }
vpnd_start c
start_pair gso=EMSGSIZE:0@10.98.0.2
check "two ways: the tunnel to b is up" pings a 10.77.0.2
check "two ways: the tunnel to c is up" pings a 10.77.0.3
check "two ways: a file arrives unchanged at b" \
	transfer a b 10.77.0.2 "$RUN/file"
check "two ways: and at c" transfer a c fd77::3 "$RUN/file"
check "two ways: and again at b" transfer a b fd77::2 "$RUN/file"
check "two ways: it did happen" happened gso
check "two ways: status tells what c's refuses" \
	wait_for 5 stays_alone c 10.77.0.3 'Message too long'
check "two ways: b's takes segments" alone_is a b null
check "two ways: b got trains" some_trains b
check "two ways: c got none" no_trains c
three_conf 10.98.0.3
ip_on c addr del 10.98.0.2/25 dev wc
check "two ways: c has another address" ctl a reload
check "two ways: it is tried again" wait_for 5 alone_is a c null
check "two ways: a file arrives unchanged there" \
	transfer a c 10.77.0.3 "$RUN/file"
check "two ways: in trains" some_trains c
check "two ways: which nobody refuses" alone_is a c null
vpnd_stop a b c
finish
