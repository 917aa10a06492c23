/* SPDX-License-Identifier: ISC */
/* Would the host route an outer datagram back into our own device? */
#include "daemon/underlay.h"

#include <string.h>

#define KEEP_NS NS_PER_S

static struct underlay_place *place_of(
    struct underlay *underlay, const struct address *address)
{
	uint32_t hash = 2166136261u; /* FNV-1a */

	for (size_t i = 0; i < sizeof(address->bytes); i++)
		hash = (hash ^ address->bytes[i]) * 16777619u;
	return &underlay->places[(hash >> 8) % UNDERLAY_PLACES];
}

bool underlay_is_own_device(struct underlay *underlay,
    const struct address *address, struct instant now)
{
	struct underlay_place *place = place_of(underlay, address);
	uint32_t ifindex = 0;

	if (instant_is_before(now, place->until) &&
	    address_is_equal(&place->address, address))
		return place->is_own;
	place->address = *address;
	place->until = instant_after(now, KEEP_NS);
	place->is_own = netlink_route_lookup(underlay->netlink, address,
			    underlay->fwmark, &ifindex) == 0 &&
			ifindex == underlay->ifindex;
	return place->is_own;
}

void underlay_forget(struct underlay *underlay)
{
	memset(underlay->places, 0, sizeof(underlay->places));
}
