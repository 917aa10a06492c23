/* SPDX-License-Identifier: ISC */
/* One change of the host, that can be applied and taken back. */
#include "daemon/change.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- the kinds ---- */

typedef int change_fn(
    struct netlink *netlink, enum netlink_verb verb, struct change *change);

/* Each of the link's settings is one number here, or the MAC address. */
static int put_link(struct netlink *netlink, const struct change *change,
    unsigned what, uint32_t number, const struct mac *mac)
{
	struct netlink_link link = {.ifindex = change->ifindex,
	    .mac = *mac,
	    .mtu = number,
	    .txqueuelen = number,
	    .gso_segs = number,
	    .master = number,
	    .is_up = number != 0};

	return netlink_set_link(netlink, &link, what);
}

static uint32_t number_of(const struct netlink_link *link, unsigned what)
{
	switch (what) {
	case NETLINK_LINK_MTU:
		return link->mtu;
	case NETLINK_LINK_TXQUEUELEN:
		return link->txqueuelen;
	case NETLINK_LINK_GSO_SEGS:
		return link->gso_segs;
	case NETLINK_LINK_MASTER:
		return link->master;
	case NETLINK_LINK_UP:
		return link->is_up;
	default:
		return 0;
	}
}

/* What somebody else has set since then stays. */
static int undo_link(struct netlink *netlink, const struct change *change,
    unsigned what, const struct netlink_link *now)
{
	if (number_of(now, what) != change->number ||
	    (what == NETLINK_LINK_MAC &&
		!mac_is_equal(&now->mac, &change->mac)))
		return 0;
	return put_link(
	    netlink, change, what, change->before, &change->mac_before);
}

static int change_link(struct netlink *netlink, enum netlink_verb verb,
    struct change *change, unsigned what)
{
	struct netlink_link link;
	int code = netlink_find_index(netlink, change->ifindex, &link);

	if (code)
		return code;
	if (verb == NETLINK_REMOVE)
		return undo_link(netlink, change, what, &link);
	change->before = number_of(&link, what);
	change->mac_before = link.mac;
	return put_link(netlink, change, what, change->number, &change->mac);
}

static int change_mac(
    struct netlink *netlink, enum netlink_verb verb, struct change *change)
{
	return change_link(netlink, verb, change, NETLINK_LINK_MAC);
}

static int change_bridge(
    struct netlink *netlink, enum netlink_verb verb, struct change *change)
{
	return change_link(netlink, verb, change, NETLINK_LINK_MASTER);
}

static int change_mtu(
    struct netlink *netlink, enum netlink_verb verb, struct change *change)
{
	return change_link(netlink, verb, change, NETLINK_LINK_MTU);
}

static int change_txqueuelen(
    struct netlink *netlink, enum netlink_verb verb, struct change *change)
{
	return change_link(netlink, verb, change, NETLINK_LINK_TXQUEUELEN);
}

static int change_gso_segs(
    struct netlink *netlink, enum netlink_verb verb, struct change *change)
{
	return change_link(netlink, verb, change, NETLINK_LINK_GSO_SEGS);
}

static int change_up(
    struct netlink *netlink, enum netlink_verb verb, struct change *change)
{
	return change_link(netlink, verb, change, NETLINK_LINK_UP);
}

static int change_address(
    struct netlink *netlink, enum netlink_verb verb, struct change *change)
{
	return netlink_change_address(
	    netlink, verb, change->ifindex, &change->prefix);
}

static int change_route(
    struct netlink *netlink, enum netlink_verb verb, struct change *change)
{
	struct netlink_route route = {.to = change->prefix,
	    .ifindex = change->ifindex,
	    .table = change->number};

	return netlink_change_route(netlink, verb, &route);
}

/* The kernel makes it with the address, and takes it away with it. */
static int change_connected(
    struct netlink *netlink, enum netlink_verb verb, struct change *change)
{
	struct netlink_route route = {.to = change->prefix,
	    .ifindex = change->ifindex,
	    .is_connected = true,
	    .source = change->source};

	return verb == NETLINK_ADD ? netlink_change_route(netlink, verb, &route)
				   : 0;
}

static int change_rule(
    struct netlink *netlink, enum netlink_verb verb, struct change *change)
{
	return netlink_change_rule(netlink, verb, &change->rule);
}

static const char sysctl[] = "/proc/sys/net/ipv4/conf/all/src_valid_mark";

static int write_sysctl(int fd, char value)
{
	return pwrite(fd, &value, 1, 0) == 1 ? 0 : -errno;
}

static int change_src_valid_mark(
    struct netlink *netlink, enum netlink_verb verb, struct change *change)
{
	int fd = open(sysctl, O_RDWR | O_CLOEXEC);
	int code = fd < 0 ? -errno : 0;
	char value = '0';

