/* SPDX-License-Identifier: ISC */
/*
 * Does the host route an outer datagram anywhere, or back into our own device?
 *
 * How it works: the kernel is asked once for each endpoint; its answer is kept
 * in a small table until any route, rule, address or link changes, and at most
 * a second.
 */
#ifndef DAEMON_UNDERLAY_H
#define DAEMON_UNDERLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/endpoint.h"
#include "base/instant.h"
#include "io/netlink.h"

#define UNDERLAY_PLACES 256

enum underlay_way {
	UNDERLAY_OUT,
	UNDERLAY_OWN,	  /* sending there would tunnel our own datagrams */
	UNDERLAY_NOWHERE, /* there is no route */
};

struct underlay_place {
	struct address address;
	struct instant until;
	enum underlay_way way;
};

struct underlay {
	struct netlink *netlink;
	uint32_t ifindex; /* of our device */
	uint32_t fwmark;  /* on our datagrams */
	struct underlay_place places[UNDERLAY_PLACES];
};

enum underlay_way underlay_way_to(struct underlay *underlay,
    const struct address *address, struct instant now);

/* The host's routes changed. */
void underlay_forget(struct underlay *underlay);

#endif
