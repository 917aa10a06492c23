/* SPDX-License-Identifier: ISC */
/* The kernel's classic BPF, asked through SO_ATTACH_FILTER; needs no rights. */
#include "bpf_kernel.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define RECEIVE_BYTES 65536

static_assert(
    sizeof(struct sock_filter) == sizeof(struct bpf_instruction) &&
	offsetof(struct sock_filter, code) ==
	    offsetof(struct bpf_instruction, code) &&
	offsetof(struct sock_filter, jt) ==
	    offsetof(struct bpf_instruction, if_true) &&
	offsetof(struct sock_filter, jf) ==
	    offsetof(struct bpf_instruction, if_false) &&
	offsetof(struct sock_filter, k) == offsetof(struct bpf_instruction, k),
    "the kernel takes our programs as they are");

int bpf_kernel_open(struct bpf_kernel *ret)
{
	return socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		   ret->ends)
		   ? -errno
		   : 0;
}

void bpf_kernel_close(struct bpf_kernel *kernel)
{
	close(kernel->ends[0]);
	close(kernel->ends[1]);
}

int bpf_kernel_set(struct bpf_kernel *kernel,
    const struct bpf_instruction *program, size_t count)
{
	struct sock_fprog filter = {
	    .len = (unsigned short)count,
	    .filter = (struct sock_filter *)(uintptr_t)program,
	};

	return setsockopt(kernel->ends[1], SOL_SOCKET, SO_ATTACH_FILTER,
		   &filter, sizeof(filter))
		   ? -errno
		   : 0;
}

int bpf_kernel_run(
    struct bpf_kernel *kernel, const uint8_t *bytes, uint32_t len)
{
	static uint8_t received[RECEIVE_BYTES];
	ssize_t got;

	if (send(kernel->ends[0], bytes, len, 0) != (ssize_t)len)
		return -EIO;
	got = recv(kernel->ends[1], received, sizeof(received), 0);
	if (got < 0)
		return -errno;
	return memcmp(bytes, received, (size_t)got) == 0 ? (int)got : -EBADMSG;
}

int bpf_kernel_expects(uint32_t returned, uint32_t len)
{
	if (!returned)
		return -EAGAIN;
	return (int)(returned < len ? returned : len);
}
