/* SPDX-License-Identifier: ISC */
/*
 * What the kernel may refuse, on demand: loaded before vpnd (LD_PRELOAD), as
 * strace, which could inject errors too, is forbidden by vpnd's own sandbox.
 *
 * INJECT in the environment is a list of NAME=WHAT, separated by commas:
 *
 *	gso=ERROR:N     sends with UDP_SEGMENT are refused from the N-th on
 *	gso=ERROR:N@ADDRESS   those to this address
 *	lost=N          they leave, and are lost on the way, likewise
 *	whole=ERROR:N   likewise super-packets for the device
 *	down=ERROR:N    each N-th packet for the device is refused
 *	again=N         each N-th datagram to be sent has to wait (EAGAIN)
 *	intr=N          a signal interrupts each N-th call (EINTR)
 *	short=N         sendmmsg and recvmmsg carry N messages a call at most
 *	gro=ERROR       the socket does not take UDP_GRO
 *	uso=ERROR       the device does not take UDP super-packets, as before
 *			Linux 6.2
 *	tso=ERROR       it takes none
 *	header=ERROR    it has no virtio-net header
 *	busy=N          the processor's time that is used: all that two have in
 *			N milliseconds, none in the next N, and so on; 0: as
 *			the test says
 *
 * The first time that one of them happens, a line on stderr says so.
 *
 * FAULTS in the environment is a file of words, which the test may change at any
 * time: the errno of what is sent over UDP, and of what is written to the
 * device, 0: none; how long the datagrams are that are not sent, 0: any length;
 * and whether the processor's time is all used (busy=0). A length keeps
 * handshakes and probes out of it, whenever they are due.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define ALL_TSO (TUN_F_TSO4 | TUN_F_TSO6)
#define ALL_USO 0x60 /* TUN_F_USO4 | TUN_F_USO6, which older headers lack */

enum fault {
	GSO,
	LOST,
	WHOLE,
	DOWN,
	AGAIN,
	INTR,
	SHORT,
	GRO,
	USO,
	TSO,
	HEADER,
	BUSY,
	FAULTS
};

static const char *const names[FAULTS] = {"gso", "lost", "whole", "down", "again",
    "intr", "short", "gro", "uso", "tso", "header", "busy"};

static const struct {
	const char *name;
	int error;
} errors[] = {
    {"EIO", EIO},
    {"EINVAL", EINVAL},
    {"EMSGSIZE", EMSGSIZE},
    {"EOPNOTSUPP", EOPNOTSUPP},
    {"ENOPROTOOPT", ENOPROTOOPT},
    {"ENOBUFS", ENOBUFS},
};

static struct {
	bool is_on;
	int error;
	unsigned n;
	const char *to; /* its only address; NULL: any */
	atomic_uint seen, told;
} faults[FAULTS];

static int error_of(const char *text, size_t len)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (strlen(errors[i].name) == len &&
		    strncmp(errors[i].name, text, len) == 0)
			return errors[i].error;
	return 0;
}

/* "EIO:20", "EIO" or "20", and perhaps "@ADDRESS" */
static void read_fault(enum fault fault, char *text)
{
	char *to = strchr(text, '@');
	const char *colon;

	if (to)
		*to++ = '\0';
	colon = strchr(text, ':');
	faults[fault].is_on = true;
	faults[fault].to = to;
	faults[fault].error =
	    error_of(text, colon ? (size_t)(colon - text) : strlen(text));
	if (colon || !faults[fault].error)
		faults[fault].n =
		    (unsigned)strtoul(colon ? colon + 1 : text, NULL, 10);
}

__attribute__((constructor)) static void read_inject(void)
{
	const char *inject = getenv("INJECT");
	static char text[256]; /* addresses stay in it */
	char *rest = text, *word;

	if (!inject)
		return;
	snprintf(text, sizeof(text), "%s", inject);
	while ((word = strsep(&rest, ","))) {
		char *what = strchr(word, '=');
		size_t fault = 0;

		if (!what)
			continue;
		*what++ = '\0';
		while (fault < FAULTS && strcmp(names[fault], word) != 0)
			fault++;
		if (fault < FAULTS)
			read_fault((enum fault)fault, what);
	}
}

/* ---- those that the test changes ---- */

enum word {
	SENT,
	WRITTEN,
	SENT_LEN,
	USED,
	WORDS
};

