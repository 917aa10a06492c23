# SPDX-License-Identifier: ISC
# ethernet.sh - a part of hosts.sh: a second instance beside the first, which
# joins the hosts' bridges by a tap device; neither disturbs the other.
#
#   left  br0 [vpn1] ====== [vpn1] br0  right      vpnd@other
#         10.79.0.1                10.79.0.2
#         10.77.0.1 vpn0 ====== vpn0 10.77.0.2     vpnd@site, all the time
# shellcheck shell=bash

other_conf() { # HOST OTHER
	file_on "$1" /etc/vpnd/other.conf 0644 root <<-X
	device = { type = "tap"; name = "vpn1"; bridge = "br0"; };
	listen = { port = 51821; };
	private_key_file = "/etc/vpnd/keys/other.key";
	compress = "lz4";
	peers = (
	  { name = "$2"; public_key = "$(cat "$RUN/$2.other.pub")";
	    endpoint = "$(outside "$2")"; }
	);
	X
}
outside() { # HOST
	case $1 in
	left) echo 192.0.2.1:51821 ;;
	right) echo "[2001:db8::2]:51821" ;;
	esac
}
other() { # HOST SYSTEMCTL-ARGUMENTS...
	local name=$1
	shift
	on "$name" systemctl "$@" vpnd@other
}
bridge_up() { # HOST ADDRESS/LEN
	ip_on "$1" link add br0 type bridge
	ip_on "$1" link set br0 mtu 1400 up
	addr "$1" br0 "$2"
}
is_port() { # HOST
	same br0 "$(ip_on "$1" -j link show vpn1 | jq -r '.[0].master')"
}
other_died() { # HOST TIMES: and is back
	same "$2 active" "$(other "$1" show -P NRestarts) $(other "$1" is-active)"
}
other_says() { # HOST PATTERN...
	local name=$1
	shift
	on "$name" journalctl --sync
	on "$name" journalctl --no-pager -q -o cat -u vpnd@other \
		>"$RUN/$name.other"
	contains "$RUN/$name.other" "$@"
}
knows() { # HOST MAC PEER
	on "$1" vpnctl -n other --json fdb >"$RUN/fdb.json" &&
		jq -e --arg mac "$2" --arg peer "$3" '.entries |
			any(.mac == $mac and .peer == $peer)' "$RUN/fdb.json"
}
no_loss() { # site's pings, which ran all the time
	kill -INT "$(pid_of site-pings)"
	wait_for 5 is_gone "$(pid_of site-pings)" || return 1
	none_lost "$RUN/site-pings.log"
}

for name in left right; do
	on "$name" sh -c 'vpnctl genkey | install -m 0640 -g vpnd /dev/stdin \
		/etc/vpnd/keys/other.key'
	on "$name" cat /etc/vpnd/keys/other.key |
		on "$name" vpnctl pubkey >"$RUN/$name.other.pub"
done
check "site is up" pings right 10.77.0.1
site_pid=$(main_pid left)
site_restarts=$(unit left NRestarts)
at_host left alone
at_host right alone
bridge_up left 10.79.0.1/24
bridge_up right 10.79.0.2/24
spawn right site-pings ping -n -i 0.05 -W 1 10.77.0.1

other_conf left right
other_conf right left
for name in left right; do
	check "a second instance beside the first: $name" \
		other "$name" enable --now
	check "its tap is in the bridge of $name" is_port "$name"
done
check "the LANs are joined" pings right 10.79.0.1
check "by packets of full size" on right ping -n -q -c 1 -W 2 \
	-M 'do' -s 1372 10.79.0.1
check "left knows where right's bridge is" knows left \
	"$(ip_on right -j link show br0 | jq -r '.[0].address')" right
check "vpnctl of the other is not site's" same vpn1 \
	"$(on left vpnctl -n other --json status | jq -r .tunnel.device)"

other left kill --signal=KILL --kill-whom=main
check "killed, it is started again" wait_for 5 other_died left 1
check "in the bridge" is_port left
check "right's LAN reaches left's" pings right 10.79.0.1 20
on left sed -i 's/"lz4"/"none"/' /etc/vpnd/other.conf
check "it is reloaded" other left reload
check "and goes on" pings right 10.79.0.1 20
on left sed -i 's/"tap"/"tip"/' /etc/vpnd/other.conf
check_not "a wrong device.type: it is not" other left reload
on left systemctl status --no-pager -l vpnd@other >"$RUN/left.status"
check "systemctl status says where" \
	contains "$RUN/left.status" 'other\.conf:1:[0-9]+: error: '
on left sed -i 's/"tip"/"tap"/' /etc/vpnd/other.conf

ip_on left link del br0
check "the bridge is deleted: it stays" other left is-active
bridge_up left 10.79.0.1/24
check "the bridge is made again: it joins" wait_for 10 is_port left
check "and the LANs are joined" pings right 10.79.0.1 20

for name in left right; do
	check "the other of $name stops" other "$name" disable --now
	ip_on "$name" link del br0
	at_host "$name" alone-again
done
check "site has lost nothing by all this" no_loss
check_is "it is the same process" "$site_pid $site_restarts" \
	"$(main_pid left) $(unit left NRestarts)"
for name in left right; do
	check "$name: addresses, routes and rules are those of site alone" \
		diff "$RUN/$name.alone" "$RUN/$name.alone-again"
	check "$name: the sandbox refused it nothing" not other_says "$name" \
		'not permitted|denied|libcap|seccomp'
done
