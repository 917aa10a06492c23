/* SPDX-License-Identifier: ISC */
/*
 * Requests to rtnetlink.
 *
 * How it works: a request is built in one buffer by netlink_begin() and
 * add_*(), and netlink_talk() sends it and reads messages until the kernel's
 * acknowledgement or the end of a dump, handing each to a callback of libmnl.
 */
#include "io/netlink_internal.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define REQUEST_BYTES 1024
#define ANSWER_BYTES  32768
/* A dump that the kernel interrupts as often as this is given up. */
#define DUMP_TRIES 5

struct netlink {
	struct mnl_socket *socket;
	uint32_t sequence;
	unsigned port;
	char request[REQUEST_BYTES];
	char answer[ANSWER_BYTES];
};

int netlink_open(struct netlink **ret)
{
	struct netlink *netlink = calloc(1, sizeof(*netlink));
	int strict = 1, error;

	if (!netlink)
		return -ENOMEM;
	netlink->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
	if (!netlink->socket ||
	    mnl_socket_bind(netlink->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
		error = -errno;
		netlink_close(netlink);
		return error;
	}
	/* Dumps are then filtered by the kernel (4.20), else by us. */
	(void)mnl_socket_setsockopt(
	    netlink->socket, NETLINK_GET_STRICT_CHK, &strict, sizeof(strict));
	netlink->port = mnl_socket_get_portid(netlink->socket);
	*ret = netlink;
	return 0;
}

void netlink_close(struct netlink *netlink)
{
	if (!netlink)
		return;
	if (netlink->socket)
		mnl_socket_close(netlink->socket);
	free(netlink);
}

struct nlmsghdr *netlink_begin(
    struct netlink *netlink, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *message = mnl_nlmsg_put_header(netlink->request);

	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | flags;
	message->nlmsg_seq = ++netlink->sequence;
	return message;
}

/* What an earlier request left: that it failed does not stop the kernel from
 * answering, and an answer out of turn would be taken for the next one's. */
static void discard_answers(struct netlink *netlink)
{
	int fd = mnl_socket_get_fd(netlink->socket);
	ssize_t len;

	do
		len = recv(fd, netlink->answer, ANSWER_BYTES, MSG_DONTWAIT);
	while (len > 0 || (len < 0 && errno == ENOBUFS));
}

/* The kernel answers either with one message or dump, or with an ACK. */
static int exchange(struct netlink *netlink, const struct nlmsghdr *message,
    mnl_cb_t found, void *context)
{
	ssize_t len;
	int more = MNL_CB_OK;

	discard_answers(netlink);
	if (mnl_socket_sendto(netlink->socket, message, message->nlmsg_len) < 0)
		return -errno;
	while (more > MNL_CB_STOP) {
		len = mnl_socket_recvfrom(
		    netlink->socket, netlink->answer, ANSWER_BYTES);
		if (len < 0)
			return -errno;
		more = mnl_cb_run(netlink->answer, (size_t)len,
		    netlink->sequence, netlink->port, found, context);
	}
	return more < 0 ? -errno : 0;
}

int netlink_talk(struct netlink *netlink, const struct nlmsghdr *message,
    mnl_cb_t found, void *context)
{
	bool is_dump = (message->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;
	int error, tries = DUMP_TRIES;

	do
		error = exchange(netlink, message, found, context);
	while (error == -EINTR && is_dump && --tries);
	return error;
}

static size_t address_bytes(enum family family)
{
	return family == FAMILY_IPV4 ? 4 : 16;
}

uint8_t netlink_kernel_family(enum family family)
{
	return family == FAMILY_IPV4 ? AF_INET : AF_INET6;
}

void netlink_put_address(
    struct nlmsghdr *message, uint16_t type, const struct address *address)
{
	mnl_attr_put(
	    message, type, address_bytes(address->family), address->bytes);
}

bool netlink_read_address(
    const struct nlattr *attribute, uint8_t kernel_family, struct address *ret)
{
	enum family family =
	    kernel_family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6;

	if ((kernel_family != AF_INET && kernel_family != AF_INET6) ||
	    mnl_attr_get_payload_len(attribute) != address_bytes(family))
		return false;
	*ret = (struct address){.family = family};
	memcpy(
	    ret->bytes, mnl_attr_get_payload(attribute), address_bytes(family));
	return true;
}

const uint16_t netlink_change_flags[] = {
    [NETLINK_ADD] = NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
    [NETLINK_REMOVE] = NLM_F_ACK,
};

/* ---- links ---- */

uint32_t netlink_read_u32(const struct nlattr *attribute)
{
	return mnl_attr_validate(attribute, MNL_TYPE_U32) < 0
		   ? 0
		   : mnl_attr_get_u32(attribute);
}

static const char *read_name(const struct nlattr *attribute)
{
	return mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) < 0
		   ? ""
		   : mnl_attr_get_str(attribute);
}

bool netlink_has_header(const struct nlmsghdr *message, size_t bytes)
{
	return mnl_nlmsg_get_payload_len(message) >= bytes;
}

static void take_tun_attribute(
    const struct nlattr *attribute, struct netlink_link *ret)
{
	uint16_t type = mnl_attr_get_type(attribute);

	if (type == IFLA_TUN_NUM_QUEUES || type == IFLA_TUN_NUM_DISABLED_QUEUES)
		ret->queues += netlink_read_u32(attribute);
}

/* The data's meaning depends on the kind, which comes before it. */
static void take_info_attribute(const struct nlattr *attribute,
    const char **kind, struct netlink_link *ret)
{
	const struct nlattr *data;
	uint16_t type = mnl_attr_get_type(attribute);

	if (type == IFLA_INFO_KIND)
		*kind = read_name(attribute);
	if (type != IFLA_INFO_DATA || strcmp(*kind, "tun") != 0)
		return;
	mnl_attr_for_each_nested(data, attribute)
	    take_tun_attribute(data, ret);
}

static void take_info(const struct nlattr *info, struct netlink_link *ret)
{
	const struct nlattr *attribute;
	const char *kind = "";

	mnl_attr_for_each_nested(attribute, info)
	    take_info_attribute(attribute, &kind, ret);
}

static void take_link_attribute(
    const struct nlattr *attribute, struct netlink_link *ret)
{
	struct rtnl_link_stats64 stats;

	switch (mnl_attr_get_type(attribute)) {
	case IFLA_IFNAME:
		strncpy(ret->name, read_name(attribute), sizeof(ret->name) - 1);
		break;
	case IFLA_MTU:
		ret->mtu = netlink_read_u32(attribute);
		break;
	case IFLA_TXQLEN:
		ret->txqueuelen = netlink_read_u32(attribute);
		break;
	case IFLA_GSO_MAX_SEGS:
		ret->gso_segs = netlink_read_u32(attribute);
		break;
	case IFLA_MASTER:
		ret->master = netlink_read_u32(attribute);
		break;
	case IFLA_ADDRESS:
		if (mnl_attr_get_payload_len(attribute) == MAC_BYTES)
			memcpy(ret->mac.bytes, mnl_attr_get_payload(attribute),
			    MAC_BYTES);
		break;
	case IFLA_STATS64:
		if (mnl_attr_get_payload_len(attribute) < sizeof(stats))
			break;
		memcpy(&stats, mnl_attr_get_payload(attribute), sizeof(stats));
		ret->tx_dropped = stats.tx_dropped;
		break;
	case IFLA_LINKINFO:
		take_info(attribute, ret);
		break;
	}
}

bool netlink_read_link(const struct nlmsghdr *message, struct netlink_link *ret)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;

	if (!netlink_has_header(message, sizeof(*info)))
		return false;
	ret->ifindex = (uint32_t)info->ifi_index;
	ret->is_up = info->ifi_flags & IFF_UP;
	mnl_attr_for_each(attribute, message, sizeof(*info))
	    take_link_attribute(attribute, ret);
	return true;
}