static const volatile int *words;

__attribute__((constructor)) static void map_words(void)
{
	const char *path = getenv("FAULTS");
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	void *mapped;

	if (fd < 0)
		return;
	mapped = mmap(NULL, WORDS * sizeof(int), PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	if (mapped != MAP_FAILED)
		words = mapped;
}

static bool fails(enum word word)
{
	if (!words || !words[word])
		return false;
	errno = words[word];
	return true;
}

/* ---- those that are told at the beginning ---- */

static bool tell(enum fault fault)
{
	char line[64];
	int len;

	if (atomic_exchange(&faults[fault].told, 1))
		return true;
	len = snprintf(line, sizeof(line), "inject: %s\n", names[fault]);
	(void)!write(STDERR_FILENO, line, (size_t)len);
	return true;
}

static bool from_nth_on(enum fault fault)
{
	return faults[fault].is_on &&
	       atomic_fetch_add(&faults[fault].seen, 1) >= faults[fault].n &&
	       tell(fault);
}

/* Of faults that come again and again: this call is one. */
static bool is_due(enum fault fault)
{
	return faults[fault].is_on &&
	       (atomic_load(&faults[fault].seen) + 1) % faults[fault].n == 0;
}

static bool each_nth(enum fault fault)
{
	bool is_one = is_due(fault);

	atomic_fetch_add(&faults[fault].seen, 1);
	return is_one && tell(fault);
}

static bool is_refused(enum fault fault)
{
	return faults[fault].is_on && tell(fault);
}

static int fail(int error)
{
	errno = error;
	return -1;
}

static unsigned shorten(unsigned count)
{
	if (!faults[SHORT].is_on || count <= faults[SHORT].n)
		return count;
	tell(SHORT);
	return faults[SHORT].n;
}

/* ---- the socket ---- */

static bool has_segments(const struct msghdr *header)
{
	struct msghdr copy = *header;
	struct cmsghdr *option;

	for (option = CMSG_FIRSTHDR(&copy); option;
	     option = CMSG_NXTHDR(&copy, option))
		if (option->cmsg_level == SOL_UDP &&
		    option->cmsg_type == UDP_SEGMENT)
			return true;
	return false;
}

/* Control sockets and netlink are left alone. */
static bool is_datagram(const struct msghdr *header)
{
	return header->msg_name && header->msg_namelen &&
	       (((struct sockaddr *)header->msg_name)->sa_family == AF_INET ||
		   ((struct sockaddr *)header->msg_name)->sa_family ==
		       AF_INET6);
}

/* An IPv4 address may be a mapped one: "::ffff:10.99.0.3". */
static bool goes_there(enum fault fault, const struct msghdr *header)
{
	const struct sockaddr *any = header->msg_name;
	const void *address =
	    any->sa_family == AF_INET
		? (const void *)&((const struct sockaddr_in *)any)->sin_addr
		: &((const struct sockaddr_in6 *)any)->sin6_addr;
	const char *to = faults[fault].to;
	char text[INET6_ADDRSTRLEN];
	size_t len;

	if (!to || !inet_ntop(any->sa_family, address, text, sizeof(text)))
		return !to;
	len = strlen(text);
	return len >= strlen(to) && strcmp(text + len - strlen(to), to) == 0;
}

static ssize_t bytes_of(const struct msghdr *header)
{
	size_t bytes = 0;

	for (size_t i = 0; i < header->msg_iovlen; i++)
		bytes += header->msg_iov[i].iov_len;
	return (ssize_t)bytes;
}

/* Whether a fault that the test changes is about this datagram. */
static bool is_meant(const struct msghdr *header)
{
	return !words || !words[SENT_LEN] ||
	       bytes_of(header) == words[SENT_LEN];
}

static ssize_t send_one(int fd, const struct msghdr *header, int flags)
{
	if (is_datagram(header)) {
		if (is_meant(header) && fails(SENT))
			return -1;
		if (each_nth(INTR))
			return fail(EINTR);
		if (each_nth(AGAIN))
			return fail(EAGAIN);
		if (has_segments(header) && goes_there(GSO, header) &&
		    from_nth_on(GSO))
			return fail(faults[GSO].error);
		if (has_segments(header) && from_nth_on(LOST))
			return bytes_of(header);
	}
	return syscall(SYS_sendmsg, fd, header, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *header, int flags)
{
	return send_one(fd, header, flags);
}

/* As the kernel's: what fails behind the first is told by the next call, which
 * is why a fault there has to wait for it. */
int sendmmsg(int fd, struct mmsghdr *headers, unsigned count, int flags)
{
	unsigned sent = 0;

	count = shorten(count);
	while (sent < count && !(sent && (is_due(AGAIN) || is_due(INTR)))) {
		ssize_t len = send_one(fd, &headers[sent].msg_hdr, flags);

		if (len < 0)
			break;
		headers[sent++].msg_len = (unsigned)len;
	}
	return sent || !count ? (int)sent : -1;
}

int recvmmsg(int fd, struct mmsghdr *headers, unsigned count, int flags,
    struct timespec *timeout)
{
	if (each_nth(INTR))
		return fail(EINTR);
	return (int)syscall(
	    SYS_recvmmsg, fd, headers, shorten(count), flags, timeout);
}

int setsockopt(int fd, int level, int name, const void *value, socklen_t len)
{
	if (level == SOL_UDP && name == UDP_GRO && is_refused(GRO))
		return fail(faults[GRO].error);
	return (int)syscall(SYS_setsockopt, fd, level, name, value, len);
}

/* ---- the device ---- */

static const struct virtio_net_hdr *header_of(
    const struct iovec *parts, int count)
{
	return count > 1 && parts[0].iov_len == sizeof(struct virtio_net_hdr)
		   ? parts[0].iov_base
		   : NULL;
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
	const struct virtio_net_hdr *header = header_of(parts, count);

	if (header) {
		if (fails(WRITTEN))
			return -1;
		if (each_nth(INTR))
			return fail(EINTR);
		if (each_nth(DOWN))
			return fail(faults[DOWN].error);
		if (header->gso_type && from_nth_on(WHOLE))
			return fail(faults[WHOLE].error);
	}
	return syscall(SYS_writev, fd, parts, count);
}

ssize_t readv(int fd, const struct iovec *parts, int count)
{
	if (header_of(parts, count) && each_nth(INTR))
		return fail(EINTR);
	return syscall(SYS_readv, fd, parts, count);
}

static int refusal(unsigned long request, unsigned long argument)
{
	const struct ifreq *device = (const struct ifreq *)argument;

	if (request == TUNSETIFF && device->ifr_flags & IFF_VNET_HDR &&
	    is_refused(HEADER))
		return faults[HEADER].error;
	if (request == TUNSETOFFLOAD && argument & ALL_TSO && is_refused(TSO))
		return faults[TSO].error;
	if (request == TUNSETOFFLOAD && argument & ALL_USO && is_refused(USO))
		return faults[USO].error;
	return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
	unsigned long argument;
	va_list list;
	int error;

	va_start(list, request);
	argument = va_arg(list, unsigned long);
	va_end(list);
	error = refusal(request, argument);
	return error ? fail(error)
		     : (int)syscall(SYS_ioctl, fd, request, argument);
}

/* ---- the clock ---- */

#define NS_PER_MS INT64_C(1000000)
#define NS_PER_S  INT64_C(1000000000)

static int64_t busy_ns(int64_t now_ns)
{
	int64_t part_ns = faults[BUSY].n * NS_PER_MS;
	int64_t parts = now_ns / part_ns, into_ns = now_ns % part_ns;
	int64_t before_ns = (parts + 1) / 2 * part_ns;

	return 2 * (before_ns + (parts % 2 ? 0 : into_ns));
}

/* One thread asks. */
static int64_t used_ns(int64_t now_ns)
{
	static int64_t before_ns, used;

	if (faults[BUSY].n)
		return busy_ns(now_ns);
	if (before_ns && words && words[USED])
		used += 2 * (now_ns - before_ns);
	before_ns = now_ns;
	return used;
}

int clock_gettime(clockid_t id, struct timespec *at)
{
	int64_t ns;

	if (id != CLOCK_PROCESS_CPUTIME_ID || !is_refused(BUSY))
		return (int)syscall(SYS_clock_gettime, id, at);
	if (syscall(SYS_clock_gettime, CLOCK_BOOTTIME, at))
		return -1;
	ns = used_ns(at->tv_sec * NS_PER_S + at->tv_nsec);
	*at = (struct timespec){ns / NS_PER_S, ns % NS_PER_S};
	return 0;
}
