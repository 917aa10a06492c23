# SPDX-License-Identifier: ISC
# lib.sh - what the namespace tests share: hosts, links, daemons, waits, TAP.
#
# How it works: a test sources this file, makes hosts (network namespaces whose
# names begin with a prefix of its own, so that tests run beside each other),
# says what must hold with `check`, and ends with `finish`. Whatever was made is
# recorded, taken away at the end however the test ends, and audited: the last
# case of every test is that nothing of it is left on the machine.
#
# Environment: VPND_BUILD, a build directory or an installed prefix; without it
# the programs are taken from PATH. KEEP=1 keeps the directory with the logs.
# shellcheck shell=bash

set -u
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
test_dir=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
test_name=$(basename "$0" .sh)
P="$(printf %s "$test_name" | tr -dc "[:lower:]" | cut -c1-5)$$"
RUN=$(mktemp -d -t "vpnd-$test_name.XXXXXX") || exit 1
chmod 755 "$RUN"
hosts=() pids=() cases=0 failures=0

# ---- TAP ----

diag() { sed 's/^/# /' >&2; }

# result STATUS SENTENCE: one TAP line.
result() {
	cases=$((cases + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $cases - $2"
		return 0
	fi
	failures=$((failures + 1))
	echo "not ok $cases - $2"
	return 1
}

# check SENTENCE COMMAND...: the command must succeed.
check() {
	local sentence=$1 status
	shift
	"$@" >"$RUN/check.out" 2>&1
	status=$?
	result "$status" "$sentence" && return 0
	{ echo "$* -> $status"; tail -n 20 "$RUN/check.out"; } | diag
	return 1
}

# check_not SENTENCE COMMAND...: the command must fail.
check_not() {
	local sentence=$1
	shift
	check "$sentence" not "$@"
}
not() { ! "$@"; }

# check_is SENTENCE WANTED GOT
check_is() { check "$1" same "$2" "$3"; }
same() {
	[ "$1" = "$2" ] && return 0
	printf 'wanted %s\ngot    %s\n' "$1" "$2"
	return 1
}
code_of() { # WANTED COMMAND...
	local wanted=$1
	shift
	"$@"
	same "$wanted" $?
}
at_most() { echo "$1 <= $2"; [ "$1" -le "$2" ]; }
less() { echo "$1 < $2"; [ "$1" -lt "$2" ]; }
contains() { # FILE PATTERN...: each extended pattern matches a line
	local file=$1 pattern
	shift
	for pattern; do
		grep -Eq -- "$pattern" "$file" && continue
		echo "no line matches: $pattern"
		tail -n 20 "$file"
		return 1
	done
}

# model_said STATUS: a program that compares a model with the kernel has ended so,
# and its output, $RUN/model.out, says what is ok. What it says before such a line
# is about it, and comes behind it: there a reader of TAP looks for it.
model_said() {
	local line
	: >"$RUN/model.about"
	while IFS= read -r line; do
		case $line in
		"ok "*) result 0 "${line#ok }" ;;
		"not ok "*) result 1 "${line#not ok }" ;;
		"skip "*) result 0 "${line#skip } # SKIP" ;;
		*)
			echo "$line" >>"$RUN/model.about"
			continue
			;;
		esac
		diag <"$RUN/model.about"
		: >"$RUN/model.about"
	done <"$RUN/model.out"
	check_is "the model came to its end" 0 "$1"
	diag <"$RUN/model.about"
}

skip_all() {
	echo "1..0 # SKIP $1"
	trap - EXIT
	rm -rf "$RUN"
	exit 0
}

# The last line of a test.
finish() {
	trap - EXIT
	[ "$failures" -eq 0 ] || show_logs
	cleanup
	check "$test_name leaves nothing behind" audit
	echo "1..$cases"
	if [ -n "${KEEP:-}" ]; then
		echo "logs in $RUN" | diag
	else
		rm -rf "$RUN"
	fi
	[ "$failures" -eq 0 ]
	exit
}

