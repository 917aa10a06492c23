/* SPDX-License-Identifier: ISC */
/* Requests to rtnetlink about rules. */
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "io/netlink_internal.h"

static struct fib_rule_hdr *begin_rule(struct netlink *netlink, uint16_t type,
    uint16_t flags, enum family family, struct nlmsghdr **ret)
{
	struct fib_rule_hdr *info;

	*ret = netlink_begin(netlink, type, flags);
	info = mnl_nlmsg_put_extra_header(*ret, sizeof(*info));
	info->family = netlink_kernel_family(family);
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
		netlink_change_flags[verb], rule->family, &message);

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
	return netlink_talk(netlink, message, NULL, NULL);
}

/* What a rule asks beyond what struct netlink_rule has is not read. */
bool netlink_read_rule(const struct nlmsghdr *message, struct netlink_rule *ret)
{
	const struct fib_rule_hdr *info = mnl_nlmsg_get_payload(message);
	const struct nlattr *attribute;
	uint32_t values[FRA_MAX + 1] = {0};

	if (!netlink_has_header(message, sizeof(*info)))
		return false;
	mnl_attr_for_each(attribute, message, sizeof(*info))
	{
		uint16_t type = mnl_attr_get_type(attribute);

		if (type <= FRA_MAX)
			values[type] = netlink_read_u32(attribute);
	}
	ret->family = info->family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6;
	ret->is_inverted = info->flags & FIB_RULE_INVERT;
	ret->priority = values[FRA_PRIORITY];
	ret->table = values[FRA_TABLE] ? values[FRA_TABLE] : info->table;
	ret->fwmark = values[FRA_FWMARK];
	return info->family == AF_INET || info->family == AF_INET6;
}

static int take_priority(const struct nlmsghdr *message, void *context)
{
	struct netlink_rule rule = {0};
	uint32_t *first = context;

	if (!netlink_read_rule(message, &rule))
		return MNL_CB_ERROR;
	if (rule.priority && (!*first || rule.priority < *first))
		*first = rule.priority;
	return MNL_CB_OK;
}

int netlink_first_priority(
    struct netlink *netlink, enum family family, uint32_t *ret)
{
	struct nlmsghdr *message;

	begin_rule(netlink, RTM_GETRULE, NLM_F_DUMP, family, &message);
	*ret = 0;
	return netlink_talk(netlink, message, take_priority, ret);
}

struct rule_search {
	const struct netlink_rule *like;
	uint32_t priority;
};

static int take_rule(const struct nlmsghdr *message, void *context)
{
	struct rule_search *search = context;
	struct netlink_rule rule = {0};

	if (netlink_read_rule(message, &rule) &&
	    rule.table == search->like->table &&
	    rule.fwmark == search->like->fwmark &&
	    rule.is_inverted == search->like->is_inverted)
		search->priority = rule.priority;
	return MNL_CB_OK;
}

int netlink_find_rule(struct netlink *netlink, const struct netlink_rule *like,
    uint32_t *ret_priority)
{
	struct rule_search search = {.like = like};
	struct nlmsghdr *message;
	int error;

	begin_rule(netlink, RTM_GETRULE, NLM_F_DUMP, like->family, &message);
	error = netlink_talk(netlink, message, take_rule, &search);
	*ret_priority = search.priority;
	return error;
}

struct rule_list {
	netlink_rule_fn *found;
	void *context;
};

static int list_rule(const struct nlmsghdr *message, void *context)
{
	struct rule_list *list = context;
	struct netlink_rule rule = {0};

	if (netlink_read_rule(message, &rule))
		list->found(list->context, &rule);
	return MNL_CB_OK;
}

int netlink_list_rules(struct netlink *netlink, enum family family,
    netlink_rule_fn *found, void *context)
{
	struct rule_list list = {found, context};
	struct nlmsghdr *message;

	begin_rule(netlink, RTM_GETRULE, NLM_F_DUMP, family, &message);
	return netlink_talk(netlink, message, list_rule, &list);
}
