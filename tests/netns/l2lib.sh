# SPDX-License-Identifier: ISC
# l2lib.sh - what the tests of tap tunnels share, beside lib.sh: a hub with
# spokes, LANs with stations, raw frames.
# shellcheck shell=bash source-path=SCRIPTDIR
. "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/lib.sh"

# Compressed, and under AES-256-GCM, unless a test says otherwise.
l2_settings='compress = "lz4"; ciphers = [ "aes256gcm" ];'
tap='type = "tap";'
everybody=ff:ff:ff:ff:ff:ff

# ---- tunnels ----

# tap_pair [SETTINGS OF A [SETTINGS OF B [B FOR A [A FOR B]]]]: both hosts of
# lab_pair, by $under (4 or 6); what a peer is to the other comes last.
tap_pair() {
	local a=10.99.0.1 b=10.99.0.2
	[ "${under:-4}" = 4 ] || a='[fd99::1]' b='[fd99::2]'
	device_settings="$tap ${device_a:-}"
	conf a "${addresses_a-10.77.0.1/24,fd77::1/64}" \
		"$l2_settings ${1:-}" "$(peer b "$b:51820" "" "${3:-}")"
	device_settings="$tap ${device_b:-}"
	conf b "${addresses_b-10.77.0.2/24,fd77::2/64}" \
		"$l2_settings ${2:-}" "$(peer a "$a:51820" "" "${4:-}")"
}

spokes=(red green blue)
# The hub has 10.77.0.1 fd77::1 inside, the spokes .2, .3 and .4; outside, each
# spoke has a cable of its own to the hub.
lab_hub() {
	local i spoke
	host hub "${spokes[@]}"
	for i in 1 2 3; do
		spoke=${spokes[i - 1]}
		wire hub "v$i" "$spoke" v0
		addr hub "v$i" "10.99.$i.1/24" "fd99:$i::1/64"
		addr "$spoke" v0 "10.99.$i.2/24" "fd99:$i::2/64"
	done
	keys hub "${spokes[@]}"
}
outside() { # NUMBER OF SPOKE, 1 (hub) or 2: by $under
	if [ "${under:-4}" = 4 ]; then
		echo "10.99.$1.$2:51820"
	else
		echo "[fd99:$1::$2]:51820"
	fi
}
hub_conf() { # [SETTINGS [OF RED [OF GREEN [OF BLUE]]]]
	local i more=("${@:2}") peers=()
	for i in 1 2 3; do
		peers+=("$(peer "${spokes[i - 1]}" "$(outside $i 2)" "" \
			"${more[i - 1]:-}")")
	done
	device_settings="$tap ${device_hub:-}"
	conf hub 10.77.0.1/24,fd77::1/64 "$l2_settings ${1:-}" "${peers[@]}"
}
spoke_conf() { # NUMBER [SETTINGS]: $addresses instead of the spoke's own
	local i=$1
	device_settings="$tap ${device_spoke:-}"
	conf "${spokes[i - 1]}" \
		"${addresses-10.77.0.$((i + 1))/24,fd77::$((i + 1))/64}" \
		"$l2_settings ${2:-}" "$(peer hub "$(outside "$i" 1)" "")"
}

# ---- LANs ----

mtu=1400 # of a LAN
# lan HOST: a bridge of the kernel's, for `device.bridge`. Its address is set,
# so that it is not that of one of its ports, whichever is there.
lan() {
	ip_on "$1" link add br0 type bridge
	ip_on "$1" link set br0 address "$(mac_of "$1" br0)" mtu "$mtu" up
}
bridged() { echo "bridge = \"br0\"; mtu = $mtu;"; } # for device_settings
# plug STATION HOST DEV [MAC]: a cable from the station's eth0 to the bridge.
plug() {
	ip link add eth0 netns "$(ns "$1")" ${4:+address "$4"} mtu "$mtu" \
		type veth peer name "$3" netns "$(ns "$2")" mtu "$mtu" ||
		exit 1
	ip_on "$2" link set "$3" master br0 up
	ip_on "$1" link set eth0 up
}
in_bridge() { # HOST DEV
	same br0 "$(ip_on "$1" -j link show "$2" | jq -r '.[0].master')"
}
forwards() { # HOST DEV: that port of the bridge
	same forwarding "$(ip_on "$1" -j -d link show "$2" |
		jq -r '.[0].linkinfo.info_slave_data.state')"
}

# ---- what the switch knows ----

mac_of() { # HOST [DEV]
	ip_on "$1" -j link show "${2:-vpn0}" | jq -r '.[0].address'
}
fdb_has() { # HOST MAC PEER [VLAN]
	ctl "$1" --json fdb >"$RUN/fdb.json" &&
		jq -e --arg mac "$2" --arg peer "$3" --argjson vlan "${4:-0}" \
			'.entries | any(.mac == $mac and .peer == $peer and
			.vlan == $vlan)' "$RUN/fdb.json" && return
	cat "$RUN/fdb.json"
	return 1
}
drop_count() { # HOST REASON
	ctl "$1" --json drops | jq --arg reason "$2" \
		'[.. | objects | select(.reason? == $reason) | .packets] | add // 0'
}
# dropped HOST REASON COMMAND...: the command makes that counter move.
dropped() {
	local host=$1 reason=$2 before
	shift 2
	before=$(drop_count "$host" "$reason")
	"$@"
	wait_for 3 less_drops "$host" "$reason" "$before" && return
	ctl "$host" drops
	return 1
}
less_drops() { less "$3" "$(drop_count "$1" "$2")"; }

# ---- raw frames ----

# It is started often: without what it does not need.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
frames=("$python" -ISB "$test_dir/frames.py")
frame() { "${frames[@]}" make "$@"; } # as frames.py says
send() { # HOST HEX [COUNT]: $dev instead of vpn0
	on "$1" "${frames[@]}" send "${dev:-vpn0}" "${@:2}"
}
# hear HOST...: from now on, what comes out of their $dev (vpn0)
hear() {
	local name
	for name; do
		rm -f "$RUN/heard-$name.log"
		spawn "$name" "heard-$name" "${frames[@]}" \
			listen "${dev:-vpn0}"
	done
	for name; do
		wait_for 5 grep -q listening "$RUN/heard-$name.log" || exit 1
	done
}
heard() { grep -c -- "$2" "$RUN/heard-$1.log"; } # HOST HEX: how often
has_heard() { # HOST HEX [COUNT]
	wait_for 3 heard_is "$1" "$2" "${3:-1}"
}
heard_is() { same "$3" "$(heard "$1" "$2")"; }
deaf() { # HOST...: the end of `hear`
	local name
	for name; do quit "heard-$name" KILL; done
}

# passes FROM TO HEX: sent, and there it is, byte for byte.
passes() {
	send "$1" "$3"
	has_heard "$2" "^$3\$"
}
# refused FROM TO HEX REASON: dropped by TO for that reason, and not heard.
refused() {
	dropped "$2" "$4" send "$1" "$3" || return 1
	mark "$1" "$2" || return 1
	heard_is "$2" "^$3\$" 0
}
# mark FROM TO...: a broadcast of its own has arrived; so has what was sent
# before it, or it will not.
marks=0
mark() {
	local from=$1 name hex
	shift
	marks=$((marks + 1))
	hex=$(frame "$everybody" "${mark_mac:-$(mac_of "$from" "${dev:-vpn0}")}" \
		88b5 "the end, $marks.")
	send "$from" "$hex"
	for name; do has_heard "$name" "^$hex\$" || return 1; done
}