show_logs() {
	local log
	for log in "$RUN"/*.log; do
		[ -s "$log" ] || continue
		{ echo "-- $(basename "$log")"; tail -n 40 "$log"; } | diag
	done
}

died() {
	show_logs
	cleanup
	rm -rf "$RUN"
	echo "Bail out! $test_name ended early"
	exit 1
}
trap died EXIT
trap 'exit 130' INT TERM

# ---- waits ----

# wait_for SECONDS COMMAND...: until the command succeeds, or fail.
wait_for() {
	local until=$((${EPOCHREALTIME/./} + $1 * 1000000))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ "${EPOCHREALTIME/./}" -lt "$until" ] || {
			echo "waited in vain for: $*"
			"$@"
			return 1
		}
		sleep 0.05
	done
}
# stays MILLISECONDS COMMAND...: it succeeds again and again, all that time.
stays() {
	local until=$((${EPOCHREALTIME/./} + $1 * 1000))
	shift
	while "$@"; do
		[ "${EPOCHREALTIME/./}" -lt "$until" ] || return 0
		sleep 0.05
	done
	echo "did not stay: $*"
	return 1
}
now_ms() { echo $((${EPOCHREALTIME/./} / 1000)); }
is_gone() { ! kill -0 "$1" 2>/dev/null; }

# ---- hosts and links ----

ns() { echo "$P-$1"; }
on() { # HOST COMMAND...
	local host=$1
	shift
	ip netns exec "$P-$host" "$@"
}
ip_on() { # HOST ARGUMENTS...: the ip command in a host
	local host=$1
	shift
	ip -n "$P-$host" "$@"
}

host() { # NAME...
	local name
	for name; do
		ip netns add "$P-$name" || exit 1
		hosts+=("$name")
		ip_on "$name" link set lo up
		on "$name" sysctl -qw net.ipv4.ping_group_range="0 0"
	done
}

# wire HOST DEV HOST DEV: a cable between two hosts.
wire() {
	ip link add "$2" netns "$(ns "$1")" type veth \
		peer name "$4" netns "$(ns "$3")" || exit 1
	ip_on "$1" link set "$2" up
	ip_on "$3" link set "$4" up
}

addr() { # HOST DEV ADDRESS/LEN...
	local host=$1 dev=$2 a
	shift 2
	for a; do
		case $a in
		*:*) ip_on "$host" addr add "$a" dev "$dev" nodad || exit 1 ;;
		*) ip_on "$host" addr add "$a" dev "$dev" || exit 1 ;;
		esac
	done
}

# a 10.99.0.1 fd99::1 ---- 10.99.0.2 fd99::2 b
lab_pair() {
	host a b
	wire a va b vb
	addr a va 10.99.0.1/24 fd99::1/64
	addr b vb 10.99.0.2/24 fd99::2/64
}

# ---- programs ----

program() { # NAME: its path in the build, in the prefix, or in PATH
	local dir
	for dir in ${VPND_BUILD:+"$VPND_BUILD" "$VPND_BUILD/sbin" \
		"$VPND_BUILD/bin" "$VPND_BUILD/usr/sbin" "$VPND_BUILD/usr/bin"}; do
		[ -x "$dir/$1" ] && [ ! -d "$dir/$1" ] && echo "$dir/$1" && return
	done
	command -v "$1"
}
VPND=$(program vpnd) VPNCTL=$(program vpnctl)
need_vpnd() {
	[ -n "$VPND" ] || skip_all "vpnd is not built"
	[ -n "$VPNCTL" ] || skip_all "vpnctl is not built"
}

# spawn HOST NAME COMMAND...: in the background; its process id is in
# $RUN/NAME.pid, what it says in $RUN/NAME.log.
spawn() {
	local host=$1 name=$2
	shift 2
	ip netns exec "$P-$host" "$@" >>"$RUN/$name.log" 2>&1 </dev/null &
	echo $! >"$RUN/$name.pid"
	pids+=($!)
	disown
}
pid_of() { cat "$RUN/$1.pid"; }
quit() { # NAME [SIGNAL]: and wait until it is gone
	local pid
	pid=$(pid_of "$1")
	kill "-${2:-TERM}" "$pid" 2>/dev/null
	wait_for 10 is_gone "$pid"
}

# ---- vpnd ----

keys() { # NAME...: $RUN/NAME.key and $RUN/NAME.pub
	local name
	for name; do
		(umask 077 && "$VPNCTL" genkey >"$RUN/$name.key") || exit 1
		"$VPNCTL" pubkey <"$RUN/$name.key" >"$RUN/$name.pub" || exit 1
	done
}
psk() { (umask 077 && "$VPNCTL" genpsk >"$RUN/$1.psk") || exit 1; }

list() { # a,b -> [ "a", "b" ]
	local items=${1//,/\", \"}
	echo "[ ${items:+\"$items\"} ]"
}

# peer NAME ENDPOINT ALLOWED,IPS [SETTINGS]: a group for `conf`; endpoint "-":
# none. Its key is $RUN/NAME.pub.
peer() {
	local endpoint=
	[ "$2" = - ] || endpoint="endpoint = \"$2\"; "
	echo "{ name = \"$1\"; public_key = \"$(cat "$RUN/$1.pub")\";" \
		"${endpoint}allowed_ips = $(list "$3"); ${4:-} }"
}

# conf HOST ADDRESSES SETTINGS PEER...: writes the configuration of a host.
# $device_settings: more of the device, as `type = "tap";`. VPND_WORKERS in the
# environment: with so many threads.
device_settings=
conf() {
	local name=$1 addresses=$2 settings=$3 peers workers=
	shift 3
	[[ $settings == *workers* ]] ||
		workers=${VPND_WORKERS:+"workers = $VPND_WORKERS;"}
	peers=$(printf '  %s,\n' "$@")
	cat >"$RUN/$P-$name.conf.new" <<-X
	device = { name = "vpn0"; addresses = $(list "$addresses");
		$device_settings };
	listen = { port = 51820; };
	private_key_file = "$RUN/$name.key";
	log = { level = "debug"; };
	$workers
	$settings
	peers = (
	${peers%,}
	);
	X
	mv "$RUN/$P-$name.conf.new" "$RUN/$P-$name.conf"
}
conf_file() { echo "$RUN/$P-$1.conf"; }

# pair_conf [SETTINGS [PEER SETTINGS [ENDPOINT A [ENDPOINT B]]]]: both hosts of
# lab_pair; without endpoints, those over IPv4.
pair_conf() {
	conf a 10.77.0.1/24,fd77::1/64 "${1:-}" "$(peer b \
		"${4:-10.99.0.2:51820}" 10.77.0.2/32,fd77::2/128 "${2:-}")"
	conf b 10.77.0.2/24,fd77::2/64 "${1:-}" "$(peer a \
		"${3:-10.99.0.1:51820}" 10.77.0.1/32,fd77::1/128 "${2:-}")"
}

vpnd_under=() # what runs the daemon: env LD_PRELOAD=... as an example
vpnd_socket() { echo "$RUN/$1.run/ctl.sock"; }
ctl() { # HOST ARGUMENTS...
	local host=$1
	shift
	"$VPNCTL" --socket "$(vpnd_socket "$host")" "$@"
}
vpnd_launch() { # HOST...: without waiting
	local name
	for name; do
		mkdir -p "$RUN/$name.run" "$RUN/$name.state"
		spawn "$name" "$name" "${vpnd_under[@]}" "$VPND" \
			--socket "$(vpnd_socket "$name")" \
			--state-dir "$RUN/$name.state" "$(conf_file "$name")"
	done
}
vpnd_ready() { # HOST
	wait_for 10 ctl "$1" status
}
vpnd_start() { # HOST...
	local name
	vpnd_launch "$@"
	for name; do
		vpnd_ready "$name" >/dev/null || {
			echo "vpnd of $name did not start" | diag
			exit 1
		}
	done
}
vpnd_stop() { # HOST...
	local name
	for name; do quit "$name"; done
}

# ---- wireguard-go ----

wg_dev() { echo "$P$1"; } # its socket is shared by all namespaces
# wg_start HOST ADDRESSES PEER ENDPOINT ALLOWED,IPS [PSK-FILE]: endpoint "-":
# none.
wg_start() {
	local host=$1 dev=$P$1 more=()
	[ "$4" = - ] || more+=(endpoint "$4")
	[ -z "${6:-}" ] || more+=(preshared-key "$6")
	spawn "$host" "$host" env LOG_LEVEL=verbose \
		"${WIREGUARD_GO:-wireguard-go}" -f "$dev"
	wait_for 5 on "$host" wg show "$dev" || exit 1
	on "$host" wg set "$dev" listen-port 51820 \
		private-key "$RUN/$host.key" peer "$(cat "$RUN/$3.pub")" \
		allowed-ips "$5" "${more[@]}" || exit 1
	ip_on "$host" link set "$dev" mtu 1420 up
	# shellcheck disable=SC2086 # words
	addr "$host" "$dev" ${2//,/ }
}

# status HOST JQ-FILTER: one value out of `vpnctl --json status`.
status() { ctl "$1" --json status | jq -r "$2"; }
status_is() { # HOST JQ-FILTER WANTED
	same "$3" "$(status "$1" "$2")"
}
peer_is() { # HOST PEER FIELD WANTED
	status_is "$1" ".peers[] | select(.name == \"$2\") | .$3" "$4"
}
peer_field() { # HOST PEER FIELD
	status "$1" ".peers[] | select(.name == \"$2\") | .$3"
}

# ---- traffic ----

ping_ok() { on "$1" ping -n -q -c 1 -W 1 "$2"; }       # HOST ADDRESS
ping_soon() { on "$1" ping -n -q -c 1 -W 0.3 "$2"; }
pings() { wait_for "${3:-10}" ping_ok "$1" "$2"; }      # HOST ADDRESS [SECONDS]

# none_lost FILE: of what ping -n said there; those behind the last answer may have
# been on their way at its end. $count: how many answers.
none_lost() {
	local last missing
	read -r last count missing < <(
		sed -n 's/.*bytes from.*icmp_seq=\([0-9]*\).*/\1/p' "$1" |
			sort -nu | awk '{ while (++last < $1) lost = lost " " last }
			END { print last + 0, NR, lost }')
	same "" "$missing" && same "$last" "$count" && less 0 "$count"
}

