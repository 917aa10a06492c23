#!/bin/bash
# SPDX-License-Identifier: ISC
# compress.sh - text becomes smaller on the wire, random data hardly larger,
# and both arrive unchanged.
#
#   a  10.99.0.1  va ------ vb  10.99.0.2  b     bytes are counted on va
#      10.77.0.1  vpn0 ==== vpn0  10.77.0.2
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
keys a b
text_file "$RUN/text" 8000000
random_file "$RUN/random" 8000000

cost() { # FILE: sends it; bytes that crossed the wire
	local before after
	before=$(wire_bytes a va)
	transfer a b 10.77.0.2 "$1" >&2 || echo "the file arrived changed" >&2
	after=$(wire_bytes a va)
	echo $((after - before))
}

measure() { # ALGORITHM: sets text_cost and random_cost
	pair_conf "compress = \"$1\";"
	vpnd_start a b
	check "$1: up" pings a 10.77.0.2
	[ "$1" = none ] || check "$1: the peer takes it" \
		wait_for 5 peer_is a b compressor "$1"
	text_cost=$(cost "$RUN/text")
	check "$1: text arrives unchanged" cmp "$RUN/text" "$RUN/text.got"
	random_cost=$(cost "$RUN/random")
	check "$1: random data arrives unchanged" \
		cmp "$RUN/random" "$RUN/random.got"
}

ratio_is_told() { # bytes tried for bytes sent
	status a ".peers[0].compress_ratio" | grep -E "^[1-9][0-9.]*$"
}

measure none
plain=$random_cost
check "none: the wire carries the whole text" less 8000000 "$text_cost"
vpnd_stop a b
for algorithm in lz4 zstd; do
	measure $algorithm
	echo "# $algorithm: 8000000 bytes of text are $text_cost on the wire," \
		"random data $random_cost ($plain without)"
	check "$algorithm: text takes less than two thirds" \
		less "$text_cost" $((8000000 * 2 / 3))
	check "$algorithm: random data takes at most 3 % more" \
		at_most "$random_cost" $((plain * 103 / 100))
	check "$algorithm: status tells the ratio" ratio_is_told
	vpnd_stop a b
done

pair_conf 'compress = "lz4";' 'compress = "none";'
vpnd_start a b
check "a peer overrides the tunnel: up" pings a 10.77.0.2
check "a peer overrides the tunnel: text is not compressed" \
	less 8000000 "$(cost "$RUN/text")"
finish
