/* SPDX-License-Identifier: ISC */
/* What learning from a frame would come to, without learning. */
#include "net/state.h"

struct counts {
	const struct bridge_port *port;
	uint32_t all, learned_of_port;
};

static void count_entry(void *context, const struct fdb_entry *entry)
{
	struct counts *counts = context;

	counts->all++;
	counts->learned_of_port +=
	    !entry->is_static && entry->port == counts->port;
}

/* Is there room for an address of the frame's, or one more of the port's? */
static bool has_room(const struct bridge *bridge,
    const struct bridge_port *from, bool is_known, uint32_t quota,
    struct instant now)
{
	struct counts counts = {.port = from};

	fdb_each(bridge->fdb, now, count_entry, &counts);
	return counts.learned_of_port < quota &&
	       (is_known || counts.all < bridge_room(&bridge->limits));
}

bool dry_knows(const struct bridge *bridge, const struct bridge_port *from,
    const struct packet *pkt, uint32_t quota, struct instant now)
{
	const struct fdb_entry *entry =
	    fdb_lookup(bridge->fdb, &pkt->source_mac, pkt->vlan, now);

	if (entry && (entry->is_static || entry->port == from))
		return entry->port == from;
	return has_room(bridge, from, entry, quota, now);
}

enum drop dry_learn(const struct bridge *bridge, struct bridge_port *from,
    const struct packet *pkt, uint32_t quota, struct instant now)
{
	const struct fdb_entry *entry =
	    fdb_lookup(bridge->fdb, &pkt->source_mac, pkt->vlan, now);

	if (entry && entry->is_static && entry->port != from)
		return DROP_VPN_MAC_MOVE;
	if (!dry_knows(bridge, from, pkt, quota, now))
		return port_is_host(from) ? DROP_NONE : DROP_VPN_MAC_QUOTA;
	if (entry && entry->port != from &&
	    loop_would_hold(from, entry->port, entry, now))
		return DROP_BRIDGE_INGRESS_STP_STATE;
	return DROP_NONE;
}
