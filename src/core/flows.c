/* SPDX-License-Identifier: ISC */
/* What `vpnctl flows` reads: the flow table, schema vpnd.flows/1. */
#include <errno.h>
#include <stdlib.h>

#include "core/state.h"
#include "net/flow.h"
#include "packet/ip.h"
#include "packet/print.h"

/* The tunnel waits while a reply is made: 4096 flows take some milliseconds. */
#define SHOWN_MAX 4096

struct writer {
	const struct core_peer **peers; /* by id; [0] is the host: NULL */
	const struct core_peer *only;
	uint64_t matching, shown;
	struct reply *reply;
};

static uint32_t id_of(const struct core_peer *peer)
{
	return tunnel_peer_id(peer->peer);
}

static bool has_ports(uint8_t protocol)
{
	return protocol == IP_PROTOCOL_TCP || protocol == IP_PROTOCOL_UDP;
}

static bool is_icmp(const struct flow_report *flow)
{
	return flow->protocol == (flow->family == FAMILY_IPV4
					 ? IP_PROTOCOL_ICMP
					 : IP_PROTOCOL_ICMPV6);
}

/* "" is this host. */
static void write_peer(const struct writer *w, const char *name, uint32_t id)
{
	reply_string(w->reply, name, w->peers[id] ? w->peers[id]->name : "");
}

static void write_ends(struct reply *reply, const struct flow_report *flow)
{
	char text[ADDRESS_TEXT_BYTES];
	bool ports = has_ports(flow->protocol);

	reply_string(
	    reply, "source", address_format(&flow->source, text, sizeof(text)));
	if (ports)
		reply_unsigned(reply, "source_port", flow->source_port);
	reply_string(reply, "destination",
	    address_format(&flow->destination, text, sizeof(text)));
	if (ports)
		reply_unsigned(
		    reply, "destination_port", flow->destination_port);
	if (is_icmp(flow))
		reply_unsigned(reply, "id", flow->source_port);
}

static bool is_wanted(const struct writer *w, const struct flow_report *flow)
{
	return !w->only || w->peers[flow->from_id] == w->only ||
	       w->peers[flow->to_id] == w->only;
}

static void write_flow(void *context, const struct flow_report *flow)
{
	struct writer *w = context;

	if (!is_wanted(w, flow))
		return;
	w->matching++;
	if (w->shown == SHOWN_MAX)
		return;
	w->shown++;
	reply_open_object(w->reply, "");
	reply_unsigned(w->reply, "protocol", flow->protocol);
	reply_string(
	    w->reply, "protocol_name", packet_protocol_name(flow->protocol));
	write_peer(w, "from", flow->from_id);
	write_peer(w, "to", flow->to_id);
	write_ends(w->reply, flow);
	reply_unsigned(w->reply, "vlan", flow->vlan);
	reply_string(w->reply, "state", flow->state);
	reply_bool(w->reply, "answered", flow->is_answered);
	reply_bool(w->reply, "accepted", flow->is_accepted);
	reply_unsigned(
	    w->reply, "left_s", (uint64_t)(flow->left_ns / NS_PER_S));
	reply_close_object(w->reply);
}

static void write_totals(const struct writer *w, const struct core *core)
{
	struct flows_status status;

	flows_status(core->filter.flows, &status);
	reply_open_object(w->reply, "totals");
	reply_unsigned(w->reply, "flows", status.flows);
	reply_unsigned(w->reply, "flows_max", status.flows_max);
	reply_unsigned(w->reply, "flows_per_peer", status.flows_per_peer);
	reply_unsigned(w->reply, "weak", status.weak);
	reply_unsigned(w->reply, "new", status.confirmed);
	reply_unsigned(w->reply, "established", status.answered);
	reply_unsigned(w->reply, "early_drop", status.early_drop);
	reply_unsigned(w->reply, "ct_full", status.full);
	reply_unsigned(w->reply, "invalid", status.invalid);
	reply_unsigned(w->reply, "tiny_fragments", status.tiny);
	reply_unsigned(w->reply, "orphan_fragments", status.orphans);
	reply_unsigned(w->reply, "matching", w->matching);
	reply_unsigned(w->reply, "shown", w->shown);
	reply_close_object(w->reply);
}

static void write_peers(const struct writer *w, const struct core *core)
{
	reply_open_array(w->reply, "peers");
	for (size_t i = 0; i < core->config->peers_count; i++) {
		const struct core_peer *peer = core->peers[i];

		if (w->only && peer != w->only)
			continue;
		reply_open_object(w->reply, "");
		reply_string(w->reply, "peer", peer->name);
		reply_unsigned(w->reply, "flows",
		    flows_of_peer(core->filter.flows, id_of(peer)));
		reply_close_object(w->reply);
	}
	reply_close_array(w->reply);
}

int flows_reply(struct core *core, const struct core_peer *only,
    const struct moment *now, struct reply *reply)
{
	struct writer writer = {
	    .peers = ids_index(core), .only = only, .reply = reply};

	if (!writer.peers)
		return -ENOMEM;
	flows_age(core->filter.flows, now->now, SIZE_MAX);
	reply_string(reply, "schema", "vpnd.flows/1");
	reply_open_array(reply, "flows");
	flows_each(core->filter.flows, now->now, write_flow, &writer);
	reply_close_array(reply);
	write_totals(&writer, core);
	write_peers(&writer, core);
	free(writer.peers);
	return 0;
}
