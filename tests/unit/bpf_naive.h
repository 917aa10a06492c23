/* SPDX-License-Identifier: ISC */
/* A second classic-BPF machine, slow and watchful, to hold against ours. */
#ifndef BPF_NAIVE_H
#define BPF_NAIVE_H

#include "packet/bpf.h"

struct bpf_naive {
	uint32_t returned;
	/* an offset of X + k that the kernel takes as one behind a header */
	bool has_relative_offset;
};

/* Runs a program that bpf_check accepted; aborts when it does what no such
 * program does. */
struct bpf_naive bpf_naive_run(const struct bpf_instruction *program,
    size_t count, const struct bpf_packet *pkt);

#endif