wire_bytes() { # HOST DEV: bytes sent and received
	ip_on "$1" -j -s link show "$2" |
		jq '.[0].stats64 | .rx.bytes + .tx.bytes'
}

text_file() { # FILE BYTES: words whose frequencies fall as in a language
	python3 - "$1" "$2" <<-'X'
	import random, sys
	random.seed(7)
	words = ["".join(random.choice("etaoinshrdlu")
	         for _ in range(random.randint(2, 9))) for _ in range(4000)]
	left = int(sys.argv[2])
	with open(sys.argv[1], "w") as f:
	    while left > 0:
	        line = " ".join(words[int(random.paretovariate(.9)) % 4000]
	                        for _ in range(2000)) + "\n"
	        left -= f.write(line[:left])
	X
}
random_file() { head -c "$2" /dev/urandom >"$1"; }

listens() { on "$1" ss -Hltn "sport = :$2" | grep -q .; }
# transfer FROM TO ADDRESS FILE: over TCP; the copy is FILE.got.
transfer() {
	send_file "$@" && return
	quit receiver KILL
	return 1
}
send_file() {
	local port=9009 target=$3 chunk=${TRANSFER_CHUNK:-8192}
	case $3 in *:*) target="[$3]" ;; esac
	rm -f "$4.got"
	spawn "$2" receiver socat -u -b "$chunk" \
		"TCP6-LISTEN:$port,ipv6only=0,reuseaddr" \
		"CREATE:$4.got"
	wait_for 5 listens "$2" "$port" || return 1
	on "$1" timeout "${TRANSFER_SECONDS:-60}" \
		socat -u -b "$chunk" "OPEN:$4" "TCP:$target:$port" || return 1
	wait_for 20 is_gone "$(pid_of receiver)" || return 1
	cmp "$4" "$4.got"
}

