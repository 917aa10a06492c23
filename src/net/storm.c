/* SPDX-License-Identifier: ISC */
/* Storm control: a token bucket for each port and kind of flooded frame. */
#include "net/state.h"

#define STORM_BURST_MIN 16

/* A quarter of a second's worth: a burst of ARP passes, a loop does not. */
static struct bucket_rate rate_of(
    const struct bridge_port *port, enum bridge_storm kind)
{
	uint32_t rate = port->bridge->limits.storm[kind];
	uint32_t burst = rate / 4;

	return (struct bucket_rate){
	    .rate = rate,
	    .burst = burst > STORM_BURST_MIN ? burst : STORM_BURST_MIN,
	};
}

static enum bridge_storm kind_of(const struct mac *destination)
{
	if (mac_is_broadcast(destination))
		return BRIDGE_BROADCAST;
	return mac_is_group(destination) ? BRIDGE_MULTICAST
					 : BRIDGE_UNKNOWN_UNICAST;
}

void storm_init(struct bridge_port *port, struct instant now)
{
	for (enum bridge_storm kind = 0; kind < BRIDGE_STORMS; kind++) {
		struct bucket_rate rate = rate_of(port, kind);

		bucket_init(&port->storm[kind], &rate, now);
	}
}

bool storm_allows(
    struct bridge_port *from, const struct packet *pkt, struct instant now)
{
	enum bridge_storm kind = kind_of(&pkt->destination_mac);
	struct bucket_rate rate = rate_of(from, kind);
	struct bucket trial = from->storm[kind];

	if (!rate.rate || port_is_host(from))
		return true;
	return bucket_take_several(pkt->is_dry ? &trial : &from->storm[kind],
	    &rate, pkt->segments, now);
}
