#!/bin/bash
# SPDX-License-Identifier: ISC
# wrongkey.sh - who does not have the right key gets nothing, not a byte.
#
#   a  10.99.0.1  va ------ vb  10.99.0.2  b      a is no peer of b
#      10.77.0.1  vpn0 ==== vpn0  10.77.0.2
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
keys a b c

answers() { # TYPE of what b sent to a
	capture_end wire
	grep ' 10.99.0.2 51820 10.99.0.1 ' "$RUN/wire.txt"
}

conf a 10.77.0.1/24 "" "$(peer b 10.99.0.2:51820 10.77.0.2/32)"
conf b 10.77.0.2/24 "" "$(peer c - 10.77.0.1/32)"
capture a va wire udp
vpnd_start a b
check_not "b does not know a: nothing passes" pings a 10.77.0.2 3
check_not "and b sent nothing at all" answers
check "b counts it" sh -c "'$VPNCTL' --socket '$(vpnd_socket b)' drops |
	grep -q VPN_UNKNOWN_PEER"
check "a says that b does not answer" \
	sh -c "'$VPNCTL' --socket '$(vpnd_socket a)' status | grep -qi 'no answer'"
vpnd_stop a b

# a takes c's key for b's: MAC1 is made for somebody else.
cp "$RUN/b.pub" "$RUN/b.pub.right"
cp "$RUN/c.pub" "$RUN/b.pub"
conf a 10.77.0.1/24 "" "$(peer b 10.99.0.2:51820 10.77.0.2/32)"
cp "$RUN/b.pub.right" "$RUN/b.pub"
conf b 10.77.0.2/24 "" "$(peer a - 10.77.0.1/32)"
capture a va wire udp
vpnd_start a b
check_not "a has another key for b: nothing passes" pings a 10.77.0.2 3
check_not "and b sent nothing at all" answers
check "b counts it" sh -c "'$VPNCTL' --socket '$(vpnd_socket b)' drops |
	grep -q VPN_MAC1"
vpnd_stop a b

# Right keys, but a uses a source address that is not its own.
conf a 10.77.0.1/24,10.77.0.9/24 "" "$(peer b 10.99.0.2:51820 10.77.0.2/32)"
conf b 10.77.0.2/24 "" "$(peer a - 10.77.0.1/32)"
vpnd_start a b
check "right keys: it passes" pings a 10.77.0.2
check_not "from an address that is not a's: it does not" \
	on a ping -n -q -c 2 -W 1 -I 10.77.0.9 10.77.0.2
check "b counts it" sh -c "'$VPNCTL' --socket '$(vpnd_socket b)' drops |
	grep -q IP_RPFILTER"

# Garbage at the port: silence, and the session lives on.
capture a va wire udp
garbage() {
	on a python3 - <<-'X'
	import os, socket
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	for kind in range(256):
	    for length in (0, 1, 4, 31, 32, 64, 92, 148, 149, 1500):
	        data = (bytes([kind, 0, 0, 0]) + os.urandom(length))[:length]
	        s.sendto(data, ("10.99.0.2", 51820))
	    s.sendto(os.urandom(60000), ("10.99.0.2", 51820))
	s.settimeout(0.5)
	try:
	    raise SystemExit("answer: %r" % s.recv(2000))
	except TimeoutError:
	    pass
	X
}
check "garbage gets no answer" garbage
check "and the session lives on" pings a 10.77.0.2 2
finish
