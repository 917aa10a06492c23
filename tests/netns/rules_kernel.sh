#!/bin/bash
# SPDX-License-Identifier: ISC
# net/rule and nftables judge the same packets by the same rules, and each rule
# counts the same (receive-path.md, T3): see rules_kernel.c.
#
#	namespace s:  tun --- nft
#
# Environment: VPND_TESTS, a build directory with rules_kernel (default:
# VPND_BUILD); SEED; SETS, how many sets of rules (default 40); PACKETS, how
# many packets for each (default 1500).
. "$(dirname "$0")/lib.sh"
model=${VPND_TESTS:-${VPND_BUILD:-.}}/rules_kernel

[ -x "$model" ] || skip_all "rules_kernel is not built: make rules_kernel"
[ -c /dev/net/tun ] || skip_all "there is no /dev/net/tun"
host s

on s "$model" "${P}t" "${SETS:-40}" "${PACKETS:-1500}" \
	>"$RUN/model.out" 2>&1
model_said $?
finish
