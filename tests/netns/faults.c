/* SPDX-License-Identifier: ISC */
/*
 * Makes system calls of vpnd fail: LD_PRELOAD of tests/netns.
 *
 * strace can not: vpnd's list of system calls has none that strace would put in
 * the place of the one that fails. The file that FAULTS names is two words,
 * which the test writes: the errno of what is sent over UDP, and of what is
 * written to the tun device (a virtio-net header comes first); 0: none.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_net.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum fault {
	FAULT_SEND,
	FAULT_WRITE,
	FAULTS,
};

static volatile int *faults;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAULTS");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *words;

	if (fd < 0)
		return;
	words = mmap(NULL, FAULTS * sizeof(int), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (words != MAP_FAILED)
		faults = words;
}

static bool fails(enum fault fault)
{
	if (!faults || !faults[fault])
		return false;
	errno = faults[fault];
	return true;
}

/* A function and a pointer to an object are not the same to C. */
static void find(const char *name, void *ret_function)
{
	*(void **)ret_function = dlsym(RTLD_NEXT, name);
}

int sendmmsg(int fd, struct mmsghdr *messages, unsigned count, int flags)
{
	static int (*real)(int, struct mmsghdr *, unsigned, int);

	if (!real)
		find("sendmmsg", &real);
	return fails(FAULT_SEND) ? -1 : real(fd, messages, count, flags);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	static ssize_t (*real)(int, const struct iovec *, int);

	if (!real)
		find("writev", &real);
	if (count > 1 && parts->iov_len == sizeof(struct virtio_net_hdr) &&
	    fails(FAULT_WRITE))
		return -1;
	return real(fd, parts, count);
}
