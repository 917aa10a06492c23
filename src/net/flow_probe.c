/* SPDX-License-Identifier: ISC */
/* From a packet, or one that it quotes, to a key and a chain. */
#include "net/flow_probe.h"

#include "base/cursor.h"
#include "net/flow_icmp.h"
#include "packet/ip.h"
#include "packet/l4.h"
#include "packet/quote.h"

#define ICMP_ID 4

static inline void look_up(const struct flows *flows, struct flow_probe *probe,
    const struct packet *pkt, unsigned sender)
{
	probe->sender = sender;
	probe->from_id = pkt->from_id;
	probe->is_exact = pkt->to_id != 0;
	probe->to_id = pkt->to_id;
	probe_look_up(flows, probe);
}

/* The one who asks has the identifier as port. */
static void set_icmp_ports(
    struct flow_tuple *tuple, uint8_t type, uint8_t code, uint16_t id)
{
	uint16_t question = icmp_question(tuple->family, type, code);
	bool is_question = icmp_role(tuple->family, type) == ICMP_QUESTION;

	tuple->source_port = is_question ? id : question;
	tuple->destination_port = is_question ? question : id;
}

static uint16_t read_icmp_id(const struct packet *pkt)
{
	struct cursor c = cursor_of(l4_data(pkt), l4_len(pkt));

	cursor_skip(&c, ICMP_ID);
	return cursor_be16(&c);
}

void probe_packet(const struct flows *flows, struct flow_probe *probe,
    const struct packet *pkt)
{
	struct flow_tuple tuple = {
	    .source = &pkt->source,
	    .destination = &pkt->destination,
	    .source_port = pkt->source_port,
	    .destination_port = pkt->destination_port,
	    .vlan = pkt->vlan,
	    .family = pkt->family,
	    .protocol = pkt->l4_protocol,
	};

	if (probe_is_icmp(pkt))
		set_icmp_ports(
		    &tuple, pkt->icmp_type, pkt->icmp_code, read_icmp_id(pkt));
	look_up(flows, probe, pkt, flow_key_make(&probe->key, &tuple));
}

bool probe_quote(const struct flows *flows, struct flow_probe *probe,
    const struct packet *pkt)
{
	struct quote quote;
	struct flow_tuple tuple;

	if (!quote_read(pkt, &quote) ||
	    !address_is_equal(&quote.source, &pkt->destination))
		return false;
	tuple = (struct flow_tuple){
	    .source = &quote.source,
	    .destination = &quote.destination,
	    .source_port = quote.source_port,
	    .destination_port = quote.destination_port,
	    .vlan = pkt->vlan,
	    .family = quote.family,
	    .protocol = quote.protocol,
	};
	if (quote.protocol == pkt->l4_protocol)
		set_icmp_ports(
		    &tuple, quote.icmp_type, quote.icmp_code, quote.icmp_id);
	look_up(flows, probe, pkt, !flow_key_make(&probe->key, &tuple));
	return true;
}
