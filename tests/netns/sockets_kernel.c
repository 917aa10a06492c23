/* SPDX-License-Identifier: ISC */
/* The kernel's side of sockets_model. */
#include "sockets_kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/sock_diag.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static int tun = -1;

void kernel_die(const char *what)
{
	printf("bail %s: %s\n", what, strerror(errno));
	exit(1);
}

static void __attribute__((format(printf, 1, 2))) run(const char *format, ...)
{
	char text[128];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (system(text) != 0)
		kernel_die(text);
}

void kernel_open(const char *device)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", device);
	tun = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (tun < 0 || ioctl(tun, TUNSETIFF, &request) < 0)
		kernel_die("tun");
	run("ip link set %s mtu 65535 up", device);
	run("ip addr add 10.9.0.1/24 dev %s", device);
	run("ip addr add 10.9.0.2/24 dev %s", device);
	run("ip addr add fd09::1/64 dev %s nodad", device);
	run("ip addr add fd09::2/64 dev %s nodad", device);
}

void kernel_write(const uint8_t *bytes, size_t len)
{
	uint8_t back[2048];

	if (write(tun, bytes, len) != (ssize_t)len)
		kernel_die("write");
	while (read(tun, back, sizeof(back)) > 0)
		; /* ICMP errors */
}

/* ---- sockets ---- */

static socklen_t fill(struct sockaddr_storage *ret, bool is_ipv6,
    const struct address *address, uint16_t port)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};

	six.sin6_port = four.sin_port = htons(port);
	memcpy(&six.sin6_addr, address->bytes, sizeof(six.sin6_addr));
	memcpy(&four.sin_addr, address->bytes, sizeof(four.sin_addr));
	if (is_ipv6)
		memcpy(ret, &six, sizeof(six));
	else
		memcpy(ret, &four, sizeof(four));
	return is_ipv6 ? sizeof(six) : sizeof(four);
}

static void set_buffer(int fd, uint32_t *bytes)
{
	int half = (int)(*bytes / 2); /* the kernel doubles it */
	socklen_t len = sizeof(*bytes);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &half, sizeof(half)) ||
	    getsockopt(fd, SOL_SOCKET, SO_RCVBUF, bytes, &len))
		kernel_die("SO_RCVBUF");
}

int kernel_socket(const struct socket_setup *setup, uint32_t *rcvbuf_bytes)
{
	bool is_ipv6 = setup->address.family != FAMILY_IPV4;
	struct sockaddr_storage name;
	socklen_t len;
	int one = 1, zero = 0;
	int fd = socket(is_ipv6 ? AF_INET6 : AF_INET,
	    SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)))
		kernel_die("socket");
	if (is_ipv6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &zero, sizeof(zero)))
		kernel_die("IPV6_V6ONLY");
	set_buffer(fd, rcvbuf_bytes);
	len = fill(&name, is_ipv6, &setup->address, setup->port);
	if (bind(fd, (struct sockaddr *)&name, len))
		kernel_die("bind");
	if (setup->peer.family == FAMILY_NONE)
		return fd;
	len = fill(&name, is_ipv6, &setup->peer, setup->peer_port);
	if (connect(fd, (struct sockaddr *)&name, len))
		kernel_die("connect");
	return fd;
}

void kernel_set_filter(
    int fd, const struct bpf_instruction *program, size_t count)
{
	struct sock_filter list[16];
	struct sock_fprog whole = {(unsigned short)count, list};
	int zero = 0;

	if (!count) {
		(void)!setsockopt(
		    fd, SOL_SOCKET, SO_DETACH_FILTER, &zero, sizeof(zero));
		return;
	}
	memcpy(list, program, count * sizeof(*program));
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &whole, sizeof(whole)))
		kernel_die("SO_ATTACH_FILTER");
}

uint32_t kernel_charged(int fd)
{
	uint32_t memory[SK_MEMINFO_VARS];
	socklen_t len = sizeof(memory);

	if (getsockopt(fd, SOL_SOCKET, SO_MEMINFO, memory, &len))
		kernel_die("SO_MEMINFO");
	return memory[SK_MEMINFO_RMEM_ALLOC];
}

long kernel_receive(int fd)
{
	uint8_t byte;
	ssize_t len = recv(fd, &byte, sizeof(byte), MSG_TRUNC);

	if (len < 0 && errno != EAGAIN)
		kernel_die("recv");
	return len;
}

/* ---- counters ---- */

static void read_udp(char *line, struct kernel_counters *ret)
{
	uint64_t values[8] = {0};
	char *at = strchr(line, ' ');

	for (size_t i = 0; i < 8 && at; i++)
		values[i] = strtoull(at, &at, 10);
	ret->no_ports = values[1];
	ret->in_errors = values[2];
	ret->rcvbuf_errors = values[4];
	ret->csum_errors = values[6];
}

/* "Udp:" comes twice: names, then values. */
void kernel_count(struct kernel_counters *ret)
{
	FILE *file = fopen("/proc/thread-self/net/snmp", "re");
	char line[4096];
	int seen = 0;

	if (!file)
		kernel_die("snmp");
	while (fgets(line, sizeof(line), file))
		if (!strncmp(line, "Udp: ", 5) && ++seen == 2)
			read_udp(line, ret);
	fclose(file);
}

enum drop kernel_reason(
    const struct kernel_counters *before, const struct kernel_counters *after)
{
	if (after->no_ports > before->no_ports)
		return DROP_NO_SOCKET;
	if (after->csum_errors > before->csum_errors)
		return DROP_UDP_CSUM;
	if (after->rcvbuf_errors > before->rcvbuf_errors)
		return DROP_SOCKET_RCVBUFF;
	return after->in_errors > before->in_errors ? DROP_SOCKET_FILTER
						    : DROP_NONE;
}
