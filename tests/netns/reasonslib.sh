# SPDX-License-Identifier: ISC
# reasonslib.sh - for the tests that go through the list of drop reasons: a
# tunnel whose other end says what it likes, and those who tell of a drop.
#
#   a  10.99.0.1  va ------ vb  10.99.0.2  b     underlay
#      10.77.0.1  vpn0 ==== stranger.py          tunnel
#
# How it works: `names DIRECTION STAGE REASON ...` provokes a drop and asks all
# who tell of it; tests/lint/reasons.sh finds these calls, and knows so that
# each reason of src/base/drop.h is provoked.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"
python=/usr/bin/python3
[ -x "$python" ] || python=python3

# ---- packets ----

raw() { "$python" -ISB "$test_dir/raw.py" "$@"; }
udp() { raw make udp "$@"; }  # SOURCE DESTINATION [PORT [LEN [TTL]]]
tcp() { raw make tcp "$@"; }
four() { raw four "$@"; } # SOURCE DESTINATION PROTOCOL PAYLOAD [FRAGMENT ..]
six() { raw six "$@"; }   # SOURCE DESTINATION NEXT-HEADER PAYLOAD
# put HEX OFFSET BYTES: other bytes there, checksums as they were.
put() { echo "${1:0:$2 * 2}$3${1:$2 * 2 + ${#3}}"; }
cut_to() { echo "${1:0:$2 * 2}"; } # HEX BYTES

# ---- the two ends ----

# order NAME ORDER...: to a stranger of that name
order() { "$python" -ISB "$test_dir/stranger.py" "$RUN/$1.door" "${@:2}"; }
# stranger NAME ADDRESS: another end, at an address of b
stranger() {
	spawn b "$1" "$python" -ISB "$test_dir/stranger.py" serve \
		"$RUN/$1.door" "$RUN/$1.key" "$RUN/a.pub" "$2" 10.99.0.1
	wait_for 5 test -S "$RUN/$1.door" || exit 1
}
start_a() { # with a quiet host
	quiet
	vpnd_start a
}
session() { order "$1" session && wait_for 5 peer_is a "$1" state up; }
from_host() { # HEX [COUNT]: as a's host sends it
	on a "$python" -ISB "$test_dir/raw.py" send vpn0 "$@"
}
asleep() { # COMMAND...: while a's vpnd sleeps
	local pid status
	pid=$(pid_of a)
	kill -STOP "$pid"
	"$@"
	status=$?
	kill -CONT "$pid"
	return $status
}
reload_a() { ctl a reload >"$RUN/reload.out" || { cat "$RUN/reload.out"; return 1; }; }

# What the host itself sends into the tunnel is no part of this: only what
# from_host sends, which no hook of the kernel's sees.
quiet() {
	on a nft -f - <<-'N'
	table inet quiet {
		chain out { type filter hook output priority 0;
			oifname "vpn0" drop; }
	}
	N
}

# ---- those who tell ----

witness() { # VERB ARGUMENTS...
	"$python" -ISB "$test_dir/witness.py" "$1" "$RUN" "$VPNCTL" \
		"$(vpnd_socket a)" "${@:2}"
}
tells() { # NAME ARGUMENTS...: vpnctl of a, whose output is $RUN/NAME
	local name=$1
	shift
	spawn a "tell-$name" sh -c 'exec "$@" >"$0"' "$RUN/$name" "$VPNCTL" \
		--socket "$(vpnd_socket a)" --json "$@"
}
witnesses_begin() {
	: >"$RUN/follow.txt"
	: >"$RUN/live.txt"
	tells follow.txt drops --follow
	tells live.txt trace --live
	spawn a tell-capture "$VPNCTL" --socket "$(vpnd_socket a)" \
		capture --drops -w "$RUN/drops.pcapng"
	wait_for 5 are_there || exit 1
}
# Each of them has heard of a packet.
are_there() {
	from_host "$(udp 10.77.0.1 10.254.0.1)"
	grep -q IP_OUTNOROUTES "$RUN/follow.txt" &&
		grep -q IP_OUTNOROUTES "$RUN/live.txt" &&
		[ "$(stat -c %s "$RUN/drops.pcapng")" -gt 250 ]
}
witnesses_end() {
	local name
	for name in tell-follow.txt tell-live.txt tell-capture; do
		quit "$name"
	done
}

# names DIRECTION STAGE REASON [KEY=VALUE...] COMMAND...: it makes vpnd drop a
# packet there for that reason, and so all say.
#	n=1	how many; "2+" for two or more
#	peer=b	whose; - for nobody's
#	by=	witnesses besides the counters: "follow live capture"; "none"
#	dry=	a packet that a dry trace loses in the same way (from=b, host)
#	as=	words after the sentence
#	within=6	seconds
names() {
	local direction=$1 stage=$2 reason=$3
	local n=1 peer=b by="follow live capture" dry='' from=b as='' within=6
	shift 3
	case $stage in
	outer | decap | expand) by="follow capture" ;;
	esac
	while [[ $1 == [a-z]*=* ]]; do
		local "${1?}"
		shift
	done
	[ "$by" != none ] || by=
	check "$direction $stage $reason${as:+, $as}: told by counters${by:+ $by}${dry:+ trace}" \
		is_named "$@"
}
is_named() {
	local words
	read -ra words <<<"$by"
	if [ -n "$dry" ]; then
		same "$stage $reason" "$(traced)" || return 1
	fi
	witness mark && "$@" &&
		WITNESS_SECONDS=$within witness ask "$direction" "$stage" "$reason" "$n" "$peer" \
			"${words[@]}"
}
# The stage and the reason that a dry trace names; its exit code has to be 10.
traced() {
	local way=(--peer "$from") what=(-x "$dry")
	[ "$from" != host ] || way=(--from-host)
	if [ -n "$device_settings" ]; then # a tap device: it is a frame
		"$python" -ISB "$test_dir/frames.py" file "$RUN/frame" "$dry"
		what=(-r "$RUN/frame")
	fi
	ctl a --json trace "${way[@]}" "${what[@]}" >"$RUN/trace.out" 2>&1
	[ $? -eq 10 ] || { cat "$RUN/trace.out"; return 1; }
	jq -r '.steps[-1].stage + " " + .reason' "$RUN/trace.out"
}
# The same packet, traced and then sent: by b, or by a's host.
lost_in() { # STAGE REASON HEX [KEY=VALUE...]
	names in "$1" "$2" dry="$3" "${@:4}" order b inner "$3"
}
lost_out() { # STAGE REASON HEX [KEY=VALUE...]
	names out "$1" "$2" dry="$3" from=host peer=- "${@:4}" from_host "$3"
}
