/* SPDX-License-Identifier: ISC */
/* Does the host route an outer datagram anywhere, or back into our device? */
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

static enum underlay_way ask(
    const struct underlay *underlay, const struct address *address)
{
	uint32_t ifindex = 0;

	if (netlink_route_lookup(
		underlay->netlink, address, underlay->fwmark, &ifindex))
		return UNDERLAY_NOWHERE;
	return ifindex == underlay->ifindex ? UNDERLAY_OWN : UNDERLAY_OUT;
}

enum underlay_way underlay_way_to(struct underlay *underlay,
    const struct address *address, struct instant now)
{
	struct underlay_place *place = place_of(underlay, address);

	if (instant_is_before(now, place->until) &&
	    address_is_equal(&place->address, address))
		return place->way;
	place->address = *address;
	place->until = instant_after(now, KEEP_NS);
	place->way = ask(underlay, address);
	return place->way;
}

void underlay_forget(struct underlay *underlay)
{
	memset(underlay->places, 0, sizeof(underlay->places));
}
