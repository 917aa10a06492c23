/* SPDX-License-Identifier: ISC */
/*
 * Requests to rtnetlink.
 *
 * How it works: a request is built in one buffer by begin() and add_*(), and
 * talk() sends it and reads messages until the kernel's acknowledgement or the
 * end of a dump, handing each to a callback of libmnl.
 */
#include "io/netlink_internal.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
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
/* "vpnd" in rt_protos.d: who made a route. */
#define ROUTE_PROTOCOL 190

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

static struct nlmsghdr *begin(
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

/* A dump during which its table changed is marked as interrupted (EINTR). */
static int talk(struct netlink *netlink, const struct nlmsghdr *message,
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

static uint8_t kernel_family(enum family family)
{
	return family == FAMILY_IPV4 ? AF_INET : AF_INET6;
}

static void add_address(
    struct nlmsghdr *message, uint16_t type, const struct address *address)
{
	mnl_attr_put(
	    message, type, address_bytes(address->family), address->bytes);
}

static const uint16_t change_flags[] = {
    [NETLINK_ADD] = NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
    [NETLINK_REMOVE] = NLM_F_ACK,
};

/* ---- links ---- */

/* What is too short for its type reads as nothing. */
static uint32_t read_u32(const struct nlattr *attribute)
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

static bool has_header(const struct nlmsghdr *message, size_t bytes)
{
	return mnl_nlmsg_get_payload_len(message) >= bytes;
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
		ret->mtu = read_u32(attribute);
		break;
	case IFLA_TXQLEN:
		ret->txqueuelen = read_u32(attribute);
		break;
	case IFLA_MASTER:
		ret->master = read_u32(attribute);
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
	}
}

int netlink_read_link(const struct nlmsghdr *message, struct netlink_link *ret)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;

	if (!has_header(message, sizeof(*info)))
		return -EINVAL;
	ret->ifindex = (uint32_t)info->ifi_index;
	ret->is_up = info->ifi_flags & IFF_UP;
	mnl_attr_for_each(attribute, message, sizeof(*info))
	    take_link_attribute(attribute, ret);
	return 0;
}

static int take_link(const struct nlmsghdr *message, void *context)
{
	return netlink_read_link(message, context) ? MNL_CB_ERROR : MNL_CB_OK;
}

int netlink_find_link(
    struct netlink *netlink, const char *name, struct netlink_link *ret)
{
	struct nlmsghdr *message = begin(netlink, RTM_GETLINK, NLM_F_ACK);

	mnl_nlmsg_put_extra_header(message, sizeof(struct ifinfomsg));
	mnl_attr_put_strz(message, IFLA_IFNAME, name);
	*ret = (struct netlink_link){0};
	return talk(netlink, message, take_link, ret);
}

int netlink_find_index(
    struct netlink *netlink, uint32_t ifindex, struct netlink_link *ret)
{
	struct nlmsghdr *message = begin(netlink, RTM_GETLINK, NLM_F_ACK);
	struct ifinfomsg *info =
	    mnl_nlmsg_put_extra_header(message, sizeof(*info));

	info->ifi_index = (int)ifindex;
	*ret = (struct netlink_link){0};
	return talk(netlink, message, take_link, ret);
}

int netlink_set_link(
    struct netlink *netlink, const struct netlink_link *link, unsigned what)
{
	struct nlmsghdr *message = begin(netlink, RTM_NEWLINK, NLM_F_ACK);
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
	if (what & NETLINK_LINK_MAC)
		mnl_attr_put(message, IFLA_ADDRESS, MAC_BYTES, link->mac.bytes);
	if (what & NETLINK_LINK_MASTER)
		mnl_attr_put_u32(message, IFLA_MASTER, link->master);
	return talk(netlink, message, NULL, NULL);
}

/* ---- addresses ---- */

