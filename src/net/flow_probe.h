/* SPDX-License-Identifier: ISC */
/* What is looked up in the flow table for a packet. */
#ifndef NET_FLOW_PROBE_H
#define NET_FLOW_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attributes.h"
#include "base/packet.h"
#include "net/flow_table.h"
#include "packet/ip.h"

struct flow_probe {
	struct flow_key key;
	unsigned sender; /* the end that the packet is from */
	uint32_t from_id;
	bool is_exact; /* the other end has to be to_id */
	uint32_t to_id;
	uint32_t *chain;
};

/* ICMP in IPv4, ICMPv6 in IPv6. */
static inline bool probe_is_icmp(const struct packet *pkt)
{
	return pkt->l4_protocol == (pkt->family == FAMILY_IPV4
					   ? IP_PROTOCOL_ICMP
					   : IP_PROTOCOL_ICMPV6);
}

/* For a parsed packet whose L4 header is whole, if it has one that we know. */
void probe_packet(const struct flows *flows, struct flow_probe *probe,
    const struct packet *pkt);

/* Fills chain; the rest is there. */
static inline void probe_look_up(
    const struct flows *flows, struct flow_probe *probe)
{
	probe->chain = &flows->chains[flow_key_hash(
	    &probe->key, &flows->secret, flows->chain_bits)];
}

/* For the packet that an ICMP error is about. The error comes from the end that
 * the quoted packet went to, and goes to the address that sent that. False: it
 * quotes nothing useful. */
must_check bool probe_quote(const struct flows *flows, struct flow_probe *probe,
    const struct packet *pkt);

static inline bool flow_is_wanted(
    const struct flow *flow, const struct flow_probe *probe)
{
	return flow_key_is_equal(&flow->key, &probe->key) &&
	       flow->peers[probe->sender] == probe->from_id &&
	       (!probe->is_exact ||
		   flow->peers[!probe->sender] == probe->to_id);
}

/* The live entry that the probe asks for; NULL: none. */
static inline struct flow *flow_table_find(const struct flows *flows,
    const struct flow_probe *probe, struct instant now)
{
	struct flow *flow = flow_at(flows, *probe->chain);

	while (
	    flow && (!flow_is_wanted(flow, probe) || flow_left(flow, now) <= 0))
		flow = flow_at(flows, flow->next);
	return flow;
}

#endif
