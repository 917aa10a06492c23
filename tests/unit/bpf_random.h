/* SPDX-License-Identifier: ISC */
/* Random classic-BPF programs, good and spoilt, and packets for them. */
#ifndef BPF_RANDOM_H
#define BPF_RANDOM_H

#include "packet/bpf.h"
#include "seed.h"

#define BPF_RANDOM_PACKET_BYTES 400

struct bpf_random {
	/* one more than allowed, for programs that are spoilt */
	struct bpf_instruction program[BPF_INSTRUCTIONS_MAX + 1];
	size_t count;
};

/* A program that is most likely valid and often looks at all of A. */
void bpf_random_make(struct bpf_random *ret, struct seed *seed);
/* Changes it in a place or two, so that it is most likely not. */
void bpf_random_spoil(struct bpf_random *program, struct seed *seed);
/* Returns how many of BPF_RANDOM_PACKET_BYTES were filled. */
uint32_t bpf_random_packet(uint8_t *bytes, struct seed *seed);

#endif
