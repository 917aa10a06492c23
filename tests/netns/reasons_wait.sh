#!/bin/bash
# SPDX-License-Identifier: ISC
# reasons_wait.sh - what is dropped because nobody answers for 90 seconds, or
# because keys are older than 180. See reasonslib.sh.
# shellcheck source-path=SCRIPTDIR
. "$(dirname "$0")/reasonslib.sh"
need_vpnd
lab_pair
keys a b dead

conf a 10.77.0.1/24 "" "$(peer b 10.99.0.2:51820 10.77.0.2/32)" \
	"$(peer dead 10.99.0.99:51820 10.77.0.4/32)"
stranger b 10.99.0.2
start_a
check "b has a session" session b
begun=$SECONDS
witnesses_begin

names out neigh NEIGH_FAILED peer=dead n=1+ within=120 \
	from_host "$(udp 10.77.0.1 10.77.0.4)"
is_old() { [ $((SECONDS - begun)) -gt 181 ]; }
check "the keys of b's session are older than 180 s" wait_for 200 is_old
names in decap VPN_EXPIRED order b inner "$(udp 10.77.0.2 10.77.0.1)"

witnesses_end
vpnd_stop a
finish
