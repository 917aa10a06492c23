#!/bin/bash
# SPDX-License-Identifier: ISC
# demo.sh - two hosts joined by two encrypted tunnels, on this machine: as root
# on a Debian 12, sudo contrib/demo.sh
#
#             host a  10.99.0.1 -- a cable -- 10.99.0.2  host b    (namespaces)
#                     10.77.0.1 == "demo" === 10.77.0.2            IP packets
#   printer -- bridge br0 ======== "lan" ======== bridge br0 -- laptop  Ethernet
#   192.168.7.1                                          192.168.7.2
#
# How it works: it installs the packages that are missing, builds in a temporary
# directory, and takes everything but the packages away again at its end.
set -eu
export LC_ALL=C PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin"
top=$(cd "$(dirname "$(readlink -f "$0")")/.." && pwd)
[ "$(id -u)" -eq 0 ] || { echo "demo.sh: run me as root, with sudo" >&2; exit 1; }

T=$(mktemp -d -t vpnd-demo.XXXXXX)
A=vpnd-demo-a-$$ B=vpnd-demo-b-$$
PRINTER=vpnd-demo-printer-$$ LAPTOP=vpnd-demo-laptop-$$
daemons=()
has_failed=1

clean_up() {
	local pid
	for pid in "${daemons[@]}"; do kill "$pid" 2>/dev/null || true; done
	for pid in "${daemons[@]}"; do wait "$pid" 2>/dev/null || true; done
	for ns in "$PRINTER" "$LAPTOP" "$A" "$B"; do
		ip netns del "$ns" 2>/dev/null || true
	done
	if [ "$has_failed" = 1 ]; then
		tail -n 20 "$T"/*.log 2>/dev/null || true
		echo "demo: FAILED" >&2
	fi
	rm -rf "$T"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

step() { printf '\n== %s\n' "$*"; }
run() { # COMMAND...: shown, then done
	printf '$ %s\n' "$*"
	"$@"
}
on_a() { ip netns exec "$A" "$@"; }
on_b() { ip netns exec "$B" "$@"; }
wait_until() { # SECONDS COMMAND...
	local until=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt "$until" ] || { echo "in vain: $*"; return 1; }
		sleep 0.1
	done
}
vpnctl() { "$T/root/bin/vpnctl" --socket "$T/run-a/$tunnel.sock" "$@"; }

step "packages"
"$top/contrib/packages.sh" --install build demo
began=$SECONDS

step "build, in $T"
"$top/contrib/build.sh" "$T" >"$T/build.log" 2>&1
echo "built $("$T/root/sbin/vpnd" --version)"

step "two hosts and a cable between them"
ip netns add "$A"
ip netns add "$B"
ip link add va netns "$A" type veth peer name vb netns "$B"
ip -n "$A" addr add 10.99.0.1/24 dev va
ip -n "$B" addr add 10.99.0.2/24 dev vb
for ns in "$A" "$B"; do ip -n "$ns" link set lo up; done
ip -n "$A" link set va up
ip -n "$B" link set vb up

step "a key pair and a configuration for each"
umask 077
for h in a b; do
	"$T/root/bin/vpnctl" genkey >"$T/$h.key"
	"$T/root/bin/vpnctl" pubkey <"$T/$h.key" >"$T/$h.pub"
	mkdir "$T/$h" "$T/run-$h" "$T/state-$h"
done
configure() { # HOST NUMBER OTHER NUMBER
	cat >"$T/$1/demo.conf" <<-X
	device = { name = "vpn0"; addresses = [ "10.77.0.$2/24", "fd77::$2/64" ]; };
	listen = { port = 51820; };
	private_key_file = "$T/$1.key";
	compress = "zstd";
	peers = (
	  { name = "$3"; public_key = "$(cat "$T/$3.pub")";
	    endpoint = "10.99.0.$4:51820";
	    allowed_ips = [ "10.77.0.$4/32", "fd77::$4/128" ]; }
	);
	X
}
configure a 1 b 2
configure b 2 a 1
cat "$T/a/demo.conf"
run "$T/root/sbin/vpnd" --check-config "$T/a/demo.conf"

start() { # TUNNEL: on both hosts
	local h ns
	tunnel=$1
	for h in a b; do
		ns=$A
		[ $h = a ] || ns=$B
		ip netns exec "$ns" "$T/root/sbin/vpnd" \
			--socket "$T/run-$h/$1.sock" --state-dir "$T/state-$h" \
			"$T/$h/$1.conf" >"$T/$1-$h.log" 2>&1 </dev/null &
		daemons+=($!)
	done
}

step "start vpnd on both"
start demo
wait_until 10 vpnctl status
wait_until 10 on_a ping -c 1 -W 1 10.77.0.2

step "ping host b through the tunnel, over IPv4 and IPv6"
run on_a ping -n -c 3 -i 0.2 10.77.0.2
run on_a ping -n -c 3 -i 0.2 fd77::2

step "a text file through the compressed tunnel"
for _ in $(seq 40); do cat "$top"/src/*/*.[ch]; done | head -c 8000000 >"$T/text"
size=$(stat -c %s "$T/text")
wire_bytes() {
	on_a cat /sys/class/net/va/statistics/tx_bytes \
		/sys/class/net/va/statistics/rx_bytes |
		{ read -r tx; read -r rx; echo $((tx + rx)); }
}
receive='import socket, sys
with socket.create_server(("10.77.0.2", 9009)) as s, open(sys.argv[1], "wb") as f:
    c, _ = s.accept()
    while data := c.recv(65536): f.write(data)'
send='import socket, sys
with socket.create_connection(("10.77.0.2", 9009)) as s, open(sys.argv[1], "rb") as f:
    s.sendfile(f)'
on_b python3 -c "$receive" "$T/text.got" &
receiver=$!
daemons+=("$receiver")
listening() { on_b ss -Hltn 'sport = :9009' | grep -q .; }
wait_until 5 listening
before=$(wire_bytes)
on_a timeout 60 python3 -c "$send" "$T/text"
wait "$receiver"
after=$(wire_bytes)
cmp "$T/text" "$T/text.got"
echo "the text arrived unchanged: $size bytes," \
	"$((after - before)) bytes on the wire" \
	"($(((after - before) * 100 / size)) %, both directions, all headers)"
[ $((after - before)) -lt "$size" ]

step "vpnctl status, on host a"
vpnctl status

step "behind each host a network of its own, with a bridge"
network() { # HOST STATION ADDRESS
	ip netns add "$2"
	ip -n "$1" link add br0 type bridge
	ip link add wire netns "$1" type veth peer name eth0 netns "$2"
	ip -n "$1" link set wire master br0
	ip -n "$1" link set wire up
	ip -n "$1" link set br0 up
	ip -n "$2" link set eth0 mtu 1400
	ip -n "$2" addr add "$3" dev eth0
	ip -n "$2" link set eth0 up
}
network "$A" "$PRINTER" 192.168.7.1/24
network "$B" "$LAPTOP" 192.168.7.2/24

step "a second tunnel, which carries Ethernet frames between the bridges"
bridged() { # HOST OTHER NUMBER
	cat >"$T/$1/lan.conf" <<-X
	device = { type = "tap"; name = "lan0"; bridge = "br0"; };
	listen = { port = 51821; };
	private_key_file = "$T/$1.key";
	peers = (
	  { name = "$2"; public_key = "$(cat "$T/$2.pub")";
	    endpoint = "10.99.0.$3:51821"; }
	);
	X
}
bridged a b 2
bridged b a 1
cat "$T/a/lan.conf"
start lan
wait_until 10 vpnctl status
wait_until 10 ip netns exec "$PRINTER" ping -c 1 -W 1 192.168.7.2

step "ping the laptop behind host b from the printer behind host a"
run ip netns exec "$PRINTER" ping -n -c 3 -i 0.2 192.168.7.2

step "vpnctl fdb, on host a: who is where"
vpnctl fdb

step "vpnctl status of the second tunnel, on host a"
vpnctl status

has_failed=0
clean_up
trap - EXIT
step "demo: all of it worked, in $((SECONDS - began)) s after the packages; nothing but the packages is left"
