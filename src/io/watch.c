/* SPDX-License-Identifier: ISC */
/* News of the host's network: links, addresses, routes, rules. */
#include "io/watch.h"

#include "io/netlink_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define NEWS_BYTES 32768
/* Reads of one call; what remains makes the descriptor readable again. */
#define READS 16

/* For the news of some thousand routes that come and go at once. */
#define ROOM_BYTES (4 << 20)

#define GROUPS                                                                 \
	(RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |               \
	    RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE | RTMGRP_IPV4_RULE |         \
	    1u << (RTNLGRP_IPV6_RULE - 1) | 1u << (RTNLGRP_IPV4_NETCONF - 1) | \
	    1u << (RTNLGRP_IPV6_NETCONF - 1))

struct watch {
	struct mnl_socket *socket;
	watch_fn *found;
	void *context;
	char bytes[NEWS_BYTES];
};

int watch_open(struct watch **ret)
{
	struct watch *watch = calloc(1, sizeof(*watch));
	int error, room_bytes = ROOM_BYTES;

	if (!watch)
		return -ENOMEM;
	watch->socket =
	    mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (!watch->socket ||
	    mnl_socket_bind(watch->socket, GROUPS, MNL_SOCKET_AUTOPID) < 0) {
		error = -errno;
		watch_close(watch);
		return error;
	}
	/* without CAP_NET_ADMIN it stays as it is */
	(void)setsockopt(mnl_socket_get_fd(watch->socket), SOL_SOCKET,
	    SO_RCVBUFFORCE, &room_bytes, sizeof(room_bytes));
	*ret = watch;
	return 0;
}

void watch_close(struct watch *watch)
{
	if (!watch)
		return;
	if (watch->socket)
		mnl_socket_close(watch->socket);
	free(watch);
}

int watch_fd(const struct watch *watch)
{
	return mnl_socket_get_fd(watch->socket);
}

/* A bridge speaks of its ports as links, too: one that left it is no link that
 * is gone. */
static void hear_link(const struct nlmsghdr *message, struct watch_news *news)
{
	const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);

	if (info->ifi_family == AF_BRIDGE ||
	    !netlink_read_link(message, &news->link))
		return;
	news->kind =
	    message->nlmsg_type == RTM_NEWLINK ? WATCH_LINK : WATCH_LINK_GONE;
}

static void hear_address(
    const struct nlmsghdr *message, struct watch_news *news)
{
	const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);

	news->kind = WATCH_ADDRESS;
	news->is_gone = message->nlmsg_type == RTM_DELADDR;
	news->link.ifindex = info->ifa_index;
}

static void hear_route(const struct nlmsghdr *message, struct watch_news *news)
{
	if (!netlink_read_route(message, &news->route))
		return;
	news->kind = WATCH_ROUTE;
	news->link.ifindex = news->route.ifindex;
	news->is_gone = message->nlmsg_type == RTM_DELROUTE;
	news->has_replaced =
	    !news->is_gone && message->nlmsg_flags & NLM_F_REPLACE;
	news->is_default =
	    news->route.to.bits == 0 && news->route.table == RT_TABLE_MAIN;
}

static void hear_rule(const struct nlmsghdr *message, struct watch_news *news)
{
	news->kind = WATCH_RULE;
	news->is_gone = message->nlmsg_type == RTM_DELRULE;
}

static void hear_settings(
    const struct nlmsghdr *message, struct watch_news *news)
{
	const struct nlattr *attribute;

	mnl_attr_for_each(attribute, message, sizeof(struct netconfmsg))
	{
		if (mnl_attr_get_type(attribute) == NETCONFA_IFINDEX &&
		    (int)netlink_read_u32(attribute) == NETCONFA_IFINDEX_ALL)
			news->kind = WATCH_SETTINGS;
	}
}

static const struct {
	uint16_t type, least_bytes;
	void (*hear)(const struct nlmsghdr *message, struct watch_news *news);
} hearers[] = {
    {RTM_NEWLINK, sizeof(struct ifinfomsg), hear_link},
    {RTM_DELLINK, sizeof(struct ifinfomsg), hear_link},
    {RTM_NEWADDR, sizeof(struct ifaddrmsg), hear_address},
    {RTM_DELADDR, sizeof(struct ifaddrmsg), hear_address},
    {RTM_NEWROUTE, sizeof(struct rtmsg), hear_route},
    {RTM_DELROUTE, sizeof(struct rtmsg), hear_route},
    {RTM_NEWNETCONF, sizeof(struct netconfmsg), hear_settings},
    {RTM_NEWRULE, 0, hear_rule},
    {RTM_DELRULE, 0, hear_rule},
};

static int hear(const struct nlmsghdr *message, void *context)
{
	struct watch *watch = context;
	struct watch_news news = {0};

	for (size_t i = 0; i < ARRAY_SIZE(hearers); i++) {
		if (hearers[i].type != message->nlmsg_type ||
		    mnl_nlmsg_get_payload_len(message) < hearers[i].least_bytes)
			continue;
		hearers[i].hear(message, &news);
		if (news.kind != WATCH_NOTHING)
			watch->found(watch->context, &news);
	}
	return MNL_CB_OK;
}

void watch_read(struct watch *watch, watch_fn *found, void *context)
{
	struct watch_news lost = {.kind = WATCH_LOST};

	watch->found = found;
	watch->context = context;
	for (int i = 0; i < READS; i++) {
		ssize_t len = mnl_socket_recvfrom(
		    watch->socket, watch->bytes, sizeof(watch->bytes));

		if (len > 0)
			(void)mnl_cb_run(
			    watch->bytes, (size_t)len, 0, 0, hear, watch);
		else if (len < 0 && (errno == ENOBUFS || errno == ENOSPC))
			found(context, &lost); /* too many, or too long */
		else
			break;
	}
}
