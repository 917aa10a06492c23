#!/bin/bash
# SPDX-License-Identifier: ISC
# credentials.sh - who may ask the daemon what.
#
#   a  10.99.0.1  va ------ vb  10.99.0.2  b
#      10.77.0.1  vpn0 ==== vpn0  10.77.0.2
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
keys a b
psk ab
pair_conf "" "preshared_key_file = \"$RUN/ab.psk\";"
vpnd_start a b
check "up" pings a 10.77.0.2

ro=$RUN/a.run/ro.sock
nobody() { # ARGUMENTS...: vpnctl as a user without rights
	setpriv --reuid=65534 --regid=65534 --clear-groups -- \
		"$VPNCTL" "$@"
}
said() { # FILE COMMAND...: its output, whatever it returns
	local file=$1
	shift
	"$@" >"$file" 2>&1
	true
}

check "root sees the endpoint" peer_is a b endpoint 10.99.0.2:51820
check "nobody reads the status through ro.sock" \
	nobody --socket "$ro" status
said "$RUN/ro.txt" nobody --socket "$ro" --json status
check "and sees the peer" contains "$RUN/ro.txt" '"b"'
check_not "but not its endpoint" grep -q '10\.99\.0\.2' "$RUN/ro.txt"
said "$RUN/ro2.txt" nobody --socket "$ro" status
check_not "nor in the text for people" grep -q '10\.99\.0\.2' "$RUN/ro2.txt"
check "nobody reads the drops" nobody --socket "$ro" drops
for verb in reload stop "ping b" "peer remove b" "fdb flush" flows \
	"peer add x public-key $(cat "$RUN/b.pub")"; do
	# shellcheck disable=SC2086 # words
	check "nobody may not $verb: exit code 6" \
		code_of 6 nobody --socket "$ro" $verb
done
cp "$(conf_file a)" "$RUN/open.conf"
chmod 644 "$RUN/open.conf"
check "nobody may not filter test a file: exit code 6" \
	code_of 6 nobody --socket "$ro" filter test "$RUN/open.conf"
check "nobody gets no hold of ctl.sock: exit code 6" \
	code_of 6 nobody --socket "$(vpnd_socket a)" status
chmod 666 "$(vpnd_socket a)"
check "not even when its mode is wrong: the peer's credentials decide" \
	code_of 6 nobody --socket "$(vpnd_socket a)" reload
chmod 660 "$(vpnd_socket a)"
check_is "ctl.sock is for its group only" 660 \
	"$(stat -c %a "$(vpnd_socket a)")"
check_is "ro.sock is for all" 666 "$(stat -c %a "$ro")"
check "the daemon is still there, with its peer" peer_is a b name b

# No secret in any reply or log.
said "$RUN/all.txt" ctl a --json status
said "$RUN/all2.txt" ctl a status
for key in a.key b.key ab.psk; do
	check_not "$key is in no reply and in no log" grep -rqF \
		"$(cat "$RUN/$key")" "$RUN"/all.txt "$RUN"/all2.txt \
		"$RUN"/ro.txt "$RUN"/a.log "$RUN"/b.log
done

# Clients that behave badly do not stop the daemon.
bad_clients() {
	python3 - "$(vpnd_socket a)" <<-'X'
	import os, socket, sys
	clients = []
	for payload in (b"", b"\0" * 12, b"\xff" * 70000, os.urandom(4096),
	                b"vpnd\1\0\1\0\xff\xff\xff\xff", b"vpnd\1\0\1\0\4\0\0\0ab"):
	    for _ in range(20):
	        s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
	        s.settimeout(1)
	        try:
	            s.connect(sys.argv[1])
	            s.sendall(payload)
	        except OSError:
	            pass
	        clients.append(s)
	X
}
check "120 clients send garbage or nothing" bad_clients
check "the daemon answers the next one" wait_for 10 ctl a status
check "and the tunnel works" pings a 10.77.0.2 2
finish
