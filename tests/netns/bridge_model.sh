#!/bin/bash
# SPDX-License-Identifier: ISC
# net/bridge and the kernel's bridge do the same with the same frames, and name
# the same reason (receive-path.md, T7): see bridge_model.c.
#
#	namespace s:  tap 0 (the host's) --+
#	              tap 1 (a peer) ------+-- bridge
#	              tap 2 (a peer) ------+
#
# Environment: VPND_TESTS, a build directory with bridge_model (default:
# VPND_BUILD); SEED; FRAMES, how many random frames (default 20000).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tracelib.sh"

model_open bridge_model
host s
model_run s "$P" "${FRAMES:-20000}"
model_close
finish
