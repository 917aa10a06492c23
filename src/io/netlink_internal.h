/* SPDX-License-Identifier: ISC */
/* What requests to rtnetlink and its news have in common. */
#ifndef IO_NETLINK_INTERNAL_H
#define IO_NETLINK_INTERNAL_H

#include <linux/netlink.h>

#include "io/netlink.h"

/* A message about a link, added to what *ret has. 0, or -EINVAL: too short. */
must_check int netlink_read_link(
    const struct nlmsghdr *message, struct netlink_link *ret);

#endif