	(void)netlink;
	(void)change;
	if (!code && pread(fd, &value, 1, 0) != 1)
		code = -EIO;
	if (!code && verb == NETLINK_ADD && value != '0')
		code = -EEXIST;
	if (!code)
		code = write_sysctl(fd, verb == NETLINK_ADD ? '1' : '0');
	if (fd >= 0)
		close(fd);
	return code;
}

static change_fn *const kinds[] = {
    [CHANGE_MAC] = change_mac,
    [CHANGE_MTU] = change_mtu,
    [CHANGE_TXQUEUELEN] = change_txqueuelen,
    [CHANGE_GSO_SEGS] = change_gso_segs,
    [CHANGE_BRIDGE] = change_bridge,
    [CHANGE_UP] = change_up,
    [CHANGE_ADDRESS] = change_address,
    [CHANGE_CONNECTED] = change_connected,
    [CHANGE_ROUTE] = change_route,
    [CHANGE_RULE] = change_rule,
    [CHANGE_SRC_VALID_MARK] = change_src_valid_mark,
};

int change_apply(struct netlink *netlink, struct change *change)
{
	return kinds[change->kind](netlink, NETLINK_ADD, change);
}

int change_undo(struct netlink *netlink, const struct change *change)
{
	struct change copy = *change;

	return kinds[change->kind](netlink, NETLINK_REMOVE, &copy);
}

bool change_may_fail(const struct change *change, int code)
{
	bool is_rule = change->kind == CHANGE_RULE;
	bool is_ipv6 = (is_rule && change->rule.family == FAMILY_IPV6) ||
		       (change_has_prefix(change) &&
			   change->prefix.address.family == FAMILY_IPV6);

	if (change->kind == CHANGE_SRC_VALID_MARK ||
	    change->kind == CHANGE_GSO_SEGS ||
	    change->kind == CHANGE_CONNECTED ||
	    (is_rule && change->rule.udp_source_port)) /* before Linux 4.17 */
		return true;
	return is_ipv6 && (code == -EACCES || code == -EAFNOSUPPORT ||
			      code == -EOPNOTSUPP);
}

/* ---- text ---- */

static void format_rule(
    const struct netlink_rule *rule, char *text, size_t room)
{
	const char *family = rule->family == FAMILY_IPV4 ? "-4" : "-6";

	if (rule->udp_source_port)
		snprintf(text, room,
		    "ip %s rule add pref %u ipproto udp sport %u table %u",
		    family, rule->priority, rule->udp_source_port, rule->table);
	else if (rule->has_suppress_default)
		snprintf(text, room,
		    "ip %s rule add pref %u table %u suppress_prefixlength 0",
		    family, rule->priority, rule->table);
	else
		snprintf(text, room,
		    "ip %s rule add pref %u not fwmark %#x table %u", family,
		    rule->priority, rule->fwmark, rule->table);
}

static void format_route(const struct change *change, char *text, size_t room)
{
	char prefix[PREFIX_TEXT_BYTES];

	prefix_format(&change->prefix, prefix, sizeof(prefix));
	if (change->number)
		snprintf(text, room, "ip route add %s table %u", prefix,
		    change->number);
	else
		snprintf(text, room, "ip route add %s", prefix);
}

const char *change_format(const struct change *change, char *text, size_t room)
{
	char prefix[PREFIX_TEXT_BYTES], mac[MAC_TEXT_BYTES];

	switch (change->kind) {
	case CHANGE_MAC:
		mac_format(&change->mac, mac, sizeof(mac));
		snprintf(text, room, "ip link set address %s", mac);
		break;
	case CHANGE_BRIDGE:
		snprintf(text, room, "ip link set master %u", change->number);
		break;
	case CHANGE_MTU:
		snprintf(text, room, "ip link set mtu %u", change->number);
		break;
	case CHANGE_TXQUEUELEN:
		snprintf(
		    text, room, "ip link set txqueuelen %u", change->number);
		break;
	case CHANGE_GSO_SEGS:
		snprintf(
		    text, room, "ip link set gso_max_segs %u", change->number);
		break;
	case CHANGE_UP:
		snprintf(text, room, "ip link set up");
		break;
	case CHANGE_ADDRESS:
		prefix_format(&change->prefix, prefix, sizeof(prefix));
		snprintf(text, room, "ip address add %s", prefix);
		break;
	case CHANGE_CONNECTED:
	case CHANGE_ROUTE:
		format_route(change, text, room);
		break;
	case CHANGE_RULE:
		format_rule(&change->rule, text, room);
		break;
	case CHANGE_SRC_VALID_MARK:
		snprintf(
		    text, room, "sysctl net.ipv4.conf.all.src_valid_mark=1");
		break;
	}
	return text;
}
