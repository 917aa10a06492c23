/* SPDX-License-Identifier: ISC */
/* The one UDP socket: how it is made. */
#include "io/udp_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#define RECEIVE_BUFFER_BYTES (16 << 20)
#define SEND_BUFFER_BYTES    (4 << 20)

struct option {
	int family; /* of the socket, 0: any */
	int level, name, value;
};

/* An IPv6 socket needs IPv4's options as well, for mapped addresses. */
static const struct option options[] = {
    {0, SOL_IP, IP_PKTINFO, 1},
    {0, SOL_IP, IP_RECVTOS, 1},
    {0, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT},
    {0, SOL_SOCKET, SO_RXQ_OVFL, 1},
    {0, SOL_SOCKET, SO_TIMESTAMPNS, 1},
    {AF_INET6, SOL_IPV6, IPV6_RECVPKTINFO, 1},
    {AF_INET6, SOL_IPV6, IPV6_RECVTCLASS, 1},
    {AF_INET6, SOL_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_OMIT},
};

static int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

static int set_options(int fd, int family)
{
	int error = 0;

	for (size_t i = 0; i < ARRAY_SIZE(options) && !error; i++)
		if (!options[i].family || options[i].family == family)
			error = set_option(fd, options[i].level,
			    options[i].name, options[i].value);
	return error;
}

static void set_receive_buffer(int fd, int bytes)
{
	if (set_option(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes))
		(void)set_option(fd, SOL_SOCKET, SO_RCVBUF, bytes);
}

static void set_send_buffer(int fd, int bytes)
{
	if (set_option(fd, SOL_SOCKET, SO_SNDBUFFORCE, bytes))
		(void)set_option(fd, SOL_SOCKET, SO_SNDBUF, bytes);
}

/* Beyond net.core.{r,w}mem_max where we may, else up to it. */
static void enlarge_buffers(int fd)
{
	set_receive_buffer(fd, RECEIVE_BUFFER_BYTES);
	set_send_buffer(fd, SEND_BUFFER_BYTES);
}

static int bind_to(int fd, int family, const struct udp_setup *setup)
{
	struct endpoint local = {.address = setup->listen, .port = setup->port};
	union sockaddr_any name;
	socklen_t len = sockaddr_write(&name, family, &local);

	if (!len)
		return -EAFNOSUPPORT;
	return bind(fd, &name.any, len) ? -errno : 0;
}

static int make_socket(int family, const struct udp_setup *setup)
{
	int fd = socket(
	    family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_UDP);
	int error = fd < 0 ? -errno : 0;

	if (!error && family == AF_INET6)
		error = set_option(fd, SOL_IPV6, IPV6_V6ONLY, 0);
	if (!error)
		error = set_options(fd, family);
	if (!error)
		error = bind_to(fd, family, setup);
	if (error && fd >= 0)
		close(fd);
	if (error)
		return error;
	enlarge_buffers(fd);
	return fd;
}

bool udp_is_release_unsound(const char *release)
{
	unsigned major, minor;

	return sscanf(release, "%u.%u", &major, &minor) == 2 && major == 7 &&
	       minor <= 1;
}

bool udp_is_gso_unsound(void)
{
	struct utsname name;

	return uname(&name) != 0 || udp_is_release_unsound(name.release);
}

static bool can_gso(int fd)
{
	int value;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_UDP, UDP_SEGMENT, &value, &len) == 0 &&
	       !udp_is_gso_unsound();
}

bool udp_has_gso(const struct udp *udp)
{
	return udp->has_gso;
}

static bool is_any(const struct address *address)
{
	static const uint8_t zeros[16];

	return memcmp(address->bytes, zeros, sizeof(zeros)) == 0;
}

/* "::" on a host without IPv6 means each IPv4 address. */
static int open_family(struct udp *udp, const struct udp_setup *setup)
{
	struct udp_setup v4 = *setup;

	udp->family = setup->listen.family == FAMILY_IPV4 ? AF_INET : AF_INET6;
	udp->fd = make_socket(udp->family, setup);
	if (udp->family == AF_INET6 && is_any(&setup->listen) &&
	    (udp->fd == -EAFNOSUPPORT || udp->fd == -EADDRNOTAVAIL)) {
		v4.listen.family = FAMILY_IPV4;
		udp->family = AF_INET;
		udp->fd = make_socket(AF_INET, &v4);
	}
	return udp->fd < 0 ? udp->fd : 0;
}