int netlink_change_address(struct netlink *netlink, enum netlink_verb verb,
    uint32_t ifindex, const struct prefix *address)
{
	struct nlmsghdr *message =
	    begin(netlink, verb == NETLINK_ADD ? RTM_NEWADDR : RTM_DELADDR,
		change_flags[verb]);
	struct ifaddrmsg *info =
	    mnl_nlmsg_put_extra_header(message, sizeof(*info));

	info->ifa_family = kernel_family(address->address.family);
	info->ifa_prefixlen = address->bits;
	info->ifa_index = ifindex;
	if (info->ifa_family == AF_INET6)
		info->ifa_flags = IFA_F_NODAD;
	add_address(message, IFA_LOCAL, &address->address);
	add_address(message, IFA_ADDRESS, &address->address);
	return talk(netlink, message, NULL, NULL);
}

/* ---- routes ---- */

static struct rtmsg *begin_route(struct netlink *netlink, uint16_t type,
    uint16_t flags, enum family family, struct nlmsghdr **ret)
{
	struct rtmsg *info;

	*ret = begin(netlink, type, flags);
	info = mnl_nlmsg_put_extra_header(*ret, sizeof(*info));
	info->rtm_family = kernel_family(family);
	return info;
}

int netlink_change_route(struct netlink *netlink, enum netlink_verb verb,
    const struct netlink_route *route)
{
	struct nlmsghdr *message;
	struct rtmsg *info = begin_route(netlink,
	    verb == NETLINK_ADD ? RTM_NEWROUTE : RTM_DELROUTE,
	    change_flags[verb], route->to.address.family, &message);

	info->rtm_dst_len = route->to.bits;
	info->rtm_protocol = ROUTE_PROTOCOL;
	info->rtm_scope = route->to.address.family == FAMILY_IPV4
			      ? RT_SCOPE_LINK
			      : RT_SCOPE_UNIVERSE;
	info->rtm_type = RTN_UNICAST;
	if (route->to.bits)
		add_address(message, RTA_DST, &route->to.address);
	mnl_attr_put_u32(message, RTA_OIF, route->ifindex);
	mnl_attr_put_u32(message, RTA_TABLE,
	    route->table ? route->table : (uint32_t)RT_TABLE_MAIN);
	return talk(netlink, message, NULL, NULL);
}

static int take_oif(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *attribute;
	uint32_t *ret = context;

	if (!has_header(message, sizeof(struct rtmsg)))
		return MNL_CB_ERROR;
	mnl_attr_for_each(attribute, message,
	    sizeof(struct rtmsg)) if (mnl_attr_get_type(attribute) ==
				      RTA_OIF) *ret = read_u32(attribute);
	return MNL_CB_OK;
}

int netlink_route_lookup(struct netlink *netlink, const struct address *to,
    uint32_t fwmark, uint32_t *ret_ifindex)
{
	struct nlmsghdr *message;
	struct rtmsg *info =
	    begin_route(netlink, RTM_GETROUTE, NLM_F_ACK, to->family, &message);

	info->rtm_dst_len = (uint8_t)address_bits(to->family);
	add_address(message, RTA_DST, to);
	if (fwmark)
		mnl_attr_put_u32(message, RTA_MARK, fwmark);
	*ret_ifindex = 0;
	return talk(netlink, message, take_oif, ret_ifindex);
}

struct table_search {
	uint32_t table;
	bool is_used;
};

static int take_table(const struct nlmsghdr *message, void *context)
{
	const struct rtmsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;
	struct table_search *search = context;
	uint32_t table;

	if (!has_header(message, sizeof(*info)))
		return MNL_CB_ERROR;
	table = info->rtm_table;
	mnl_attr_for_each(attribute, message,
	    sizeof(*info)) if (mnl_attr_get_type(attribute) == RTA_TABLE)
	    table = read_u32(attribute);
	if (table == search->table)
		search->is_used = true;
	return MNL_CB_OK;
}

/* -ENOENT is the kernel's word for a table that does not exist. */
int netlink_table_is_used(
    struct netlink *netlink, enum family family, uint32_t table, bool *ret)
{
	struct table_search search = {.table = table};
	struct nlmsghdr *message;
	int error;

	begin_route(netlink, RTM_GETROUTE, NLM_F_DUMP, family, &message);
	mnl_attr_put_u32(message, RTA_TABLE, table);
	error = talk(netlink, message, take_table, &search);
	*ret = search.is_used;
	return error == -ENOENT ? 0 : error;
}

