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

static enum drop full(const struct bridge_port *from)
{
	return port_is_host(from) ? DROP_NONE : DROP_VPN_MAC_QUOTA;
}

static enum drop learn_move(struct bridge_port *from,
    const struct fdb_entry *entry, bool may_add, struct instant now)
{
	if (entry->is_static)
		return DROP_VPN_MAC_MOVE;
	if (!may_add)
		return full(from);
	return loop_would_hold(from, entry->port, entry, now)
		   ? DROP_BRIDGE_INGRESS_STP_STATE
		   : DROP_NONE;
}

enum drop dry_learn(struct bridge *bridge, struct bridge_port *from,
    const struct packet *pkt, uint32_t quota, struct instant now)
{
	const struct fdb_entry *entry =
	    fdb_lookup(bridge->fdb, &pkt->source_mac, pkt->vlan, now);
	struct counts counts = {.port = from};
	bool may_add;

	if (entry && entry->port == from)
		return DROP_NONE;
	fdb_each(bridge->fdb, now, count_entry, &counts);
	may_add = counts.learned_of_port < quota;
	if (entry)
		return learn_move(from, entry, may_add, now);
	return may_add && counts.all < bridge_room(&bridge->limits)
		   ? DROP_NONE
		   : full(from);
}
