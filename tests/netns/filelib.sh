# SPDX-License-Identifier: ISC
# filelib.sh - what the tests with files share: one pair of hosts in one mode
# after the other, and a file that has to arrive unchanged both ways.
#
# How it works: `mode` starts both daemons with settings of that mode, and sends
# a file from a to b over IPv4 and back over IPv6; what is asked about them
# afterwards comes before `mode_end`. FILE_BYTES is how long the file is: in
# tests/run.sh what fits into its time, by hand 1000000000.
#
#   a  10.99.0.1 fd99::1  va ------ vb  10.99.0.2 fd99::2  b     underlay
#      10.77.0.1 fd77::1  vpn0 ==== vpn0  10.77.0.2 fd77::2      tunnel
# shellcheck shell=bash
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
export TRANSFER_CHUNK=131072 TRANSFER_SECONDS=${TRANSFER_SECONDS:-200}
here_addresses=10.77.0.1/24,fd77::1/64 there_addresses=10.77.0.2/24,fd77::2/64

files() { # BYTES: $RUN/file, and $RUN/text, which repeats itself
	random_file "$RUN/file" "$1"
	text_file "$RUN/words" 20000000
	yes "$RUN/words" | head -n $(($1 / 20000000 + 1)) | xargs cat |
		head -c "$1" >"$RUN/text"
	rm "$RUN/words"
}

# Sets more of the groups `device` and `listen` of a host.
conf_more() { # HOST DEVICE LISTEN
	sed -i "s/name = \"vpn0\";/& $2/; s/port = 51820;/& $3/" \
		"$(conf_file "$1")"
}

both_ways() { # SENTENCE [FILE]
	check "$1: a file arrives unchanged over IPv4" \
		transfer a b 10.77.0.2 "${2:-$RUN/file}"
	check "$1: and back over IPv6" transfer b a fd77::1 "${2:-$RUN/file}"
}

# mode SENTENCE [NAME=SETTINGS...]: both=, of both hosts; device_settings=,
# likewise, of the group device; a_device= a_listen= b_device= b_listen=, of one
# host; a= and b=, its endpoint; file=, what is sent; inject=, of a (inject.c).
mode() {
	# shellcheck disable=SC2034 # device_settings: conf reads it
	local sentence=$1 both='' device_settings='' file=$RUN/file inject=''
	local a_device='' a_listen='' b_device='' b_listen=''
	local a=10.99.0.1:51820 b=10.99.0.2:51820
	shift
	[ $# -eq 0 ] || local "$@"
	pair_conf "$both" "" "$a" "$b"
	conf_more a "$a_device" "$a_listen"
	conf_more b "$b_device" "$b_listen"
	start_pair "$inject"
	check "$sentence: the tunnel is up" pings a 10.77.0.2
	both_ways "$sentence" "$file"
}
start_pair() { # FAULTS
	vpnd_start b
	[ -z "$1" ] || vpnd_under=(env "LD_PRELOAD=$inject_library" "INJECT=$1")
	vpnd_start a
	# shellcheck disable=SC2034 # lib.sh reads it
	vpnd_under=()
}
mode_end() { vpnd_stop a b; rm -f "$RUN"/[ab].log; }

# plain SENTENCE [ENDPOINT OF A [OF B]]: a runs vpnd, b wireguard-go.
plain() {
	conf a $here_addresses "" \
		"$(peer b "${3:-10.99.0.2:51820}" 10.77.0.2/32,fd77::2/128)"
	wg_start b $there_addresses a "${2:-10.99.0.1:51820}" \
		10.77.0.1/32,fd77::1/128
	vpnd_start a
	check "$1: the tunnel is up" pings a 10.77.0.2
	both_ways "$1"
}

# offload_is HOST NAME on, or off with a REASON
offload_is() {
	status "$1" ".tunnel.offloads[] | select(.name == \"$2\") |
		if .on then \"on\" else \"off: \" + .why end" >"$RUN/offload"
	cat "$RUN/offload"
	contains "$RUN/offload" "^$3"
}
