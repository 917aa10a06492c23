#!/bin/bash
# SPDX-License-Identifier: ISC
# net/bridge and the kernel's bridge do the same with the same frames, and name
# the same reason (receive-path.md, T7): see bridge_model.c; and so do the tables
# of a tap tunnel with the corpus (T1): see tap_corpus.c.
#
#	namespaces s and sc:
#	              tap 0 (the host's) --+
#	              tap 1 (a peer) ------+-- bridge
#	              tap 2 (a peer) ------+
#
# Environment: VPND_TESTS, a build directory with bridge_model and tap_corpus
# (default: VPND_BUILD); SEED; FRAMES, how many random frames (default 20000).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tracelib.sh"

# What the kernel says of the frames; the file has to say the same.
kernels_corpus() {
	nsenter --net="/run/netns/$(ns sc)" \
		"${model%/*}/tap_corpus" "$P" <"$corpus" >"$RUN/corpus"
}

model_open bridge_model
host s
model_run s "$P" "${FRAMES:-20000}"
corpus=$test_dir/../corpus/tap.txt
host sc
check "the corpus is the same here and there" kernels_corpus
check "and the kernel says of it what the file says" \
	diff "$corpus" "$RUN/corpus"
model_close
finish
