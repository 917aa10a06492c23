/* SPDX-License-Identifier: ISC */
/* One line about a packet. */
#include "packet/print.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/attributes.h"
#include "packet/ethernet.h"
#include "packet/ip.h"

static const struct named {
	uint8_t protocol;
	const char *name;
} names[] = {
    {IP_PROTOCOL_ICMP, "icmp"},
    {IP_PROTOCOL_TCP, "tcp"},
    {IP_PROTOCOL_UDP, "udp"},
    {IP_PROTOCOL_ESP, "esp"},
    {IP_PROTOCOL_AH, "ah"},
    {IP_PROTOCOL_ICMPV6, "icmp6"},
};

#define PROTOCOL_TEXT_BYTES sizeof("proto 255")

const char *packet_protocol_name(uint8_t protocol)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].protocol == protocol)
			return names[i].name;
	return NULL;
}

static const char *protocol_format(uint8_t protocol, char *text, size_t room)
{
	const char *name = packet_protocol_name(protocol);

	if (name)
		return name;
	snprintf(text, room, "proto %u", protocol);
	return text;
}

/* With its port where there is one. */
static const char *end_format(
    const struct address *address, uint16_t port, char *text, size_t room)
{
	struct endpoint end = {.address = *address, .port = port};

	return port ? endpoint_format(&end, text, room)
		    : address_format(address, text, room);
}

static void print_outer(const struct packet *pkt, char *text, size_t room)
{
	char from[ENDPOINT_TEXT_BYTES];

	if (pkt->endpoint.address.family == FAMILY_NONE)
		snprintf(text, room, "len %u", pkt->len);
	else
		snprintf(text, room, "from %s len %u",
		    endpoint_format(&pkt->endpoint, from, sizeof(from)),
		    pkt->len);
}

static void print_frame(const struct packet *pkt, char *text, size_t room)
{
	char source[MAC_TEXT_BYTES], destination[MAC_TEXT_BYTES];
	char ethertype[sizeof(" ethertype 0x88cc")] = "";
	bool is_arp = pkt->ethertype == ETHERTYPE_ARP;

	if (!is_arp)
		snprintf(ethertype, sizeof(ethertype), " ethertype 0x%04x",
		    pkt->ethertype);
	snprintf(text, room, "%s%s > %s%s len %u", is_arp ? "arp " : "",
	    mac_format(&pkt->source_mac, source, sizeof(source)),
	    mac_format(&pkt->destination_mac, destination, sizeof(destination)),
	    ethertype, pkt->len);
}

static void print_ip(const struct packet *pkt, char *text, size_t room)
{
	char protocol[PROTOCOL_TEXT_BYTES];
	char source[ENDPOINT_TEXT_BYTES], destination[ENDPOINT_TEXT_BYTES];

	snprintf(text, room, "%s %s > %s%s len %u",
	    protocol_format(pkt->l4_protocol, protocol, sizeof(protocol)),
	    end_format(&pkt->source, pkt->source_port, source, sizeof(source)),
	    end_format(&pkt->destination, pkt->destination_port, destination,
		sizeof(destination)),
	    pkt->is_fragment ? " frag" : "", pkt->len);
}

const char *packet_print(const struct packet *pkt, char *text, size_t room)
{
	size_t used;

	assert(room >= PACKET_TEXT_BYTES);
	if (pkt->family != FAMILY_NONE)
		print_ip(pkt, text, room);
	else if (pkt->l2_bytes)
		print_frame(pkt, text, room);
	else
		print_outer(pkt, text, room);
	used = strlen(text);
	if (pkt->l2_bytes && pkt->vlan)
		snprintf(text + used, room - used, " vlan %u", pkt->vlan);
	return text;
}