/* ---- rules ---- */

static struct fib_rule_hdr *begin_rule(struct netlink *netlink, uint16_t type,
    uint16_t flags, enum family family, struct nlmsghdr **ret)
{
	struct fib_rule_hdr *info;

	*ret = begin(netlink, type, flags);
	info = mnl_nlmsg_put_extra_header(*ret, sizeof(*info));
	info->family = kernel_family(family);
	return info;
}

int netlink_change_rule(struct netlink *netlink, enum netlink_verb verb,
    const struct netlink_rule *rule)
{
	struct fib_rule_port_range port = {
	    rule->udp_source_port, rule->udp_source_port};
	struct nlmsghdr *message;
	struct fib_rule_hdr *info =
	    begin_rule(netlink, verb == NETLINK_ADD ? RTM_NEWRULE : RTM_DELRULE,
		change_flags[verb], rule->family, &message);

	info->action = FR_ACT_TO_TBL;
	info->flags = rule->is_inverted ? FIB_RULE_INVERT : 0;
	mnl_attr_put_u32(message, FRA_PRIORITY, rule->priority);
	mnl_attr_put_u32(message, FRA_TABLE, rule->table);
	if (rule->fwmark)
		mnl_attr_put_u32(message, FRA_FWMARK, rule->fwmark);
	if (rule->has_suppress_default)
		mnl_attr_put_u32(message, FRA_SUPPRESS_PREFIXLEN, 0);
	if (rule->udp_source_port) {
		mnl_attr_put_u8(message, FRA_IP_PROTO, IPPROTO_UDP);
		mnl_attr_put(message, FRA_SPORT_RANGE, sizeof(port), &port);
	}
	return talk(netlink, message, NULL, NULL);
}

static int take_priority(const struct nlmsghdr *message, void *context)
{
	const struct nlattr *attribute;
	uint32_t *first = context;

	if (!has_header(message, sizeof(struct fib_rule_hdr)))
		return MNL_CB_ERROR;
	mnl_attr_for_each(attribute, message, sizeof(struct fib_rule_hdr))
	{
		uint32_t priority;

		if (mnl_attr_get_type(attribute) != FRA_PRIORITY)
			continue;
		priority = read_u32(attribute);
		if (priority && (!*first || priority < *first))
			*first = priority;
	}
	return MNL_CB_OK;
}

int netlink_first_priority(
    struct netlink *netlink, enum family family, uint32_t *ret)
{
	struct nlmsghdr *message;

	begin_rule(netlink, RTM_GETRULE, NLM_F_DUMP, family, &message);
	*ret = 0;
	return talk(netlink, message, take_priority, ret);
}

struct rule_search {
	const struct netlink_rule *like;
	uint32_t priority;
};

static int take_rule(const struct nlmsghdr *message, void *context)
{
	const struct fib_rule_hdr *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;
	struct rule_search *search = context;
	uint32_t values[FRA_MAX + 1] = {0};

	mnl_attr_for_each(attribute, message, sizeof(*info))
	{
		uint16_t type = mnl_attr_get_type(attribute);

		if (type <= FRA_MAX &&
		    mnl_attr_get_payload_len(attribute) == sizeof(uint32_t))
			values[type] = mnl_attr_get_u32(attribute);
	}
	if (values[FRA_TABLE] == search->like->table &&
	    values[FRA_FWMARK] == search->like->fwmark &&
	    search->like->is_inverted == !!(info->flags & FIB_RULE_INVERT))
		search->priority = values[FRA_PRIORITY];
	return MNL_CB_OK;
}

int netlink_find_rule(struct netlink *netlink, const struct netlink_rule *like,
    uint32_t *ret_priority)
{
	struct rule_search search = {.like = like};
	struct nlmsghdr *message;
	int error;

	begin_rule(netlink, RTM_GETRULE, NLM_F_DUMP, like->family, &message);
	error = talk(netlink, message, take_rule, &search);
	*ret_priority = search.priority;
	return error;
}
