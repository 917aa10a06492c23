/* SPDX-License-Identifier: ISC */
/* Requests to rtnetlink about routes. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "io/netlink_internal.h"

/* "vpnd" in rt_protos.d: who made a route. */
#define ROUTE_PROTOCOL 190
/* What the kernel gives to the IPv6 route that comes with an address. */
#define CONNECTED_METRIC_IPV6 256

static struct rtmsg *begin_route(struct netlink *netlink, uint16_t type,
    uint16_t flags, enum family family, struct nlmsghdr **ret)
{
	struct rtmsg *info;

	*ret = netlink_begin(netlink, type, flags);
	info = mnl_nlmsg_put_extra_header(*ret, sizeof(*info));
	info->rtm_family = netlink_kernel_family(family);
	return info;
}

int netlink_change_route(struct netlink *netlink, enum netlink_verb verb,
    const struct netlink_route *route)
{
	struct nlmsghdr *message;
	struct rtmsg *info = begin_route(netlink,
	    verb == NETLINK_ADD ? RTM_NEWROUTE : RTM_DELROUTE,
	    netlink_change_flags[verb], route->to.address.family, &message);

	info->rtm_dst_len = route->to.bits;
	info->rtm_protocol =
	    route->is_connected ? RTPROT_KERNEL : ROUTE_PROTOCOL;
	info->rtm_scope = route->to.address.family == FAMILY_IPV4
			      ? RT_SCOPE_LINK
			      : RT_SCOPE_UNIVERSE;
	info->rtm_type = RTN_UNICAST;
	if (route->to.bits)
		netlink_put_address(message, RTA_DST, &route->to.address);
	if (route->is_connected && info->rtm_family == AF_INET)
		netlink_put_address(message, RTA_PREFSRC, &route->source);
	if (route->is_connected && info->rtm_family == AF_INET6)
		mnl_attr_put_u32(message, RTA_PRIORITY, CONNECTED_METRIC_IPV6);
	mnl_attr_put_u32(message, RTA_OIF, route->ifindex);
	mnl_attr_put_u32(message, RTA_TABLE,
	    route->table ? route->table : (uint32_t)RT_TABLE_MAIN);
	return netlink_talk(netlink, message, NULL, NULL);
}

bool netlink_read_route(
    const struct nlmsghdr *message, struct netlink_route *ret)
{
	const struct rtmsg *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;
	bool is_right;

	if (!netlink_has_header(message, sizeof(*info)))
		return false;
	is_right = info->rtm_family == AF_INET || info->rtm_family == AF_INET6;
	ret->table = info->rtm_table;
	ret->to.bits = info->rtm_dst_len;
	ret->to.address = (struct address){
	    .family = info->rtm_family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6};
	mnl_attr_for_each(attribute, message, sizeof(*info))
	{
		uint16_t type = mnl_attr_get_type(attribute);

		if (type == RTA_OIF)
			ret->ifindex = netlink_read_u32(attribute);
		if (type == RTA_TABLE)
			ret->table = netlink_read_u32(attribute);
		if (type == RTA_DST)
			is_right &= netlink_read_address(
			    attribute, info->rtm_family, &ret->to.address);
	}
	return is_right && ret->to.bits <= address_bits(ret->to.address.family);
}

static int take_oif(const struct nlmsghdr *message, void *context)
{
	struct netlink_route route = {0};
	uint32_t *ret = context;

	if (!netlink_read_route(message, &route))
		return MNL_CB_ERROR;
	*ret = route.ifindex;
	return MNL_CB_OK;
}

int netlink_route_lookup(struct netlink *netlink, const struct address *to,
    uint32_t fwmark, uint32_t *ret_ifindex)
{
	struct nlmsghdr *message;
	struct rtmsg *info =
	    begin_route(netlink, RTM_GETROUTE, NLM_F_ACK, to->family, &message);

	info->rtm_dst_len = (uint8_t)address_bits(to->family);
	netlink_put_address(message, RTA_DST, to);
	if (fwmark)
		mnl_attr_put_u32(message, RTA_MARK, fwmark);
	*ret_ifindex = 0;
	return netlink_talk(netlink, message, take_oif, ret_ifindex);
}

struct table_search {
	uint32_t table;
	bool is_used;
};

static int take_table(const struct nlmsghdr *message, void *context)
{
	struct table_search *search = context;
	struct netlink_route route = {0};

	if (!netlink_read_route(message, &route))
		return MNL_CB_ERROR;
	if (route.table == search->table)
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
	error = netlink_talk(netlink, message, take_table, &search);
	*ret = search.is_used;
	return error == -ENOENT ? 0 : error;
}

struct route_list {
	uint32_t ifindex;
	netlink_route_fn *found;
	void *context;
};

static int take_route(const struct nlmsghdr *message, void *context)
{
	struct route_list *list = context;
	struct netlink_route route = {0};

	if (netlink_read_route(message, &route) &&
	    route.ifindex == list->ifindex)
		list->found(list->context, &route);
	return MNL_CB_OK;
}

static int list_routes(
    struct netlink *netlink, enum family family, struct route_list *list)
{
	struct nlmsghdr *message;

	begin_route(netlink, RTM_GETROUTE, NLM_F_DUMP, family, &message);
	mnl_attr_put_u32(message, RTA_OIF, list->ifindex);
	return netlink_talk(netlink, message, take_route, list);
}

int netlink_list_routes(struct netlink *netlink, uint32_t ifindex,
    netlink_route_fn *found, void *context)
{
	struct route_list list = {ifindex, found, context};
	int code = list_routes(netlink, FAMILY_IPV4, &list);

	return code ? code : list_routes(netlink, FAMILY_IPV6, &list);
}
