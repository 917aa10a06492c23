/* SPDX-License-Identifier: ISC */
/* The kernel's classic BPF: a filter of a local datagram socket. */
#ifndef BPF_KERNEL_H
#define BPF_KERNEL_H

#include "packet/bpf.h"

/* Two sockets, connected; the second one has the filter. */
struct bpf_kernel {
	int ends[2];
};

/* 0 or -errno. */
must_check int bpf_kernel_open(struct bpf_kernel *ret);
void bpf_kernel_close(struct bpf_kernel *kernel);

/* Makes a program the filter: 0, or -errno when the kernel refuses it. */
must_check int bpf_kernel_set(struct bpf_kernel *kernel,
    const struct bpf_instruction *program, size_t count);

/* How many bytes of the packet come through the filter; -EAGAIN: rejected. */
must_check int bpf_kernel_run(
    struct bpf_kernel *kernel, const uint8_t *bytes, uint32_t len);
/* What the kernel has to say when our machine returned `returned`. */
int bpf_kernel_expects(uint32_t returned, uint32_t len);

#endif
