/* SPDX-License-Identifier: ISC */
/* The tun or tap device: packets or frames out of the kernel, and back. */
#include "io/tun.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char node[] = "/dev/net/tun";

/* What went wrong, and what the reader can do about it. */
static const struct {
	int error;
	const char *text;
} node_errors[] =
    {
	{ENOENT,
	    "it does not exist: modprobe tun, or let the container have it"},
	{ENXIO, "the kernel has no tun driver: modprobe tun"},
	{ENODEV, "the kernel has no tun driver: modprobe tun"},
	{EPERM, "the sandbox forbids it: DeviceAllow=/dev/net/tun rw"},
	{EACCES, "no permission: run as root, or chmod 0666 it as udev does"},
},
  device_errors[] = {
      {EPERM, "no permission to create or attach it: CAP_NET_ADMIN is needed"},
      {EBUSY, "another program has it open, perhaps a second vpnd"},
      {ENAMETOOLONG, "the name is longer than 15 characters"},
};

/* What of each type differs. */
static const struct {
	short flags;
	const char *wrong_type;
} types[] = {
    [TUN_TYPE_TUN] = {IFF_TUN | IFF_NO_PI,
	"a device of that name exists and is no tun device"},
    [TUN_TYPE_TAP] = {IFF_TAP | IFF_NO_PI,
	"a device of that name exists and is no tap device"},
};

static int complain_of_node(int code, char *error, size_t room)
{
	const char *text = strerror(code);

	for (size_t i = 0; i < ARRAY_SIZE(node_errors); i++)
		if (node_errors[i].error == code)
			text = node_errors[i].text;
	snprintf(error, room, "%s: %s", node, text);
	return -code;
}

int tun_explain(
    int code, enum tun_type type, const char *name, char *error, size_t room)
{
	const char *text =
	    code == EINVAL ? types[type].wrong_type : strerror(code);

	for (size_t i = 0; i < ARRAY_SIZE(device_errors); i++)
		if (device_errors[i].error == code)
			text = device_errors[i].text;
	snprintf(error, room, "device %s: %s", name, text);
	return -code;
}

/* Linux 6.2; the headers of Debian 12 lack them. They go together. */
#ifndef TUN_F_USO4
#define TUN_F_USO4 0x20
#define TUN_F_USO6 0x40
#endif

#define TSO_FLAGS (TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6)
#define USO_FLAGS (TUN_F_USO4 | TUN_F_USO6)

/* The device has a virtio-net header; now for what it is good for. */
static void ask_for_offloads(int fd, struct tun_offload *offload)
{
	offload->has_tso = true;
	offload->has_uso = true;
	if (ioctl(fd, TUNSETOFFLOAD, TSO_FLAGS | USO_FLAGS) == 0)
		return;
	offload->error = errno;
	offload->has_uso = false;
	if (ioctl(fd, TUNSETOFFLOAD, TSO_FLAGS) == 0)
		return;
	offload->has_tso = false;
}

static int attach(int fd, struct ifreq *request, int flags)
{
	request->ifr_flags = (short)flags;
	return ioctl(fd, TUNSETIFF, request) ? -errno : 0;
}

/* It stays without a program that has it open. */
static bool is_kept(int fd)
{
	struct ifreq request = {0};

	return ioctl(fd, TUNGETIFF, &request) == 0 &&
	       request.ifr_flags & IFF_PERSIST;
}

/* One that is there has either one queue for ever, or more, and then the kernel
 * lets everybody in: but not us, where somebody must be. */
static int attach_there(
    int fd, struct ifreq *request, int flags, bool *ret_has_queues)
{
	int code = attach(fd, request, flags | IFF_MULTI_QUEUE);

	*ret_has_queues = !code;
	if (!code && !is_kept(fd))
		return -EBUSY;
	return code == -EINVAL ? attach(fd, request, flags) : code;
}

/* 0 or negative errno; -EBUSY: another program has it. `queues` is 0 or
 * IFF_MULTI_QUEUE, of one that is made. */
static int attach_alone(int fd, struct ifreq *request, int flags, int queues,
    bool *ret_has_queues)
{
	int code = attach(fd, request, flags | queues | IFF_TUN_EXCL);

	*ret_has_queues = queues;
	return code == -EBUSY
		   ? attach_there(fd, request, flags, ret_has_queues)
		   : code;
}

