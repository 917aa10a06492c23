#!/bin/bash
# SPDX-License-Identifier: ISC
# service.sh - vpnd with the rights that conf/vpnd@.service gives it: a user of
# its own, CAP_NET_ADMIN and nothing else, a read-only /proc/sys and file system.
#
#   a  10.99.0.1  va ------ vb  10.99.0.2, 198.51.100.1  b
#      10.77.0.1  vpn0 ==== vpn0  10.77.0.2
# systemd itself does not run in a namespace; setpriv and mounts stand in for it,
# and for udev, which opens /dev/net/tun to all: not every machine has that.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
user=64999 # nobody else's
lab_pair
addr b lo 198.51.100.1/32
keys a b

# serve HOST: what the unit's [Service] section says.
serve() {
	local name=$1
	mkdir -p "$RUN/$name.run" "$RUN/$name.state"
	chown $user:$user "$RUN/$name.run" "$RUN/$name.state"
	chgrp $user "$RUN/$name.key"
	chmod 640 "$RUN/$name.key"
	spawn "$name" "$name" unshare -m bash -c '
		umask 077
		mount --bind /proc/sys /proc/sys
		mount -o remount,bind,ro /proc/sys
		mount -t tmpfs -o mode=755 tun /dev/net
		mknod -m 666 /dev/net/tun c 10 200
		exec setpriv --reuid="$0" --regid="$0" --clear-groups \
			--inh-caps=-all,+net_admin \
			--ambient-caps=-all,+net_admin \
			--bounding-set=-all,+net_admin --no-new-privs "$@"' \
		$user "$VPND" --socket "$(vpnd_socket "$name")" \
		--state-dir "$RUN/$name.state" "$(conf_file "$name")"
	vpnd_ready "$name"
}
read_status() { grep "^$1:" "/proc/$(pid_of a)/status" | tr -d '[:space:]'; }
goes_by() { # ADDRESS DEVICE
	ip_on a route get "$1" | grep -q "dev $2"
}

pair_conf
host_state a "$RUN/before"
check "a starts as the service would" serve a
check "b too" serve b
check_is "its user is its own" "Uid:$user$user$user$user" "$(read_status Uid)"
check_is "CAP_NET_ADMIN is all it has" CapEff:0000000000001000 \
	"$(read_status CapEff)"
check_is "and all it can get" CapBnd:0000000000001000 "$(read_status CapBnd)"
check_is "no new privileges" NoNewPrivs:1 "$(read_status NoNewPrivs)"
check "system calls are filtered" test "$(read_status Seccomp)" = Seccomp:2
check "IPv4 passes" pings a 10.77.0.2
check "IPv6 passes" pings a fd77::2
check "ctl.sock is the user's" test "$(stat -c %u:%a "$(vpnd_socket a)")" = \
	"$user:660"

conf a 10.77.0.1/24,10.78.0.1/24 "" \
	"$(peer b 10.99.0.2:51820 10.77.0.2/32,198.51.100.0/24)"
check "reload adds an address and a route" ctl a reload
check "the address is there" \
	sh -c "ip -n '$(ns a)' addr show vpn0 | grep -q 10.78.0.1/24"
check "the route is used" pings a 198.51.100.1

check "stop" ctl a stop
wait_for 5 is_gone "$(pid_of a)"
host_state a "$RUN/after"
check "nothing is left on the host" diff "$RUN/before" "$RUN/after"
check "the endpoints are remembered" grep -q . -r "$RUN/a.state"

conf a 10.77.0.1/24 "" "$(peer b 10.99.0.2:51820 0.0.0.0/0)"
on a sysctl -qw net.ipv4.conf.all.rp_filter=2
host_state a "$RUN/before"
check "with a default route it starts" serve a
check "what is behind b is reached" pings a 198.51.100.1
check "through the tunnel" goes_by 198.51.100.1 vpn0
check "stop" ctl a stop
wait_for 5 is_gone "$(pid_of a)"
host_state a "$RUN/after"
check "nothing is left on the host" diff "$RUN/before" "$RUN/after"
finish
