/* SPDX-License-Identifier: ISC */
/* Two tun devices of the kernel, its UDP sockets, and what it did. */
#include "receive_kernel.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/attributes.h"
#include "packet/ip.h"

enum {
	ICMPV6_FIRST_OF_LINK = 130,
	ICMPV6_LAST_OF_LINK = 143
};

static struct {
	int in, out;	/* tun0, tun1 */
	int sockets[2]; /* the plain ones */
	bool has_trace;
} kernel;

static void die(const char *what)
{
	printf("bail %s: %s\n", what, strerror(errno));
	kernel_close();
	exit(1);
}

static int open_tun(const char *name)
{
	struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);

	snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &request))
		die(name);
	return fd;
}

/* No limits on answers, and no packets of the kernel's own accord. */
static const char *const commands[] = {
    "sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1"
    " net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.tun0.rp_filter=1"
    " net.ipv4.icmp_ratelimit=0 net.ipv4.icmp_ratemask=0"
    " net.ipv6.icmp.ratelimit=0"
    " net.ipv4.ipfrag_time=3600 net.ipv6.ip6frag_time=3600",
    "sysctl -qw net.ipv4.icmp_msgs_per_sec=100000000"
    " net.ipv4.icmp_msgs_burst=100000000 2>/dev/null || true",
    "for i in all tun0 tun1; do sysctl -qw"
    " net.ipv4.conf.$i.send_redirects=0 net.ipv4.conf.$i.accept_redirects=0"
    " net.ipv6.conf.$i.accept_redirects=0 net.ipv6.conf.$i.accept_ra=0"
    " net.ipv6.conf.$i.router_solicitations=0; done",
    "sysctl -qw net.ipv6.conf.tun0.addr_gen_mode=1"
    " net.ipv6.conf.tun1.addr_gen_mode=1",
    "ip link set lo up",
    /* behind a queue a packet may leave later, from a soft interrupt */
    "for i in tun0 tun1; do tc qdisc replace dev $i root noqueue; done",
    "ip link set tun0 up && ip link set tun1 mtu 1280 up",
    "ip address add 10.9.0.1/24 dev tun0",
    "ip address add 10.8.0.1/24 dev tun1",
    "ip address add 10.9.0.2/32 dev tun0",
    "ip address add fd09::2/128 dev tun0 nodad",
    "ip address add fd09::1/64 dev tun0 nodad",
    "ip address add fd08::1/64 dev tun1 nodad",
    "ip route add 10.21.0.0/16 dev tun0",
    "for i in ::/1 8000::/2 c000::/3 e000::/4 f000::/5 f800::/6 fc00::/7"
    " fe00::/9 fec0::/10; do ip route add $i dev tun0 || exit 1; done",
    "ip route add 10.20.0.0/16 dev tun1 && ip route add fd20::/32 dev tun1",
    "ip route add unreachable fd30::/14",
    "ip route add unreachable ::/128",
};

static int open_socket(int family, uint16_t port)
{
	struct sockaddr_in v4 = {
	    .sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {
	    .sin6_family = AF_INET6, .sin6_port = htons(port)};
	int one = 1, fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	if (fd < 0)
		die("socket");
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	if (family == AF_INET ? bind(fd, (struct sockaddr *)&v4, sizeof(v4))
			      : bind(fd, (struct sockaddr *)&v6, sizeof(v6)))
		die("bind");
	return fd;
}

static void set_smallest_buffer(int fd)
{
	int bytes = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)))
		die("SO_RCVBUF");
}

static void refuse_all(int fd)
{
	struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = {1, &none};

	if (setsockopt(
		fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)))
		die("SO_ATTACH_FILTER");
}

