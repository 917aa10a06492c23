#!/bin/bash
# SPDX-License-Identifier: ISC
# The tables of path/ and the kernel do the same with the same packets, and
# name the same reason (receive-path.md, T1 and T2): the corpus, and random
# packets; see receive_lab.h.
#
#	namespaces s4, s6, sc:  packets --> tun0 -- the kernel -- tun1
#
# Environment: VPND_TESTS, a build directory with receive_model and
# receive_corpus (default: VPND_BUILD); COUNT, how many random packets (default
# 200000); SEEDS, how many times that, each with another seed (default 1); SEED,
# the first of them; FAMILY, 4 or 6 (default both).
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/tracelib.sh"

# What the kernel says of the packets; the file has to say the same.
kernels_corpus() {
	nsenter --net="/run/netns/$(ns sc)" \
		"${model%_model}_corpus" "$P" <"$corpus" >"$RUN/corpus"
}

model_open receive_model
for family in ${FAMILY:-4 6}; do
	host "s$family"
	model_run "s$family" "$P" "$family" "${COUNT:-200000}" "${SEEDS:-1}"
done
corpus=$test_dir/../corpus/receive.txt
host sc
check "the corpus is the same here and there" kernels_corpus
check "and the kernel says of it what the file says" \
	diff "$corpus" "$RUN/corpus"
model_close
finish