# capture HOST DEV NAME [FILTER]: into $RUN/NAME.pcap, until capture_end NAME.
capture() {
	local host=$1 dev=$2 name=$3
	shift 3
	spawn "$host" "$name" tcpdump -Z root -n -U --immediate-mode -i "$dev" \
		-w "$RUN/$name.pcap" "$@"
	wait_for 5 grep -q 'listening on' "$RUN/$name.log"
}
capture_end() {
	quit "$1"
	python3 "$test_dir/messages.py" "$RUN/$1.pcap" >"$RUN/$1.txt"
}

# No address waits for duplicate address detection any more.
settled() { ! ip_on "$1" addr show tentative | grep -q inet6; }
# What must be as before once vpnd is gone.
host_state() { # HOST FILE
	wait_for 5 settled "$1"
	{
		ip_on "$1" -j addr | jq -S 'map(del(.ifindex, .stats64))'
		local family
		for family in -4 -6; do
			ip_on "$1" "$family" -j route show table all |
				jq -S 'map(del(.expires)) | sort'
			ip_on "$1" "$family" -j rule | jq -S .
		done
		on "$1" sh -c 'cat /proc/sys/net/ipv4/conf/*/rp_filter \
			/proc/sys/net/ipv4/conf/*/src_valid_mark'
		on "$1" nft list ruleset
	} >"$2"
}

# ---- the end ----

cleanup() {
	local pid name
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
	leftover=
	for pid in "${pids[@]}"; do
		wait_for 5 is_gone "$pid" >/dev/null && continue
		leftover+=" $pid=$(tr '\0' ' ' <"/proc/$pid/cmdline" | cut -c1-60)"
		kill -KILL "$pid" 2>/dev/null
	done
	for name in "${hosts[@]}"; do
		ip netns pids "$(ns "$name")" | xargs -r kill -KILL 2>/dev/null
		ip netns del "$(ns "$name")"
		rm -rf "/etc/netns/$(ns "$name")"
	done
}

audit() {
	local left pid
	left=$(ip netns list | grep "^$P-")
	[ -z "$left" ] || { echo "namespaces: $left"; return 1; }
	[ -z "$leftover" ] || { echo "ignored SIGTERM:$leftover"; return 1; }
	for pid in "${pids[@]}"; do
		is_gone "$pid" || { echo "process $pid"; return 1; }
	done
	left=$(find /run/vpnd /var/lib/vpnd /etc/netns -name "$P-*" 2>/dev/null)
	[ -z "$left" ] || { echo "files: $left"; return 1; }
}

[ "$(id -u)" -eq 0 ] || skip_all "needs root"