/* Over loopback, with what is left of the buffer too small for anything. */
static void fill(int family, uint16_t port)
{
	int fd = open_socket(family, 0);
	struct sockaddr_in v4 = {.sin_family = AF_INET,
	    .sin_port = htons(port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
	    .sin6_port = htons(port),
	    .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	bool is_v4 = family == AF_INET;

	for (int i = 0; i < 10; i++)
		if (sendto(fd, "", 1, 0,
			is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
			is_v4 ? sizeof(v4) : sizeof(v6)) != 1)
			die("filling a socket");
	close(fd);
}

/* All but the plain one stay open until the program ends. */
static int open_sockets(int family)
{
	int filtered = open_socket(family, 9), plain = open_socket(family, 7);
	int full = open_socket(family, 8), both = open_socket(family, 10);

	refuse_all(filtered);
	set_smallest_buffer(full);
	fill(family, 8);
	set_smallest_buffer(both);
	fill(family, 10);
	refuse_all(both);
	return plain;
}

void kernel_open(const char *instance)
{
	char text[KERNEL_COUNTERS_TEXT];
	const char *failed;

	kernel.in = open_tun("tun0");
	kernel.out = open_tun("tun1");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (system(commands[i]) != 0)
			die(commands[i]);
	kernel.sockets[0] = open_sockets(AF_INET);
	kernel.sockets[1] = open_sockets(AF_INET6);
	kernel.has_trace = true;
	failed = trace_open(instance, "tun0");
	if (failed)
		die(failed);
	kernel_counters(text);
}

void kernel_close(void)
{
	if (kernel.has_trace)
		trace_close();
}

/* What is forwarded, whatever it is, goes to no group, and has lost a hop. */
static bool may_be_own(const uint8_t *bytes)
{
	if (bytes[0] >> 4 == FAMILY_IPV4)
		return bytes[16] >> 4 == 0xe;
	return bytes[24] == 0xff || bytes[7] == 255;
}

/* What the kernel says on its own: who listens to which group, neighbours. */
static bool is_noise(const uint8_t *bytes, size_t len)
{
	static const uint8_t from_us[] = {0xfd, 0x08}, link[] = {0xfe, 0x80};
	static const uint8_t nobody[16];
	const uint8_t *icmp = bytes + IPV6_BYTES;

	if (len < IPV6_BYTES + ICMP_BYTES || !may_be_own(bytes))
		return false;
	if (bytes[0] >> 4 == FAMILY_IPV4)
		return bytes[9] == 2 && bytes[12] == 10 && bytes[15] == 1;
	if (bytes[6] == IP_PROTOCOL_HOP_BY_HOP && len > IPV6_BYTES + 16 &&
	    icmp[0] == IP_PROTOCOL_ICMPV6)
		icmp += 8;
	else if (bytes[6] != IP_PROTOCOL_ICMPV6)
		return false;
	return (!memcmp(bytes + 8, link, 2) || !memcmp(bytes + 8, nobody, 16) ||
		   (bytes[8] == from_us[0] && bytes[9] >= from_us[1] &&
		       bytes[23] == 1)) &&
	       icmp[0] >= ICMPV6_FIRST_OF_LINK &&
	       icmp[0] <= ICMPV6_LAST_OF_LINK;
}

static void take(int fd, struct kernel_out *out)
{
	static uint8_t bytes[65536];
	ssize_t len;

	out->count = 0;
	while ((len = read(fd, bytes, sizeof(bytes))) > 0) {
		struct kernel_packet *packet = &out->packets[out->count];

		if (is_noise(bytes, (size_t)len) || out->count == KERNEL_OUT ||
		    len > KERNEL_PACKET_BYTES)
			continue;
		packet->len = (uint16_t)len;
		memcpy(packet->bytes, bytes, (size_t)len);
		out->count++;
	}
}

static void receive(int fd, struct kernel_outcome *outcome)
{
	uint8_t bytes[KERNEL_PACKET_BYTES];
	ssize_t len = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_TRUNC);

	if (len < 0)
		return;
	outcome->is_received = true;
	outcome->received = (uint16_t)len;
}

void kernel_send(uint32_t number, const uint8_t *packet, size_t len,
    struct kernel_outcome *outcome)
{
	outcome->error = 0;
	outcome->is_received = false;
	outcome->reason[0] = outcome->function[0] = '\0';
	if (!trace_mark(number))
		die("trace_marker");
	if (write(kernel.in, packet, len) < 0)
		outcome->error = errno;
	receive(kernel.sockets[len && packet[0] >> 4 == FAMILY_IPV6], outcome);
	take(kernel.in, &outcome->answers);
	take(kernel.out, &outcome->forwarded);
}

static void note_drop(void *context, const struct trace_drop *drop)
{
	struct kernel_outcome *(**outcome_of)(uint32_t number) = context;
	struct kernel_outcome *outcome = (*outcome_of)(drop->number);

	if (!outcome || outcome->reason[0])
		return;
	memcpy(outcome->reason, drop->reason, sizeof(drop->reason));
	memcpy(outcome->function, drop->function, sizeof(drop->function));
}

void kernel_read_drops(struct kernel_outcome *(*outcome_of)(uint32_t number))
{
	trace_read(note_drop, &outcome_of);
}
