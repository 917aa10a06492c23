#!/bin/bash
# SPDX-License-Identifier: ISC
# restart.sh - either side dies or stops, and traffic comes back soon.
#
#   a  10.99.0.1  va ------ vb  10.99.0.2  b      only a knows where b is
#      10.77.0.1  vpn0 ==== vpn0  10.77.0.2
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
keys a b
conf a 10.77.0.1/24 "" "$(peer b 10.99.0.2:51820 10.77.0.2/32)"
conf b 10.77.0.2/24 "" "$(peer a - 10.77.0.1/32)"
host_state a "$RUN/before"
vpnd_start a b
check "up" pings a 10.77.0.2
check "b learnt where a is" wait_for 3 peer_is b a endpoint 10.99.0.1:51820

stop_ms() { # NAME: how long it takes to end after SIGTERM
	local pid since
	pid=$(pid_of "$1")
	since=$(now_ms)
	kill -TERM "$pid"
	while kill -0 "$pid" 2>/dev/null; do sleep 0.005; done
	echo $(($(now_ms) - since))
}
# The quickest of five: the others on this machine may have kept it.
ends_quickly() { # NAME: within 200 ms of SIGTERM; it is stopped then
	local i
	for i in 1 2 3 4 5; do
		at_most "$(stop_ms "$1")" 200 && return
		[ $i = 5 ] || vpnd_start "$1"
	done
	return 1
}
kill_9() { quit "$1" KILL; }
is_down() { # HOST PEER PATTERN: why the peer is down
	ctl "$1" status >"$RUN/status.out" && contains "$RUN/status.out" "$2.*down"
}

# ---- kill -9 ----

kill_9 a
since=$(now_ms)
vpnd_start a
check "a was killed: traffic is back" pings a 10.77.0.2
echo "# a: back after $(($(now_ms) - since)) ms"
kill_9 b
since=$(now_ms)
vpnd_start b
check "b was killed, and only a sends: traffic is back" pings a 10.77.0.2
echo "# b: back after $(($(now_ms) - since)) ms"
kill_9 b
vpnd_start b
check "b was killed: b remembers where a is and reaches it" pings b 10.77.0.1
kill_9 a
kill_9 b
vpnd_start b a
check "both were killed: b reaches a" pings b 10.77.0.1

# ---- SIGTERM ----

check "b ends within 200 ms of SIGTERM" ends_quickly b
check "a saw CLOSE: the peer is down at once" wait_for 10 is_down a b
vpnd_start b
check "b came back: traffic flows" pings b 10.77.0.1
check "a ends within 200 ms of SIGTERM" ends_quickly a
check "b saw CLOSE" wait_for 10 is_down b a
host_state a "$RUN/after"
check "nothing is left on a" diff "$RUN/before" "$RUN/after"
check "its socket is gone" test ! -e "$(vpnd_socket a)"
check "vpnctl says that it is not running: exit code 3" \
	code_of 3 ctl a status
vpnd_start a
check "a came back: traffic flows" pings a 10.77.0.2
check "vpnctl stop ends it" ctl a stop
check "it is gone" wait_for 10 is_gone "$(pid_of a)"

# ---- a damaged state file ----

vpnd_stop b
find "$RUN/b.state" -type f | grep -q . &&
	find "$RUN/b.state" -type f -exec sh -c 'head -c 50 /dev/urandom >"$1"' \
		- {} \;
check "the state was kept in a file" sh -c "find '$RUN/b.state' -type f | grep -q ."
vpnd_start a b
check "with a damaged state file: b starts and a reaches it" pings a 10.77.0.2
check "and b says so" grep -iE 'state|remember|endpoint' "$RUN/b.log"
finish
