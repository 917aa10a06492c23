#!/bin/bash
# SPDX-License-Identifier: ISC
# net/socket and the kernel's UDP sockets do the same with the same datagrams
# (receive-path.md, T6): see sockets_model.c.
#
#	namespace s:  tun --- UDP sockets
#
# Environment: VPND_TESTS, a build directory with sockets_model (default:
# VPND_BUILD); SEED; ROUNDS, how many sets of sockets (default 300).
. "$(dirname "$0")/lib.sh"
model=${VPND_TESTS:-${VPND_BUILD:-.}}/sockets_model

[ -x "$model" ] || skip_all "sockets_model is not built: make sockets_model"
[ -c /dev/net/tun ] || skip_all "there is no /dev/net/tun"
host s

on s "$model" "${P}t" "${ROUNDS:-300}" >"$RUN/model.out" 2>&1
model_said $?
finish
