/* SPDX-License-Identifier: ISC */
/* Which peer has an address, and through which of its allowed IPs. */
#include "protocol/allowedips.h"
#include "protocol/peer.h"

struct peer *tunnel_route(
    const struct tunnel *tunnel, const struct address *address)
{
	return allowedips_lookup(&tunnel->allowed, address);
}

struct search {
	const struct address *address;
	size_t count;
	struct prefix best;
};

/* Of two that have the address the longer one. */
static int fitness(const struct search *search, const struct prefix *prefix)
{
	if (prefix_has(prefix, search->address))
		return 2 + prefix->bits;
	return prefix->address.family == search->address->family;
}

static void consider(void *context, const struct prefix *prefix)
{
	struct search *search = context;

	if (!search->count++ ||
	    fitness(search, prefix) > fitness(search, &search->best))
		search->best = *prefix;
}

size_t tunnel_route_prefix(const struct tunnel *tunnel, const struct peer *peer,
    const struct address *address, struct prefix *ret)
{
	struct search search = {.address = address};

	allowedips_each(&tunnel->allowed, peer, consider, &search);
	*ret = search.best;
	return search.count;
}