static int take_link(const struct nlmsghdr *message, void *context)
{
	return netlink_read_link(message, context) ? MNL_CB_OK : MNL_CB_ERROR;
}

int netlink_find_link(
    struct netlink *netlink, const char *name, struct netlink_link *ret)
{
	struct nlmsghdr *message =
	    netlink_begin(netlink, RTM_GETLINK, NLM_F_ACK);

	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(message, IFLA_IFNAME, name);
	*ret = (struct netlink_link){0};
	return netlink_talk(netlink, message, take_link, ret);
}

int netlink_find_index(
    struct netlink *netlink, uint32_t ifindex, struct netlink_link *ret)
{
	struct nlmsghdr *message =
	    netlink_begin(netlink, RTM_GETLINK, NLM_F_ACK);
	struct ifinfomsg *info =
	    mnl_nlmsg_put_extra_header(message, sizeof(*info));

	info->ifi_index = (int)ifindex;
	*ret = (struct netlink_link){0};
	return netlink_talk(netlink, message, take_link, ret);
}

int netlink_set_link(
    struct netlink *netlink, const struct netlink_link *link, unsigned what)
{
	struct nlmsghdr *message =
	    netlink_begin(netlink, RTM_NEWLINK, NLM_F_ACK);
	struct ifinfomsg *info =
	    mnl_nlmsg_put_extra_header(message, sizeof(*info));