static int attach_with_header(
    int fd, enum tun_type type, struct ifreq *request, struct tun_offload *ret)
{
	int header_bytes = sizeof(struct virtio_net_hdr);
	int code = attach_alone(fd, request, types[type].flags | IFF_VNET_HDR,
	    IFF_MULTI_QUEUE, &ret->has_queues);

	if (code)
		return code;
	ret->has_header = true;
	/* a device that was kept may have longer ones */
	(void)ioctl(fd, TUNSETVNETHDRSZ, &header_bytes);
	ask_for_offloads(fd, ret);
	return 0;
}

/* 0 or negative errno. */
static int attach_best(
    int fd, enum tun_type type, struct ifreq *request, struct tun_offload *ret)
{
	bool has_queues;
	int code;

	if (ret) {
		*ret = (struct tun_offload){0};
		code = attach_with_header(fd, type, request, ret);
		if (code != -EINVAL)
			return code;
		*ret = (struct tun_offload){.error = EINVAL};
	}
	code = attach_alone(fd, request, types[type].flags, 0, &has_queues);
	/* a device that was kept may still have what an earlier vpnd asked for
	 */
	if (!code)
		(void)ioctl(fd, TUNSETOFFLOAD, 0);
	return code;
}

int tun_open(enum tun_type type, const char *name,
    struct tun_offload *ret_offload, char ret_name[TUN_NAME_BYTES], char *error,
    size_t room)
{
	struct ifreq request = {0};
	int fd, code;

	if (strlen(name) >= sizeof(request.ifr_name))
		return tun_explain(ENAMETOOLONG, type, name, error, room);
	fd = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return complain_of_node(errno, error, room);
	memcpy(request.ifr_name, name, strlen(name));
	code = attach_best(fd, type, &request, ret_offload);
	if (code) {
		close(fd);
		return tun_explain(-code, type, name, error, room);
	}
	memcpy(ret_name, request.ifr_name, TUN_NAME_BYTES);
	return fd;
}

int tun_open_queue(enum tun_type type, const char *name)
{
	struct ifreq request = {0};
	int fd = open(node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	int code = fd < 0 ? -errno : 0;

	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	if (!code)
		code = attach(fd, &request,
		    types[type].flags | IFF_VNET_HDR | IFF_MULTI_QUEUE);
	if (code && fd >= 0)
		close(fd);
	return code ? code : fd;
}

int tun_name(int fd, char ret_name[TUN_NAME_BYTES])
{
	struct ifreq request = {0};

	if (ioctl(fd, TUNGETIFF, &request))
		return -errno;
	memcpy(ret_name, request.ifr_name, TUN_NAME_BYTES);
	return 0;
}

static enum tun_result drop(struct packet *pkt, enum drop reason)
{
	pkt->drop = reason;
	return TUN_DROPPED;
}

/* One byte more than a packet may have is asked for, as the kernel cuts what
 * is too long and does not tell. */
enum tun_result tun_read(int fd, struct packet *pkt)
{
	size_t largest = packet_tail_room(pkt) - PACKET_TAIL_BYTES;
	ssize_t len;

	do
		len = read(fd, packet_data(pkt), largest + 1);
	while (len < 0 && errno == EINTR);
	if (len < 0)
		return errno == EBADFD ? TUN_GONE : TUN_EMPTY;
	if ((size_t)len > largest)
		return drop(pkt, DROP_PKT_TOO_BIG);
	pkt->len = (uint32_t)len;
	return TUN_DONE;
}

size_t tun_discard(int fd, size_t most)
{
	char first_bytes[64]; /* the kernel drops what does not fit */
	size_t count = 0;

	while (count < most && read(fd, first_bytes, sizeof(first_bytes)) > 0)
		count++;
	return count;
}

enum drop tun_drop_of_error(int error)
{
	switch (error) {
	case EIO: /* the device is down */
		return DROP_DEV_READY;
	case ENOBUFS:
	case ENOMEM:
	case EAGAIN: /* the limit of TUNSETSNDBUF */
		return DROP_NOMEM;
	default:
		return DROP_DEV_HDR;
	}
}

enum tun_result tun_write(int fd, struct packet *pkt)
{
	ssize_t len;

	do
		len = write(fd, packet_data(pkt), pkt->len);
	while (len < 0 && errno == EINTR);
	if (len >= 0)
		return TUN_DONE;
	if (errno == EBADFD) {
		pkt->drop = DROP_DEV_READY;
		return TUN_GONE;
	}
	return drop(pkt, tun_drop_of_error(errno));
}
