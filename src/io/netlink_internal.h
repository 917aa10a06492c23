/* SPDX-License-Identifier: ISC */
/* What the requests to rtnetlink, and its news, have in common. */
#ifndef IO_NETLINK_INTERNAL_H
#define IO_NETLINK_INTERNAL_H

#include <libmnl/libmnl.h>

#include "io/netlink.h"

/* An empty request in the buffer of `netlink`. */
struct nlmsghdr *netlink_begin(
    struct netlink *netlink, uint16_t type, uint16_t flags);
/* Sends it and hands each message of the answer to `found`. A dump that the
 * kernel marks as interrupted (EINTR), as its table changed, is asked again:
 * what was found before comes twice. 0 or negative errno. */
must_check int netlink_talk(struct netlink *netlink,
    const struct nlmsghdr *message, mnl_cb_t found, void *context);

/* Of a request that adds or removes: by enum netlink_verb. */
extern const uint16_t netlink_change_flags[];

uint8_t netlink_kernel_family(enum family family);
void netlink_put_address(
    struct nlmsghdr *message, uint16_t type, const struct address *address);

/* Attributes; what is too short for its type reads as nothing. */
uint32_t netlink_read_u32(const struct nlattr *attribute);
/* False: it is no address of that family. */
bool netlink_read_address(
    const struct nlattr *attribute, uint8_t kernel_family, struct address *ret);
bool netlink_has_header(const struct nlmsghdr *message, size_t bytes);

/* Messages, added to what *ret has. False: it is none of that kind. */
bool netlink_read_link(
    const struct nlmsghdr *message, struct netlink_link *ret);
bool netlink_read_prefix(
    const struct nlmsghdr *message, uint32_t *ret_ifindex, struct prefix *ret);
bool netlink_read_route(
    const struct nlmsghdr *message, struct netlink_route *ret);
bool netlink_read_rule(
    const struct nlmsghdr *message, struct netlink_rule *ret);

#endif