	info->ifi_index = (int)link->ifindex;
	if (what & NETLINK_LINK_UP) {
		info->ifi_change = IFF_UP;
		info->ifi_flags = link->is_up ? IFF_UP : 0;
	}
	if (what & NETLINK_LINK_MTU)
		mnl_attr_put_u32(message, IFLA_MTU, link->mtu);
	if (what & NETLINK_LINK_TXQUEUELEN)
		mnl_attr_put_u32(message, IFLA_TXQLEN, link->txqueuelen);
	if (what & NETLINK_LINK_GSO_SEGS)
		mnl_attr_put_u32(message, IFLA_GSO_MAX_SEGS, link->gso_segs);
	if (what & NETLINK_LINK_MAC)
		mnl_attr_put(message, IFLA_ADDRESS, MAC_BYTES, link->mac.bytes);
	if (what & NETLINK_LINK_MASTER)
		mnl_attr_put_u32(message, IFLA_MASTER, link->master);
	return netlink_talk(netlink, message, NULL, NULL);
}

/* ---- addresses ---- */

int netlink_change_address(struct netlink *netlink, enum netlink_verb verb,
    uint32_t ifindex, const struct prefix *address)
{
	struct nlmsghdr *message = netlink_begin(netlink,
	    verb == NETLINK_ADD ? RTM_NEWADDR : RTM_DELADDR,
	    netlink_change_flags[verb]);
	struct ifaddrmsg *info =
	    mnl_nlmsg_put_extra_header(message, sizeof(*info));

	info->ifa_family = netlink_kernel_family(address->address.family);
	info->ifa_prefixlen = address->bits;
	info->ifa_index = ifindex;
	if (info->ifa_family == AF_INET6)
		info->ifa_flags = IFA_F_NODAD;
	netlink_put_address(message, IFA_LOCAL, &address->address);
	netlink_put_address(message, IFA_ADDRESS, &address->address);
	return netlink_talk(netlink, message, NULL, NULL);
}

bool netlink_read_prefix(
    const struct nlmsghdr *message, uint32_t *ret_ifindex, struct prefix *ret)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;
	bool has_local = false, has_any = false;

	if (!netlink_has_header(message, sizeof(*info)))
		return false;
	*ret_ifindex = info->ifa_index;
	ret->bits = info->ifa_prefixlen;
	mnl_attr_for_each(attribute, message, sizeof(*info))
	{
		uint16_t type = mnl_attr_get_type(attribute);

		/* IFA_ADDRESS is the other end's when IFA_LOCAL is there */
		if (type != IFA_LOCAL && (type != IFA_ADDRESS || has_local))
			continue;
		has_local |= type == IFA_LOCAL;
		has_any |= netlink_read_address(
		    attribute, info->ifa_family, &ret->address);
	}
	return has_any && ret->bits <= address_bits(ret->address.family);
}

struct address_list {
	uint32_t ifindex;
	netlink_address_fn *found;
	void *context;
};

static int take_address(const struct nlmsghdr *message, void *context)
{
	struct address_list *list = context;
	struct prefix prefix = {0};
	uint32_t ifindex = 0;

	if (netlink_read_prefix(message, &ifindex, &prefix) &&
	    ifindex == list->ifindex)
		list->found(list->context, &prefix);
	return MNL_CB_OK;
}

int netlink_list_addresses(struct netlink *netlink, uint32_t ifindex,
    netlink_address_fn *found, void *context)
{
	struct address_list list = {ifindex, found, context};
	struct nlmsghdr *message =
	    netlink_begin(netlink, RTM_GETADDR, NLM_F_DUMP);
	struct ifaddrmsg *info =
	    mnl_nlmsg_put_extra_header(message, sizeof(*info));

	info->ifa_index = ifindex;
	return netlink_talk(netlink, message, take_address, &list);
}