static uint16_t port_of(int fd)
{
	union sockaddr_any name = {0};
	socklen_t len = sizeof(name);
	struct endpoint local = {0};

	if (getsockname(fd, &name.any, &len) == 0)
		sockaddr_read(&local, &name);
	return local.port;
}

static void prepare_slot(struct udp_slot *slot, struct mmsghdr *header)
{
	header->msg_hdr.msg_name = &slot->name;
	header->msg_hdr.msg_iov = &slot->bytes;
	header->msg_hdr.msg_iovlen = 1;
	header->msg_hdr.msg_control = slot->control;
}

static void prepare_slots(struct udp *udp)
{
	for (size_t i = 0; i < PACKET_BATCH; i++) {
		prepare_slot(&udp->rx[i], &udp->rx_headers[i]);
		prepare_slot(&udp->tx[i], &udp->tx_headers[i]);
	}
}

static int complain(
    int code, const struct udp_setup *setup, char *error, size_t room)
{
	char address[ADDRESS_TEXT_BYTES];
	const char *text = strerror(-code);

	if (code == -EADDRINUSE)
		text = "another program has this port, perhaps a second vpnd";
	if (code == -EACCES)
		text = "ports below 1024 need CAP_NET_BIND_SERVICE";
	address_format(&setup->listen, address, sizeof(address));
	snprintf(error, room, "UDP address %s port %u: %s", address,
	    setup->port, text);
	return code;
}

int udp_open(
    struct udp **ret, const struct udp_setup *setup, char *error, size_t room)
{
	struct udp *udp = calloc(1, sizeof(*udp));
	int code = udp ? open_family(udp, setup) : -ENOMEM;

	if (code) {
		free(udp);
		return complain(code, setup, error, room);
	}
	udp->pool = setup->pool;
	udp->port = port_of(udp->fd);
	udp->has_gso = setup->wants_gso && can_gso(udp->fd);
	if (setup->wants_gro)
		udp_gro_begin(udp);
	prepare_slots(udp);
	*ret = udp;
	return 0;
}

int udp_twin(struct udp **ret, const struct udp *of)
{
	struct udp *udp = calloc(1, sizeof(*udp));

	if (!udp)
		return -ENOMEM;
	udp->is_twin = true;
	udp->fd = of->fd;
	udp->family = of->family;
	udp->port = of->port;
	udp->pool = of->pool;
	udp->has_gso = of->has_gso;
	prepare_slots(udp);
	*ret = udp;
	return 0;
}

void udp_close(struct udp *udp)
{
	if (!udp)
		return;
	for (size_t i = 0; i < PACKET_BATCH; i++)
		pool_put(udp->pool, udp->rx[i].pkt);
	if (!udp->is_twin)
		close(udp->fd);
	free(udp->gro_bytes);
	free(udp);
}

int udp_fd(const struct udp *udp)
{
	return udp->fd;
}

uint16_t udp_port(const struct udp *udp)
{
	return udp->port;
}

bool udp_has_ipv6(const struct udp *udp)
{
	return udp->family == AF_INET6;
}

static size_t buffer_bytes(const struct udp *udp, int option)
{
	int bytes = 0;
	socklen_t len = sizeof(bytes);

	(void)getsockopt(udp->fd, SOL_SOCKET, option, &bytes, &len);
	return (size_t)bytes;
}

size_t udp_receive_buffer_bytes(const struct udp *udp)
{
	return buffer_bytes(udp, SO_RCVBUF);
}

size_t udp_send_buffer_bytes(const struct udp *udp)
{
	return buffer_bytes(udp, SO_SNDBUF);
}

void udp_limit_receive_buffer(struct udp *udp, size_t bytes)
{
	/* the kernel doubles it, as it counts its own overhead */
	set_receive_buffer(udp->fd, (int)(bytes / 2));
}

void udp_limit_send_buffer(struct udp *udp, size_t bytes)
{
	set_send_buffer(udp->fd, (int)(bytes / 2));
}

int udp_set_mark(struct udp *udp, uint32_t mark)
{
	return set_option(udp->fd, SOL_SOCKET, SO_MARK, (int)mark);
}
