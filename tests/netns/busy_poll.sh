#!/bin/bash
# SPDX-License-Identifier: ISC
# busy_poll.sh - after packets the loop looks for more before it sleeps; without
# packets it sleeps, and a reload switches it on and off.
#
#   a  10.99.0.1  va ------ vb  10.99.0.2  b
#      10.77.0.1  vpn0 ==== vpn0  10.77.0.2
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/lib.sh"
need_vpnd
lab_pair
keys a b
polls() { status a .tunnel.busy_polls; }
cpu_ticks() { awk '{ print $14 + $15 }' "/proc/$(pid_of a)/stat"; }
set_to() { # MICROSECONDS
	pair_conf "busy_poll = $1;"
	ctl a reload
}
have_grown() { # COMMAND...: by more than one a packet
	local before
	before=$(polls)
	"$@" || return
	less $((before + 10)) "$(polls)" # few, when others want the processor
}
are_still() { same "$before" "$(polls)"; }
are_below() { less "$(polls)" "$1"; }
some() { on a ping -n -q -c 10 -i 0.01 10.77.0.2; }

pair_conf
vpnd_start a b
check "up" pings a 10.77.0.2
check "by default it does not poll" same "0 0" \
	"$(status a '"\(.tunnel.busy_poll_us) \(.tunnel.busy_polls)"')"
check "packets change nothing" some
check_is "it has not polled" 0 "$(polls)"

check "a reload switches it on" set_to 1000
check "status says so" contains <(ctl a status) 'busy poll 1000 us'
check "it polls after packets" have_grown some

# A millisecond has about 1000 polls; the host has a word to say now and then.
before=$(polls)
ticks=$(cpu_ticks)
check "without packets it sleeps" stays 2000 \
	are_below $((before + 50000))
check "and takes no time" at_most $(($(cpu_ticks) - ticks)) 10

check "a reload switches it off" set_to 0
before=$(polls)
check "packets pass" some
check "and nothing polls" are_still

finish
